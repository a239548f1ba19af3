/**
 * What does an idle viewer cost, in memory and in CPU time? Every server is a fresh process, gets its viewers,
 * and collects its garbage before it is looked at.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { exactCpuSeconds, openFiles, residentBytes, socketBufferBytes } from './memory/readings.ts';
import { type Idle, names, reportMemory, type Size, type Turn } from './memory/report.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { startNode } from './shared/node.ts';
import { ask } from '../shared/processes.ts';
import { type Result, whole } from './shared/results.ts';
import { type ServerName, startServer } from './shared/server.ts';
import { type Candidate, type Stage, takeTurns } from './shared/stage.ts';
import {
  type Dialogue,
  hubDialogue,
  hubPath,
  startWatchers,
  type Watchers,
  type WatchersTask,
} from './shared/watchers.ts';

const seats = 20_000;
/** The time between two of Engine.IO's pings: within it every viewer has one. */
const idleMs = 25_000;
/** The same with one viewer, for what a server does anyway. */
const almostEmptyMs = 5000;
/** What leaving takes is nobody's idling. */
const leavingMs = 1000;
const switches = ['--expose-gc'];
const collecting = [...switches, '--import', new URL('memory/collect-when-asked.ts', import.meta.url).href];

/** A server that runs, whichever. */
interface Subject {
  child: ChildProcess;
  pid: number;
  url: string;
  dialogue: Dialogue;
  tokens?: readonly string[];
  stop(): Promise<void>;
}

export async function askMemory(stage: Stage, quick: boolean): Promise<Result> {
  const size = quick ? { early: 2000, viewers: 4000, rounds: 1 } : { early: 2000, viewers: 8000, rounds: 3 };
  const { viewers, rounds } = size;
  stage.setAside();
  const house = await buildHouse(stage.ground, viewers);
  const eventId = await house.addEvent(seats);
  const tokens = await house.tokens(viewers);
  const bench = new Bench(size);
  const stock = (name: ServerName) => async () => ({ ...(await startServer(name, { switches })) });
  const starts: Record<keyof typeof names, () => Promise<Subject>> = {
    ours: () => startOurs(stage, house, eventId),
    known: async () => ({ ...(await startOurs(stage, house, eventId)), tokens }),
    ws: stock('socket-io-on-ws'),
    uws: stock('socket-io-on-uws'),
    raw: stock('raw-uws'),
  };
  try {
    const candidates = Object.entries(starts).map(([key, start]) =>
      bench.candidate(names[key as keyof typeof names], start),
    );
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ next, all }) => `${whole(all)} bytes a viewer, ${whole(next)} for one more`,
    });
    stage.line.show(`all of them idle, for ${idleMs / 1000} s`);
    return reportMemory(turns, await bench.idle(), size);
  } finally {
    await bench.end();
    await house.close();
  }
}

async function startOurs(stage: Stage, house: House, eventId: string): Promise<Subject> {
  const node = await startNode(stage, house, { cores: 'measured', switches: collecting });
  return { ...node, url: node.url + hubPath, dialogue: hubDialogue(eventId) };
}

class Bench {
  readonly #size: Size;
  /** Those of the last round, who stay to be idle together. */
  readonly #staying = new Map<string, { subject: Subject; watchers: Watchers }>();

  constructor(size: Size) {
    this.#size = size;
  }

  candidate(name: string, start: () => Promise<Subject>): Candidate<Turn> {
    let turns = 0;
    return {
      name,
      turn: async () => {
        const subject = await start();
        const watchers = startWatchers();
        this.#staying.set(name, { subject, watchers });
        const turn = await this.#measure(subject, watchers);
        if (++turns < this.#size.rounds) await this.#endOne(name);
        return turn;
      },
    };
  }

  async #measure({ child, pid, url, dialogue, tokens }: Subject, watchers: Watchers): Promise<Turn> {
    const { early, viewers } = this.#size;
    const files = openFiles(pid);
    const come = async (from: number, to: number) => {
      const task: WatchersTask = { url, dialogue, count: to - from, keep: 'nothing' };
      if (tokens) task.tokens = tokens.slice(from, to);
      await watchers.ask('connect', task);
      const connections = openFiles(pid) - files;
      if (connections < to) throw new Error(`${to} viewers are ${connections} connections`);
    };
    const look = async () => {
      const { heapUsed } = await ask<NodeJS.MemoryUsage>(child, { collect: true });
      return { heap: heapUsed, resident: await residentBytes(pid), buffers: socketBufferBytes() };
    };
    const empty = await look();
    await come(0, early);
    const before = await look();
    await come(early, viewers);
    const after = await look();
    const each = (name: keyof typeof after) => (after[name] - before[name]) / (viewers - early);
    return {
      next: each('resident'),
      all: (after.resident - empty.resident) / viewers,
      heap: each('heap'),
      buffers: each('buffers'),
    };
  }

  /** All at the same time: in most of it nothing happens. */
  async idle(): Promise<Map<string, Idle>> {
    const { viewers } = this.#size;
    const subjects = [...this.#staying];
    const full = await this.#cpuMicrosAMinute(idleMs);
    for (const [, { subject, watchers }] of subjects) {
      await watchers.ask('leave');
      const { url, dialogue } = subject;
      await watchers.ask('connect', { url, dialogue, count: 1, keep: 'nothing' });
    }
    await sleep(leavingMs);
    const almostEmpty = await this.#cpuMicrosAMinute(almostEmptyMs);
    return new Map(
      subjects.map(([name], i) => {
        const anyway = almostEmpty[i] as number;
        return [name, { anyway, each: ((full[i] as number) - anyway) / (viewers - 1) }];
      }),
    );
  }

  async #cpuMicrosAMinute(ms: number): Promise<number[]> {
    const staying = [...this.#staying.values()];
    const cpu = () => staying.map(({ subject }) => exactCpuSeconds(subject.pid));
    const counts = () => Promise.all(staying.map(({ watchers }) => watchers.ask('count')));
    const [before, framesBefore] = [cpu(), await counts()];
    const start = performance.now();
    await sleep(ms);
    const [after, minutes] = [cpu(), (performance.now() - start) / 60_000];
    const framesAfter = await counts();
    if (framesAfter.some(({ frames }, i) => frames !== framesBefore[i]?.frames)) {
      throw new Error('a server was not idle');
    }
    return after.map((seconds, i) => (1e6 * (seconds - (before[i] as number))) / minutes);
  }

  async end(): Promise<void> {
    for (const name of [...this.#staying.keys()]) await this.#endOne(name);
  }

  /** The crowd first: a server that leaves it would be an error. */
  async #endOne(name: string): Promise<void> {
    const { subject, watchers } = this.#staying.get(name) ?? {};
    this.#staying.delete(name);
    await watchers?.close();
    await subject?.stop();
  }
}

/**
 * How many durable bookings a second come through the batched confirm, and how close is that to what
 * PostgreSQL itself can do? All candidates write the same rows into the same PostgreSQL, in turns.
 */

import { runHub } from './confirms/hub.ts';
import { batchScript, findPgbench, howToGetIt, runPgbench, smallBackend } from './confirms/pgbench.ts';
import { runQueue } from './confirms/queue.ts';
import { batchClients, callers, names, reportConfirms, smallClients, type Turn } from './confirms/report.ts';
import { holdsInBatch, type Scene, setScene } from './confirms/scene.ts';
import { type Result, whole } from './shared/results.ts';
import { type Candidate, cpuOfEndedChildren, type Stage, takeTurns } from './shared/stage.ts';

/** Bookings a second up to which there are enough batches made beforehand. */
const enoughFor = 30_000;

export async function askConfirms(stage: Stage, quick: boolean): Promise<Result> {
  const { rounds, seconds, share } = quick
    ? { rounds: 2, seconds: 2, share: 0.3 }
    : { rounds: 5, seconds: 5, share: 1 };
  const pgbench = findPgbench();
  if (!pgbench) stage.line.say(howToGetIt);
  const scene = await setScene(stage, pgbench ? Math.ceil((enoughFor * seconds) / holdsInBatch) : 0);
  try {
    const parts = { stage, scene, seconds };
    const candidates = [
      ...(pgbench ? pgbenchCandidates({ ...parts, command: pgbench.command }) : []),
      queueCandidate(names.queue, false, parts),
      queueCandidate(names.relayed, true, parts),
      hubCandidate(share, parts),
    ];
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ perSecond }) => `${whole(perSecond)} bookings a second`,
    });
    return reportConfirms(turns, { rounds, seconds, pgbench: pgbench?.version });
  } finally {
    await scene.close();
  }
}

interface Parts {
  stage: Stage;
  scene: Scene;
  seconds: number;
}

function pgbenchCandidates({
  stage,
  scene,
  seconds,
  command,
}: Parts & { command: string }): Candidate<Turn>[] {
  const { databaseUrl } = stage.services;
  const make = (name: string, script: string, clients: number, holds: number): Candidate<Turn> => ({
    name,
    prepare: scene.reset,
    async turn() {
      const before = stage.cpuOf('postgres');
      const childrenBefore = cpuOfEndedChildren();
      const parts = { command, databaseUrl, directory: stage.directory, scene };
      const done = await runPgbench(parts, script, { clients, seconds });
      const client = cpuOfEndedChildren() - childrenBefore;
      const postgres = stage.cpuOf('postgres') - before;
      const bookings = await scene.count();
      if (bookings !== done.transactions * holds) {
        throw new Error(`${done.transactions} transactions of ${name} made ${bookings} bookings`);
      }
      const perSecond = bookings / done.seconds;
      return { perSecond, postgres: micros(postgres, bookings), client: micros(client, bookings), redis: 0 };
    },
  });
  const script = batchScript();
  return [
    ...smallClients.map((clients) => make(names.small(clients), smallBackend, clients, 1)),
    ...batchClients.map((clients) => make(names.own(clients), script, clients, holdsInBatch)),
  ];
}

function queueCandidate(name: string, withOutbox: boolean, parts: Parts): Candidate<Turn> {
  const { stage, scene, seconds } = parts;
  return {
    name,
    prepare: scene.reset,
    async turn() {
      const before = stage.cpuOf('postgres');
      const cpu = process.cpuUsage();
      const done = await runQueue(stage, scene, { callers, seconds, withOutbox });
      const { user, system } = process.cpuUsage(cpu);
      const postgres = stage.cpuOf('postgres') - before;
      const bookings = await scene.count();
      if (bookings !== done.bookings) throw new Error(`${done.bookings} answers, but ${bookings} bookings`);
      return {
        perSecond: bookings / done.seconds,
        postgres: micros(postgres, bookings),
        client: (user + system) / bookings,
        redis: 0,
        batch: done.batch,
      };
    },
  };
}

function hubCandidate(share: number, { stage, scene }: Parts): Candidate<Turn> {
  return {
    name: names.hub,
    async prepare() {
      await scene.reset();
      await stage.emptyRedis();
    },
    async turn() {
      const hub = await runHub(stage, scene, { underWay: callers, share });
      const { bookings, seconds, cpu } = hub;
      return {
        perSecond: bookings / seconds,
        postgres: micros(cpu.postgres, bookings),
        client: micros(cpu.hub, bookings),
        redis: micros(cpu.redis, bookings),
        hub,
      };
    },
  };
}

const micros = (seconds: number, bookings: number): number => (seconds * 1e6) / bookings;

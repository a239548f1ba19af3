import { barChart } from '../shared/chart.ts';
import { decimal, median, type Result, verdict, whole, withSpread } from '../shared/results.ts';
import { kernelBytesOfSocket } from './readings.ts';

export const names = {
  ours: 'ours',
  known: 'ours, signed in',
  ws: 'socket.io on ws',
  uws: 'socket.io on uWebSockets.js',
  raw: 'raw uWebSockets.js',
} as const;

export interface Size {
  /** Who are there already when the first look is taken. */
  early: number;
  /** With them. */
  viewers: number;
  rounds: number;
}

/** Bytes for each viewer. */
export interface Turn {
  /** Of those who came after the early ones. */
  next: number;
  /** Of all, against a server that nobody has ever been on. */
  all: number;
  /** Of `next`, in objects of JavaScript. */
  heap: number;
  /** Waiting in sockets, on both sides of the connection. */
  buffers: number;
}

/** µs of CPU time a minute. */
export interface Idle {
  each: number;
  /** With one viewer. */
  anyway: number;
}

const aims = { share: 0.45, kilobytes: 7 };
const inKilobytes = (bytes: number): string => decimal(bytes / 1024, 1);

export function reportMemory(turns: Map<string, Turn[]>, idle: Map<string, Idle>, size: Size): Result {
  const of = (name: string, what: keyof Turn) => (turns.get(name) ?? []).map((turn) => turn[what]);
  const share = (name: string, what: keyof Turn) => {
    const stock = of(names.ws, what);
    return median(of(name, what).map((bytes, i) => bytes / (stock[i] ?? Number.NaN)));
  };
  const { ours, known, ws } = names;
  const cpu = (name: string) => idle.get(name)?.each ?? Number.NaN;
  const shown = Object.values(names);
  return {
    title: 'What does an idle viewer cost?',
    answer: `${inKilobytes(median(of(ours, 'all')))} KB of memory (${verdict(median(of(ours, 'all')) / 1024 <= aims.kilobytes, `${aims.kilobytes} KB`)}), ${inKilobytes(median(of(known, 'all')))} KB if signed in. That is ${decimal(share(ours, 'all'))} × a viewer of socket.io on ws (${verdict(share(ours, 'all') <= aims.share, aims.share)}), and ${decimal(share(known, 'all'))} × if signed in. Without what a server needs once, one more viewer takes ${inKilobytes(median(of(ours, 'next')))} KB, ${decimal(share(ours, 'next'))} × one more of socket.io on ws. An idle viewer takes ${whole(cpu(ours))} µs of CPU time a minute; of socket.io on ws ${whole(cpu(ws))}.`,
    table: {
      columns: [
        'server',
        'KB a viewer',
        '× socket.io on ws',
        'one more viewer, KB',
        '× socket.io on ws',
        'of it in objects, KB',
        'CPU µs a viewer and minute',
        'CPU ms a minute anyway',
      ],
      rows: shown.map((name) => [
        name,
        withSpread(of(name, 'all'), inKilobytes),
        decimal(share(name, 'all')),
        withSpread(of(name, 'next'), inKilobytes),
        decimal(share(name, 'next')),
        inKilobytes(median(of(name, 'heap'))),
        whole(cpu(name)),
        whole((idle.get(name)?.anyway ?? Number.NaN) / 1000),
      ]),
    },
    notes: notes(median([...turns.values()].flat().map(({ buffers }) => buffers)), size),
    chart: barChart({
      title: `Memory of an idle viewer, one of ${whole(size.viewers)}`,
      unit: 'KB in the server, median; a dot for every round; shorter is better',
      bars: shown.map((name) => ({
        label: name,
        value: median(of(name, 'all')) / 1024,
        text: `${inKilobytes(median(of(name, 'all')))} KB`,
        dots: of(name, 'all').map((bytes) => bytes / 1024),
        ours: name === ours || name === known,
      })),
    }),
  };
}

function notes(buffers: number, { early, viewers, rounds }: Size): string[] {
  const kernel = kernelBytesOfSocket();
  return [
    `${rounds === 1 ? 'One round' : `${rounds} rounds`} of a fresh process for each server, in turns. Resident memory is taken three times after forced collections: with nobody, with ${whole(early)} viewers, with ${whole(viewers)}. *KB a viewer* is what it grew by from the first to the third, divided by their number, with what is compiled and allocated once; the aims are held against it. *One more viewer* is what it grew by from the second to the third, for each who came in between. The collections are those of last resort, after which V8 gives back what it does not use: without that, spare memory of a server passes for memory that its viewers do not need. 1 KB is 1,024 bytes.`,
    `Every viewer watches: ours an event of 20,000 seats, the others one room or topic, with stock settings and WebSockets only. *Signed in* means a user and a session each.`,
    `CPU time is that of the whole process in one window of 25 s, in which all servers are idle at once and every viewer of Socket.IO is pinged once, less what the server takes with one viewer (*anyway*). Ours also tells its viewers where the map stands, six times a minute. Raw uWebSockets.js pings about every two minutes, so it may not have.`,
    `Not counted, and the same for all: what Linux keeps of a connection, ${Number.isFinite(kernel) ? `${inKilobytes(kernel)} KB in its tables` : 'which only root may see'}${Number.isFinite(buffers) ? `, and ${whole(Math.max(0, buffers))} bytes waiting in its buffers` : ''}.`,
  ];
}

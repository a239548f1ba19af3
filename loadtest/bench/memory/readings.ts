/** What the system says of a process. NaN where it says nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../shared/results.ts';

const times = 5;
const pauseMs = 100;

/** Bytes of memory that a process has, the median of a few looks: the allocator takes its time to settle. */
export async function residentBytes(pid: number): Promise<number> {
  const looks: number[] = [];
  for (let i = 0; i < times; i++) {
    await sleep(pauseMs);
    // /proc/<pid>/status counts in batches, and may be off by a megabyte.
    looks.push(1024 * numberIn(`/proc/${pid}/smaps_rollup`, /^Rss:\s+(\d+) kB/m));
  }
  return median(looks);
}

/** CPU seconds of all threads that live, to the nanosecond: an idle process uses less than a tick. */
export function exactCpuSeconds(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanos = threads.map((thread) => numberIn(`/proc/${pid}/task/${thread}/schedstat`, /^(\d+)/));
    return nanos.reduce((sum, each) => sum + each, 0) / 1e9;
  } catch {
    return Number.NaN;
  }
}

/** Open files, sockets among them. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return Number.NaN;
  }
}

/** What waits in all sockets of the machine to be sent or read. */
export const socketBufferBytes = (): number =>
  pageBytes * numberIn('/proc/net/sockstat', /^TCP:.* mem (\d+)/m);
const pageBytes = 4096;

/** What Linux keeps of every open TCP connection, on each side of it. */
const ofEachSocket = ['TCP', 'sock_inode_cache', 'filp', 'dentry', 'eventpoll_epi'];

/** Bytes of the kernel's own objects for one socket, by their sizes; only root may see those. */
export function kernelBytesOfSocket(): number {
  return ofEachSocket
    .map((name) => numberIn('/proc/slabinfo', new RegExp(`^${name} +\\d+ +\\d+ +(\\d+)`, 'm')))
    .reduce((sum, bytes) => sum + bytes, 0);
}

function numberIn(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(file, 'utf8'))?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}

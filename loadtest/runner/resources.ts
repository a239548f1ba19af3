/** What processes use of the machine, over time. From /proc, so on Linux only. */
import { allStats, readText } from '../shared/proc.ts';

/** One process, or a server with its children. */
export interface Use {
  name: string;
  /** Moments, ms since the epoch. */
  at: number[];
  /** CPU since the moment before: 1 is one core. */
  cores: number[];
  /** Bytes of memory: what is shared among children counts once. */
  rss: number[];
}

const shortestMs = 500;

/** Looks every so often from the first process on, until stopped. */
export class Watch {
  readonly uses: Use[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #everyMs: number;
  readonly #pids: Record<string, number> = {};
  readonly #before = new Map<string, { at: number; cpu: number }>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  follow(pids: Record<string, number>): void {
    for (const [name, pid] of Object.entries(pids)) {
      this.#pids[name] = pid;
      this.uses.push({ name, at: [], cores: [], rss: [] });
    }
    this.look();
    if (process.platform === 'linux') this.#timer ??= setInterval(() => this.look(), this.#everyMs);
  }

  look(now: number = Date.now()): void {
    if (process.platform !== 'linux') return;
    const stats = allStats();
    for (const use of this.uses) {
      const root = this.#pids[use.name];
      const family = stats.filter(({ pid, parent }) => pid === root || parent === root);
      // It has ended.
      if (family.length === 0) continue;
      const cpu = family.reduce((sum, each) => sum + each.own + each.ended, 0);
      const before = this.#before.get(use.name);
      if (!before) this.#before.set(use.name, { at: now, cpu });
      // The system counts in hundredths of a second.
      if (!before || now - before.at < shortestMs) continue;
      this.#before.set(use.name, { at: now, cpu });
      use.at.push(now);
      // A child that ends between two looks takes its time along for a moment.
      use.cores.push(Math.max(0, (cpu - before.cpu) / ((now - before.at) / 1000)));
      use.rss.push(memoryOf(family.map(({ pid }) => pid)));
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** What each has for itself, and once the most that one of them shares. */
function memoryOf(pids: readonly number[]): number {
  const parts = pids
    .map((pid) => readText(`/proc/${pid}/status`))
    .map((text) => ({
      own: kilobytes(text, 'RssAnon') + (pids.length === 1 ? kilobytes(text, 'RssFile') : 0),
      shared: kilobytes(text, 'RssShmem'),
    }));
  const own = parts.reduce((sum, each) => sum + each.own, 0);
  return 1024 * (own + Math.max(...parts.map(({ shared }) => shared)));
}

const kilobytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);

/** Bytes an hour that a series grows by, as the straight line through it says. NaN: too short to say. */
export function growthPerHour(at: readonly number[], values: readonly number[]): number {
  const count = at.length;
  if (count < 3) return Number.NaN;
  const mean = (list: readonly number[]) => list.reduce((sum, each) => sum + each, 0) / count;
  const [meanAt, meanValue] = [mean(at), mean(values)];
  let [together, alone] = [0, 0];
  for (let i = 0; i < count; i++) {
    const from = (at[i] as number) - meanAt;
    together += from * ((values[i] as number) - meanValue);
    alone += from * from;
  }
  return (together / alone) * 3_600_000;
}

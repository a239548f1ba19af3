/**
 * What the clients did and what they were told, a line each, in the order in which one process saw it: so
 * one monotonic clock orders everything. An answer that did not come is `info`: it may have happened, may
 * still happen, or never.
 */
import { appendFileSync } from 'node:fs';

export type Act =
  | 'hold'
  | 'extend'
  | 'checkout'
  | 'release'
  | 'confirm'
  | 'cancel'
  | 'list'
  | 'join'
  | 'leave'
  | 'accept'
  | 'decline';

/** What an answer brought, in the parts that are checked. Times are ms of the harness' monotonic clock. */
export interface Value {
  holdId?: string;
  seats?: number[];
  expiresAt?: number;
  epoch?: string;
  /** Of a refused hold: the seats that were not free. */
  taken?: number[];
  bookings?: { id: string; holdId: string; status: string }[];
  totalCents?: number;
  /** Of the waitlist. */
  entryId?: string;
}

export interface Line {
  i: number;
  tMono: number;
  /** Who asked: one client, one buyer. */
  proc: string;
  type: 'invoke' | 'ok' | 'fail' | 'info';
  f: Act;
  /** The line of the invocation this one ends. */
  op?: number;
  node?: number;
  seats?: number[];
  holdId?: string;
  bookingId?: string;
  requestId?: string;
  /** Of the waitlist. */
  entryId?: string;
  error?: string;
  value?: Value;
}

/** An invocation with its end. */
export interface Op {
  i: number;
  proc: string;
  f: Act;
  type: 'ok' | 'fail' | 'info';
  invokedAt: number;
  /** Infinity where nobody knows. */
  endedAt: number;
  /** When the wait for an answer was given up, or the answer came. */
  heardAt: number;
  node: number;
  seats: number[];
  holdId: string;
  bookingId: string;
  requestId: string;
  entryId: string;
  error: string;
  value: Value;
}

export class History {
  readonly lines: Line[] = [];

  invoke(line: Omit<Line, 'i' | 'tMono' | 'type'>): number {
    return this.#add({ type: 'invoke', ...line });
  }

  end(op: number, type: 'ok' | 'fail' | 'info', more: { error?: string; value?: Value } = {}): void {
    const begun = this.lines[op] as Line;
    const { proc, f, node = 0 } = begun;
    this.#add({ type, proc, f, op, node, ...more });
  }

  #add(line: Omit<Line, 'i' | 'tMono'>): number {
    const i = this.lines.length;
    this.lines.push({ i, tMono: Math.round(performance.now() * 1000) / 1000, ...line });
    return i;
  }

  save(file: string): void {
    appendFileSync(file, this.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
}

/** Invocations with their ends, in the order of invocation. One without an end is `info`. */
export function opsOf(lines: readonly Line[]): Op[] {
  const ends = new Map<number, Line>();
  for (const line of lines) if (line.op !== undefined && !ends.has(line.op)) ends.set(line.op, line);
  return lines
    .filter(({ type }) => type === 'invoke')
    .map((line) => {
      const end = ends.get(line.i);
      const type = end?.type === 'ok' || end?.type === 'fail' ? end.type : 'info';
      return {
        i: line.i,
        proc: line.proc,
        f: line.f,
        type,
        invokedAt: line.tMono,
        endedAt: type === 'info' ? Number.POSITIVE_INFINITY : (end?.tMono ?? Number.POSITIVE_INFINITY),
        heardAt: end?.tMono ?? Number.POSITIVE_INFINITY,
        node: line.node ?? 0,
        seats: line.seats ?? [],
        holdId: line.holdId ?? end?.value?.holdId ?? '',
        bookingId: line.bookingId ?? '',
        requestId: line.requestId ?? '',
        entryId: line.entryId ?? end?.value?.entryId ?? '',
        error: end?.error ?? '',
        value: end?.value ?? {},
      };
    });
}

/** One line for people. */
export function describe(op: Op): string {
  const end = op.type === 'info' ? `? (${op.error || 'no answer'})` : `${op.type} ${op.error}`.trim();
  const what = [
    op.seats.length > 0 ? `seats ${op.seats}` : '',
    op.holdId && `hold ${op.holdId.slice(0, 8)}`,
    op.bookingId && `booking ${op.bookingId.slice(-8)}`,
    op.entryId && `entry ${op.entryId.slice(-6)}`,
    op.value.taken ? `taken ${op.value.taken}` : '',
    op.value.expiresAt ? `until ${op.value.expiresAt.toFixed(0)}` : '',
  ];
  const times = `${op.invokedAt.toFixed(1)} to ${op.heardAt.toFixed(1)}`;
  return `#${op.i} ${op.proc} on node ${op.node + 1}, ${times}: ${op.f} ${what.filter(Boolean).join(', ')} → ${end}`;
}

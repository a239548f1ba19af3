/** Everything that the VUs wrote down, put together. */
import type { AnswerName, CountName, JournalLine } from '../k6/journal-line.ts';

export interface Move {
  from: number;
  to: number;
  /** When screens made it. */
  at: number[];
}

export class Recording {
  /** Wall clock when the test began. NaN: nobody has said. */
  startedAt = Number.NaN;
  readonly answers: Partial<Record<AnswerName, [at: number, ms: number][]>> = {};
  readonly counts: Partial<Record<CountName, number>> = {};
  readonly failures: Record<string, number> = {};
  readonly accepted: { epoch: string; position: number; at: number }[] = [];
  /** By epoch, then by "from to". */
  readonly moves = new Map<string, Map<string, Move>>();
  readonly losersTold: number[] = [];

  add(line: JournalLine): void {
    if (line.startedAt !== undefined) this.startedAt = line.startedAt;
    for (const [name, answers] of entries(line.answers)) {
      this.answers[name] ??= [];
      for (const answer of answers) this.answers[name].push(answer);
    }
    for (const [name, by] of entries(line.counts)) this.counts[name] = this.count(name) + by;
    for (const [what, times] of entries(line.failures))
      this.failures[what] = (this.failures[what] ?? 0) + times;
    for (const [epoch, position, at] of line.accepted ?? []) this.accepted.push({ epoch, position, at });
    for (const [key, times] of entries(line.moved)) this.#addMoves(key, times);
    for (const at of line.losersTold ?? []) this.losersTold.push(at);
  }

  count(name: CountName): number {
    return this.counts[name] ?? 0;
  }

  #addMoves(key: string, times: readonly number[]): void {
    const [epoch = '', from = '', to = ''] = key.split(' ');
    const moves = this.moves.get(epoch) ?? new Map<string, Move>();
    this.moves.set(epoch, moves);
    const move = moves.get(`${from} ${to}`) ?? { from: Number(from), to: Number(to), at: [] };
    moves.set(`${from} ${to}`, move);
    for (const at of times) move.at.push(at);
  }
}

const entries = <K extends string, V>(record: Partial<Record<K, V>> | undefined): [K, V][] =>
  Object.entries(record ?? {}) as [K, V][];

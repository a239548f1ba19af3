/** What VUs write down, a line at a time; what is empty is left out. Times are ms since the test began. */

/** `return`: not an answer, but how long a map was not right after its viewer was cut off. */
export type AnswerName = 'watch' | 'hold' | 'refusal' | 'release' | 'confirm' | 'cancel' | 'list' | 'return';
export type CountName =
  | 'in'
  | 'holds'
  | 'conflicts'
  | 'bookings'
  | 'cancellations'
  | 'gaps'
  | 'lost'
  | 'returns'
  | 'failed'
  | 'compared'
  | 'wrong'
  | 'bookingsLost'
  | 'sold'
  | 'soldTwice';

export interface JournalLine {
  /** The first line of a VU: the wall clock when the test began. */
  startedAt?: number;
  /** When it came, and how long it took. */
  answers?: Partial<Record<AnswerName, [at: number, ms: number][]>>;
  counts?: Partial<Record<CountName, number>>;
  failures?: Record<string, number>;
  accepted?: [epoch: string, position: number, at: number][];
  /** By "epoch from to": a screen that showed the map at `from` showed it at `to` at each of these moments. */
  moved?: Record<string, number[]>;
  losersTold?: number[];
}

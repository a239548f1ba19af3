import type { Buyer } from '../crowd/buyer.ts';
import type { Watcher } from '../crowd/watcher.ts';
import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import type { Stage } from '../stage/stage.ts';
import type { NodeProcess } from '../stage/node-process.ts';

/** What a fault may work on. */
export interface Ground {
  readonly stage: Stage;
  readonly random: Random;
  readonly eventId: string;
  /** Seats must be paid for. */
  readonly isPaid: boolean;
  readonly buyers: Buyer[];
  readonly history: History;
  readonly watchers: Watcher[];
  /** Tokens of all accounts. */
  readonly tokens: string[];
  /** Faults in their true length (an outage of two minutes), not in one that is enough. */
  readonly long: boolean;
  /** Something that must be so and is not. */
  violation(sentence: string): void;
  /** How it was done, for the report. */
  note(text: string): void;
  /** A node that is killed, stopped or busy: it may leave questions unanswered. */
  silence(node: NodeProcess): void;
}

export interface Fault {
  /** As in the catalogue: F1. */
  readonly id: string;
  readonly title: string;
  /** Redis may lose holds: they may vanish, or come back. */
  readonly losesHolds?: true;
  /** Two Redis at once: only sales are checked. */
  readonly salesOnly?: true;
  /** Seats must be paid for; otherwise that is so in every fourth round. */
  readonly paid?: true;
  /** Nothing is damaged: nobody is told anything twice. */
  readonly isCalm?: true;
  /** Why it cannot be done on this machine. */
  missing?(stage: Stage): string | undefined;
  /** Does it, waits as long as it lasts, and takes it back. */
  run(ground: Ground): Promise<void>;
  /** After everything was checked: puts back what had to stay until then. */
  after?(stage: Stage): Promise<void> | void;
}

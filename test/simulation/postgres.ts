/**
 * A PostgreSQL that is simulated: each statement is one transaction that comes, may wait for others, commits
 * after a while, and whose answer may be lost. Time-outs are those of `src/database/database.ts`.
 */
import type { Database, Statement } from '../../src/database/database.ts';
import type { Kernel, Process } from './kernel.ts';
import { simStatements } from './postgres-statements.ts';
import {
  Blocked,
  type Fact,
  Locks,
  type SimStatement,
  SqlError,
  Tables,
  Transaction,
} from './postgres-tables.ts';
import type { Random } from './random.ts';
import { waitlistStatements } from './waitlist-statements.ts';

const connectTimeoutMs = 2000;
const statementTimeoutMs = 4000;
const lockTimeoutMs = 3000;
const queryTimeoutMs = 5000;

/** What goes wrong, as the nemesis sets it. */
export interface PostgresTroubles {
  /** How many answers are lost, with the work done or not. */
  cutChance: number;
  slowCommitChance: number;
  slowCommitMs: number;
  /** How many statements PostgreSQL gives up for reasons of its own. */
  abortChance: number;
}

interface Running {
  transaction: Transaction;
  statement: SimStatement;
  name: string;
  parameters: unknown[];
  /** Which life of the server it belongs to. */
  life: number;
  lockDeadline: number | undefined;
  /** The key of what somebody else has locked. */
  waitsFor: string;
  isCommitting: boolean;
  ended: boolean;
  answer: (rows: unknown[] | Error) => void;
}

export class SimPostgres {
  readonly kernel: Kernel;
  readonly tables = new Tables();
  readonly troubles: PostgresTroubles = {
    cutChance: 0,
    slowCommitChance: 0,
    slowCommitMs: 0,
    abortChance: 0,
  };
  up = true;
  readonly #locks = new Locks();
  readonly #random: Random;
  readonly #statements: Record<string, SimStatement>;
  #life = 1;
  /** Those that wait, in the order they came. */
  #waiting: Running[] = [];
  readonly #open = new Set<Running>();
  onCommit: ((facts: Fact[]) => void) | undefined;

  constructor(kernel: Kernel, flawed: Record<string, SimStatement> = {}) {
    this.kernel = kernel;
    this.#random = kernel.random('postgres');
    this.#statements = { ...simStatements, ...waitlistStatements, ...flawed };
  }

  #wireMs(): number {
    return this.#random.chance(0.02) ? this.#random.between(1, 40) : this.#random.between(0.1, 0.8);
  }

  /** What was not committed is undone; nobody gets an answer. */
  stop(): void {
    this.up = false;
    this.#life++;
    this.kernel.note(() => 'PostgreSQL stops');
    for (const running of [...this.#open]) {
      // What was just being committed may be in the log already.
      const commits = running.isCommitting && this.#random.chance(0.5);
      this.#end(running, new Error('Connection terminated unexpectedly'), commits);
    }
  }

  /** Whether no statement is under way. */
  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  start(): void {
    this.up = true;
    this.kernel.note(() => 'PostgreSQL starts');
  }

  /** The connections of one process. `point` is told when an answer is on its way. */
  database(process: Process, point: (answerInMs: number) => void): Database {
    const run = <P extends unknown[], R>({ name }: Statement<P, R>, ...parameters: P) =>
      this.#call(process, point, name, parameters) as Promise<R[]>;
    return { run } as unknown as Database;
  }

  #call(
    process: Process,
    point: (answerInMs: number) => void,
    name: string,
    parameters: unknown[],
  ): Promise<unknown[]> {
    const statement = this.#statements[name];
    if (!statement) throw new Error(`there is no simulated ${name}`);
    const { kernel } = this;
    return new Promise((resolve, reject) => {
      const giveUp = kernel.after(queryTimeoutMs, process, () => reject(new Error('Query read timeout')));
      const answer = (inMs: number, result: unknown[] | Error) => {
        kernel.after(inMs, process, () => {
          giveUp();
          if (result instanceof Error) reject(result);
          else resolve(result);
        });
        point(inMs);
      };
      if (!this.up) {
        const refused = this.#random.chance(0.5);
        const error = refused
          ? Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
          : new Error('timeout exceeded when trying to connect');
        return answer(refused ? this.#wireMs() : connectTimeoutMs, error);
      }
      const cut = this.#random.chance(this.troubles.cutChance);
      const lost = cut && this.#random.chance(0.3);
      if (lost) return answer(this.#random.between(0, 3000), new Error('Connection terminated unexpectedly'));
      kernel.after(this.#wireMs(), undefined, () => {
        this.#arrive(name, statement, parameters, (rows) => {
          const result = cut ? new Error('Connection terminated unexpectedly') : rows;
          answer(cut ? this.#random.between(0, 3000) : this.#wireMs(), result);
        });
      });
    });
  }

  #arrive(
    name: string,
    statement: SimStatement,
    parameters: unknown[],
    answer: (rows: unknown[] | Error) => void,
  ): void {
    if (!this.up) {
      answer(new Error('Connection terminated unexpectedly'));
      return;
    }
    const { kernel } = this;
    const transaction = new Transaction(this.tables, this.#locks, kernel.now);
    const running: Running = {
      transaction,
      statement,
      name,
      parameters,
      life: this.#life,
      lockDeadline: undefined,
      waitsFor: '',
      isCommitting: false,
      ended: false,
      answer,
    };
    this.#open.add(running);
    if (this.#random.chance(this.troubles.abortChance)) {
      this.#end(running, new SqlError('40001', 'could not serialize access'), false);
      return;
    }
    this.#attempt(running);
  }

  #attempt(running: Running): void {
    const { transaction } = running;
    transaction.now = this.kernel.now;
    transaction.writes = [];
    transaction.facts.length = 0;
    try {
      const rows = running.statement(transaction, running.parameters);
      this.#commitLater(running, rows);
    } catch (error) {
      if (error instanceof Blocked) this.#wait(running, error.key);
      else if (error instanceof SqlError) this.#end(running, error, false);
      else throw error;
    }
  }

  #wait(running: Running, key: string): void {
    this.#waiting.push(running);
    running.waitsFor = key;
    if (running.lockDeadline !== undefined) return;
    const { kernel } = this;
    const left = running.transaction.startedAt + statementTimeoutMs - kernel.now;
    running.lockDeadline = kernel.now + Math.min(lockTimeoutMs, left);
    kernel.after(running.lockDeadline - kernel.now, undefined, () => {
      if (!this.#waiting.includes(running)) return;
      const code = left < lockTimeoutMs ? '57014' : '55P03';
      this.#end(
        running,
        new SqlError(code, 'canceling statement due to a time-out', whereOf(running)),
        false,
      );
    });
  }

  #commitLater(running: Running, rows: unknown[]): void {
    const { transaction } = running;
    if (transaction.writes.length === 0) {
      this.#end(running, rows, true);
      return;
    }
    running.isCommitting = true;
    const { slowCommitChance, slowCommitMs } = this.troubles;
    const ms = this.#random.chance(slowCommitChance)
      ? this.#random.between(0, slowCommitMs)
      : this.#random.between(0.2, 2);
    this.kernel.after(ms, undefined, () => {
      if (!running.ended) this.#end(running, rows, true);
    });
  }

  #end(running: Running, result: unknown[] | Error, commits: boolean): void {
    if (running.ended) return;
    running.ended = true;
    const { transaction, name } = running;
    this.#open.delete(running);
    this.#waiting = this.#waiting.filter((each) => each !== running);
    if (commits) {
      for (const write of transaction.writes) write();
      const shortly = (what: unknown) => JSON.stringify(what).slice(0, 250);
      this.kernel.note(
        () => `postgres ${name} ${shortly(running.parameters)} -> ${shortly(result)}`,
        name,
        (result as unknown[]).length ?? -1,
        transaction.writes.length,
      );
      if (transaction.writes.length > 0) this.onCommit?.([...transaction.facts]);
    } else this.kernel.note(() => `postgres ${name} undone: ${String(result)}`, name);
    this.#locks.release(transaction);
    running.answer(result);
    // Whoever waited tries again; some have to wait for others still.
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) if (!each.ended) this.#attempt(each);
  }
}

/** As PostgreSQL says where it waited. */
const whereOf = ({ waitsFor }: { waitsFor: string }): string => {
  const [table] = waitsFor.split(' ');
  return `while inserting index tuple (0,1) in relation "${table}s"`;
};

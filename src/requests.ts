/**
 * Request ids: what a request changes is changed once, and whoever repeats it within 24 hours gets the first
 * answer, on any node. A repeat while the first is under way waits for it; the same id for something else is
 * refused (the idea of idempotency keys, as in the IETF draft and at Stripe).
 *
 * Holds remember theirs in Redis, beside the seats (`inventory.lua`), and a confirm is keyed by its hold;
 * everything else comes here. A refusal changed nothing, so it is not kept: the request is judged anew.
 */
import { type Clock, systemClock } from './clock.ts';
import type { Database } from './database/database.ts';
import { answerOnce, askOnce, forgetRequest, renewRequest } from './database/statements.ts';
import { RequestError } from './errors.ts';
import { fingerprint, newId } from './ids.ts';
import type { Logger } from './log.ts';

/** After so long without a sign of life a first attempt is taken for dead, and a repeat takes its place. */
const leaseMs = 6000;
const renewEveryMs = 2000;
const lookEveryMs = 100;
/** Then whoever repeats is asked to repeat once more: no answer may take longer than ten seconds. */
const waitAtMostMs = 3000;

export class Requests {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(parts: { db: Database; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  /** Throws `request-id-reused`, `try-later` (the first is still under way), and what `work` throws. */
  async once(
    userId: string,
    requestId: string,
    message: string,
    request: unknown,
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    const print = fingerprint(message, request);
    const token = newId(this.#clock.now());
    const end = this.#clock.monotonic() + waitAtMostMs;
    for (;;) {
      const [before] = await this.#db.run(askOnce, userId, requestId, message, print, leaseMs, token);
      if (before?.state === 'first') return this.#first(userId, requestId, token, work);
      if (before?.state === 'repeat') return before.answer;
      if (before?.state === 'reused') throw new RequestError('request-id-reused');
      if (this.#clock.monotonic() > end) throw new RequestError('try-later');
      await new Promise<void>((resolve) => this.#clock.after(lookEveryMs, resolve));
    }
  }

  async #first(
    userId: string,
    requestId: string,
    token: string,
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    let answer: unknown;
    const stopRenewing = this.#keepRenewing(userId, requestId, token);
    try {
      answer = await work();
    } catch (error) {
      stopRenewing();
      await this.#db.run(forgetRequest, userId, requestId, token).catch(() => undefined);
      throw error;
    }
    stopRenewing();
    // It is done; that its answer could not be kept must not look like a failure.
    await this.#db.run(answerOnce, userId, requestId, token, JSON.stringify(answer)).catch((error) => {
      this.#log.warn({ err: error, requestId }, 'could not keep the answer of a request');
    });
    return answer;
  }

  /** @returns what ends it */
  #keepRenewing(userId: string, requestId: string, token: string): () => void {
    let cancel: () => void = () => undefined;
    const next = () => {
      cancel = this.#clock.after(renewEveryMs, () => {
        this.#db.run(renewRequest, userId, requestId, token, leaseMs).catch(() => undefined);
        next();
      });
    };
    next();
    return () => cancel();
  }
}

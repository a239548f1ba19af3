/**
 * The link in a mail that switches mails of its kind off. Whoever has the mail may do that without signing in, so the link
 * says for whom and what, and is signed; it does nothing else, as mails are passed on, and does not run out, as mails do not.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { readMailSecret, switchMailOff } from '../database/delivery-statements.ts';

export const unsubscribePath = '/api/v1/mail/unsubscribe';

export class MailLinks {
  readonly #db: Database;
  readonly #publicUrl: () => string;
  #secret: Promise<string> | undefined;

  constructor(db: Database, publicUrl: () => string) {
    this.#db = db;
    this.#publicUrl = publicUrl;
  }

  async unsubscribe(userId: string, kind: string): Promise<string> {
    const link = `${userId}.${kind}.${await this.#sign(userId, kind)}`;
    return `${this.#publicUrl()}${unsubscribePath}?link=${link}`;
  }

  /** What a link is about; undefined: it is none of ours. */
  async read(link: string): Promise<{ userId: string; kind: string } | undefined> {
    const [userId = '', kind = '', signature = ''] = link.split('.');
    const [given, ours] = [Buffer.from(signature), Buffer.from(await this.#sign(userId, kind))];
    return given.length === ours.length && timingSafeEqual(given, ours) ? { userId, kind } : undefined;
  }

  /** @returns whether there is such a reader */
  async switchOff(userId: string, kind: string): Promise<boolean> {
    return (await this.#db.run(switchMailOff, userId, kind)).length > 0;
  }

  async #sign(userId: string, kind: string): Promise<string> {
    this.#secret ??= this.#readSecret();
    const secret = await this.#secret;
    return createHmac('sha256', secret).update(`unsubscribe ${userId} ${kind}`).digest('base64url');
  }

  #readSecret(): Promise<string> {
    return this.#db.run(readMailSecret).then(
      ([row]) => row?.secret ?? '',
      (error) => {
        // Once PostgreSQL is back it is asked again.
        this.#secret = undefined;
        throw error;
      },
    );
  }
}

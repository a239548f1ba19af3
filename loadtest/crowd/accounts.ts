/**
 * The accounts of the buyers. Opening one costs the hub an argon2 hash, so tokens are kept in
 * `.data/crowd.json` under the event they were made for, and used again while the hub takes them.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SignedIn } from '../../src/contracts.gen.ts';
import { ask } from './hub.ts';
import { CrowdError } from './options.ts';

export interface Account {
  userId: string;
  token: string;
  expiresAt: string;
}

const file = join(process.env.DATA_DIR || '.data', 'crowd.json');
/** The hub hashes two passwords at a time; more only wait there. */
const atOnce = 4;
const maxWaitMs = 65_000;

const readAll = (): Record<string, Account[]> => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Account[]>;
  } catch {
    // None yet, or not ours to mend: it is written anew.
    return {};
  }
};

/** @param forMs how long the tokens must be valid at least */
export async function findAccounts(
  node: string,
  eventId: string,
  count: number,
  forMs: number,
  progress: (ready: number) => void,
): Promise<Account[]> {
  const lastsLongEnough = ({ expiresAt }: Account) => Date.parse(expiresAt) > Date.now() + forMs;
  const kept = (readAll()[eventId] ?? []).filter(lastsLongEnough);
  const accounts: Account[] = [];
  await inTurns(kept.slice(0, count), async (account) => {
    const { status } = await ask(`${node}/api/v1/bookings?limit=1`, { token: account.token });
    if (status === 200) accounts.push(account);
  });
  progress(accounts.length);
  await inTurns(Array.from({ length: count - accounts.length }), async () => {
    accounts.push(await open(node));
    progress(accounts.length);
  });
  const others = kept.slice(count);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...readAll(), [eventId]: [...accounts, ...others] }), { mode: 0o600 });
  return accounts;
}

async function open(node: string): Promise<Account> {
  const post = {
    email: `crowd-${randomBytes(8).toString('hex')}@example.com`,
    password: randomBytes(18).toString('base64url'),
    name: 'One of the crowd',
  };
  for (let waitedMs = 0; ; ) {
    const { status, retryAfterMs, body } = await ask<SignedIn & { message?: string }>(
      `${node}/api/v1/auth/register`,
      { post },
    );
    if (status === 201) return { userId: body.user.id, token: body.token, expiresAt: body.expiresAt };
    const again = status === 429 || status === 503;
    if (!again || waitedMs > maxWaitMs)
      throw new CrowdError(`No account could be opened: ${body.message ?? status}`);
    const waitMs = Math.min(maxWaitMs, Math.max(500, retryAfterMs));
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitedMs += waitMs;
  }
}

async function inTurns<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

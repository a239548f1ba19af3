/**
 * The accounts of the buyers. Opening one costs the hub an argon2 hash, so their sessions are kept in
 * `.data/crowd.json` under the event they were made for, and used again while the hub renews them.
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
  refreshToken: string;
  refreshExpiresAt: string;
}

const accountOf = ({ user, token, expiresAt, refreshToken, refreshExpiresAt }: SignedIn): Account => ({
  userId: user.id,
  token,
  expiresAt,
  refreshToken,
  refreshExpiresAt,
});

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

/** @param forMs how long they must be good for at least */
export async function findAccounts(
  node: string,
  eventId: string,
  count: number,
  forMs: number,
  progress: (ready: number) => void,
): Promise<Account[]> {
  const lastsLongEnough = ({ refreshExpiresAt }: Account) =>
    Date.parse(refreshExpiresAt) > Date.now() + forMs;
  const kept = (readAll()[eventId] ?? []).filter(lastsLongEnough);
  const accounts: Account[] = [];
  await inTurns(kept.slice(0, count), async (account) => {
    if (await renewToken(node, account)) accounts.push(account);
  });
  progress(accounts.length);
  await inTurns(Array.from({ length: count - accounts.length }), async () => {
    accounts.push(await open(node));
    progress(accounts.length);
  });
  keepAccounts(eventId, [...accounts, ...kept.slice(count)]);
  return accounts;
}

/** For the next crowd; to be called again when tokens were renewed. */
export function keepAccounts(eventId: string, accounts: readonly Account[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const known = (readAll()[eventId] ?? []).filter(
    ({ userId }) => !accounts.some((account) => account.userId === userId),
  );
  const text = JSON.stringify({ ...readAll(), [eventId]: [...accounts, ...known] });
  writeFileSync(file, text, { mode: 0o600 });
}

/** Puts the next token into the account. @returns it, or undefined if the hub does not renew it */
export async function renewToken(node: string, account: Account): Promise<string | undefined> {
  const { refreshToken } = account;
  const { status, body } = await ask<SignedIn>(`${node}/api/v1/auth/refresh`, { post: { refreshToken } });
  if (status !== 200) return undefined;
  Object.assign(account, accountOf(body));
  return account.token;
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
    if (status === 201) return accountOf(body);
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

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { developmentKeys, TokenError, Tokens } from '../src/session.ts';
import { forgeries, genuine } from './socket/forgeries.ts';
import { testKeys } from './support/hub.ts';

const tokens = new Tokens(testKeys, 60_000);
const user = { id: '00000000-0000-7000-8000-000000000001', role: 'organizer' } as const;
const key = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64url')}`;

test('[AUTH-1] a token carries the user, the role, an id of its own and its end', async () => {
  const before = Date.now();
  const { token, session } = await tokens.sign(user);
  expect(await tokens.verify(token)).toEqual(session);
  expect(session).toMatchObject({ userId: user.id, role: 'organizer' });
  expect(session.id).toMatch(/^[\w-]{22}$/);
  expect(session.expiresAt).toBeGreaterThan(before + 58_000);
  expect(session.expiresAt).toBeLessThanOrEqual(before + 60_000);
  expect((await tokens.sign(user)).session.id).not.toBe(session.id);
});

test('[AUTH-1] what is signed by hand as we sign is taken', async () => {
  expect(await tokens.verify(genuine(user.id))).toMatchObject({ userId: user.id, role: 'user' });
});

test.each(forgeries(user.id))('[AUTH-1] $what is no token of ours', async ({ token }) => {
  const refusal = await tokens.verify(token).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(TokenError);
  // It names the kind of fault, and never a key, a claim or the token.
  expect((refusal as TokenError).message).toMatch(/^[A-Za-z ]{3,40}$/);
});

test.each([
  undefined,
  null,
  1,
  true,
  {},
  [],
  ['x'],
  Symbol('x'),
  new String('x'),
  Buffer.from('x'),
  '',
  '.',
  '..',
])('[AUTH-1] a token that is none (%#) is refused', async (token) => {
  await expect(tokens.verify(token)).rejects.toBeInstanceOf(TokenError);
});

test('[AUTH-1] a signature written in other letters for the same bytes is the same session', async () => {
  // The last letter of base64url carries spare bits: whoever is to be signed out must be named by the id.
  const { token, session } = await tokens.sign(user);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const variant = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) as string) ^ 1];
  expect(variant).not.toBe(token);
  const verified = await tokens.verify(variant).catch(() => undefined);
  if (verified) expect(verified.id).toBe(session.id);
});

test('[AUTH-1] a token is over at its end, but for the 5 s that clocks of nodes may differ', async () => {
  const { token } = await tokens.sign(user);
  vi.useFakeTimers({ now: Date.now() + 64_000 });
  try {
    expect((await tokens.verify(token)).userId).toBe(user.id);
    vi.setSystemTime(Date.now() + 2000);
    await expect(tokens.verify(token)).rejects.toBeInstanceOf(TokenError);
  } finally {
    vi.useRealTimers();
  }
});

test('[AUTH-1] keys are changed without signing anybody out: the first signs, all verify', async () => {
  const old = new Tokens(key('old', 1), 60_000);
  const both = new Tokens(`${key('new', 2)},${key('old', 1)}`, 60_000);
  const next = new Tokens(key('new', 2), 60_000);
  const signedBefore = (await old.sign(user)).token;
  const signedNow = (await both.sign(user)).token;
  expect((await both.verify(signedBefore)).userId).toBe(user.id);
  expect((await next.verify(signedNow)).userId).toBe(user.id);
  await expect(next.verify(signedBefore)).rejects.toBeInstanceOf(TokenError);
  // The same kid with another secret.
  await expect(new Tokens(key('old', 3), 60_000).verify(signedBefore)).rejects.toBeInstanceOf(TokenError);
});

test.each([
  '',
  'kid',
  'kid:',
  'kid:short',
  `kid:${Buffer.alloc(31).toString('base64url')}`,
  `${key('a', 1)},b:short`,
])('[AUTH-1] keys like "%s" stop the start without being shown', (keys) => {
  expect(() => new Tokens(keys, 60_000)).toThrow(/less than 32 bytes/);
  const told = (() => {
    try {
      return String(new Tokens(keys, 60_000));
    } catch (error) {
      return String(error);
    }
  })();
  expect(told).not.toContain('short');
});

const directory = mkdtempSync(join(tmpdir(), 'seatcast-keys-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('[AUTH-1] the development key is made once, differs everywhere, and only its owner may read it', () => {
  const first = developmentKeys(join(directory, 'a'));
  expect(developmentKeys(join(directory, 'a'))).toBe(first);
  expect(developmentKeys(join(directory, 'b'))).not.toBe(first);
  expect(readFileSync(join(directory, 'a', 'jwt-keys'), 'utf8')).toBe(first);
  expect(statSync(join(directory, 'a', 'jwt-keys')).mode & 0o777).toBe(0o600);
  expect(() => new Tokens(first, 60_000)).not.toThrow();
});

import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { TokenError, Tokens } from '../src/session.ts';
import { readTokenKeys } from '../src/token-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'seatcast-token-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const user = { id: '00000000-0000-7000-8000-000000000001', role: 'organizer' } as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const secret = `old:${Buffer.alloc(32, 5).toString('base64url')}`;

const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
const jwk = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }));
/** @returns the key as JWT_KEYS names it */
function inFile(kid: string, content: string): string {
  const path = join(folder, `${kid}-${Math.random()}`);
  writeFileSync(path, content);
  return `${kid}:@${path}`;
}

describe.each([
  ['RS256', 'a PEM', rsa, pem],
  ['RS256', 'a JWK', rsa, jwk],
  ['EdDSA', 'a PEM', ed, pem],
  ['EdDSA', 'a JWK', ed, jwk],
] as const)('[AUTH-11] %s by %s', (algorithm, _what, pair, write) => {
  const tokens = new Tokens(`${inFile('new', write(pair.privateKey))},${secret}`, 60_000);

  test('signs, verifies, and is shown without its private part', async () => {
    const { token, session } = await tokens.sign(user);
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg: algorithm,
      kid: 'new',
      typ: 'at+jwt',
    });
    expect(await tokens.verify(token)).toEqual(session);
    const { keys } = tokens.jwks;
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kid: 'new', alg: algorithm, use: 'sig' });
    for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(keys[0]).not.toHaveProperty(part);
    // Whoever has the public keys alone can verify our tokens.
    const { payload } = await jwtVerify(token, createLocalJWKSet(tokens.jwks as never), {
      issuer: 'seatcast',
      audience: 'seatcast-hub',
    });
    expect(payload.sub).toBe(user.id);
  });

  test('takes the place of a secret without signing anybody out, and hands over its own', async () => {
    const before = await new Tokens(secret, 60_000).sign(user);
    expect((await tokens.verify(before.token)).id).toBe(before.session.id);
    const { token } = await tokens.sign(user);
    const next = new Tokens(`${secret},${inFile('new', write(pair.publicKey))}`, 60_000);
    expect((await next.verify(token)).userId).toBe(user.id);
    expect((await next.sign(user)).token).toMatch(/^ey/);
    await expect(new Tokens(secret, 60_000).verify(token)).rejects.toBeInstanceOf(TokenError);
  });
});

test('[AUTH-11] secrets are shown to nobody', () => {
  expect(new Tokens(secret, 60_000).jwks).toEqual({ keys: [] });
});

const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const oct = createSecretKey(Buffer.alloc(32, 1));

test.each([
  ['a public key as the first', inFile('k', pem(rsa.publicKey)), 'cannot sign'],
  ['an RSA key of 1024 bits', inFile('k', pem(short.privateKey)), '1024 bits'],
  ['a key on another curve', inFile('k', pem(curve.privateKey)), 'RSA or Ed25519'],
  ['a secret in a JWK', inFile('k', jwk(oct)), 'no PEM'],
  ['a file of nonsense', inFile('k', 'hunter2'), 'no PEM'],
  ['a JWK that is cut off', inFile('k', jwk(ed.privateKey).slice(0, -9)), 'no PEM'],
  ['no file', 'k:@/nowhere/key.pem', 'cannot be read (ENOENT)'],
  ['a key name that is there twice', `${secret},${secret}`, 'twice'],
  ['a short secret behind a good key', `${inFile('k', pem(ed.privateKey))},b:c2hvcnQ`, 'less than 32 bytes'],
])('[AUTH-11] %s stops the start, and nothing of a key is shown', (_what, keys, told) => {
  expect(() => readTokenKeys(keys)).toThrow(told);
  expect(() => readTokenKeys(keys)).not.toThrow(/hunter2|PRIVATE|"d"/);
});

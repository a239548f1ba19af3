/** The attacks on tokens that keys of several kinds make possible, over sockets and over HTTP. */
import { createHmac, createSign, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { RawSocket } from './raw.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secret = randomBytes(32);

const folder = mkdtempSync(join(tmpdir(), 'seatcast-signed-tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));
function inFile(name: string, key: KeyObject): string {
  const path = join(folder, name);
  writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem' }));
  return `${name}:@${path}`;
}

const jwtKeys = `${inFile('rsa', rsa.privateKey)},${inFile('ed', ed.privateKey)},hs:${secret.toString('base64url')}`;
const hubs = await startTestHubs(1, {}, { jwtKeys });
const { url } = hubs.nodes[0] as { url: string };
expectHonestService(hubs);
const user = await hubs.user();

type Fields = Record<string, unknown>;
type Signer = (body: string) => Buffer;

const encode = (fields: Fields) => Buffer.from(JSON.stringify(fields)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = (): Fields => ({
  iss: 'seatcast',
  aud: 'seatcast-hub',
  sub: user.id,
  jti: randomBytes(16).toString('base64url'),
  iat: now(),
  exp: now() + 600,
  role: 'user',
});

const byRsa: Signer = (body) => createSign('sha256').update(body).sign(rsa.privateKey);
const byEd: Signer = (body) => sign(null, Buffer.from(body), ed.privateKey);
const byTheirs: Signer = (body) => createSign('sha256').update(body).sign(theirs.privateKey);
const byHmac =
  (key: string | Buffer): Signer =>
  (body) =>
    createHmac('sha256', key).update(body).digest();

function forge(head: Fields, signer: Signer, extra: Fields = {}): string {
  const body = `${encode({ typ: 'at+jwt', ...head })}.${encode({ ...claims(), ...extra })}`;
  return `${body}.${signer(body).toString('base64url')}`;
}

const rs = { alg: 'RS256', kid: 'rsa' };
const eddsa = { alg: 'EdDSA', kid: 'ed' };
const confused = { alg: 'HS256', kid: 'rsa' };
const spki = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const modulus = Buffer.from(rsa.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
const theirJwk = theirs.publicKey.export({ format: 'jwk' });

async function statusOf(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${url}/api/v1/bookings`, { headers })).status;
}

test.each([
  ['RS256', () => forge(rs, byRsa)],
  ['EdDSA', () => forge(eddsa, byEd)],
  ['HS256', () => forge({ alg: 'HS256', kid: 'hs' }, byHmac(secret))],
])('[AUTH-11] %s with the key of its own counts', async (_what, make) => {
  const token = make();
  expect(await statusOf(token)).toBe(200);
  const socket = new RawSocket(url);
  expect(await socket.join({ token })).toMatch(/^40/);
  socket.close();
});

const attacks: Record<string, string> = {
  'HS256 with the public PEM as the secret': forge(confused, byHmac(spki)),
  'HS256 with the public PEM, trimmed': forge(confused, byHmac(spki.trim())),
  'HS256 with the public key as DER': forge(
    confused,
    byHmac(rsa.publicKey.export({ type: 'spki', format: 'der' })),
  ),
  'HS256 with the PKCS#1 PEM': forge(
    confused,
    byHmac(rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
  ),
  'HS256 with the public JWK as text': forge(
    confused,
    byHmac(JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))),
  ),
  'HS256 with the modulus': forge(confused, byHmac(modulus)),
  'HS256 with the Ed25519 key': forge(
    { alg: 'HS256', kid: 'ed' },
    byHmac(Buffer.from(ed.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')),
  ),
  'HS256 with our secret under the name of the RSA key': forge(confused, byHmac(secret)),
  'RS256 under the name of the secret': forge({ alg: 'RS256', kid: 'hs' }, byRsa),
  'RS256 under the name of the Ed25519 key': forge({ alg: 'RS256', kid: 'ed' }, byRsa),
  'EdDSA under the name of the RSA key': forge({ alg: 'EdDSA', kid: 'rsa' }, byEd),
  'RS512 by our RSA key': forge({ ...rs, alg: 'RS512' }, (body) =>
    createSign('sha512').update(body).sign(rsa.privateKey),
  ),
  'PS256 by our RSA key': forge({ ...rs, alg: 'PS256' }, (body) =>
    sign('sha256', Buffer.from(body), { key: rsa.privateKey, padding: 6, saltLength: 32 }),
  ),
  'RS256 by a key of the sender': forge(rs, byTheirs),
  'an embedded jwk of the sender': forge({ ...rs, jwk: theirJwk }, byTheirs),
  'an embedded jwk and no kid': forge({ alg: 'RS256', jwk: theirJwk }, byTheirs),
  'a jku': forge({ ...rs, jku: 'http://127.0.0.1:9/jwks.json' }, byTheirs),
  'an x5c': forge({ ...rs, x5c: ['MIIB'] }, byTheirs),
  'an unknown crit by our key': forge({ ...rs, crit: ['evil'], evil: 1 }, byRsa),
  'an unencoded payload by our key (b64: false)': forge({ ...rs, crit: ['b64'], b64: false }, byRsa),
  'alg none': forge({ alg: 'none', kid: 'rsa' }, () => Buffer.alloc(0)),
  'an Ed25519 signature of zeros': forge(eddsa, () => Buffer.alloc(64)),
  'an RSA signature of zeros': forge(rs, () => Buffer.alloc(256)),
  'no expiry, by our key': forge(rs, byRsa, { exp: undefined }),
  'an expiry that is a string, by our key': forge(eddsa, byEd, { exp: String(now() + 600) }),
  'another audience, by our key': forge(rs, byRsa, { aud: 'another-hub' }),
  'another issuer, by our key': forge(rs, byRsa, { iss: 'https://evil.example' }),
  'the type JWT, by our key': forge({ ...rs, typ: 'JWT' }, byRsa),
  'the type of a refresh token, by our key': forge({ ...eddsa, typ: 'rt+jwt' }, byEd),
  'a start in the future, by our key': forge(eddsa, byEd, { nbf: now() + 600 }),
};

test.each(Object.entries(attacks))('[AUTH-11] %s opens no socket and no request', async (_what, token) => {
  expect(await statusOf(token)).toBe(401);
  const socket = new RawSocket(url);
  const answer = await socket.join({ token });
  expect(answer).toMatch(/^44/);
  expect(answer).toContain('"code":"token-invalid"');
  socket.close();
});

test('[AUTH-11] whoever verifies our tokens finds the public keys, and no secret', async () => {
  const response = await fetch(`${url}/.well-known/jwks.json`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('public, max-age=300');
  const text = await response.text();
  const { keys } = JSON.parse(text) as { keys: Fields[] };
  expect(keys.map(({ kid, alg, kty, use }) => ({ kid, alg, kty, use }))).toEqual([
    { kid: 'rsa', alg: 'RS256', kty: 'RSA', use: 'sig' },
    { kid: 'ed', alg: 'EdDSA', kty: 'OKP', use: 'sig' },
  ]);
  expect(text).not.toContain('"d"');
  expect(text).not.toContain(secret.toString('base64url'));
});

test('[AUTH-11] the session of a token is named by its id, however its signature is written', async () => {
  const token = forge(rs, byRsa);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // 256 bytes leave four bits of the last letter that mean nothing.
  const variants = [1, 5, 15].map(
    (bits) => token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') ^ bits],
  );
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${url}/api/v1/auth/logout`, { method: 'POST', headers })).status).toBe(200);
  for (const each of [token, ...variants]) expect(await statusOf(each)).toBe(401);
});

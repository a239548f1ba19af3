/** Tokens that are not ours, made by hand: no library would sign most of them. */
import { createHmac, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { testKeys } from '../support/hub.ts';

const [kid = '', secretText = ''] = testKeys.split(':');
const secret = Buffer.from(secretText, 'base64url');
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

type Fields = Record<string, unknown>;

const seconds = () => Math.floor(Date.now() / 1000);
const encode = (fields: Fields | string) =>
  Buffer.from(typeof fields === 'string' ? fields : JSON.stringify(fields)).toString('base64url');

const header = { alg: 'HS256', kid, typ: 'at+jwt' };
const claims = (userId: string) => ({
  iss: 'seatcast',
  aud: 'seatcast-hub',
  sub: userId,
  jti: randomBytes(16).toString('base64url'),
  iat: seconds(),
  exp: seconds() + 600,
  role: 'user',
});

interface Parts {
  /** Added to the header; `undefined` takes away. */
  head?: Fields | undefined;
  claims?: Fields | undefined;
  key?: string | Buffer | undefined;
  hash?: string | undefined;
}

function forge(
  userId: string,
  { head = {}, claims: extra = {}, key = secret, hash = 'sha256' }: Parts,
): string {
  const body = `${encode({ ...header, ...head })}.${encode({ ...claims(userId), ...extra })}`;
  return `${body}.${createHmac(hash, key).update(body).digest('base64url')}`;
}

/** What the hub itself would sign. */
export const genuine = (userId: string): string => forge(userId, {});

export function forgeries(userId: string): { what: string; token: string }[] {
  const good = genuine(userId);
  const [head, body, signature] = good.split('.') as [string, string, string];
  const unsigned = (alg: string) => `${encode({ ...header, alg })}.${encode(claims(userId))}.`;
  const rsBody = `${encode({ ...header, alg: 'RS256' })}.${encode(claims(userId))}`;
  const rsSigned = `${rsBody}.${createSign('sha256').update(rsBody).sign(privateKey, 'base64url')}`;
  const admin = encode({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), role: 'admin' });
  const jwk = { kty: 'oct', k: Buffer.from('attacker').toString('base64url'), alg: 'HS256' };
  const own = Buffer.from('attacker');
  const made: Record<string, Parts> = {
    'HS384 with our secret': { head: { alg: 'HS384' }, hash: 'sha384' },
    'HS512 with our secret': { head: { alg: 'HS512' }, hash: 'sha512' },
    'HS256 declared, HS512 signed': { hash: 'sha512' },
    'a PEM public key as HMAC secret': { key: pem },
    'RS256 declared, signed with HMAC': { head: { alg: 'RS256' } },
    'an empty secret': { key: '' },
    'an unknown kid': { head: { kid: 'other' } },
    'no kid': { head: { kid: undefined } },
    'a kid that is a path': { head: { kid: '../../../../dev/null' }, key: '' },
    'a kid that is SQL': { head: { kid: "' union select 'attacker' --" }, key: own },
    'a kid named __proto__': { head: { kid: '__proto__' }, key: '' },
    'a kid named constructor': { head: { kid: 'constructor' }, key: '' },
    'a kid that is an object': { head: { kid: { kid } } },
    'a kid that is an array': { head: { kid: [kid] } },
    'an embedded jwk': { head: { kid: undefined, jwk }, key: own },
    'an embedded jwk beside our kid': { head: { jwk }, key: own },
    'a jku': { head: { jku: 'http://127.0.0.1:9/jwks.json' }, key: own },
    'an x5u': { head: { x5u: 'http://127.0.0.1:9/cert.pem' }, key: own },
    'an unknown crit': { head: { crit: ['evil'], evil: true } },
    'an unencoded payload (b64: false)': { head: { crit: ['b64'], b64: false } },
    'an alg that is an array': { head: { alg: ['HS256'] } },
    'a lower-case alg': { head: { alg: 'hs256' } },
    'another issuer': { claims: { iss: 'seatcast.evil.example' } },
    'no issuer': { claims: { iss: undefined } },
    'another audience': { claims: { aud: 'another-hub' } },
    'no audience': { claims: { aud: undefined } },
    'the type JWT': { head: { typ: 'JWT' } },
    'the type of a refresh token': { head: { typ: 'rt+jwt' } },
    'no type': { head: { typ: undefined } },
    'no expiry': { claims: { exp: undefined } },
    'an expiry that is a string': { claims: { exp: String(seconds() + 600) } },
    'an expiry that is null': { claims: { exp: null } },
    'an expiry of ten minutes ago': { claims: { exp: seconds() - 600 } },
    'an expiry just out of tolerance': { claims: { exp: seconds() - 6 } },
    'a start in the future': { claims: { nbf: seconds() + 600 } },
    'a start that is a string': { claims: { nbf: 'now' } },
    'no subject': { claims: { sub: undefined } },
    'no id': { claims: { jti: undefined } },
    'no role': { claims: { role: undefined } },
  };
  return [
    ...Object.entries(made).map(([what, parts]) => ({ what, token: forge(userId, parts) })),
    ...['none', 'None', 'nOnE', 'NONE', ''].map((alg) => ({ what: `alg "${alg}"`, token: unsigned(alg) })),
    { what: 'alg none with our signature', token: `${unsigned('none')}${signature}` },
    { what: 'RS256 signed by a key of the sender', token: rsSigned },
    { what: 'a payload changed to admin', token: `${head}.${admin}.${signature}` },
    { what: 'no signature', token: `${head}.${body}.` },
    { what: 'two parts', token: `${head}.${body}` },
    { what: 'five parts', token: `${good}.${body}.${signature}` },
    { what: 'a payload that is no JSON', token: `${head}.${encode('role=admin')}.${signature}` },
    { what: 'a signature cut by one letter', token: good.slice(0, -1) },
    { what: 'blanks around a good token', token: ` ${good} ` },
    { what: 'a zero byte behind a good token', token: `${good}\0` },
    { what: '10 KB of claims', token: forge(userId, { claims: { more: 'x'.repeat(7500) } }) },
  ];
}

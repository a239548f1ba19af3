/**
 * The keys that tokens are signed and verified with, as JWT_KEYS names them: `kid:secret` for HMAC, `kid:@file` for
 * a key that is read from a file, a JWK or PEM. Each key has one algorithm, and a token that names another for it is
 * refused: that is what keeps a public key from being taken for a secret.
 */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

export type TokenAlgorithm = 'HS256' | 'RS256' | 'EdDSA';

export interface TokenKey {
  readonly kid: string;
  readonly algorithm: TokenAlgorithm;
  readonly verifies: KeyObject | Uint8Array;
  /** undefined: a public key. It verifies what another installation, or an earlier key of ours, signed. */
  readonly signs: KeyObject | Uint8Array | undefined;
}

/** A public key as it is shown to others. */
export interface PublicJwk extends JsonWebKey {
  kid: string;
  alg: TokenAlgorithm;
  use: 'sig';
}

const leastSecretBytes = 32;
const leastRsaBits = 2048;

/**
 * @param keys as in JWT_KEYS; the first signs, all verify
 * @throws Error that names the key and what is wrong with it, and shows nothing of it
 */
export function readTokenKeys(keys: string): TokenKey[] {
  const read = keys.split(',').map((pair) => {
    const [kid = '', ...rest] = pair.split(':');
    const value = rest.join(':');
    return value.startsWith('@') ? fromFile(kid, value.slice(1)) : fromSecret(kid, value);
  });
  const twice = read.find(({ kid }, at) => read.some((other, i) => i < at && other.kid === kid));
  if (twice) throw new Error(`The key "${twice.kid}" is twice in JWT_KEYS`);
  if (!read[0]?.signs)
    throw new Error(`The first key in JWT_KEYS, "${read[0]?.kid}", cannot sign: it is public`);
  return read;
}

/** The public keys, for whoever verifies our tokens. A secret is not among them. */
export const publicJwks = (keys: readonly TokenKey[]): { keys: PublicJwk[] } => ({
  keys: keys.flatMap(({ kid, algorithm, verifies }) =>
    verifies instanceof Uint8Array
      ? []
      : [{ ...verifies.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' as const }],
  ),
});

function fromSecret(kid: string, secret: string): TokenKey {
  const bytes = new Uint8Array(Buffer.from(secret, 'base64url'));
  if (bytes.length < leastSecretBytes) {
    throw new Error(`The key "${kid}" in JWT_KEYS has less than ${leastSecretBytes} bytes`);
  }
  return { kid, algorithm: 'HS256', verifies: bytes, signs: bytes };
}

function fromFile(kid: string, path: string): TokenKey {
  const text = readText(kid, path).trim();
  let signs: KeyObject | undefined;
  let verifies: KeyObject;
  try {
    const jwk = text.startsWith('{') ? (JSON.parse(text) as JsonWebKey) : undefined;
    const isPrivate = jwk ? 'd' in jwk : /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
    const input = jwk ? { key: jwk, format: 'jwk' as const } : text;
    if (isPrivate) signs = createPrivateKey(input);
    // Of a private key it takes the public half.
    verifies = createPublicKey(input);
  } catch {
    // What the library says may quote the file.
    throw new Error(
      `The key "${kid}" in JWT_KEYS: its file holds no PEM (PKCS#8, SPKI) and no JWK that can be read`,
    );
  }
  return { kid, algorithm: algorithmOf(kid, verifies), verifies, signs };
}

function readText(kid: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The key "${kid}" in JWT_KEYS: its file ${path} cannot be read (${code})`);
  }
}

function algorithmOf(kid: string, key: KeyObject): TokenAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType !== 'rsa') {
    throw new Error(`The key "${kid}" in JWT_KEYS is ${key.asymmetricKeyType}: it must be RSA or Ed25519`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < leastRsaBits) {
    throw new Error(`The key "${kid}" in JWT_KEYS has ${bits} bits: an RSA key needs ${leastRsaBits}`);
  }
  return 'RS256';
}

import { createECDH, randomBytes } from 'node:crypto';
import type { PushKeys } from '../../../src/push/push-channel.ts';

const keyPair = () => {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return pair;
};

export function pushKeys(): PushKeys {
  const pair = keyPair();
  return {
    publicKey: pair.getPublicKey('base64url'),
    privateKey: pair.getPrivateKey('base64url'),
    subject: 'mailto:ops@example.org',
  };
}

/** A browser's subscription at a push service. */
export const subscription = () => ({
  endpoint: `https://push.example.org/${randomBytes(8).toString('hex')}`,
  keys: { p256dh: keyPair().getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') },
});

/**
 * The catalogue of disconnects: you are out; may you come back? The client is told by
 * `server:disconnected` right before the connection closes, or, when it never got in, by the
 * `data` of socket.io's `connect_error`. (After Centrifuge's terminal disconnect codes.)
 */
export type Reconnect = 'now' | 'later' | 'new-token' | 'never';

const catalogue = {
  'token-invalid': { reconnect: 'new-token', message: 'The token is not valid here. Sign in again.' },
  'session-expired': {
    reconnect: 'new-token',
    message: 'Your token has run out. Renew it, or sign in again.',
  },
  'session-revoked': { reconnect: 'new-token', message: 'This session was signed out.' },
  'try-later': { reconnect: 'later', message: 'The hub cannot check your token right now.' },
  'server-draining': { reconnect: 'now', message: 'This node is stopping. Another one answers.' },
  flooding: { reconnect: 'later', message: 'Too many messages.' },
  'protocol-violation': {
    reconnect: 'never',
    message: 'A frame broke the protocol: JSON text only, nested at most 16 deep.',
  },
  // Told behind what waits to be read, or, when no more may wait, only counted.
  'too-slow': { reconnect: 'now', message: 'You did not read what was sent to you.' },
} as const satisfies Record<string, { reconnect: Reconnect; message: string }>;

export type DisconnectCode = keyof typeof catalogue;
export const disconnects: Readonly<Record<DisconnectCode, { reconnect: Reconnect; message: string }>> =
  catalogue;

export interface WireDisconnect {
  code: DisconnectCode;
  message: string;
  reconnect: Reconnect;
}

export const wireDisconnect = (code: DisconnectCode): WireDisconnect => ({ code, ...disconnects[code] });

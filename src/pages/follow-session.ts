import type { SeatcastClient } from '../client/client.ts';
import type { Session } from './session.ts';
import { toast } from './toast.ts';

/** The socket is whoever is signed in; a token the hub no longer takes makes nobody of them. */
export function followSession(session: Session, client: SeatcastClient): void {
  session.on('changed', (signedIn) => client.signIn(signedIn?.token));
  session.on('renewed', ({ token }) => client.renew(token));
  session.on('ended', (text) => toast(text, 'warn'));
  client.on('state', (state) => {
    const last = client.lastDisconnect;
    if (state !== 'closed' || last?.reconnect !== 'new-token') return;
    // After the client has finished closing.
    queueMicrotask(() => {
      if (!session.current) return client.signIn(undefined);
      toast(last.message, 'warn');
      session.forget();
    });
  });
}

/** Who is signed in. Kept in the browser, so that a reload, or another tab, goes on as the same person. */
import { Emitter } from '../client/emitter.ts';
import type { SignedIn } from '../contracts.gen.ts';
import { api } from './api.ts';

interface SessionEvents {
  /** Somebody signed in, somebody else did, or (undefined) nobody is any more. */
  changed: SignedIn | undefined;
}

const key = 'seatcast.session';

export class Session extends Emitter<SessionEvents> {
  #current: SignedIn | undefined = read();

  constructor() {
    super();
    addEventListener('storage', (event) => {
      if (event.key !== key && event.key !== null) return;
      this.#set(read());
    });
  }

  get current(): SignedIn | undefined {
    return this.#current;
  }

  /** @throws Problem */
  async signIn(email: string, password: string): Promise<void> {
    this.#keep(await api<SignedIn>('/api/v1/auth/login', { post: { email, password } }));
  }

  /** @throws Problem */
  async register(name: string, email: string, password: string): Promise<void> {
    this.#keep(await api<SignedIn>('/api/v1/auth/register', { post: { name, email, password } }));
  }

  /** Also tells the hub, so that the token is of no use to anybody. */
  async signOut(): Promise<void> {
    const token = this.#current?.token;
    this.forget();
    if (token) await api('/api/v1/auth/logout', { post: {}, token }).catch(() => undefined);
  }

  /** The hub does not accept the token any more. */
  forget(): void {
    this.#keep(undefined);
  }

  #keep(signedIn: SignedIn | undefined): void {
    try {
      if (signedIn) localStorage.setItem(key, JSON.stringify(signedIn));
      else localStorage.removeItem(key);
    } catch {
      // Storage may be switched off; then the session lives as long as the page.
    }
    this.#set(signedIn);
  }

  #set(signedIn: SignedIn | undefined): void {
    if (signedIn?.token === this.#current?.token) return;
    this.#current = signedIn;
    this.emit('changed', signedIn);
  }
}

function read(): SignedIn | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as SignedIn | null;
    return kept && Date.parse(kept.expiresAt) > Date.now() ? kept : undefined;
  } catch {
    return undefined;
  }
}

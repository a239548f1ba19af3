/**
 * Who is signed in. Kept in the browser, so that a reload, or another tab, goes on as the same person. Tokens are short
 * lived: a while before one ends it is renewed, by one tab for all of them, because a refresh token counts once.
 */
import { Emitter } from '../client/emitter.ts';
import type { SignedIn } from '../contracts.gen.ts';
import { api, Problem } from './api.ts';
import { readPushNote } from './push-note.ts';

interface SessionEvents {
  /** Somebody signed in, somebody else did, or (undefined) nobody is any more. */
  changed: SignedIn | undefined;
  /** The same person goes on with another token. */
  renewed: SignedIn;
  /** The hub renews it no more; `changed` follows. */
  ended: string;
}

const key = 'seatcast.session';
/** So much of a token's time is left when it is renewed. */
const renewAtFraction = 0.2;
/** Without locks two tabs may renew at once. */
const winnerWritesMs = 1000;
/** After a hub that was away. */
const tryAgainMs = 15_000;
/** Longer times would run out at once: a timer counts 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

export class Session extends Emitter<SessionEvents> {
  #current: SignedIn | undefined = read();
  #renewing: Promise<string | undefined> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    addEventListener('storage', (event) => {
      if (event.key !== key && event.key !== null) return;
      this.#set(read());
    });
    this.#renewInTime();
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

  /** Also tells the hub, so that the tokens are of no use to anybody. */
  async signOut(): Promise<void> {
    const left = this.#current;
    // With the session this browser forgets its subscription.
    const endpoint = readPushNote()?.endpoint;
    this.forget();
    if (!left) return;
    try {
      const { token } = isOver(left) ? await askToRenew(left) : left;
      if (endpoint) await endPush(endpoint, token);
      await api('/api/v1/auth/logout', { post: {}, token });
    } catch {
      // Then they end by themselves.
    }
  }

  /** The hub does not accept the session any more. */
  forget(): void {
    this.#keep(undefined);
  }

  /**
   * Another token for the one the hub does not take any more, or soon will not; undefined: somebody has to sign in again.
   * @throws Problem while the hub cannot be asked
   */
  renew(): Promise<string | undefined> {
    this.#renewing ??= alone(() => this.#renew(this.#current)).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(mine: SignedIn | undefined): Promise<string | undefined> {
    if (!mine) return undefined;
    const kept = read();
    // Another tab was faster, or somebody else has signed in there.
    if (kept && kept.refreshToken !== mine.refreshToken) {
      this.#set(kept);
      return kept.token;
    }
    try {
      const renewed = await askToRenew(mine);
      // Signed out meanwhile: nobody wants it any more.
      if (this.#current?.refreshToken === mine.refreshToken) this.#keep(renewed);
      return this.#current?.token;
    } catch (error) {
      if (!(error instanceof Problem) || !isFinal(error)) throw error;
      // The tab that won writes down what it was answered.
      if (error.code === 'refresh-superseded')
        await new Promise((resolve) => setTimeout(resolve, winnerWritesMs));
      const newer = read();
      if (newer && newer.refreshToken !== mine.refreshToken) this.#set(newer);
      else {
        this.emit('ended', 'Your session has ended. Sign in again.');
        this.forget();
      }
      return this.#current?.token;
    }
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
    const before = this.#current;
    if (signedIn?.token === before?.token) return;
    this.#current = signedIn;
    this.#renewInTime();
    if (signedIn && signedIn.user.id === before?.user.id) this.emit('renewed', signedIn);
    else this.emit('changed', signedIn);
  }

  #renewInTime(): void {
    clearTimeout(this.#timer);
    if (!this.#current) return;
    const leftMs = Date.parse(this.#current.expiresAt) - Date.now();
    this.#renewAfter(Math.max(0, leftMs * (1 - renewAtFraction)));
  }

  #renewAfter(ms: number): void {
    this.#timer = setTimeout(
      () => this.renew().catch(() => this.#renewAfter(tryAgainMs)),
      Math.min(longestTimerMs, ms),
    );
  }
}

/** What this browser is not sent any more, it need not refuse. */
const endPush = (endpoint: string, token: string): Promise<unknown> =>
  api(`/api/v1/push/subscriptions?endpoint=${encodeURIComponent(endpoint)}`, {
    remove: true,
    token,
  }).catch((error: unknown) =>
    console.info('The hub was not told that this browser has unsubscribed.', error),
  );

const askToRenew = ({ refreshToken }: SignedIn): Promise<SignedIn> =>
  api<SignedIn>('/api/v1/auth/refresh', { post: { refreshToken } });

/** The hub has judged; anything else may be different the next time. */
const isFinal = ({ code }: Problem): boolean =>
  code === 'refresh-refused' || code === 'refresh-superseded' || code === 'invalid-request';

/** Whether its token has run out; another may be had. */
export const isOver = ({ expiresAt }: SignedIn): boolean => Date.parse(expiresAt) <= Date.now();

/** One tab after the other. Browsers have such locks for pages that came over TLS, or from this machine. */
const alone = <T>(work: () => Promise<T>): Promise<T> => {
  const locks: LockManager | undefined = navigator.locks;
  return locks ? (locks.request(key, work) as Promise<T>) : work();
};

function read(): SignedIn | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as SignedIn | null;
    return kept && Date.parse(kept.refreshExpiresAt) > Date.now() ? kept : undefined;
  } catch {
    return undefined;
  }
}

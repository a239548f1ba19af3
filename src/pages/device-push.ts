/**
 * Whether this browser shows what its reader is told, also while no page is open (web push). A browser has one
 * subscription, and the hub knows whose it is; it ends with the session it was made in, as somebody else may sign in here.
 */
import type { SeatcastClient } from '../client/client.ts';
import { Emitter } from '../client/emitter.ts';
import { disownPushNote, forgetPushNote, keepPushNote, readPushNote } from './push-note.ts';
import type { Session } from './session.ts';

/**
 * - `unavailable`: nobody is signed in, the hub sends none, the browser cannot, or it is not known yet
 * - `apart`: the browser can only for pages that were added to the home screen, and this one is not opened from there
 * - `denied`: the browser has been told not to let us
 */
export type PushState = 'unavailable' | 'apart' | 'off' | 'on' | 'denied' | 'working' | 'failed';

interface DevicePushEvents {
  changed: PushState;
}

/** The hub may have let it go, for newer ones of the same user: so often it is told again. */
const tellAgainMs = 24 * 3_600_000;
/** Browsers that reach their push service have an answer within a second or two. */
const subscribeMs = 15_000;
const lock = 'seatcast.push';

const isAble =
  globalThis.isSecureContext &&
  'serviceWorker' in navigator &&
  'PushManager' in globalThis &&
  'Notification' in globalThis &&
  'locks' in navigator;
/** Only iPhones and iPads know it, and they push to nothing else than what was added to the home screen. */
const isApart =
  !isAble && globalThis.isSecureContext && (navigator as { standalone?: boolean }).standalone === false;

export class DevicePush extends Emitter<DevicePushEvents> {
  state: PushState = 'unavailable';
  readonly #session: Session;
  readonly #client: SeatcastClient;

  constructor(session: Session, client: SeatcastClient) {
    super();
    this.#session = session;
    this.#client = client;
    if (!isAble && !isApart) return;
    session.on('changed', () => this.#set('unavailable'));
    if (!isAble) return;
    session.on('changed', () => {
      void this.#alone(() => this.#endOthers());
    });
    // A page that was closed too early may have left one.
    void this.#alone(() => this.#endOthers());
    const follow = () => {
      if (client.state === 'connected' && readPushNote()) void this.look();
    };
    client.on('state', follow);
    follow();
  }

  /** Whether it is on, or would be if the last try had not failed. */
  get isOn(): boolean {
    const userId = this.#session.current?.user.id;
    return userId !== undefined && readPushNote()?.userId === userId;
  }

  /** How it stands, and mends what can be mended without asking anybody: another key, a subscription that was lost. */
  async look(): Promise<void> {
    if (this.state === 'working' || this.#client.state !== 'connected') return;
    if (isAble) await this.#alone(() => this.#look());
    else if (isApart) await this.#lookApart();
  }

  /** Has to be called by a click: the browser may ask its reader. */
  async turn(on: boolean): Promise<void> {
    if (!isAble || this.state === 'working' || this.state === 'unavailable') return;
    this.#set('working');
    const isGranted = !on || (await Notification.requestPermission()) === 'granted';
    await this.#alone(async () => {
      if (!on) await this.#end();
      else if (isGranted) return this.#begin();
      await this.#look();
    });
  }

  async #look(): Promise<void> {
    await this.#endOthers();
    const publicKey = await this.#key();
    if (publicKey === null) return this.#set('unavailable');
    const { permission } = Notification;
    if (permission !== 'granted') {
      if (readPushNote()) await this.#end();
      return this.#set(permission === 'denied' ? 'denied' : 'off');
    }
    if (!readPushNote()) return this.#set('off');
    await this.#subscribe(publicKey);
    this.#setOn();
  }

  /** What is not to be had on the home screen either is not spoken of. */
  async #lookApart(): Promise<void> {
    const publicKey = await this.#key().catch(() => null);
    this.#set(publicKey !== null && this.#session.current ? 'apart' : 'unavailable');
  }

  async #begin(): Promise<void> {
    const publicKey = await this.#key();
    if (publicKey === null) return this.#set('unavailable');
    try {
      await this.#subscribe(publicKey);
    } catch (error) {
      await this.#end();
      throw error;
    }
    this.#setOn();
  }

  /** The hub's key; null: nothing is to be had here. */
  async #key(): Promise<string | null> {
    if (!this.#session.current) return null;
    return (await this.#client.request('push:key', {})).publicKey;
  }

  /** Subscribes, or goes on with what there is; tells the hub what it does not know. */
  async #subscribe(publicKey: string): Promise<void> {
    const userId = this.#session.current?.user.id;
    if (userId === undefined) return;
    await navigator.serviceWorker.register('/push-worker.js', { type: 'module' });
    const { pushManager } = await navigator.serviceWorker.ready;
    const note = readPushNote();
    let kept = await pushManager.getSubscription();
    if (kept && note?.publicKey !== publicKey) {
      // Made with another key, or by nobody we know.
      await kept.unsubscribe();
      kept = null;
    }
    kept ??= await inTime(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey }));
    const { endpoint } = kept;
    const { p256dh = '', auth = '' } = kept.toJSON().keys ?? {};
    const isKnown = note?.userId === userId && note.endpoint === endpoint;
    if (isKnown && Date.now() - note.toldAt < tellAgainMs) return;
    // Written down first: should they sign out meanwhile, it is ended.
    keepPushNote({ userId, endpoint, publicKey, toldAt: 0 });
    await this.#client.request('push:subscribe', { endpoint, keys: { p256dh, auth } });
    keepPushNote({ userId, endpoint, publicKey, toldAt: Date.now() });
  }

  /** Whoever sits here now is not to see what somebody else is told. What has no note may be anybody's. */
  async #endOthers(): Promise<void> {
    if (!this.isOn) await endInBrowser();
  }

  async #end(): Promise<void> {
    const note = readPushNote();
    try {
      await endInBrowser();
    } finally {
      if (note) await this.#tellEnd(note.endpoint);
    }
  }

  async #tellEnd(endpoint: string): Promise<void> {
    try {
      await this.#client.request('push:unsubscribe', { endpoint });
    } catch (error) {
      // The push service will tell the hub that it is gone.
      console.info('The hub was not told that this browser has unsubscribed.', error);
    }
  }

  /** One after the other, in all tabs: a browser has one subscription. */
  async #alone(work: () => Promise<void>): Promise<void> {
    try {
      await navigator.locks.request(lock, work);
    } catch (error) {
      console.info('Web push could not be set up.', error);
      this.#set(this.#session.current ? 'failed' : 'unavailable');
    }
  }

  /** Unless they have signed out meanwhile. */
  #setOn(): void {
    this.#set(this.isOn ? 'on' : 'unavailable');
  }

  #set(state: PushState): void {
    this.state = state;
    this.emit('changed', state);
  }
}

/** Should the page be closed meanwhile, or the browser refuse, the next page ends it. */
async function endInBrowser(): Promise<void> {
  disownPushNote();
  const registration = await navigator.serviceWorker.getRegistration('/');
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  forgetPushNote();
}

/** A browser that cannot reach its push service may ask for ever. What it gets after all, the next page ends. */
const inTime = <T>(asked: Promise<T>): Promise<T> =>
  Promise.race([
    asked,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('The push service of this browser did not answer.')), subscribeMs);
    }),
  ]);

/**
 * The typed client of the hub, for browsers and Node: it owns the connection, watches maps and heals
 * them, and repeats requests that lost their answer under the same request id, so that nothing is done
 * twice. Used by the pages, the crowd, and the tests.
 */
import { io, type Socket } from 'socket.io-client';
import type {
  Booking,
  Hold,
  MessageName,
  Messages,
  Payment,
  ServerDisconnected,
  TellName,
  Tells,
} from '../contracts.gen.ts';
import type { WireError } from '../errors.ts';
import { Emitter } from './emitter.ts';
import { SeatMap } from './seat-map.ts';

export interface ClientOptions {
  /** Addresses of nodes; after a loss the next one is tried. In a browser the page's own by default. */
  urls?: string[];
  token?: string | undefined;
  /**
   * Asked for a newer token when the hub does not take the one we have any more. Answers undefined when there is none:
   * then the connection stays closed. When it rejects it is asked again.
   */
  newToken?: () => Promise<string | undefined>;
  /** Longest wait for one answer. Default 5000. */
  timeoutMs?: number;
  /** How long a request with a request id is repeated before it is given up. Default 30000. */
  repeatMs?: number;
  /** First pause before a reconnect; doubles up to 5000, half of it random. Default 250. */
  reconnectMs?: number;
}

export type ConnectionState = 'connecting' | 'connected' | 'waiting' | 'closed';

interface ClientEvents extends Tells {
  state: ConnectionState;
}

/** A request that was refused, or whose answer did not come (`connection-lost`, `timeout`). */
export class RequestFailed extends Error {
  readonly code: WireError['code'] | 'connection-lost' | 'timeout';
  readonly retry: WireError['retry'];
  readonly details: Record<string, unknown>;

  constructor(error: Omit<WireError, 'code'> & { code: RequestFailed['code'] }) {
    super(error.message);
    this.name = 'RequestFailed';
    this.code = error.code;
    this.retry = error.retry;
    this.details = error.details ?? {};
  }
}

type Ack = { ok: true; data: never } | { ok: false; error: WireError };
type WithoutRequestId<M extends MessageName> = Omit<Messages[M]['request'], 'requestId'>;

/** Every tell there is; the type checker misses none. */
const tells: Record<TellName, true> = {
  'bookings:cancelled': true,
  'bookings:confirmed': true,
  'bookings:paid': true,
  'events:cancelled': true,
  'events:unwound': true,
  'seats:changed': true,
  'seats:hold-expired': true,
  'seats:position': true,
  'seats:snapshot': true,
  'server:disconnected': true,
  'waitlist:closed': true,
  'waitlist:moved': true,
  'waitlist:offer-expired': true,
  'waitlist:promoted': true,
};
const tellNames = Object.keys(tells) as TellName[];
/** What was told of so many bookings is remembered, to notice what is told again. */
const rememberedTells = 500;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const newRequestId = () => crypto.randomUUID();

export class SeatcastClient extends Emitter<ClientEvents> {
  readonly #heard = new Set<string>();
  state: ConnectionState = 'connecting';
  /** Why the hub closed the connection last, if it said so. */
  lastDisconnect: ServerDisconnected | undefined;
  /** The connection in use; a test may cut it. */
  socket: Socket | undefined;
  readonly maps = new Map<string, SeatMap>();
  readonly #urls: string[];
  readonly #options: Required<Omit<ClientOptions, 'urls' | 'token' | 'newToken'>>;
  readonly #newToken: ClientOptions['newToken'];
  #token: string | undefined;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions = {}) {
    super();
    this.#urls = options.urls ?? [globalThis.location.origin];
    this.#token = options.token;
    this.#newToken = options.newToken;
    this.#options = {
      timeoutMs: options.timeoutMs ?? 5000,
      repeatMs: options.repeatMs ?? 30_000,
      reconnectMs: options.reconnectMs ?? 250,
    };
    this.#connect();
  }

  /** Resolves once connected; rejects when the hub lets us in no more, or after `timeoutMs`. */
  async ready(): Promise<this> {
    const until = Date.now() + this.#options.timeoutMs;
    while (this.state !== 'connected') {
      const left = until - Date.now();
      if (this.state === 'closed' || left <= 0) throw this.#lost();
      await this.#stateChange(left);
    }
    return this;
  }

  /** Connects anew as somebody else, or as nobody. */
  signIn(token: string | undefined): void {
    this.#token = token;
    this.socket?.disconnect();
    for (const map of this.maps.values()) map.setHolds([]);
    this.#attempts = 0;
    this.#connect();
  }

  /** Goes on with a newer token of the same session, on the same connection. */
  renew(token: string): void {
    this.#token = token;
    if (this.state !== 'connected') return;
    // Refused or lost: then the connection ends with its token, and the next one begins with this.
    this.request('auth:renew', { token }).catch(() => undefined);
  }

  /** Asks once. Rejects with a `RequestFailed`. */
  async request<M extends MessageName>(
    message: M,
    payload: Messages[M]['request'],
  ): Promise<Messages[M]['reply']> {
    const socket = this.socket;
    if (this.state !== 'connected' || !socket) throw this.#lost();
    const ack = await new Promise<Ack>((resolve, reject) => {
      const gone = () => reject(this.#lost());
      socket.once('disconnect', gone);
      socket.timeout(this.#options.timeoutMs).emit(message, payload, (timeout: Error | null, reply: Ack) => {
        socket.off('disconnect', gone);
        if (timeout)
          reject(new RequestFailed({ code: 'timeout', message: 'No answer in time.', retry: 'later' }));
        else resolve(reply);
      });
    });
    if (!ack.ok) throw new RequestFailed(ack.error);
    return ack.data;
  }

  /**
   * Asks under one request id until there is an answer: again after a lost connection, a time-out, or an
   * error that says `later`.
   */
  async command<M extends MessageName>(
    message: M,
    payload: WithoutRequestId<M>,
    requestId: string = newRequestId(),
  ): Promise<Messages[M]['reply']> {
    const until = Date.now() + this.#options.repeatMs;
    for (let attempt = 1; ; attempt++) {
      try {
        if (this.state !== 'connected') await this.ready();
        return await this.request(message, { ...payload, requestId } as Messages[M]['request']);
      } catch (error) {
        const again = error instanceof RequestFailed && error.retry === 'later' && this.state !== 'closed';
        if (!again || Date.now() > until) throw error;
        await pause(Math.min(2000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2));
      }
    }
  }

  /** Watches an event. The map fills itself and follows until `unwatch`. */
  watch(eventId: string): SeatMap {
    const known = this.maps.get(eventId);
    if (known) return known;
    const map = new SeatMap(eventId, (since) =>
      this.request('seats:watch', { eventId, ...(since ? { since } : {}) }),
    );
    this.maps.set(eventId, map);
    if (this.state === 'connected') this.#resync(map);
    return map;
  }

  async unwatch(eventId: string): Promise<void> {
    this.maps.delete(eventId);
    await this.request('seats:unwatch', { eventId });
  }

  /** Holds seats, all or none; with `holdId` adds them to that hold. */
  async hold(eventId: string, seats: number[], holdId?: string): Promise<Hold> {
    const reply = await this.command('seats:hold', { eventId, seats, ...(holdId ? { holdId } : {}) });
    this.maps.get(eventId)?.setHold(reply.hold.holdId, reply.hold);
    return reply.hold;
  }

  async extend(eventId: string, holdId: string): Promise<Hold> {
    const { hold } = await this.command('seats:extend', { eventId, holdId });
    this.maps.get(eventId)?.setHold(holdId, hold);
    return hold;
  }

  /** Gives back all seats of a hold, or some; answers what is left of it. */
  async release(eventId: string, holdId: string, seats?: number[]): Promise<Hold | null> {
    const { hold } = await this.command('seats:release', { eventId, holdId, ...(seats ? { seats } : {}) });
    this.maps.get(eventId)?.setHold(holdId, hold);
    return hold;
  }

  /** Books what is held. Safe to call again: one hold, one booking. */
  async confirm(eventId: string, holdId: string): Promise<Booking> {
    const { booking } = await this.command('bookings:confirm', { eventId, holdId });
    this.maps.get(eventId)?.setHold(holdId, null);
    return booking;
  }

  /**
   * Starts the payment of a hold, or answers how far it is. Rejects with `payment-declined`; then it can be
   * called again with another `method`. `bookings:paid` tells what becomes of one that is pending.
   */
  async checkout(eventId: string, holdId: string, method?: string): Promise<Payment> {
    const { hold, payment } = await this.command('bookings:checkout', {
      eventId,
      holdId,
      ...(method ? { method } : {}),
    });
    this.maps.get(eventId)?.setHold(holdId, hold);
    return payment;
  }

  /** Cancels a booking, or only some of its seats. */
  async cancel(bookingId: string, seats?: number[]): Promise<Booking> {
    return (await this.command('bookings:cancel', { bookingId, ...(seats ? { seats } : {}) })).booking;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#setState('closed');
    this.socket?.disconnect();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#setState('connecting');
    const url = this.#urls[this.#attempts % this.#urls.length] as string;
    const socket = io(url, {
      transports: ['websocket'],
      // We reconnect ourselves: to the next node, and only if the hub would have us.
      reconnection: false,
      forceNew: true,
      timeout: this.#options.timeoutMs,
      auth: this.#token ? { token: this.#token } : {},
    });
    this.socket = socket;
    this.lastDisconnect = undefined;
    socket.on('connect', () => this.#connected(socket));
    socket.on('disconnect', () => this.#disconnected(socket));
    socket.on('connect_error', (error: Error & { data?: ServerDisconnected }) => {
      this.lastDisconnect = error.data;
      this.#disconnected(socket);
    });
    for (const name of tellNames) socket.on(name, (data: Tells[typeof name]) => this.#told(name, data));
  }

  #connected(socket: Socket): void {
    if (socket !== this.socket) return;
    this.#attempts = 0;
    this.#setState('connected');
    for (const map of this.maps.values()) this.#resync(map);
  }

  #disconnected(socket: Socket): void {
    if (socket !== this.socket || this.state === 'closed') return;
    for (const map of this.maps.values()) map.disconnected();
    const reconnect = this.lastDisconnect?.reconnect ?? 'now';
    if (reconnect === 'new-token' && this.#newToken && this.#token !== undefined) {
      this.#setState('waiting');
      void this.#withNewToken(socket, this.#newToken);
      return;
    }
    if (reconnect === 'never' || reconnect === 'new-token') {
      this.#setState('closed');
      return;
    }
    this.#reconnectSoon();
  }

  async #withNewToken(socket: Socket, newToken: () => Promise<string | undefined>): Promise<void> {
    const refused = this.#token;
    const token = await newToken().catch(() => null);
    // Somebody else signed in meanwhile, or it was closed.
    if (socket !== this.socket || this.state !== 'waiting') return;
    if (token === null) return this.#reconnectSoon();
    if (token === undefined || token === refused) return this.#setState('closed');
    this.#token = token;
    this.#connect();
  }

  #reconnectSoon(): void {
    // Everybody comes back at once after a node died: the random half keeps them apart.
    const wait = Math.min(5000, this.#options.reconnectMs * 2 ** this.#attempts);
    this.#attempts++;
    this.#setState('waiting');
    this.#timer = setTimeout(() => this.#connect(), wait * (0.5 + Math.random() / 2));
  }

  #resync(map: SeatMap): void {
    map.resync().catch((error: RequestFailed) => {
      if (error.retry === 'later' && this.state === 'connected' && this.maps.has(map.eventId)) {
        setTimeout(() => this.#resync(map), 500 + Math.random() * 500);
      }
    });
  }

  /**
   * What follows a commit is told at least once: a repeat is noticed by what it says. Not so for payments:
   * the same words twice may be news, such as a second part that was given back.
   */
  #isRepeat(name: TellName, data: unknown): boolean {
    let text: string;
    if (name === 'bookings:confirmed') text = (data as Tells['bookings:confirmed']).booking.id;
    else if (name === 'bookings:cancelled') {
      const { id, seats } = (data as Tells['bookings:cancelled']).booking;
      text = `${id} ${seats.filter((line) => line.cancelledAt !== null).length}`;
    } else return false;
    const key = `${name} ${text}`;
    if (this.#heard.has(key)) return true;
    this.#heard.add(key);
    if (this.#heard.size > rememberedTells) this.#heard.delete(this.#heard.values().next().value as string);
    return false;
  }

  #told<T extends TellName>(name: T, data: Tells[T]): void {
    if (this.#isRepeat(name, data)) return;
    if (name === 'server:disconnected') this.lastDisconnect = data as ServerDisconnected;
    if (name === 'seats:changed')
      this.maps.get((data as Tells['seats:changed']).eventId)?.tick(data as never);
    if (name === 'seats:snapshot')
      this.maps.get((data as Tells['seats:snapshot']).eventId)?.snapshot(data as never);
    if (name === 'seats:position')
      this.maps.get((data as Tells['seats:position']).eventId)?.beacon(data as never);
    if (name === 'seats:hold-expired') {
      const { eventId, holdId } = data as Tells['seats:hold-expired'];
      this.maps.get(eventId)?.setHold(holdId, null);
    }
    this.emit(name, data as ClientEvents[T]);
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }

  #stateChange(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      const off = this.on('state', done);
    });
  }

  #lost(): RequestFailed {
    return new RequestFailed({
      code: 'connection-lost',
      message: this.lastDisconnect?.message ?? 'The connection to the hub was lost.',
      retry: 'later',
    });
  }
}

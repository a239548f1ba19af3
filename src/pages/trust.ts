/**
 * Whether what the page shows can be trusted: the banner over it, the dimmed map, the status line, and the
 * same as data attributes for whoever looks from outside.
 */
import type { SeatcastClient } from '../client/client.ts';
import type { SeatMap } from '../client/seat-map.ts';
import { byId } from './dom.ts';
import { number } from './format.ts';
import { announce } from './toast.ts';

/** Signing in connects anew: no reason for alarm if it is done this soon. */
const patienceMs = 900;

export class Trust {
  readonly #client: SeatcastClient;
  readonly #map: SeatMap;
  readonly #app = byId('app', HTMLElement);
  readonly #banner = byId('banner', HTMLElement);
  readonly #status = byId('status', HTMLElement);
  #cancelled: string | undefined;
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #shown = false;

  constructor(client: SeatcastClient, map: SeatMap, cancelled: string | undefined) {
    this.#client = client;
    this.#map = map;
    this.#cancelled = cancelled;
    const show = () => this.#show();
    client.on('state', show);
    client.on('seats:changed', show);
    client.on('seats:position', show);
    map.on('fresh', show);
    map.on('changed', show);
    client.on('events:cancelled', ({ eventId, reason }) => {
      if (eventId === map.eventId) this.cancelled(reason);
    });
    show();
  }

  cancelled(reason: string): void {
    this.#cancelled = reason;
    announce(this.#words().text);
    this.#show();
  }

  #show(): void {
    const { fresh, replica, counts } = this.#map;
    const { state } = this.#client;
    const data = this.#app.dataset;
    data['fresh'] = `${fresh}`;
    data['position'] = `${replica.position}`;
    data['epoch'] = replica.epoch;
    data['connection'] = state;
    const missed = counts.gaps > 0 ? ` · ${number(counts.gaps)} gaps healed` : '';
    this.#status.textContent = `${location.host} · position ${number(replica.position)} · ${number(counts.ticks)} frames${missed}`;
    const sound = fresh && state === 'connected';
    if (sound) {
      clearTimeout(this.#doubt);
      this.#doubt = undefined;
      if (this.#shown) announce('Connected again. The map is up to date.');
      this.#shown = false;
    } else if (!this.#shown && !this.#doubt) {
      this.#doubt = setTimeout(() => {
        this.#doubt = undefined;
        this.#shown = true;
        announce(this.#words().text);
        this.#show();
      }, patienceMs);
    }
    data['doubt'] = `${this.#shown}`;
    const { text, kind } = this.#words();
    this.#banner.hidden = text === '';
    if (this.#banner.textContent !== text) this.#banner.textContent = text;
    this.#banner.dataset['kind'] = kind;
  }

  #words(): { text: string; kind: 'bad' | 'warn' } {
    if (this.#cancelled !== undefined) {
      const why = this.#cancelled === '' ? '' : ` ${this.#cancelled}`;
      return { text: `This event has been cancelled.${why}`, kind: 'bad' };
    }
    if (!this.#shown) return { text: '', kind: 'warn' };
    const { state } = this.#client;
    const isLoaded = this.#map.replica.epoch !== '';
    if (state === 'closed') {
      return { text: this.#client.lastDisconnect?.message ?? 'The connection was closed.', kind: 'bad' };
    }
    if (state !== 'connected') {
      const text = isLoaded ? 'Reconnecting… the map may be out of date.' : 'Connecting to the hub…';
      return { text, kind: 'warn' };
    }
    const text = isLoaded
      ? 'The hub cannot see what is in carts right now: the map may be out of date.'
      : 'Loading the seat map…';
    return { text, kind: 'warn' };
  }
}

/** The front page: what is on, and how full it is while you look. */
import { SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent, EventsCancelled, EventsRescheduled } from '../contracts.gen.ts';
import { api, Problem } from './api.ts';
import { Bell } from './bell.ts';
import { arrange, byId, el, fill, icon } from './dom.ts';
import { Finder } from './finder.ts';
import { followSession } from './follow-session.ts';
import { eventDay, eventTime, number, ownZone, plural, priceRange, zonedDate, zoneNote } from './format.ts';
import { Meter, tallyOf } from './meter.ts';
import { Session } from './session.ts';
import { showAccount } from './sign-in.ts';

/** One connection may watch only so many events; the first ones are the next ones on. */
const watched = 10;
/** A rush ticks 25 times a second; nobody reads numbers that fast. */
const showEveryMs = 200;
/** All who are on a node lose it in the same moment, and whoever was refused is not alone: they do not all ask at once. */
const againWithinMs = 30_000;
/** The list may have changed while nobody looked; whoever only glances elsewhere does not ask anew. */
const agedMs = 10_000;

interface Card {
  /** The event as it was answered. */
  answered: string;
  root: HTMLElement;
}

interface EventPage {
  events: SeatedEvent[];
  nextCursor: string | null;
}

const session = new Session();
const app = byId('app', HTMLElement);
const list = byId('events', HTMLElement);
const more = byId('more', HTMLButtonElement);
const finder = new Finder(() => void load().catch(failed));
const meters = new Map<string, HTMLElement>();
let wasConnected = false;
const client = connect();
let shown: SeatedEvent[] = [];
/** A card whose event has not changed stays, and keeps its focus. */
let cards = new Map<string, Card>();
let asked = 0;
let readAt = 0;
let following: { at: number; timer: ReturnType<typeof setTimeout> } | undefined;

async function load(cursor?: string): Promise<void> {
  const turn = ++asked;
  list.setAttribute('aria-busy', 'true');
  try {
    const page = await read(cursor);
    // Somebody who types has asked for something else meanwhile.
    if (turn !== asked) return;
    show(cursor ? [...shown, ...page.events] : page.events);
    if (!cursor) byId('announcer', HTMLElement).textContent = finder.isNarrow ? found(page) : '';
    goOnAt(page.nextCursor ?? undefined);
  } catch (error) {
    if (turn === asked) throw error;
  } finally {
    if (turn === asked) list.removeAttribute('aria-busy');
  }
}

function read(cursor?: string): Promise<EventPage> {
  readAt = Date.now();
  return api<EventPage>(`/api/v1/events?${finder.query(cursor)}`);
}

/** As much as is shown, as it is by now. What has not changed is not sent again. */
async function refresh(): Promise<void> {
  if (shown.length === 0) return load();
  const turn = ++asked;
  const events: SeatedEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    if (turn !== asked) return follow(againWithinMs);
    events.push(...page.events);
    cursor = page.nextCursor ?? undefined;
  } while (cursor && events.length < shown.length);
  show(events);
  goOnAt(cursor);
}

function show(events: SeatedEvent[]): void {
  shown = events;
  const before = cards;
  cards = new Map(events.map((event) => [event.id, cardOf(event, before.get(event.id))]));
  const roots = [...cards.values()].map(({ root }) => root);
  const [focused] = [...before].find(([, { root }]) => root.contains(document.activeElement)) ?? [];
  const place = [...before.keys()].indexOf(focused ?? '');
  arrange(list, roots.length > 0 ? roots : [nothing()]);
  if (focused === undefined || document.activeElement !== document.body) return;
  // The keyboard goes on at the same event, or at the one that took its place.
  const next = cards.get(focused)?.root ?? roots[Math.min(place, roots.length - 1)];
  next?.querySelector('a')?.focus();
}

/** What is told is shown without asking: all who look at this page hear it at once. */
function moved({ eventId, title, after }: EventsRescheduled): void {
  const events = shown.map((event) => (event.id === eventId ? { ...event, title, startsAt: after } : event));
  if (finder.isByStart) events.sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt));
  changed(events);
}

const cancelled = ({ eventId }: EventsCancelled): void => changed(shown.filter(({ id }) => id !== eventId));

function changed(events: SeatedEvent[]): void {
  // What is being read may be of before.
  if (list.hasAttribute('aria-busy')) follow(againWithinMs);
  else show(events);
}

function goOnAt(cursor: string | undefined): void {
  more.hidden = cursor === undefined;
  more.onclick = () => void load(cursor).catch(failed);
}

/** Reads the list anew, at some moment until then; sooner if somebody else has asked for that. */
function follow(withinMs: number): void {
  const at = Date.now() + Math.random() * withinMs;
  if (following && following.at <= at) return;
  clearTimeout(following?.timer);
  const timer = setTimeout(() => {
    following = undefined;
    // Whoever comes back asks anyway, and what is asked for now is answered as it is now.
    if (document.hidden || list.hasAttribute('aria-busy')) return;
    refresh().catch((error: unknown) => {
      console.info('The list was not read anew.', error);
      follow(againWithinMs);
    });
  }, at - Date.now());
  following = { at, timer };
}

function cardOf(event: SeatedEvent, known: Card | undefined): Card {
  const answered = JSON.stringify(event);
  return known?.answered === answered ? known : { answered, root: card(event) };
}

function nothing(): HTMLElement {
  if (!finder.isNarrow) {
    return el('li', { class: 'card nothing' }, icon('ticket'), el('p', {}, 'Nothing is on sale right now.'));
  }
  const all = el('button', { class: 'button', type: 'button' }, 'Show everything');
  all.addEventListener('click', () => finder.reset());
  return el('li', { class: 'card nothing' }, el('p', {}, 'No event fits what you look for.'), all);
}

const found = ({ events, nextCursor }: { events: unknown[]; nextCursor: string | null }): string =>
  nextCursor ? `More than ${events.length} events` : plural(events.length, 'event');

function card(event: SeatedEvent): HTMLElement {
  const { weekday, day, month, year } = eventDay(event.startsAt, event.timeZone);
  const zone = zoneNote(event.startsAt, event.timeZone, ownZone());
  const isOver = Date.parse(event.startsAt) < Date.now();
  const isSold = event.sellMode === 'online';
  const sale = isSold && event.salesStartAt !== null && Date.parse(event.salesStartAt) > Date.now();
  const meter = isSold && !isOver ? meterOf(event) : undefined;
  const time = `${weekday} ${eventTime(event.startsAt, event.timeZone)}${zone === '' ? '' : ` ${zone}`}`;
  return el(
    'li',
    {},
    el(
      'a',
      { class: 'card event-card', href: `/events/${event.id}`, 'data-event': event.id },
      el(
        'div',
        { class: 'leaf' },
        el('span', { class: 'leaf-month' }, month),
        el('span', { class: 'leaf-day' }, day),
        el('span', { class: 'leaf-year' }, year),
      ),
      el(
        'div',
        { class: 'event-words' },
        el('h2', {}, event.title),
        el(
          'p',
          { class: 'facts' },
          el('span', { class: 'fact' }, icon('clock'), el('time', { datetime: event.startsAt }, time)),
          event.venue !== '' && el('span', { class: 'fact' }, icon('pin'), event.venue),
        ),
        meter ?? el('p', { class: 'muted' }, isOver ? 'Has started' : `${number(event.capacity)} seats`),
      ),
      el(
        'div',
        { class: 'event-offer' },
        el('span', { class: 'offer-price' }, priceRange(event.prices, event.currency)),
        sale && event.salesStartAt !== null
          ? el('span', { class: 'offer-later' }, `On sale ${zonedDate(event.salesStartAt, event.timeZone)}`)
          : isSold
            ? el('span', { class: 'offer-go' }, 'Choose seats', icon('arrow'))
            : el('span', { class: 'offer-later' }, 'Sold elsewhere'),
      ),
    ),
  );
}

/** The first ones that were found are watched, and stay so when something else is looked for. */
function meterOf(event: SeatedEvent): HTMLElement | undefined {
  const known = meters.get(event.id);
  if (known || meters.size >= watched) return known;
  const meter = watch(event);
  meters.set(event.id, meter);
  return meter;
}

function watch(event: SeatedEvent): HTMLElement {
  const meter = new Meter();
  const map = client.watch(event.id);
  let due: ReturnType<typeof setTimeout> | undefined;
  map.on('changed', () => {
    if (due) return;
    due = setTimeout(() => {
      due = undefined;
      meter.show(tallyOf(map.replica.seats));
    }, showEveryMs);
  });
  map.on('fresh', (fresh) => {
    meter.element.dataset['fresh'] = `${fresh}`;
  });
  return meter.element;
}

function connect(): SeatcastClient {
  const connection = new SeatcastClient({
    token: session.current?.token,
    newToken: () => session.renew(),
  });
  followSession(session, connection);
  app.dataset['connection'] = connection.state;
  connection.on('state', (state) => {
    app.dataset['connection'] = state;
    if (state !== 'connected') return;
    if (wasConnected) follow(againWithinMs);
    wasConnected = true;
  });
  return connection;
}

function failed(error: unknown): void {
  const text = error instanceof Problem ? error.message : 'Something went wrong.';
  const again = el('button', { class: 'button', type: 'button' }, 'Try again');
  again.addEventListener('click', () => void load().catch(failed));
  show([]);
  fill(list, el('li', { class: 'card nothing' }, el('p', {}, text), again));
  if (!(error instanceof Problem)) throw error;
}

showAccount(byId('account', HTMLElement), session);
new Bell(byId('bell-place', HTMLElement), session, client);
// Of those that are not watched one learns when one comes back to the page, as of what was told while it was not connected.
client.on('events:rescheduled', moved);
client.on('events:cancelled', cancelled);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && Date.now() - readAt > agedMs) follow(0);
});
load().catch(failed);

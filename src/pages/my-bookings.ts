/** What is one's own, of all events: where one waits, with the offers there are, and what one has booked. */
import { SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent, WaitlistEntry } from '../contracts.gen.ts';
import { api } from './api.ts';
import { Bell } from './bell.ts';
import { BookingList, eventHeading } from './booking-list.ts';
import { byId, el, fill, icon } from './dom.ts';
import { followSession } from './follow-session.ts';
import { countdown, money, plural } from './format.ts';
import { HubClock } from './hub-clock.ts';
import { Session } from './session.ts';
import { askToSignIn, showAccount } from './sign-in.ts';
import { announce } from './toast.ts';
import { missedWords, placeWords, wishWords } from './waitlist-words.ts';

/** What is told of comes in threes. */
const followAfterMs = 300;

const session = new Session();
const client = new SeatcastClient({ token: session.current?.token, newToken: () => session.renew() });
const clock = new HubClock();
const waitingPart = byId('waiting', HTMLElement);
const goOn = (list: BookingList) => void load(list).catch(failed);
const upcoming = { status: 'confirmed', when: 'upcoming', sort: 'soonest' } as const;
const past = { status: 'confirmed', when: 'over', sort: 'latest' } as const;
/** What is to come, what was, and what is not any more. */
const lists = [
  new BookingList({ id: 'booked', which: upcoming, pageSize: 20 }, goOn),
  new BookingList({ id: 'past', which: past, pageSize: 6 }, goOn),
  new BookingList({ id: 'cancelled', which: { status: 'cancelled' }, pageSize: 6 }, goOn),
];
/** Undefined: there is none that everybody may see. */
const events = new Map<string, Promise<SeatedEvent | undefined>>();
let timers: ((now: number) => void)[] = [];
let announced = '';
let asked = 0;
let following: ReturnType<typeof setTimeout> | undefined;

const eventOf = (eventId: string): Promise<SeatedEvent | undefined> => {
  const known = events.get(eventId) ?? api<SeatedEvent>(`/api/v1/events/${eventId}`).catch(() => undefined);
  events.set(eventId, known);
  return known;
};

/** @param more the list that goes on; all others are asked for anew */
async function load(more?: BookingList): Promise<void> {
  clearTimeout(following);
  following = undefined;
  const turn = ++asked;
  if (!session.current) return showSignIn();
  if (client.state !== 'connected') return;
  const [waiting, offered, answers] = await Promise.all([
    client.request('waitlist:mine', { state: 'waiting', limit: 100 }),
    client.request('waitlist:mine', { state: 'offered', limit: 100 }),
    Promise.all(lists.map((list) => client.request('bookings:list', list.request(list === more)))),
  ]);
  if (turn !== asked) return;
  answers.forEach((answer, at) => {
    lists[at]?.take(answer, lists[at] === more);
  });
  const bookings = lists.flatMap((list) => list.bookings);
  const entries = [...offered.entries, ...waiting.entries];
  const ids = new Set([...entries, ...bookings].map(({ eventId }) => eventId));
  const known = new Map(await Promise.all([...ids].map(async (id) => [id, await eventOf(id)] as const)));
  if (turn !== asked) return;
  clock.sync(offered.now - Date.now());
  timers = [];
  fill(
    byId('waiting-list', HTMLElement),
    ...entries.map((entry) => waitCard(entry, known.get(entry.eventId))),
  );
  for (const list of lists) list.show(known);
  waitingPart.hidden = entries.length === 0;
  const isNothing = entries.length === 0 && bookings.length === 0;
  fill(byId('note', HTMLElement), isNothing && nothing());
  byId('app', HTMLElement).dataset['loaded'] = 'true';
  tick();
  readOut(offered.entries, known);
}

const nothing = (): HTMLElement =>
  el(
    'div',
    { class: 'card nothing' },
    icon('ticket'),
    el('p', {}, 'You have not booked anything yet.'),
    el('a', { class: 'button', href: '/' }, 'See what is on'),
  );

function waitCard(entry: WaitlistEntry, event: SeatedEvent | undefined): HTMLElement {
  const attributes = { class: 'card own-card', 'data-entry': entry.id, 'data-state': entry.state };
  const missed = missedWords(entry.missedOffers);
  const hint = missed !== '' && el('p', { class: 'hint' }, missed);
  const { offer } = entry;
  if (!offer) {
    const place = el('p', { class: 'own-place' }, placeWords(entry.position, undefined));
    return el(
      'article',
      attributes,
      ...eventHeading(entry.eventId, event),
      el('div', {}, wishWords(entry)),
      place,
      hint,
    );
  }
  const time = el('span', { class: 'countdown-time', role: 'timer', 'aria-label': 'Time to answer' });
  timers.push((now) => {
    time.textContent = countdown(offer.expiresAt - now);
  });
  const total = money(offer.totalCents, offer.currency);
  return el(
    'article',
    attributes,
    ...eventHeading(entry.eventId, event),
    el(
      'div',
      { class: 'own-offer' },
      icon('ticket'),
      el('strong', {}, `${plural(offer.seats.length, 'seat')} for you · ${total}`),
      time,
    ),
    el('ul', { class: 'own-seats' }, ...offer.seats.map(({ label }) => el('li', {}, label))),
    el('a', { class: 'button button-primary', href: `/events/${entry.eventId}` }, 'Accept or decline'),
    hint,
  );
}

/** Offers and places, for those who cannot see them; only what is new. */
function readOut(offered: WaitlistEntry[], known: ReadonlyMap<string, SeatedEvent | undefined>): void {
  const words = offered
    .map(
      ({ eventId, quantity }) => `${plural(quantity, 'seat')} for you: ${known.get(eventId)?.title ?? ''}.`,
    )
    .join(' ');
  if (words !== announced && words !== '') announce(words);
  announced = words;
}

/** Of places nothing else has changed, and they change often. */
function moved(entryId: string, position: number, length: number): void {
  const place = waitingPart.querySelector(`[data-entry="${entryId}"] .own-place`);
  if (place) place.textContent = placeWords(position, length);
  else follow();
}

function follow(): void {
  following ??= setTimeout(() => void load().catch(failed), followAfterMs);
}

function tick(): void {
  const now = clock.now();
  for (const timer of timers) timer(now);
}

function showSignIn(): void {
  waitingPart.hidden = true;
  for (const list of lists) list.forget();
  const button = el('button', { class: 'button button-primary', type: 'button' }, 'Sign in');
  button.addEventListener('click', () => void askToSignIn(session, 'Sign in to see what you have booked.'));
  fill(
    byId('note', HTMLElement),
    el('div', { class: 'card nothing' }, icon('lock'), el('p', {}, 'Your bookings are yours alone.'), button),
  );
}

function failed(error: unknown): void {
  // It is asked again with the next connection.
  console.info('The bookings were not loaded.', error);
}

showAccount(byId('account', HTMLElement), session);
followSession(session, client);
new Bell(byId('bell-place', HTMLElement), session, client);
session.on('changed', () => {
  for (const list of lists) list.forget();
  void load().catch(failed);
});
client.on('state', (state) => {
  byId('app', HTMLElement).dataset['connection'] = state;
  if (state === 'connected') void load().catch(failed);
});
client.on('waitlist:moved', ({ entryId, position, length }) => moved(entryId, position, length));
for (const told of ['waitlist:promoted', 'waitlist:offer-expired', 'waitlist:closed'] as const)
  client.on(told, follow);
for (const told of ['bookings:confirmed', 'bookings:cancelled', 'bookings:paid'] as const)
  client.on(told, follow);
client.on('notifications:made', ({ notification: { kind, eventId } }) => {
  if (eventId === null || !kind.startsWith('event-')) return;
  events.delete(eventId);
  follow();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  // What has changed while nobody looked.
  events.clear();
  follow();
});
setInterval(tick, 250);
void load().catch(failed);

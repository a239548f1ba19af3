/** The organizer's view of a waitlist: who waits for what, in which order, and the way to put somebody first. */
import { RequestFailed, SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent, WaitlistState } from '../contracts.gen.ts';
import { Bell } from './bell.ts';
import { byId, type Child, el, fill, icon } from './dom.ts';
import { followSession } from './follow-session.ts';
import { eventDay, zonedDate } from './format.ts';
import { ownApi } from './own-api.ts';
import { refusalWords } from './refusal-words.ts';
import { sayFailure } from './say-failure.ts';
import { Session } from './session.ts';
import { askToSignIn, showAccount } from './sign-in.ts';
import { toast } from './toast.ts';
import { readLines, WaitlistBoard } from './waitlist-board.ts';

/** Nobody tells an organizer who joins. */
const lookEveryMs = 5000;
/** Seats that move may have moved the queue. */
const followAfterMs = 1000;
const ended: readonly WaitlistState[] = ['accepted', 'left', 'expired', 'closed'];

const refusals: Readonly<Record<string, string>> = {
  forbidden: 'This account is not an organizer’s: there is nobody to show.',
  'event-not-found': 'There is no such event of yours.',
};
const session = new Session();
const place = byId('board', HTMLElement);
const choice = byId('event', HTMLSelectElement);
const client = new SeatcastClient({ token: session.current?.token, newToken: () => session.renew() });
let events: SeatedEvent[] = [];
let shown: SeatedEvent | undefined;
/** The events could not be read: the next look begins with them. */
let isOwed = false;
/** Counts questions, so that a late answer to an earlier one is not shown, nor that it failed. */
let asked = 0;
let following: ReturnType<typeof setTimeout> | undefined;

const board = new WaitlistBoard({
  promote: async (entryId) => {
    if (!shown) return;
    try {
      const { entry } = await client.command('waitlist:promote', { eventId: shown.id, entryId });
      toast(entry.state === 'offered' ? 'Seats are offered to them now.' : 'They are next in line.', 'good');
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      toast(refusalWords(error), 'bad');
    }
    await look();
  },
  choose: () => void look().catch(failed),
});

async function start(): Promise<void> {
  shown = undefined;
  asked++;
  byId('event-choice', HTMLElement).hidden = true;
  isOwed = false;
  if (!session.current) return showSignIn();
  const query = 'mine=true&sort=startsAt&limit=100';
  const found = await ownApi<{ events: SeatedEvent[] }>(session, `/api/v1/events?${query}`);
  const now = Date.now();
  events = found.events.filter(({ status, sellMode }) => status !== 'draft' && sellMode === 'online');
  // What is over is looked at last.
  events.sort((a, b) => Number(Date.parse(a.startsAt) < now) - Number(Date.parse(b.startsAt) < now));
  const wanted = new URLSearchParams(location.search).get('event');
  if (wanted && !events.some(({ id }) => id === wanted)) {
    // An admin may look at everybody's.
    const path = `/api/v1/events/${encodeURIComponent(wanted)}`;
    events.unshift(await ownApi<SeatedEvent>(session, path));
  }
  fill(choice, ...events.map((event) => el('option', { value: event.id }, optionWords(event))));
  byId('event-choice', HTMLElement).hidden = events.length === 0;
  const first = events.find(({ id }) => id === wanted) ?? events[0];
  if (!first) return note('You have no events on sale.');
  choice.value = first.id;
  show(first);
}

/** Dates of a series have one title. */
function optionWords({ title, startsAt, timeZone }: SeatedEvent): string {
  const { day, month } = eventDay(startsAt, timeZone);
  return `${title} · ${day} ${month}`;
}

function show(event: SeatedEvent): void {
  if (shown && shown.id !== event.id) client.unwatch(shown.id).catch(() => undefined);
  shown = event;
  history.replaceState(null, '', `?event=${event.id}`);
  document.title = `Waitlist · ${event.title} · Seatcast`;
  fill(
    byId('event-facts', HTMLElement),
    el('a', { class: 'quiet-link', href: `/events/${event.id}` }, event.title),
    ` · ${zonedDate(event.startsAt, event.timeZone)}`,
  );
  board.begin(event);
  client.watch(event.id).on('changed', () => {
    if (shown?.id !== event.id) return;
    following ??= setTimeout(() => void look().catch(failed), followAfterMs);
  });
  void look().catch(failed);
}

async function look(): Promise<void> {
  clearTimeout(following);
  following = undefined;
  const event = shown;
  const turn = ++asked;
  if (!event || client.state !== 'connected') return;
  const queue = await readQueue(event).catch((error: unknown) => {
    if (turn === asked) throw error;
    return undefined;
  });
  if (!queue || turn !== asked) return;
  if (!place.contains(board.element)) fill(place, board.element);
  board.show(queue);
}

async function readQueue({ id }: SeatedEvent) {
  const ask = (state: WaitlistState, most: number) => readLines(client, id, state, most);
  const [waiting, offered] = [await ask('waiting', 1000), await ask('offered', 500)];
  const over = [];
  if (board.view === 'ended') for (const state of ended) over.push(...(await ask(state, 100)).lines);
  return { waiting, offered, ended: over };
}

function note(text: string, more?: Child): void {
  // What is said again takes the focus from nobody.
  if (place.querySelector('.nothing > p')?.textContent === text) return;
  fill(place, el('div', { class: 'card nothing' }, icon('clock'), el('p', {}, text), more));
}

function showSignIn(): void {
  const button = el('button', { class: 'button button-primary', type: 'button' }, 'Sign in');
  button.addEventListener('click', () => void askToSignIn(session, 'to see who waits'));
  fill(
    place,
    el('div', { class: 'card nothing' }, icon('lock'), el('p', {}, 'Waitlists are for organizers.'), button),
  );
}

function failed(error: unknown): void {
  sayFailure(error, { refusals, note, later, begin: start });
}

function later(): boolean {
  isOwed = shown === undefined;
  return !isOwed && place.contains(board.element);
}

showAccount(byId('account', HTMLElement), session);
new Bell(byId('bell-place', HTMLElement), session, client);
followSession(session, client);
session.on('changed', () => {
  fill(place);
  void start().catch(failed);
});
client.on('state', (state) => {
  byId('app', HTMLElement).dataset['connection'] = state;
  if (state === 'connected') lookOrStart();
});
choice.addEventListener('change', () => {
  const event = events.find(({ id }) => id === choice.value);
  if (event) show(event);
});
const lookOrStart = () => void (isOwed ? start() : look()).catch(failed);
setInterval(() => !document.hidden && lookOrStart(), lookEveryMs);
start().catch(failed);

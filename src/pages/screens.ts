/** The screens of an organizer: paired, looked after, and told what to announce. */
import { SeatcastClient } from '../client/client.ts';
import type { Kiosk, Venue } from '../contracts.gen.ts';
import { Problem } from './api.ts';
import { Bell } from './bell.ts';
import { byId, type Child, el, fill, icon, write } from './dom.ts';
import { followSession } from './follow-session.ts';
import { plural } from './format.ts';
import { PairForm } from './pair-form.ts';
import { changeScreen } from './screen-dialog.ts';
import { readKiosks, readVenues, ScreensApi } from './screens-api.ts';
import { ScreensList } from './screens-list.ts';
import { sayFailure } from './say-failure.ts';
import { refusedWords, standingOf } from './screens-words.ts';
import { Session } from './session.ts';
import { askToSignIn, showAccount } from './sign-in.ts';
import { toast } from './toast.ts';
import { VenueBoard } from './venue-board.ts';

/** Nobody tells an organizer that a screen has fallen silent. */
const lookEveryMs = 5000;

const session = new Session();
const place = byId('board', HTMLElement);
const facts = byId('facts', HTMLElement);
/** Where the form is far below the list. */
const jump = byId('pair-jump', HTMLButtonElement);
const client = new SeatcastClient({ token: session.current?.token, newToken: () => session.renew() });
const hub = new ScreensApi(session);
/** undefined: nobody is signed in who has any, or they are not read yet. */
let venues: Venue[] | undefined;
/** The venues could not be read: the next look begins with them. */
let isOwed = false;
/** Counts questions, so that a late answer to an earlier one is not shown, nor that it failed. */
let asked = 0;
let dialog: HTMLDialogElement | undefined;

const form = new PairForm(async (wish) => {
  await hub.pair(wish);
  toast(
    `${wish.name} is paired. ${wish.venueId ? 'It shows its board in a moment.' : 'It needs a venue now.'}`,
    'good',
  );
  forgetInAddress('code');
  await look();
});

const list = new ScreensList({
  change: (kiosk) => {
    dialog = changeScreen(kiosk, venues ?? [], async (wish) => {
      await hub.change(wish);
      toast(`${wish.name ?? kiosk.name} is changed.`, 'good');
      await look();
    });
  },
  revoke: ({ id, name }) => tried(() => hub.revoke(id), `${name} is revoked. It shows a code again.`),
});

const venueBoard = new VenueBoard({
  client,
  announce: async (wish) => {
    await hub.announce(wish);
    toast('It is announced.', 'good');
  },
  withdraw: (id) => tried(() => hub.withdraw(id), 'It is taken from the screens.'),
  chosen: (venueId) => {
    const query = new URLSearchParams(location.search);
    query.set('venue', venueId);
    history.replaceState(null, '', `?${query}`);
  },
});

/** For whoever is signed in now: nobody sees what is somebody else's, chooses from it, or goes on with what they typed. */
async function start(): Promise<void> {
  venues = undefined;
  asked++;
  dialog?.close();
  form.reset();
  venueBoard.reset();
  write(facts, '');
  jump.hidden = true;
  fill(place);
  if (!session.current) return showSignIn();
  await begin();
}

async function begin(): Promise<void> {
  isOwed = false;
  venues = await readVenues(session);
  await look();
}

async function look(): Promise<void> {
  const [turn, own] = [++asked, venues];
  if (!own || client.state !== 'connected') return;
  const kiosks = await readKiosks(client).catch((error: unknown) => {
    if (turn === asked) throw error;
    return undefined;
  });
  if (!kiosks || turn !== asked) return;
  if (!place.contains(list.element)) showParts(own, kiosks);
  show(kiosks, own);
}

function show(kiosks: readonly Kiosk[], own: readonly Venue[]): void {
  const now = venueBoard.now();
  list.show(kiosks, own, now);
  venueBoard.show();
  const live = kiosks.filter((kiosk) => standingOf(kiosk, now).state === 'live').length;
  const silent = kiosks.filter((kiosk) => standingOf(kiosk, now).state === 'silent').length;
  const words = [plural(kiosks.length, 'screen'), `${live} live`, silent > 0 ? `${silent} silent` : ''];
  write(facts, kiosks.length === 0 ? 'Boards for your foyers' : words.filter(Boolean).join(' · '));
}

/** Only for those whom the hub has answered. */
function showParts(own: readonly Venue[], kiosks: readonly Kiosk[]): void {
  const query = new URLSearchParams(location.search);
  form.offer(own);
  const top = el('div', { class: 'screens-top' }, list.element, form.element);
  fill(place, top, own.length > 0 ? venueBoard.element : noVenue());
  jump.hidden = false;
  const code = query.get('code');
  if (code) form.begin(code);
  const wanted = own.find(({ id }) => id === query.get('venue'));
  // Where no screen hangs, nobody would read it.
  const heard = own.find(({ id }) => kiosks.some(({ venueId }) => venueId === id));
  if (own.length > 0) venueBoard.offer(own, (wanted ?? heard)?.id);
}

function noVenue(): HTMLElement {
  const link = el('a', { href: '/docs/http', class: 'button' }, 'How to make one');
  const text =
    'You have no venue yet. A screen shows the board of one: what is on there, and what you announce.';
  return el('div', { class: 'card nothing' }, icon('pin'), el('p', {}, text), link);
}

/** What is pressed rather than filled in says in a notice how it went. */
async function tried(act: () => Promise<unknown>, done: string): Promise<void> {
  try {
    await act();
    toast(done, 'good');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const words = refusedWords(error);
    if (words) toast(words, 'bad');
  }
  await look().catch(failed);
}

function forgetInAddress(name: string): void {
  const query = new URLSearchParams(location.search);
  query.delete(name);
  history.replaceState(null, '', query.size > 0 ? `?${query}` : location.pathname);
}

function note(look: 'screen' | 'lock', text: string, more?: Child): void {
  venues = undefined;
  venueBoard.close();
  jump.hidden = true;
  // What is said again takes the focus from nobody.
  if (place.querySelector('.card > p')?.textContent === text) return;
  fill(place, el('div', { class: 'card nothing' }, icon(look), el('p', {}, text), more));
}

function showSignIn(): void {
  const button = el('button', { class: 'button button-primary', type: 'button' }, 'Sign in');
  button.addEventListener('click', () => void askToSignIn(session, 'to look after your screens'));
  note('lock', 'Screens are looked after by organizers.', button);
}

function failed(error: unknown): void {
  sayFailure(error, {
    refusals: { forbidden: 'This page is for organizers: a buyer’s account has no screens.' },
    note: (text, again) => note(again ? 'screen' : 'lock', text, again),
    later,
    begin,
  });
}

/** As with a lost connection: what is shown stays, and is asked for again every few seconds. */
function later(): boolean {
  const isShown = place.contains(list.element);
  isOwed = !isShown;
  if (isShown && client.state === 'connected') write(facts, 'The hub is busy. It is asked again.');
  return isShown;
}

showAccount(byId('account', HTMLElement), session);
followSession(session, client);
new Bell(byId('bell-place', HTMLElement), session, client);
session.on('changed', () => void start().catch(failed));
client.on('state', (state) => {
  byId('app', HTMLElement).dataset['connection'] = state;
  if (state === 'connected') lookOrBegin();
  else if (state === 'waiting' && venues) write(facts, 'No connection to the hub. It comes back by itself.');
});
jump.addEventListener('click', () => form.begin(''));
const lookOrBegin = () => void (isOwed ? begin() : look()).catch(failed);
const lookIfSeen = () => !document.hidden && lookOrBegin();
setInterval(lookIfSeen, lookEveryMs);
document.addEventListener('visibilitychange', lookIfSeen);
start().catch(failed);

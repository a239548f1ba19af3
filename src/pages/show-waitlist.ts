/** Waiting on the page of an event: who waits hears of it, sees where they stand, and what is offered on the map. */
import type { ConnectionState, SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent } from '../contracts.gen.ts';
import type { HubClock } from './hub-clock.ts';
import type { MapView } from './map-view.ts';
import type { SeatBoard } from './seat-board.ts';
import type { SeatWords } from './seat-words.ts';
import type { Session } from './session.ts';
import { askToSignIn } from './sign-in.ts';
import { announce, endToast, toast } from './toast.ts';
import type { Waiter } from './waiter.ts';
import { OfferCard } from './waitlist-offer.ts';
import { WaitlistPanel } from './waitlist-panel.ts';
import { wishWords } from './waitlist-words.ts';

interface WaitlistOptions {
  session: Session;
  client: SeatcastClient;
  waiter: Waiter;
  event: SeatedEvent;
  board: SeatBoard;
  clock: HubClock;
  words: SeatWords;
  view: MapView;
  colorOf: (seat: number) => string;
  reveal: (seat: number) => void;
}

export function showWaitlist(options: WaitlistOptions): void {
  const { session, waiter, event, board, clock, words, view, colorOf, reveal } = options;
  const signedIn = async (wish: Parameters<typeof wishWords>[0]) =>
    session.current !== undefined || (await askToSignIn(session, `Sign in to wait for ${wishWords(wish)}.`));
  const toCart = () =>
    document.querySelector<HTMLElement>('#cart :is([data-act=confirm], [data-act=pay])')?.focus();
  new WaitlistPanel({ waiter, event, board, clock, signedIn });
  new OfferCard({ waiter, clock, words, colorOf, reveal, toCart });

  waiter.on('changed', () => {
    board.setOffered(waiter.offers.flatMap(({ offer }) => offer.seats.map(({ seat }) => seat)));
  });
  waiter.on('offered', ({ offer }) => view.pulse(offer.seats.map(({ seat }) => seat)));
  waiter.on('available', (seats) => {
    if (seats[0] !== undefined) reveal(seats[0]);
    view.pulse(seats);
  });
  // The bell has told of it.
  waiter.on('ended', endToast);
  waiter.on('accepted', () => announce('Accepted: the seats are in your cart.'));
  waiter.on('notice', ({ text, kind }) => toast(text, kind));
  waiter.on('done', announce);
  followWaiting(options);
}

/** With every new connection, and whenever the page is looked at again: another window may have answered. */
function followWaiting({ session, client, waiter }: WaitlistOptions): void {
  const refresh = (state: ConnectionState) => {
    if (state !== 'connected') return;
    waiter.refresh(session.current !== undefined).catch((error: unknown) => {
      // Without a connection: it is asked again with the next one.
      console.info('The waitlist was not read.', error);
    });
  };
  session.on('changed', () => waiter.forget());
  client.on('state', refresh);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && waiter.entries.length > 0) refresh(client.state);
  });
  refresh(client.state);
}

/** The page of one event: loads it and its plan, opens the socket, and joins the parts. */
import { type ConnectionState, SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent } from '../contracts.gen.ts';
import { type PlanWire, planFromWire } from '../seating/plan-wire.ts';
import { api, Problem } from './api.ts';
import { Bell } from './bell.ts';
import { showBookings } from './bookings.ts';
import { Buyer } from './buyer.ts';
import { Cart } from './cart.ts';
import { Checkout } from './checkout.ts';
import { byId, el, fill } from './dom.ts';
import { showHead } from './event-head.ts';
import { followSession } from './follow-session.ts';
import { money, plural, spokenMoney } from './format.ts';
import { HubClock } from './hub-clock.ts';
import { showKey, showPrices } from './legend.ts';
import { MapView } from './map-view.ts';
import { tabMemory } from './pay-step.ts';
import { SeatBoard } from './seat-board.ts';
import { SeatList } from './seat-list.ts';
import { SeatWords } from './seat-words.ts';
import { Session } from './session.ts';
import { askToSignIn, showAccount } from './sign-in.ts';
import { announce, toast } from './toast.ts';
import { showTooltip } from './tooltip.ts';
import { Trust } from './trust.ts';
import { Waiter } from './waiter.ts';
import { showWaitlist } from './show-waitlist.ts';

async function start(): Promise<void> {
  const session = new Session();
  showAccount(byId('account', HTMLElement), session);
  const eventId = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] ?? '');
  const client = new SeatcastClient({
    token: session.current?.token,
    newToken: () => session.renew(),
  });
  followSession(session, client);
  new Bell(byId('bell-place', HTMLElement), session, client);
  // The map loads while the event and its plan do.
  client.watch(eventId);
  const event = await api<SeatedEvent>(`/api/v1/events/${encodeURIComponent(eventId)}`);
  const { plan } = await api<{ plan: PlanWire }>(`/api/v1/seating-plans/${event.planId}`);
  show(session, client, event, new SeatBoard(planFromWire(plan)));
}

function show(session: Session, client: SeatcastClient, event: SeatedEvent, board: SeatBoard): void {
  const map = client.watch(event.id);
  const words = new SeatWords(board.plan, board.rowOf, event.prices);
  new Trust(client, map, event.status === 'cancelled' ? '' : undefined);
  const buyer = new Buyer(client, map, board, (seat) => words.short(seat));
  const clock = new HubClock();
  const view = new MapView(
    byId('map', HTMLElement),
    byId('map-base', HTMLCanvasElement),
    byId('map-overlay', HTMLCanvasElement),
    board,
  );
  const reveal = (seat: number) => {
    view.reveal(seat);
    view.pulse([seat]);
  };
  const colorOf = (seat: number) =>
    view.theme.categories[board.plan.seats[seat]?.category ?? -1]?.color ?? '';
  const pick = (seat: number) => void choose(seat, { session, buyer, board, words, view });

  showHead(event, board, client);
  showPrices(board, view, event);
  showKey(board, view);
  showTooltip(board, view, words, (seat) => money(words.priceCents(seat), event.currency));
  showBookings({ buyer, event, clock, reveal });
  const checkout = event.rules.payment === 'online' ? startCheckout(client, buyer) : undefined;
  const { holdMs, payingMs } = event.rules;
  new Cart({ map, buyer, checkout, clock, words, colorOf, holdMs, payingMs, reveal });
  new SeatList(byId('seat-list', HTMLElement), {
    board,
    spokenPrice: (seat) => spokenMoney(words.priceCents(seat), event.currency),
    pick,
    focus: (seat) => view.focusSeat(seat),
  });
  view.on('pick', pick);
  byId('zoom-in', HTMLElement).addEventListener('click', () => view.zoomBy(1.6));
  byId('zoom-out', HTMLElement).addEventListener('click', () => view.zoomBy(1 / 1.6));
  byId('zoom-fit', HTMLElement).addEventListener('click', () => view.fit());

  buyer.on('notice', ({ text, kind }) => toast(text, kind));
  buyer.on('done', announce);
  buyer.on('snatched', (seats) => {
    view.pulse(seats);
    toast('Somebody was faster: that seat is taken.', 'warn');
  });
  buyer.on('lost', (seats) => {
    view.pulse(seats);
    toast(`Your time ran out: ${plural(seats.length, 'seat')} went back on sale.`, 'warn');
  });
  followBookings(session, client, buyer);
  const waiter = new Waiter(client, map);
  showWaitlist({ session, client, waiter, event, board, clock, words, view, colorOf, reveal });

  map.on('changed', (seats) => board.setStates(map.replica.seats, seats));
  const sync = () => clock.sync(map.clockOffsetMs);
  map.on('holds', sync);
  if (map.replica.epoch === '') return;
  // It was faster than the plan.
  sync();
  board.setStates(map.replica.seats, 'all');
  buyer.adopt(map.holds);
  if (map.fresh) void checkout?.resume();
}

function startCheckout(client: SeatcastClient, buyer: Buyer): Checkout {
  const simulated = document.body.dataset['payments'] === 'simulated';
  const map = client.watch(buyer.eventId);
  const checkout = new Checkout({ client, map, buyer, simulated, memory: tabMemory });
  checkout.on('notice', ({ text, kind }) => toast(text, kind));
  checkout.on('leave', (url) => location.assign(url));
  return checkout;
}

/** With every new connection the hub is asked for the buyer's bookings again. */
function followBookings(session: Session, client: SeatcastClient, buyer: Buyer): void {
  const refresh = (state: ConnectionState) => {
    if (state !== 'connected') return;
    buyer.refresh(session.current !== undefined).catch((error: unknown) => {
      // Without a connection: it is tried again with the next one.
      console.info('Bookings were not loaded.', error);
    });
  };
  session.on('changed', () => buyer.forget());
  client.on('state', refresh);
  refresh(client.state);
}

interface Choosing {
  session: Session;
  buyer: Buyer;
  board: SeatBoard;
  words: SeatWords;
  view: MapView;
}

/** What a click on a seat means, by how the seat looks. */
async function choose(seat: number, { session, buyer, board, words, view }: Choosing): Promise<void> {
  if (board.pending.get(seat) === 'taking') return;
  const look = board.lookOf(seat);
  if (look === 'mine') {
    const hold = buyer.holdOf(seat);
    if (hold) await buyer.release(hold, [seat]);
  } else if (look === 'free') {
    const reason = `Sign in, and ${words.long(seat)} is kept for you while you decide.`;
    if (session.current || (await askToSignIn(session, reason))) await buyer.hold(seat);
  } else {
    view.pulse([seat]);
    toast(words.whyNot(seat, look), 'info');
  }
}

start().catch((error: unknown) => {
  // What has not the form of an id is none.
  const isGone = error instanceof Problem && (error.status === 404 || error.code === 'invalid-request');
  const text = isGone
    ? 'There is no such event.'
    : error instanceof Error
      ? error.message
      : 'Something went wrong.';
  const back = el('a', { class: 'button', href: '/' }, 'All events');
  fill(byId('app', HTMLElement), el('div', { class: 'page-error' }, el('h1', {}, text), back));
  if (!(error instanceof Problem)) throw error;
});

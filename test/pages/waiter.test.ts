import { beforeEach, describe, expect, test } from 'vitest';
import type { SeatcastClient } from '../../src/client/client.ts';
import type { WaitlistEntry, WaitlistOffer } from '../../src/contracts.gen.ts';
import { SeatBoard } from '../../src/pages/seat-board.ts';
import { Waiter } from '../../src/pages/waiter.ts';
import { looksFree } from '../../src/pages/waitlist-form.ts';
import { closedWords, missedWords, placeWords, wishWords } from '../../src/pages/waitlist-words.ts';
import { failure, HubStandIn, holdOf, plan } from './hub-stand-in.ts';

const offerOf = (holdId: string): WaitlistOffer => ({
  holdId,
  seats: [{ seat: 2, label: 'Row 1, seat 2', category: 'A', priceCents: 1000 }],
  totalCents: 1000,
  currency: 'EUR',
  expiresAt: 1e13,
});

const entryOf = (id: string, fields: Partial<WaitlistEntry> = {}): WaitlistEntry => ({
  id,
  eventId: 'event',
  quantity: 1,
  category: null,
  together: false,
  state: 'waiting',
  position: 3,
  missedOffers: 0,
  offer: null,
  joinedAt: '2027-02-01T10:00:00.000Z',
  endedAt: null,
  ...fields,
});

/** Answers what a test has laid ready, by the message. */
class WaitlistStandIn extends HubStandIn {
  readonly answers = new Map<string, () => Promise<unknown>>();
  live: WaitlistEntry[] = [];
  ended: WaitlistEntry[] = [];
  readonly asks: string[] = [];

  override async request(message: string): Promise<never> {
    this.asks.push(message);
    const now = Date.parse('2027-02-01T12:00:00.000Z');
    const entries = message === 'waitlist:mine' ? [...this.live, ...this.ended] : this.live;
    return { entries, length: 5, now, nextCursor: null } as never;
  }

  command(message: string): Promise<unknown> {
    return this.answers.get(message)?.() ?? Promise.reject(failure('timeout'));
  }
}

describe('whoever waits', () => {
  let hub: WaitlistStandIn;
  let waiter: Waiter;
  let offered: string[];
  let notices: string[];

  beforeEach(async () => {
    hub = new WaitlistStandIn();
    waiter = new Waiter(hub as unknown as SeatcastClient, hub.map);
    offered = [];
    notices = [];
    waiter.on('offered', ({ offer }) => offered.push(offer.holdId));
    waiter.on('notice', ({ text }) => notices.push(text));
    hub.live = [entryOf('a')];
    await waiter.refresh(true);
  });

  const promote = (holdId: string) =>
    hub.tell('waitlist:promoted', { eventId: 'event', entryId: 'a', offer: offerOf(holdId) });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const first = () => waiter.offers[0] as (typeof waiter.offers)[number];

  test('hears of an offer once, however often it is told', () => {
    promote('h');
    promote('h');
    expect(offered).toEqual(['h']);
    expect(waiter.entries).toMatchObject([{ state: 'offered', position: null }]);
  });

  test('gets no second offer out of one that was accepted and is told again', async () => {
    promote('h');
    hub.answers.set('waitlist:accept', async () => ({ hold: holdOf('h', [2]) }));
    expect(await waiter.accept(first())).toBe(true);
    expect(hub.map.holds.map(({ holdId }) => holdId)).toEqual(['h']);
    promote('h');
    expect(waiter.offers).toEqual([]);
  });

  test('accepting too late: the offer is gone, and the hub is asked for what there is', async () => {
    promote('h');
    hub.answers.set('waitlist:accept', async () => Promise.reject(failure('offer-not-found')));
    expect(await waiter.accept(first())).toBe(false);
    expect(waiter.offers).toEqual([]);
    expect(notices[0]).toContain('has ended');
    await settle();
    expect(hub.asks.at(-1)).toBe('waitlist:position');
    expect(hub.resyncs).toBe(1);
  });

  test('an answer that still has the offer which just ran out does not bring it back', async () => {
    promote('h');
    hub.live = [entryOf('a', { state: 'offered', offer: offerOf('h'), position: null })];
    const told = { eventId: 'event', entryId: 'a', holdId: 'h', seats: [2], missedOffers: 1 };
    hub.tell('waitlist:offer-expired', told);
    await settle();
    expect(waiter.offers).toEqual([]);
    expect(waiter.news).toContain('ran out');
    hub.tell('waitlist:offer-expired', told);
    expect(notices).toHaveLength(1);
  });

  test('what is told while the answer is on its way is not undone by it', async () => {
    const asked = hub.request.bind(hub);
    hub.request = async (message) => {
      const answer = await asked(message);
      if (hub.asks.length === 3) {
        hub.live = [entryOf('a', { position: 1 })];
        hub.tell('waitlist:moved', { eventId: 'event', entryId: 'a', position: 1, length: 2 });
      }
      return answer;
    };
    await waiter.refresh(true);
    expect(waiter.entries[0]?.position).toBe(1);
  });

  test('learns afterwards what ended while nobody was told, once', async () => {
    hub.live = [];
    hub.ended = [entryOf('a', { state: 'expired', position: null, endedAt: '2027-02-01T11:00:00.000Z' })];
    await waiter.refresh(true);
    expect(waiter.news).toContain('You wait no longer for 1 seat');
    waiter.dismiss();
    await waiter.refresh(true);
    expect(waiter.news).toBe('');
  });

  test('of what they left themselves nothing is said, nor of what ended days ago', async () => {
    hub.live = [];
    hub.ended = [entryOf('a', { state: 'left', endedAt: '2027-02-01T11:00:00.000Z' })];
    await waiter.refresh(true);
    expect(waiter.news).toBe('');
    hub.ended = [entryOf('b', { state: 'expired', endedAt: '2027-01-20T11:00:00.000Z' })];
    await waiter.refresh(true);
    expect(waiter.news).toBe('');
  });

  test('somebody else’s event is none of their business', () => {
    hub.tell('waitlist:closed', { eventId: 'other', entryId: 'a', reason: 'event-started' });
    expect(waiter.entries).toHaveLength(1);
    hub.tell('waitlist:closed', { eventId: 'event', entryId: 'a', reason: 'event-started' });
    expect(waiter.entries).toEqual([]);
    expect(waiter.news).toContain('the event has started');
  });

  test('signing out forgets it all, also an answer that comes afterwards', async () => {
    const late = waiter.refresh(true);
    waiter.forget();
    await late;
    expect(waiter.entries).toEqual([]);
  });
});

describe('waiting in words', () => {
  test('what is waited for, where one stands, and what has gone by', () => {
    expect(wishWords({ quantity: 2, category: 'Balcony', together: true })).toBe('2 seats together, Balcony');
    expect(wishWords({ quantity: 1, category: null, together: true })).toBe('1 seat, any category');
    expect(placeWords(1, 9)).toBe('You are next in line.');
    expect(placeWords(4, 9)).toBe('You are number 4 of 9 in line.');
    expect(placeWords(4, 2)).toBe('You are number 4 in line.');
    expect([0, 1, 2].map(missedWords)).toEqual([
      '',
      'One offer has gone by. You get 2 more.',
      '2 offers have gone by. The next one is your last.',
    ]);
    expect(closedWords('event-cancelled', undefined)).toBe('You wait no longer: the event was cancelled.');
  });

  test('what looks free on the map: so many of a category, or beside each other in a row', () => {
    const board = new SeatBoard(plan);
    board.setStates(new Uint8Array([0, 2, 0, 2, 0, 0, 2, 2]), 'all');
    const wish = { category: null, together: false };
    expect(looksFree(board, { ...wish, quantity: 4 })).toBe(true);
    expect(looksFree(board, { ...wish, quantity: 5 })).toBe(false);
    expect(looksFree(board, { ...wish, quantity: 2, together: true })).toBe(true);
    expect(looksFree(board, { ...wish, quantity: 3, together: true })).toBe(false);
    expect(looksFree(board, { quantity: 1, category: 'B', together: false })).toBe(false);
  });

  test('an offer looks like one on the map, until the seats are in the cart', () => {
    const board = new SeatBoard(plan);
    board.setStates(new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), 'all');
    board.setOffered([0]);
    expect(board.lookOf(0)).toBe('offered');
    expect(board.tally).toMatchObject({ free: 7, held: 1 });
    board.setMine([0]);
    board.setOffered([]);
    expect(board.lookOf(0)).toBe('mine');
  });
});

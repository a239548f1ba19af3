import { expect, test } from 'vitest';
import { confirmHolds, refuseHold, tooLate } from '../../src/database/statements.ts';
import type { EventCard } from '../../src/events/events.ts';
import type { Hub } from '../../src/hub.ts';
import { newId } from '../../src/ids.ts';
import { beginConfirm } from '../../src/redis/scripts/begin-confirm.ts';
import { lettersOf, requestId, until } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';

const hubs = await startTestHubs(2);
const [first, second] = hubs.nodes as [Hub, Hub];

/** What a node does up to the moment it dies: it has begun to confirm, with `graceMs` to go. */
async function beginAndDie(eventId: string, owner: string, holdId: string, graceMs: number): Promise<void> {
  await first.engine.inventory.run(beginConfirm, eventId, { owner, holdId, graceMs });
}

/** The statement that a slow or dying node had sent. `leftMs`: of the hold's time to be booked. */
async function sendConfirm(eventId: string, userId: string, holdId: string, seats: number[], leftMs = 5000) {
  const lines = seats.map((seat) => ({ seat, label: 'Seat', category: 'Stalls', priceCents: 2500 }));
  const hold = { holdId, bookingId: newId(), eventId, userId, sessionId: null, requestId: null };
  const holds = [{ ...hold, currency: 'EUR', leftMs, seats: lines }];
  return (await first.engine.db.run(confirmHolds, JSON.stringify(holds)))[0];
}

test('[BOOK-5] a node that dies before PostgreSQL was asked: the hold is booked, as its buyer wanted', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const { holdId } = await buyer.hold(eventId, [3, 4]);
  await beginAndDie(eventId, user.id, holdId, 300);
  const { booking } = await buyer.next('bookings:confirmed');
  expect(booking).toMatchObject({ holdId, status: 'confirmed' });
  await until(() => lettersOf(map).startsWith('fffssf'), 'the sale to be seen');
  expect(await buyer.confirm(eventId, holdId)).toEqual(booking);
});

test('[BOOK-5] one that was tried too often, beyond its own time, is refused, and its buyer is told', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const { holdId } = await buyer.hold(eventId, [3, 4]);
  await until(() => lettersOf(map).includes('hh'), 'the hold to be seen');
  await beginAndDie(eventId, user.id, holdId, 60_000);
  const [, holds = ''] = first.keys.event(eventId);
  const text = (await first.links.commands.hget(holds, holdId)) ?? '';
  const [state, owner, , extensions, , seats] = text.split('|');
  const tired = [state, owner, Date.now() - 1000, extensions, 10, seats].join('|');
  await first.links.commands.hset(holds, holdId, tired);
  await second.engine.confirms.settle(eventId, holdId);
  expect(await buyer.next('seats:hold-expired')).toMatchObject({ eventId, holdId, seats: [3, 4] });
  await until(() => lettersOf(map) === 'f'.repeat(40), 'the seats to be free again');
  const outcomes = await hubs.sql('select outcome, reason from outcomes where hold_id = $1', [holdId]);
  expect(outcomes).toEqual([{ outcome: 'refused', reason: 'hold-not-found' }]);
  await buyer.expectDenied('bookings:confirm', { eventId, holdId, requestId: requestId() }, 'hold-not-found');
});

test('[BOOK-5] a node that dies after the commit: the seats are shown as sold and the buyer is told', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user, 1);
  const map = await (await hubs.connect(undefined, 0)).watching(eventId);
  const { holdId } = await buyer.hold(eventId, [3, 4]);
  await beginAndDie(eventId, user.id, holdId, 300);
  await sendConfirm(eventId, user.id, holdId, [3, 4]);
  const { booking } = await buyer.next('bookings:confirmed');
  await until(() => lettersOf(map).startsWith('fffssf'), 'the sale to be seen');
  expect(await buyer.confirm(eventId, holdId)).toEqual(booking);
});

test('[BOOK-3] a confirm that was slow loses against the refusal that was written meanwhile', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const { holdId } = await buyer.hold(eventId, [3]);
  await beginAndDie(eventId, user.id, holdId, 60_000);
  await first.engine.db.run(refuseHold, eventId, holdId, 'hold-not-found');
  // The statement of the slow node arrives only now.
  const late = await sendConfirm(eventId, user.id, holdId, [3]);
  expect(late).toMatchObject({ created_at: null, verdict: 'settled' });
  expect(await hubs.sql('select id from bookings where hold_id = $1', [holdId])).toEqual([]);
});

test('[BOOK-5] a confirm that waits in PostgreSQL is not refused by whoever settles it', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const { holdId } = await buyer.hold(eventId, [3]);
  await beginAndDie(eventId, user.id, holdId, 60_000);
  // A transaction that has booked but not committed yet, as on a connection that is slow to die.
  const { db } = first.engine;
  const em = db.em();
  await em.begin();
  await em
    .getConnection()
    .execute(
      "insert into outcomes (event_id, hold_id, outcome, reason) values (?, ?, 'booked', '')",
      [eventId, holdId],
      'run',
      em.getTransactionContext(),
    );
  const settling = second.engine.confirms.settle(eventId, holdId);
  const early = await Promise.race([settling.then(() => 'settled'), waits(300)]);
  expect(early).toBe('waiting');
  await em.commit();
  await settling;
  const outcomes = await hubs.sql('select outcome from outcomes where hold_id = $1', [holdId]);
  expect(outcomes).toEqual([{ outcome: 'booked' }]);
});

test('[BOOK-5] while an earlier attempt may still be committed, a hold is neither resumed nor refused', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const { holdId } = await buyer.hold(eventId, [3]);
  // An attempt that nobody knows of: it has written its outcome, and its connection is slow to die.
  const em = first.engine.db.em();
  await em.begin();
  const insert = "insert into outcomes (event_id, hold_id, outcome, reason) values (?, ?, 'booked', '')";
  await em.getConnection().execute(insert, [eventId, holdId], 'run', em.getTransactionContext());
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'booking-pending');
  const [, holds = ''] = first.keys.event(eventId);
  expect(await first.links.commands.hget(holds, holdId)).toMatch(/^c/);
  await em.rollback();
  expect((await buyer.confirm(eventId, holdId)).status).toBe('confirmed');
});

test('[BOOK-3] Redis loses the hold while its confirm is under way: the one who asks again gets the one answer', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [here, there] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const { holdId } = await here.hold(eventId, [3]);
  // The statement of the first attempt waits for the event's row.
  const em = first.engine.db.em();
  await em.begin();
  const lock = 'select id from events where id = ? for update';
  await em.getConnection().execute(lock, [eventId], 'run', em.getTransactionContext());
  const slow = here.request('bookings:confirm', { eventId, holdId, requestId: requestId() });
  slow.catch(() => undefined);
  const mark = first.keys.event(eventId)[1] as string;
  await until(
    async () => (await first.links.commands.hget(mark, holdId))?.startsWith('c') === true,
    'the confirm to begin',
  );
  await waits(200);
  await forgetMap(eventId);
  const again = there.request('bookings:confirm', { eventId, holdId, requestId: requestId() });
  const both = Promise.allSettled([slow, again]);
  await waits(200);
  await em.commit();
  const [one, two] = await both;
  const booked = await hubs.sql('select id from bookings where hold_id = $1', [holdId]);
  expect(one.status).toBe(two.status);
  expect(booked).toHaveLength(one.status === 'fulfilled' ? 1 : 0);
});

test('[BOOK-1] whatever Redis says, PostgreSQL sells a seat once', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = (await hubs.users(2)) as [TestUser, TestUser];
  const one = await hubs.connect(ada);
  const two = await hubs.connect(bob, 1);
  const held = await one.hold(eventId, [5, 6]);
  await forgetMap(eventId);
  // The map was lost: the seats look free, and both buyers believe that they have them.
  const other = await two.hold(eventId, [6, 7]);
  const card = (await first.engine.events.card(eventId)) as EventCard;
  await restoreHold(eventId, held.holdId, ada.id, '5,6');
  const results = await Promise.allSettled([
    first.engine.confirms.confirm(card, by(ada), held.holdId),
    second.engine.confirms.confirm(card, by(bob), other.holdId),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const lost = results.find((result) => result.status === 'rejected') as PromiseRejectedResult;
  expect(lost.reason).toMatchObject({ code: 'seats-taken' });
  const sold = await hubs.sql('select seat from booking_seats where event_id = $1 and active', [eventId]);
  expect(sold).toHaveLength(2);
  const map = await two.watching(eventId);
  const bySeat = (seat: number) => lettersOf(map).charAt(seat);
  await until(() => [...lettersOf(map)].filter((letter) => letter === 's').length === 2, 'two seats sold');
  for (const { seat } of sold) expect(bySeat(Number(seat))).toBe('s');
  expect(lettersOf(map)).not.toContain('h');
});

test('[BOOK-5] a statement whose time is over writes nothing, also when nobody has refused it', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const { holdId } = await buyer.hold(eventId, [3]);
  await beginAndDie(eventId, user.id, holdId, 60_000);
  await expect(sendConfirm(eventId, user.id, holdId, [3], -1)).rejects.toMatchObject({ code: tooLate });
  expect(await hubs.sql('select 1 from outcomes where hold_id = $1', [holdId])).toEqual([]);
});

test('the index that stops a double sale is there', async () => {
  const found = await hubs.sql<{ indexdef: string }>(
    "select indexdef from pg_indexes where indexname = 'booking_seats_one_active'",
  );
  expect(found[0]?.indexdef).toMatch(/UNIQUE INDEX .* \(event_id, seat\) WHERE active/);
});

const by = ({ id }: TestUser) => ({ userId: id, sessionId: null, requestId: null });

const waits = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve('waiting'), ms));

async function forgetMap(eventId: string): Promise<void> {
  await first.links.commands.del(...first.keys.event(eventId));
}

/** Puts a hold back into Redis that overlaps another, as two Redis in a split brain would have them. */
async function restoreHold(eventId: string, holdId: string, owner: string, seats: string): Promise<void> {
  const [, holds = '', expiry = ''] = first.keys.event(eventId);
  const till = Date.now() + 600_000;
  await first.links.commands.hset(holds, holdId, `h|${owner}|${till}|0|0|${seats}`);
  await first.links.commands.zadd(expiry, till, holdId);
}

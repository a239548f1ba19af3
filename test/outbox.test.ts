import pg from 'pg';
import { expect, test } from 'vitest';
import { confirmHolds, forgetOld } from '../src/database/statements.ts';
import type { Hub } from '../src/hub.ts';
import { newId } from '../src/ids.ts';
import { beginConfirm } from '../src/redis/scripts/begin-confirm.ts';
import { requestId, lettersOf, until } from './support/client.ts';
import { startTestHubs } from './support/hub.ts';

const hubs = await startTestHubs(2);
const [one, two] = hubs.nodes.map((hub) => hub.engine) as [Hub['engine'], Hub['engine']];

/** Takes note, on both nodes, of what the outbox has done. */
function listen(topic: string, fail: (id: string) => boolean = () => false): string[] {
  const done: string[] = [];
  for (const { outbox } of [one, two]) {
    outbox.on(topic, async ({ n = '' }) => {
      if (fail(n)) throw new Error('not yet');
      done.push(n);
      return 'done';
    });
  }
  return done;
}

const insert = 'insert into outbox (topic, key, payload, due_at) values ($1, $2, $3, now()) returning id';
const put = (topic: string, key: string, n: string) => hubs.sql(insert, [topic, key, JSON.stringify({ n })]);

test('[BOOK-11] a node that dies after the commit: another one shows the sale and tells the buyer', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user, 1);
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [3], requestId: requestId() });
  const { holdId } = hold;
  // With a grace this long nobody settles the hold: only the outbox knows of it.
  await one.inventory.run(beginConfirm, eventId, { owner: user.id, holdId, graceMs: 60_000 });
  const told = buyer.next('bookings:confirmed');
  const seats = [{ seat: 3, label: 'Seat', category: 'Stalls', priceCents: 2500 }];
  const hold1 = { holdId, bookingId: newId(), eventId, userId: user.id, sessionId: null, requestId: null };
  const asked = JSON.stringify([{ ...hold1, currency: 'EUR', leftMs: 5000, seats }]);
  const [verdict] = await one.db.run(confirmHolds, asked);
  expect(verdict?.verdict).toBe('booked');
  expect((await told).booking.holdId).toBe(holdId);
  await until(() => lettersOf(map).startsWith('fffs'), 'the sale to be seen');
  await until(async () => (await unsent(hold1.bookingId)) === 0, 'the row to be marked');
});

test('[BOOK-11] what the node has done itself is not done again', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const booking = await book(buyer, eventId);
  await until(async () => (await unsent(booking)) === 0, 'the row to be marked');
  expect(one.outbox.counts.failed + two.outbox.counts.failed).toBe(0);
});

test('[BOOK-11] in order per key: what failed is tried again before what comes after it; other keys go on', async () => {
  let isBroken = true;
  const done = listen('test-order', (n) => isBroken && n === '1');
  await put('test-order', 'one', '1');
  await put('test-order', 'one', '2');
  await put('test-order', 'two', '3');
  await until(() => done.includes('3'), 'the other key');
  expect(done).toEqual(['3']);
  isBroken = false;
  await until(() => done.length === 3, 'the rest');
  expect(done).toEqual(['3', '1', '2']);
});

test('[BOOK-11] a row whose transaction commits late is not passed over', async () => {
  const done = listen('test-late');
  const slow = new pg.Client({ connectionString: hubs.databaseUrl });
  await slow.connect();
  await slow.query('begin');
  await slow.query(insert, ['test-late', 'slow', JSON.stringify({ n: 'first' })]);
  await put('test-late', 'quick', 'second');
  await until(() => done.includes('second'), 'the one that was committed first');
  await slow.query('commit');
  await slow.end();
  await until(() => done.length === 2, 'the other');
  expect(done).toEqual(['second', 'first']);
});

async function book(buyer: Awaited<ReturnType<typeof hubs.connect>>, eventId: string): Promise<string> {
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  const ask = { eventId, holdId: hold.holdId, requestId: requestId() };
  return (await buyer.request('bookings:confirm', ask)).booking.id;
}

const unsent = async (key: string): Promise<number> =>
  (await hubs.sql('select id from outbox where key = $1 and sent_at is null', [key])).length;

test('[REQ-1] answers are kept for 24 hours, and what was sent for one', async () => {
  const user = (await hubs.user()).id;
  const keep = `insert into requests (user_id, request_id, message, fingerprint, leased_until, created_at)
    values ($1, $2, 'tests:run', '', now(), now() - $3::interval)`;
  await hubs.sql(keep, [user, 'old-request', '24 hours 1 minute']);
  await hubs.sql(keep, [user, 'new-request', '23 hours 59 minutes']);
  await hubs.sql(
    `insert into outbox (topic, key, payload, due_at, sent_at) values
      ('test-old', 'old', '{}', now(), now() - interval '61 minutes'), ('test-old', 'new', '{}', now(), now() - interval '59 minutes')`,
  );
  await one.db.run(forgetOld, 5000);
  const requests = await hubs.sql('select request_id from requests where user_id = $1', [user]);
  expect(requests).toEqual([{ request_id: 'new-request' }]);
  expect(await hubs.sql("select key from outbox where topic = 'test-old'")).toEqual([{ key: 'new' }]);
});

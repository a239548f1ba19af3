import { expect, test } from 'vitest';
import { newHoldId } from '../../src/ids.ts';
import { holdSeats } from '../../src/redis/scripts/hold-seats.ts';
import { lettersOf, requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(2);

test('[HOLD-3] a hold that runs out is seen free by all within 2 s, without any traffic', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 1000 } });
  const buyer = await hubs.connect(await hubs.user());
  const viewers = await Promise.all([hubs.connect(undefined, 0), hubs.connect(undefined, 1)]);
  const maps = await Promise.all(viewers.map((viewer) => viewer.watching(eventId)));
  const changes: number[][] = [];
  maps[1]?.on('changed', (seats) => seats !== 'all' && changes.push(seats));
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [2, 5, 9], requestId: requestId() });
  await until(() => maps.every((map) => lettersOf(map).includes('h')), 'the hold to be seen');
  const left = hold.expiresAt - Date.now();
  await until(() => maps.every((map) => !lettersOf(map).includes('h')), 'the seats to be free', left + 2000);
  expect(Date.now()).toBeGreaterThanOrEqual(hold.expiresAt);
  expect(changes.map((seats) => seats.toSorted((a, b) => a - b))).toEqual([
    [2, 5, 9],
    [2, 5, 9],
  ]);
});

test('[HOLD-3] also when nobody watches: the next one to look finds it free', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 300 } });
  const buyer = await hubs.connect(await hubs.user());
  const told = buyer.next('seats:hold-expired', () => true, 12_000);
  await buyer.request('seats:hold', { eventId, seats: [2], requestId: requestId() });
  await told;
  const viewer = await hubs.connect();
  expect(lettersOf(await viewer.watching(eventId))).toBe('f'.repeat(40));
});

test('[HOLD-4] the holder is told on every socket and node, and nobody else is', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 500 } });
  const [ada, bob] = await hubs.users(2);
  const [here, there, other] = await Promise.all([
    hubs.connect(ada, 0),
    hubs.connect(ada, 1),
    hubs.connect(bob, 1),
  ]);
  await other.watching(eventId);
  const { hold } = await here.request('seats:hold', { eventId, seats: [7, 8], requestId: requestId() });
  const expected = { eventId, holdId: hold.holdId, seats: [7, 8] };
  const told = await Promise.all([here, there].map((client) => client.next('seats:hold-expired')));
  expect(told).toEqual([expected, expected]);
  expect(other.told.filter(({ name }) => name === 'seats:hold-expired')).toEqual([]);
});

test('[HOLD-5] a due hold does not stand in the way of a new one', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 60 } });
  const [ada, bob] = await hubs.users(2);
  const first = await hubs.connect(ada);
  const second = await hubs.connect(bob, 1);
  const { hold } = await first.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await until(() => Date.now() > hold.expiresAt, 'the hold to be due');
  await second.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await first.expectDenied(
    'bookings:confirm',
    { eventId, holdId: hold.holdId, requestId: requestId() },
    'hold-not-found',
  );
});

test('[HOLD-3] also when two thousand holds run out at once', async () => {
  const eventId = await hubs.event({ seats: 2000, rules: { holdMs: 1500 } });
  const { inventory } = hubs.nodes[0]?.engine ?? {};
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const holds = Array.from({ length: 2000 }, (_, seat) =>
    inventory?.run(holdSeats, eventId, {
      owner: `buyer-${seat}`,
      requestId: requestId(),
      fingerprint: '',
      holdId: newHoldId(),
      into: undefined,
      seats: [seat],
    }),
  );
  const answers = await Promise.all(holds);
  const last = Math.max(
    ...answers.map((each) => (each?.answer.status === 'held' ? each.answer.expiresAt : Number.NaN)),
  );
  await until(() => Date.now() > last, 'the last hold to be due');
  await until(() => !lettersOf(map).includes('h'), 'all seats to be free', 2000);
});

import { expect, test } from 'vitest';
import { decodeSnapshot, lettersOfStates } from '../../../src/seats/codec.ts';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, node } from '../support.ts';
import { fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-1] told to every socket of who waited, on every node, and to nobody else', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await waiting(hubs, eventId, { quantity: 2, together: true });
  const bob = await waiting(hubs, eventId, { quantity: 3 }, 1);
  const there = await hubs.connect(ada.user, 1);
  const map = await there.watching(eventId);
  const told = [ada.client, there].map((client) => client.next('waitlist:promoted'));
  await event.free(4, 5);
  const [here, elsewhere] = await Promise.all(told);
  expect(here).toEqual({
    eventId,
    entryId: ada.entryId,
    offer: {
      holdId: expect.any(String),
      seats: [4, 5].map((seat) => ({
        seat,
        label: expect.stringContaining(`${seat + 1}`),
        category: 'Stalls',
        priceCents: 2500,
      })),
      totalCents: 5000,
      currency: 'EUR',
      expiresAt: expect.any(Number),
    },
  });
  expect(elsewhere).toEqual(here);
  const left = here ? here.offer.expiresAt - Date.now() : 0;
  expect(left).toBeGreaterThan(500_000);
  expect(left).toBeLessThanOrEqual(601_000);
  expect(heard(bob.client, 'waitlist:promoted')).toEqual([]);
  // Seat 4 was free for a moment, as nobody waited for one.
  await expect.poll(() => lettersOf(map), { timeout: 20_000 }).toBe('h'.repeat(10));
});

test('[AUDIT-2] on the map of a past moment what was offered is held, and free once it was declined', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await offered(hubs, event, 4);
  const admin = await hubs.user('admin');
  const seatAt = async (at: number) => {
    await Promise.all(hubs.nodes.map(({ engine }) => engine.audit.flush()));
    const asked = { eventId, at: new Date(at).toISOString() };
    const past = await call(node(hubs), 'audit:seats', asked, admin);
    return lettersOfStates(decodeSnapshot(past.snapshot)).charAt(4);
  };
  const then = Date.now();
  await until(() => Date.now() > then + 1, 'the clock to go on');
  const ask = { eventId, holdId: ada.offer.holdId, requestId: requestId() };
  await ada.client.request('waitlist:decline', ask);
  expect(await seatAt(then)).toBe('h');
  expect(await seatAt(Date.now() + 1)).toBe('f');
});

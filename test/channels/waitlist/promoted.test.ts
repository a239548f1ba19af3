import { expect, test } from 'vitest';
import { lettersOf } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';
import { fullEvent, waiting } from './support.ts';

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

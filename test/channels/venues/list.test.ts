import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const input = { name: ' Concert hall ', address, timeZone: 'Europe/Brussels' };

const made = new Map<string, string>();
for (const [name, city, country] of [
  ['Opera', 'Ghent', 'BE'],
  ['arena', 'Paris', 'FR'],
  ['Opera', 'Paris', 'FR'],
  ['100% club', 'Ghent', 'BE'],
] as const) {
  const request = { ...input, name, address: { ...address, city, country } };
  const venue = await call(hub, 'venues:create', request, organizer.user);
  made.set(venue.id, `${name} ${city}`);
}
const other = await hubs.user('organizer');
const theirs = await call(hub, 'venues:create', { ...input, name: 'Zenith' }, other);
made.set(theirs.id, 'Zenith');
const gone = await call(hub, 'venues:create', { ...input, name: 'Gone' }, organizer.user);
await call(hub, 'venues:delete', { venueId: gone.id }, organizer.user);
const list = async (filter: object, user = undefined as typeof other | undefined) =>
  (await call(node(hubs, 1), 'venues:list', filter, user)).venues.map(({ id }) => made.get(id));

test('by name, of a country, or with a part of the name or the city', async () => {
  const all = ['100% club Ghent', 'arena Paris', 'Opera Ghent', 'Opera Paris', 'Zenith'];
  expect(await list({})).toEqual(all);
  expect(await list({ country: 'FR' })).toEqual(['arena Paris', 'Opera Paris']);
  expect(await list({ q: 'PARI' })).toEqual(['arena Paris', 'Opera Paris']);
  expect(await list({ q: '%' })).toEqual(['100% club Ghent']);
  expect(await list({ mine: true }, other)).toEqual(['Zenith']);
  await expectRefused(hub, 'venues:list', { mine: true }, undefined, 'unauthenticated');
});

test('a page at a time, and cursor-invalid for whatever is not one of ours', async () => {
  const found = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await call(hub, 'venues:list', { limit: 2, ...(cursor ? { cursor } : {}) });
    found.push(...page.venues.map(({ id }) => made.get(id)));
    cursor = page.nextCursor;
  }
  expect(found).toEqual(await list({}));
  await expectRefused(hub, 'venues:list', { cursor: 'x' }, undefined, 'cursor-invalid');
});

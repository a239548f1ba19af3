import { expect, test } from 'vitest';
import { pageAt } from '../../../src/boards/paging.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';
import { house, untilShows } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-6] screens are told when the board gets more pages or fewer, and agree on the one that is shown', async () => {
  const { event, screen } = await house(hubs);
  for (let i = 0; i < 6; i++) await event({ startsInMs: (i + 1) * 3_600_000 });
  const screens = [await screen(0), await screen(1)];
  for (const { copy } of screens) expect(copy.board).toMatchObject({ pages: 1, perPage: 6, pageMs: 12_000 });
  const told = screens.map(({ client }) => client.next('kiosk:page'));
  const last = await event({ startsInMs: 7 * 3_600_000 });
  for (const page of await Promise.all(told)) {
    expect(page).toMatchObject({ pages: 2, perPage: 6, pageMs: 12_000 });
    expect(page.page).toBe(pageAt(page.now, 12_000, 2));
  }
  for (const each of screens) await untilShows(each, ({ pages }) => pages === 2, 'two pages');
  const fewer = screens.map(({ client }) => client.next('kiosk:page', ({ pages }) => pages === 1));
  await hubs.sql("update events set status = 'draft', published_at = null where id = $1", [last]);
  await hubs.nodes[1]?.engine.eventChanged(last);
  await Promise.all(fewer);
});

test('[KIOSK-6] turning the pages takes no word', async () => {
  const own = await startTestHubs(1, { patience: { boards: { pageMs: 50 } } });
  const { event, screen } = await house(own);
  for (let i = 0; i < 13; i++) await event({ startsInMs: (i + 1) * 600_000, seats: 1 });
  const { client, copy } = await screen();
  await untilShows({ client, copy }, ({ pages }) => pages === 3, 'three pages');
  const shown = new Set<number>();
  const before = client.told.length;
  for (let i = 0; shown.size < 3 && i < 1000; i++) {
    // The answers carry the hub's clock, as it goes on.
    const { now } = await client.request('kiosk:alive', {});
    shown.add(pageAt(now, 50, 3));
  }
  expect([...shown].sort()).toEqual([0, 1, 2]);
  expect(client.told.slice(before)).toEqual([]);
  expect(heard(client, 'kiosk:page')).toEqual([]);
});

import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';
import { house } from './support.ts';

const hubs = await startTestHubs(2);
const listed = async (organizer: Parameters<typeof call>[3]) =>
  (await call(node(hubs), 'kiosks:list', {}, organizer)).kiosks;
const written = async () => {
  for (const { engine } of hubs.nodes) await engine.kioskPresence.write();
};

test('[KIOSK-8] a screen says what it shows, and learns the time and how far its board is', async () => {
  const { organizer, screen, event } = await house(hubs);
  await event();
  const { client, copy } = await screen(1);
  const { epoch = '', position = 0 } = copy.board ?? {};
  const shows = { page: 0, pages: 1, epoch, position, version: '0.1.0', screen: '1920x1080' };
  const before = Date.now();
  const answer = await client.request('kiosk:alive', shows);
  expect(answer).toMatchObject({ version: expect.any(String), board: { epoch, position } });
  expect(answer.now).toBeGreaterThanOrEqual(before);
  await written();
  const [kiosk] = await listed(organizer);
  expect(kiosk?.seen).toEqual({ at: expect.any(String), connected: true, ...shows });
  client.close();
  await until(async () => {
    await written();
    return (await listed(organizer))[0]?.seen?.connected === false;
  }, 'it to be gone');
});

test('[KIOSK-8] the end of an old connection says nothing of the one that followed it, on another node', async () => {
  const { organizer, kiosk } = await house(hubs);
  const user = await kiosk();
  const [old, next] = [await hubs.connect(user, 0), await hubs.connect(user, 1)];
  await old.request('kiosk:watch', {});
  await written();
  await next.request('kiosk:watch', {});
  await written();
  old.close();
  await until(() => node(hubs, 0).engine.kioskPresence.size === 0, 'the first node to notice');
  await written();
  expect((await listed(organizer))[0]?.seen).toMatchObject({ connected: true });
});

test('[KIOSK-8] who is silent for long counts as gone although nobody saw it go', async () => {
  const { organizer, screen } = await house(hubs);
  await screen();
  await written();
  expect((await listed(organizer))[0]?.seen?.connected).toBe(true);
  await hubs.sql(`
    update kiosk_states set seen_at = now() - interval '80 seconds'
    where kiosk_id in (select id from kiosks where organizer_id = '${organizer.id}')`);
  expect((await listed(organizer))[0]?.seen?.connected).toBe(false);
});

test('[KIOSK-8] however many screens speak, a node writes them with one statement', async () => {
  const { kiosk } = await house(hubs);
  const { kioskPresence } = node(hubs).engine;
  const clients = [];
  for (let i = 0; i < 8; i++) clients.push(await hubs.connect(await kiosk()));
  await kioskPresence.write();
  const { statements, beats } = kioskPresence.counts;
  await Promise.all(clients.map((client) => client.request('kiosk:alive', { page: 0 })));
  await kioskPresence.write();
  expect(kioskPresence.counts.beats - beats).toBe(8);
  expect(kioskPresence.counts.statements - statements).toBeLessThan(8);
});

test('of organizers who look at a board nothing is kept', async () => {
  const { organizer, venueId } = await house(hubs);
  const client = await hubs.connect(organizer);
  const { board } = await client.request('kiosk:watch', { venueId });
  const answer = await client.request('kiosk:alive', { page: 0 });
  expect(answer.board).toEqual({ epoch: board.epoch, position: board.position });
  await written();
  expect(await hubs.sql('select from kiosk_states where kiosk_id = $1', [organizer.id])).toEqual([]);
});

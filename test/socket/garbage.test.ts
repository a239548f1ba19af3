import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { hostilePublications } from './hostile-publications.ts';
import { joined, type RawSocket } from './raw.ts';

const hubs = await startTestHubs(2);
const nodes = hubs.nodes as [Hub, Hub];
expectHonestService(hubs);

const outsider = new Redis(hubs.redisUrl);
const eventId = await hubs.event();
const user = await hubs.user();
const prefix = `${nodes[0].keys.channelPrefix}#/#`;
const uid = (nodes[0].sockets.io.of('/').adapter as unknown as { uid: string }).uid;

let viewers: RawSocket[];
beforeAll(async () => {
  viewers = [await joined(nodes[0].url, user.token), await joined(nodes[1].url, user.token)];
  for (const viewer of viewers) await viewer.ask('seats:watch', { eventId });
});
afterAll(() => {
  for (const viewer of viewers) viewer.close();
  outsider.disconnect();
});

const channels = {
  'the channel of all nodes': prefix,
  'the channel of an event': `${prefix}event:${eventId}#`,
  'the channel of a user': `${prefix}user:${user.id}#`,
  'the response channel of a node': `${prefix}${uid}#`,
};

/** What a viewer was told, but for the beacons of its own node. */
const events = ({ frames }: RawSocket) =>
  frames.filter((frame) => frame.startsWith('42') && !frame.startsWith('42["seats:position"'));

const garbage = () => nodes.reduce((sum, { sockets }) => sum + sockets.cluster.counts.garbage, 0);

test.each(Object.entries(channels))(
  '[GUARD-5] garbage on %s is counted and reaches nobody',
  async (_what, channel) => {
    const publications = hostilePublications({ eventId, userId: user.id });
    const heard = viewers.map(events);
    for (const { what, message } of publications) {
      const before = garbage();
      const receivers = Number(await outsider.spublish(channel, message as string));
      expect(receivers, channel).toBeGreaterThan(0);
      await until(() => garbage() === before + receivers, `${what} to be counted`);
    }
    for (const viewer of viewers)
      expect((await viewer.ask('seats:unwatch', { eventId: user.id })).ok).toBe(true);
    expect(viewers.map(events)).toEqual(heard);
    expect(viewers.map((viewer) => viewer.closed)).toEqual([undefined, undefined]);
  },
  60_000,
);

test('[GUARD-5] a storm of garbage does not keep the nodes from their work', async () => {
  const before = garbage();
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 100 }, () => outsider.spublish(prefix, '{"type":5}')));
  }
  await until(() => garbage() === before + 4000, 'the garbage to be counted');
});

test('[GUARD-5] what nodes do say to each other still arrives', async () => {
  const before = garbage();
  const buyer = await hubs.connect(await hubs.user(), 0);
  await buyer.hold(eventId, [11]);
  await until(
    () => viewers.every((viewer) => viewer.told('seats:changed').length > 0),
    'the tick on both nodes',
  );
  nodes[0].engine.eventChanged(eventId);
  await fetch(`${nodes[0].url}/api/v1/auth/logout`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}` },
  });
  await Promise.all(viewers.map((viewer) => viewer.end(1000)));
  expect(garbage()).toBe(before);
});

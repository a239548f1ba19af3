import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';

const hubs = await startTestHubs(1, { tickMs: 50, messagesPerSecond: 77, httpBurst: 9 });

test('a client is told the limits and defaults that hold here', async () => {
  const info = await call(node(hubs), 'health:info', {});
  expect(info.limits).toMatchObject({
    tickMs: 50,
    frameBytes: 16_384,
    frameDepth: 16,
    bodyBytes: 65_536,
    eventsPerSocket: 20,
    messagesPerSecond: 77,
    httpBurst: 9,
  });
  expect(info.defaults).toEqual({ holdMs: 600_000, seatsPerHold: 10, seatsPerBuyer: 20, extensions: 1 });
  expect(Math.abs(Date.parse(info.time) - Date.now())).toBeLessThan(60_000);
});

test('the limits are those that are kept: a frame that is longer ends the connection, one that fits does not', async () => {
  const { limits } = await call(node(hubs), 'health:info', {});
  const { joined } = await import('../../socket/raw.ts');
  const frame = (length: number) => `421["nothing",${JSON.stringify('x'.repeat(length))}]`;
  const room = limits.frameBytes - frame(0).length;
  const fits = await joined(node(hubs).url);
  fits.send(frame(room));
  expect(await fits.frame('431')).toContain('unknown-message');
  fits.close();
  const long = await joined(node(hubs).url);
  long.send(frame(room + 1));
  expect((await long.end()).code).toBe(1006);
});

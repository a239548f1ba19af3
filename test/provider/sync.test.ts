/** A hub and a provider: what is found after each of its answers, good or bad. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { demoFeeds, startDemoProvider } from '../../src/demo/demo-provider.ts';
import { startHub } from '../../src/hub.ts';
import { makeLogger } from '../../src/log.ts';
import { call, node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs, testKeys } from '../support/hub.ts';
import {
  entry,
  everything,
  feedOf,
  limitsOf,
  runAfter,
  send,
  startFeedServer,
  statusOf,
  sync,
} from './support.ts';

const hourMs = 3_600_000;
const settings = {
  // Once, at the start; after that the tests ask.
  intervalMs: 24 * hourMs,
  timeZone: 'Europe/Madrid',
  allowedNetworks: ['127.0.0.0/8'],
};

/** What the three answers of the demo say, read by hand. */
const camela = {
  id: '7c66059c-5986-5a1e-9523-dab83aec525b',
  title: 'Camela en concierto',
  start_date: '2021-06-30',
  start_time: '21:00:00',
  end_date: '2021-06-30',
  end_time: '22:00:00',
  min_price: 15,
  max_price: 30,
};
const morancos = {
  id: 'cab66e9f-56d7-5fb7-941a-acd19117743f',
  title: 'Los Morancos',
  start_date: '2021-07-31',
  start_time: '20:00:00',
  end_date: '2021-07-31',
  end_time: '21:00:00',
  min_price: 65,
  max_price: 75,
};
const impossible = { baseId: '444', entryId: '1642', reason: expect.stringContaining('2021-09-31T20:00:00') };

test('[PROV-1] three answers in a row give exactly the events they say, past ones included', async () => {
  const demo = await startDemoProvider();
  const hubs = await startTestHubs(1, { provider: { ...settings, url: demo.url } });
  const admin = await hubs.user('admin');

  expect(await runAfter(hubs, admin, 0)).toMatchObject({
    state: 'applied',
    askedBy: null,
    attempts: 1,
    bytes: Buffer.byteLength(demoFeeds[0] ?? ''),
    counts: { bases: 3, entries: 3, online: 2, spoiled: 1, added: 2, changed: 0, gone: 0 },
    spoiled: [impossible],
  });
  expect(await everything(hubs)).toEqual([camela, morancos]);

  expect(await sync(hubs, admin)).toMatchObject({
    state: 'applied',
    askedBy: admin.id,
    counts: { bases: 2, entries: 2, online: 1, spoiled: 1, added: 0, changed: 0, gone: 1 },
    spoiled: [impossible],
  });
  // Its second event is gone from the feed, and is found as it was.
  expect(await everything(hubs)).toEqual([camela, morancos]);
  expect((await statusOf(hubs, admin)).events).toEqual({ known: 2, inFeed: 1 });
  const [gone] = await hubs.sql<{ times: boolean }>(
    `select last_seen_at >= first_seen_at and last_seen_at < now() as times from provider_events
     where base_id = '1591' and entry_id = '1642'`,
  );
  expect(gone).toEqual({ times: true });

  expect(await sync(hubs, admin)).toMatchObject({
    counts: { bases: 3, entries: 3, online: 2, spoiled: 1, added: 0, changed: 2, gone: 0 },
  });
  expect(await everything(hubs)).toEqual([
    { ...camela, end_time: '21:30:00' },
    { ...morancos, end_time: '21:20:00' },
  ]);
  expect((await statusOf(hubs, admin)).events).toEqual({ known: 2, inFeed: 2 });

  // The same once more: nothing to write, and nothing written.
  const before = await hubs.sql('select id, xmin::text from provider_events order by id');
  expect((await sync(hubs, admin)).counts).toMatchObject({ added: 0, changed: 0, gone: 0 });
  expect(await hubs.sql('select id, xmin::text from provider_events order by id')).toEqual(before);

  const written = await hubs.sql<{ action: string }>(
    "select action from audit where action like 'provider%' order by id",
  );
  const asked = 'provider-sync-asked';
  const synced = 'provider-synced';
  expect(written.map(({ action }) => action)).toEqual([synced, asked, synced, asked, synced, asked]);

  // Whoever searches does not notice that the provider is down.
  await demo.stop();
  expect(await sync(hubs, admin)).toMatchObject({ state: 'failed', code: 'connection' });
  expect(await everything(hubs)).toHaveLength(2);
});

describe('one hub and what a provider may do to it', async () => {
  const server = await startFeedServer(send(200, feedOf(entry({ id: 'first' }))));
  const feed = limitsOf({ answerMs: 1000, retries: 1, failuresInARow: 1000, maxBytes: 2 * 1024 * 1024 });
  const url = server.url.replace('//', '//ada:hunter2@').concat('?key=hunter3');
  const hubs = await startTestHubs(1, { provider: { ...settings, url }, patience: { feed } });
  const admin = await hubs.user('admin');
  await runAfter(hubs, admin, 0);

  const answerWith = (...entries: string[]) => {
    server.answer = send(200, feedOf(...entries));
    return sync(hubs, admin);
  };
  const titles = async () => (await everything(hubs)).map(({ title }) => title).sort();

  test('[PROV-1] what was never online is not kept; what was once is, and is followed when it is not', async () => {
    const off = { mode: 'offline', title: 'Off' };
    await answerWith(entry({ id: 'a', title: 'On' }), entry({ id: 'b', ...off }));
    expect(await titles()).toEqual(['An evening', 'On']);
    await answerWith(entry({ id: 'a', ...off, title: 'Off now' }), entry({ id: 'b', title: 'On now' }));
    expect(await titles()).toEqual(['An evening', 'Off now', 'On now']);
    await answerWith();
    expect(await titles()).toEqual(['An evening', 'Off now', 'On now']);
    expect((await statusOf(hubs, admin)).events).toEqual({ known: 3, inFeed: 0 });
  });

  test('[PROV-4] what cannot be read any more stays as it was, and is not gone', async () => {
    await answerWith(entry({ id: 'c', title: 'Fine' }));
    const run = await answerWith(entry({ id: 'c', title: 'Broken', start: '2030-02-30T20:00:00' }));
    expect(run).toMatchObject({ state: 'applied', counts: { spoiled: 1, gone: 0 } });
    expect(run.spoiled).toEqual([
      { baseId: '1', entryId: 'c', reason: expect.stringContaining('2030-02-30T20:00:00') },
    ]);
    expect(await titles()).toContain('Fine');
    const present = "select last_seen_at from provider_events where entry_id = 'c'";
    expect(await hubs.sql(present)).toEqual([{ last_seen_at: null }]);
    // Gone, and there again but broken: known to be there.
    await answerWith();
    expect(await hubs.sql(present)).not.toEqual([{ last_seen_at: null }]);
    await answerWith(entry({ id: 'c', start: 'soon' }));
    expect(await hubs.sql(present)).toEqual([{ last_seen_at: null }]);
  });

  test('[PROV-4] an offline entry that is spoiled, and one without ids, are listed as well', async () => {
    const run = await answerWith(entry({ id: 'z', mode: 'offline', end: 'x' }), entry({ id: '' }));
    expect(run.counts).toMatchObject({ entries: 2, online: 0, spoiled: 2 });
    expect(run.spoiled).toHaveLength(2);
  });

  const whole = feedOf(entry({ id: 'first', title: 'Overwritten' }), entry({ id: 'new', title: 'New' }));
  const bad: [string, Parameters<typeof startFeedServer>[0], string][] = [
    ['is cut off', send(200, whole.slice(0, -20)), 'malformed'],
    ['has two roots', send(200, whole + whole.slice(whole.indexOf('<eventList'))), 'malformed'],
    ['has junk at its end', send(200, `${whole}\n<!-- -- -->`), 'malformed'],
    ['is a page', send(200, '<html><body>We will be back</body></html>'), 'not-a-feed'],
    ['is JSON', send(200, '{"events":[]}', { 'content-type': 'application/json' }), 'malformed'],
    ['is empty', send(200, ''), 'malformed'],
    ['is an error', send(500, whole), 'unavailable'],
    ['is not there', send(404, whole), 'refused'],
    [
      'leads to the credentials of a cloud',
      send(302, '', { location: 'http://169.254.169.254/' }),
      'redirect',
    ],
    ['is huge', send(200, `<eventList>${' '.repeat(3 * 1024 * 1024)}</eventList>`), 'too-large'],
    [
      'is a bomb',
      send(200, gzipSync(Buffer.alloc(32 * 1024 * 1024, ' ')), { 'content-encoding': 'gzip' }),
      'too-large',
    ],
    ['never comes', () => undefined, 'time-out'],
    [
      'is a billion laughs',
      send(
        200,
        `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>${whole.slice(whole.indexOf('<eventList'))}`,
      ),
      'forbidden',
    ],
    [
      'has a file in it',
      send(200, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
      'forbidden',
    ],
    [
      'has a title of a million references',
      send(200, feedOf(entry({ title: '&#65;'.repeat(300_000) }))),
      'limits',
    ],
    ['is nested without end', send(200, '<eventList><output>'.padEnd(1_000_000, '<a>')), 'limits'],
  ];
  test.each(bad)(
    '[PROV-5] a feed that %s changes nothing, and searches go on beside it',
    async (_what, answer, code) => {
      const before = await hubs.sql('select *, xmin::text from provider_events order by id');
      server.answer = answer ?? send(500);
      const syncing = sync(hubs, admin);
      let isOver = false;
      const over = syncing.finally(() => {
        isOver = true;
      });
      const expected = await everything(hubs);
      while (!isOver) expect(await everything(hubs)).toEqual(expected);
      const run = await over;
      expect(run).toMatchObject({ state: 'failed', code, error: expect.any(String) });
      expect(await hubs.sql('select *, xmin::text from provider_events order by id')).toEqual(before);
    },
  );

  test('[PROV-6] names that every object knows are kept and searched like others', async () => {
    const evil = entry({ baseId: '__proto__', id: 'constructor', title: '__proto__' });
    expect(await answerWith(evil)).toMatchObject({ state: 'applied', counts: { added: 1 } });
    expect(await titles()).toContain('__proto__');
  });

  test('secrets of the address are shown nowhere', async () => {
    const status = await statusOf(hubs, admin);
    expect(status.source).toEqual({
      url: server.url,
      intervalS: 24 * 3600,
      timeZone: 'Europe/Madrid',
      allowedNetworks: ['127.0.0.0/8'],
    });
    expect(JSON.stringify(status)).not.toMatch(/hunter[23]/);
  });

  test('[PROV-3] a feed of 5,000 events is taken, and found whole or in pages', async () => {
    const many = Array.from({ length: 5100 }, (_, i) => {
      const minute = String(i % 60).padStart(2, '0');
      return entry({ id: `many-${i}`, start: `2040-05-01T20:${minute}:00`, end: '2040-05-02T01:00:00' });
    });
    expect(await answerWith(...many)).toMatchObject({ state: 'applied', counts: { added: 5100 } });
    const range = { starts_at: '2040-05-01T20:00:00', ends_at: '2040-05-01T20:59:00' };
    const { data } = await call(node(hubs), 'provider:search', range);
    expect(data.events).toHaveLength(5000);
    const ids = new Set(data.events.map(({ id }) => id));
    const cursor = data.nextCursor ?? '';
    const rest = (await call(node(hubs), 'provider:search', { ...range, cursor })).data;
    for (const { id } of rest.events) ids.add(id);
    expect([rest.events.length, rest.nextCursor, ids.size]).toEqual([100, undefined, 5100]);
  });
});

test('[PROV-3] an hour that is skipped or occurs twice, and a provider that turns out to be elsewhere', async () => {
  const local = ['2021-03-28T01:59:59', '2021-03-28T02:30:00', '2021-03-28T03:00:00', '2021-10-31T02:30:00'];
  const entries = local.map((start) => entry({ id: start, start, end: '2021-12-01T00:00:00' }));
  const server = await startFeedServer(send(200, feedOf(...entries)));
  const hubs = await startTestHubs(1, { provider: { ...settings, url: server.url } });
  const admin = await hubs.user('admin');
  await runAfter(hubs, admin, 0);
  const between = async (starts_at: string, ends_at: string) => {
    const { events } = (await call(node(hubs), 'provider:search', { starts_at, ends_at })).data;
    return events.map(({ start_date, start_time }) => `${start_date}T${start_time}`);
  };
  // Madrid is an hour ahead of UTC until 01:00Z that day, then two.
  expect(await between('2021-03-28T00:59:59Z', '2021-03-28T00:59:59Z')).toEqual([local[0]]);
  expect(await between('2021-03-28T01:00:00Z', '2021-03-28T01:00:00Z')).toEqual([local[2]]);
  expect(await between('2021-03-28T01:30:00Z', '2021-03-28T01:30:00Z')).toEqual([local[1]]);
  expect(await between('2021-03-28T02:30:00', '2021-03-28T02:30:00')).toEqual([local[1]]);
  // The second half past two of that night.
  expect(await between('2021-10-31T01:30:00Z', '2021-10-31T01:30:00Z')).toEqual([local[3]]);
  expect(await between('2021-10-31T02:30:00', '2021-10-31T02:30:00')).toEqual([local[3]]);

  // Its clock hangs on an island in the Atlantic, as is found out: what is known already is moved.
  const provider = { ...settings, url: undefined, timeZone: 'Atlantic/Canary' };
  const { databaseUrl, redisUrl } = hubs;
  const log = makeLogger('silent', false, 'moved');
  const moved = await startHub({
    config: { ...hubs.config, provider },
    databaseUrl,
    redisUrl,
    jwtKeys: testKeys,
    log,
  });
  try {
    const at = { starts_at: '2021-03-28T02:00:00Z', ends_at: '2021-03-28T02:00:00Z' };
    await until(async () => {
      const { events } = (await call(moved, 'provider:search', at)).data;
      return events[0]?.start_time === '03:00:00';
    }, 'the events to be where the provider is');
  } finally {
    await moved.stop();
  }
});

import { expect, test } from 'vitest';
import type { KioskAnnounceRequest } from '../../../src/contracts.gen.ts';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node, send } from '../support.ts';
import { house, lineOf, untilShows } from './support.ts';

const hubs = await startTestHubs(2);
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const minute = 60_000;

test('[KIOSK-7] doors, delays and infos come with their times, and are noted in the audit log', async () => {
  const { organizer, venueId, event } = await house(hubs);
  const eventId = await event();
  const [row] = await hubs.sql<{ starts_at: Date; ends_at: Date }>(
    'select starts_at, ends_at from events where id = $1',
    [eventId],
  );
  const { starts_at: start, ends_at: end } = row as { starts_at: Date; ends_at: Date };
  const make = async (request: KioskAnnounceRequest) =>
    (await call(node(hubs), 'kiosk:announce', request, organizer)).announcement;
  const doors = await make({ eventId, kind: 'doors', minutes: 10 });
  expect(doors).toMatchObject({ venueId, eventId, kind: 'doors', text: '', minutes: 10, withdrawnAt: null });
  expect(Date.parse(doors.at as string)).toBe(Date.parse(doors.createdAt) + 10 * minute);
  expect(doors.until).toBe(start.toISOString());
  const delay = await make({ eventId, kind: 'delay', minutes: 20, text: ' The orchestra is late. ' });
  expect(delay).toMatchObject({
    text: 'The orchestra is late.',
    at: new Date(start.getTime() + 20 * minute).toISOString(),
    until: new Date(end.getTime() + 20 * minute).toISOString(),
  });
  const shownUntil = inMs(5 * minute);
  const info = await make({ venueId, kind: 'info', text: 'The lift is out of order.', until: shownUntil });
  expect(info).toMatchObject({ eventId: null, minutes: null, at: null, until: shownUntil });
  const general = await make({ venueId, kind: 'doors' });
  expect(general).toMatchObject({ eventId: null, minutes: 0, at: general.createdAt });
  const rows = await hubs.sql("select from audit where action = 'announcement-made' and actor_id = $1", [
    organizer.id,
  ]);
  expect(rows).toHaveLength(4);
});

test('[KIOSK-7] a delay shows beside the start, which itself stays; the next one takes its place', async () => {
  const { event, screen, announce } = await house(hubs);
  const eventId = await event();
  const screens = [await screen(0), await screen(1)];
  for (const [node, minutes] of [
    [0, 15],
    [1, 40],
  ] as const) {
    await announce({ eventId, kind: 'delay', minutes }, node);
    for (const each of screens) {
      await untilShows(each, () => lineOf(each, eventId)?.delayMinutes === minutes, `${minutes} minutes`);
      await untilShows(each, ({ announcements }) => announcements.length === 1, 'one announcement');
    }
  }
});

test('[KIOSK-7] a delayed event stays on the board until it is really over', async () => {
  const { event, screen, announce } = await house(hubs);
  const eventId = await event({ startsInMs: 1500 });
  await hubs.sql('update events set ends_at = $2 where id = $1', [eventId, new Date(Date.now() + 3000)]);
  await announce({ eventId, kind: 'delay', minutes: 1 });
  const shown = await screen();
  await untilShows(shown, () => lineOf(shown, eventId)?.sale === 'over', 'its start as planned');
  expect(lineOf(shown, eventId)?.state).toBe('scheduled');
  await until(
    async () =>
      (await hubs.sql('select from events where id = $1 and ends_at < now()', [eventId])).length > 0,
    'its end as planned',
  );
  await node(hubs).engine.eventChanged(eventId);
  const other = await screen(1);
  expect(lineOf(other, eventId)).toMatchObject({ state: 'scheduled', delayMinutes: 1 });
});

test('invalid-request: fields that do not go together, each by its name', async () => {
  const { organizer, venueId, event } = await house(hubs);
  const eventId = await event();
  const wrong: [KioskAnnounceRequest, string][] = [
    [{ kind: 'info', text: 'Nowhere' }, 'venueId'],
    [{ kind: 'info', text: 'Twice', venueId, eventId }, 'venueId'],
    [{ kind: 'delay', minutes: 5, venueId }, 'eventId'],
    [{ kind: 'delay', eventId }, 'minutes'],
    [{ kind: 'delay', minutes: 0, eventId }, 'minutes'],
    [{ kind: 'delay', minutes: 1441, eventId }, 'minutes'],
    [{ kind: 'info', text: 'x', minutes: 5, venueId }, 'minutes'],
    [{ kind: 'info', text: '  ', venueId }, 'text'],
    [{ kind: 'info', text: 'x'.repeat(201), venueId }, 'text'],
    [{ kind: 'info', text: 'x', until: inMs(-1000), venueId }, 'until'],
    [{ kind: 'info', text: 'x', until: inMs(8 * 24 * 60 * minute), venueId }, 'until'],
  ];
  for (const [request, field] of wrong) {
    const details = await expectRefused(node(hubs), 'kiosk:announce', request, organizer, 'invalid-request');
    expect(details.field, JSON.stringify(request)).toBe(field);
  }
});

test("'venue-not-found', 'event-not-found': of somebody else, or there is none", async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const eventId = await one.event();
  const draft = await one.event({ publish: false });
  const refuse = (request: object, code: 'venue-not-found' | 'event-not-found', user = two.organizer) =>
    expectRefused(node(hubs), 'kiosk:announce', { kind: 'info', text: 'Hi', ...request }, user, code);
  await refuse({ venueId: one.venueId }, 'venue-not-found');
  await refuse({ venueId: nobody }, 'venue-not-found');
  await refuse({ eventId }, 'event-not-found');
  await refuse({ eventId: nobody }, 'event-not-found');
  await refuse({ eventId: draft }, 'event-not-found', one.organizer);
  await hubs.sql('update events set venue_id = null where id = $1', [eventId]);
  await refuse({ eventId }, 'venue-not-found', one.organizer);
});

test('whoever has the house may announce for what others do there, and so may they', async () => {
  const [house1, guest] = [await house(hubs), await house(hubs)];
  const eventId = await house1.event();
  await hubs.sql('update events set organizer_id = $2 where id = $1', [eventId, guest.organizer.id]);
  for (const user of [house1.organizer, guest.organizer, await hubs.user('admin')]) {
    await call(node(hubs), 'kiosk:announce', { eventId, kind: 'info', text: 'Hello' }, user);
  }
});

test("'event-cancelled', 'event-completed': but what is to be done about a cancelled one can be said", async () => {
  const { organizer, event, screen } = await house(hubs);
  const [cancelled, over] = [await event(), await event()];
  await call(node(hubs), 'events:cancel', { eventId: cancelled }, organizer);
  await hubs.sql(
    "update events set starts_at = now() - interval '3 h', ends_at = now() - interval '1 h' where id = $1",
    [over],
  );
  const delay = { kind: 'delay', minutes: 5 } as const;
  await expectRefused(
    node(hubs),
    'kiosk:announce',
    { ...delay, eventId: cancelled },
    organizer,
    'event-cancelled',
  );
  await expectRefused(
    node(hubs),
    'kiosk:announce',
    { ...delay, eventId: over },
    organizer,
    'event-completed',
  );
  const info = { eventId: cancelled, kind: 'info', text: 'Tickets are refunded by themselves.' } as const;
  await call(node(hubs), 'kiosk:announce', info, organizer);
  expect((await screen()).copy.board?.announcements).toHaveLength(1);
});

test("'too-many-announcements': twenty at a time, also when many come at once", async () => {
  const { organizer, venueId } = await house(hubs);
  await hubs.sql(
    `insert into announcements (id, venue_id, kind, text, until, created_by, created_at)
     select gen_random_uuid(), $1, 'info', 'Welcome', now() + interval '1 h', $2, now() from generate_series(1, 18)`,
    [venueId, organizer.id],
  );
  const answers = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      send(node(hubs, i % 2), 'kiosk:announce', { venueId, kind: 'info', text: `${i}` }, organizer),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
  const request = { venueId, kind: 'info', text: 'one more' };
  const details = await expectRefused(
    node(hubs),
    'kiosk:announce',
    request,
    organizer,
    'too-many-announcements',
  );
  expect(details).toEqual({ allowed: 20 });
});

test("[REQ-2] 'request-id-reused': announced once under one key", async () => {
  const { organizer, venueId } = await house(hubs);
  const info = (text: string) => ({ venueId, kind: 'info', text }) as const;
  await expectOnce(hubs, 'kiosk:announce', [info('one'), info('two')], organizer);
  const { announcements } = await call(node(hubs), 'kiosk:announcements', { venueId }, organizer);
  expect(announcements.map(({ text }) => text)).toEqual(['one']);
});

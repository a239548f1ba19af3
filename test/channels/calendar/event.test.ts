import fc from 'fast-check';
import ICAL from 'ical.js';
import { expect, test } from 'vitest';
import { calendarText, writeCalendar } from '../../../src/calendar/i-calendar.ts';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { seed } from '../../support/seed.ts';
import { call, expectRefused, nobody, node, organizerOf, send } from '../support.ts';

const hubs = await startTestHubs(1);

async function eventIn(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const [event, ...others] = calendar.getAllSubcomponents('vevent');
  expect(others).toEqual([]);
  if (!event) throw new Error('no event');
  const value = (name: string) => event.getFirstPropertyValue(name);
  const time = (name: string) => (value(name) as ICAL.Time).toJSDate().toISOString();
  return { calendar, event, value, time };
}

async function fileOf(eventId: string) {
  const response = await send(node(hubs), 'calendar:event', { eventId });
  expect(response.status).toBe(200);
  return { response, text: await response.text() };
}

test('[CAL-1] an event as a file: its times in UTC, its place, and where its page is', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const changes = {
    eventId,
    venue: 'Hall; 2, "upper"\\',
    description: 'Line 1\nLine 2',
    timeZone: 'America/New_York',
  };
  const event = await call(node(hubs), 'events:update', changes, organizer);
  const { response, text } = await fileOf(eventId);
  expect(response.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
  expect(response.headers.get('content-disposition')).toContain(`filename="${eventId}.ics"`);
  const { calendar, value, time } = await eventIn(text);
  expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
  expect([time('dtstart'), time('dtend')]).toEqual(
    [event.startsAt, event.endsAt].map((at) => `${at.slice(0, 19)}.000Z`),
  );
  expect(text).toMatch(/\r\nDTSTART:\d{8}T\d{6}Z\r\n/);
  expect(value('uid')).toBe(`${eventId}@seatcast`);
  expect(value('status')).toBe('CONFIRMED');
  expect(value('summary')).toBe('Test event');
  expect(value('location')).toBe(changes.venue);
  expect(value('description')).toBe(changes.description);
  expect(value('url')).toMatch(new RegExp(`^http://[\\w.:]+/events/${eventId}$`));
});

test('[CAL-2] a change keeps the UID and raises SEQUENCE; a cancelled event says so', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const sequences: number[] = [];
  const look = async () => {
    const { value } = await eventIn((await fileOf(eventId)).text);
    expect(value('uid')).toBe(`${eventId}@seatcast`);
    sequences.push(Number(value('sequence')));
    return value('status');
  };
  await look();
  for (const title of ['Moved', 'Moved again']) {
    // A second is what a revision lasts.
    await hubs.sql("update events set created_at = created_at - interval '2 seconds' where id = $1", [
      eventId,
    ]);
    await call(node(hubs), 'events:update', { eventId, title }, organizer);
    await look();
  }
  await hubs.sql("update events set created_at = created_at - interval '2 seconds' where id = $1", [eventId]);
  await call(node(hubs), 'events:cancel', { eventId }, organizer);
  await until(
    async () => (await eventIn((await fileOf(eventId)).text)).value('status') === 'CANCELLED',
    'the end',
  );
  await look();
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
});

const propertyNames = [
  ...['uid', 'dtstamp', 'dtstart', 'dtend', 'created', 'last-modified', 'sequence', 'status'],
  ...['summary', 'location', 'description', 'url'],
];

test('[CAL-3] what is written is read again as it was, in lines of at most 75 octets, whatever is in the texts', () => {
  const unit = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    ';',
    ',',
    '\\',
    '"',
    ':',
    '\0',
    '\u2028',
    'BEGIN:VEVENT',
    'é',
    '😀',
    ' ',
    'n',
    'N',
    '\t',
    '\x1b',
    '\ud800',
  );
  const text = fc.oneof(fc.string({ unit, maxLength: 120 }), fc.string({ unit: 'binary', maxLength: 200 }));
  const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2199-12-30'), noInvalidDate: true });
  fc.assert(
    fc.property(text, text, text, date, (title, place, description, startsAt) => {
      const endsAt = new Date(startsAt.getTime() + 7_200_000);
      const times = { startsAt, endsAt, createdAt: startsAt, changedAt: startsAt };
      const entry = {
        eventId: nobody,
        title,
        place,
        description,
        url: 'https://t.example/events/1',
        ...times,
      };
      const written = writeCalendar([{ ...entry, status: 'CONFIRMED' }], title);
      expect(written.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
      for (const line of written.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
      const calendar = new ICAL.Component(ICAL.parse(written));
      const events = calendar.getAllSubcomponents('vevent');
      expect(events).toHaveLength(1);
      const read = (name: string) => events[0]?.getFirstPropertyValue(name) ?? '';
      expect(read('summary')).toBe(calendarText(title));
      expect(read('location')).toBe(calendarText(place));
      expect(read('description')).toBe(calendarText(description));
      expect(calendar.getFirstPropertyValue('name') ?? '').toBe(calendarText(title));
      const start = (read('dtstart') as unknown as ICAL.Time).toJSDate().getTime();
      expect(start).toBe(Math.floor(startsAt.getTime() / 1000) * 1000);
      // Nothing beside what belongs there.
      const properties = events[0]?.getAllProperties().map(({ name }) => name) ?? [];
      expect(properties.filter((name) => !propertyNames.includes(name))).toEqual([]);
      expect(new Set(properties).size).toBe(properties.length);
    }),
    { seed },
  );
});

test('[CAL-3] a title that breaks its line brings nothing into the calendar', async () => {
  const eventId = await hubs.event();
  const title = 'Gala\r\nATTACH:file:///etc/passwd\rBEGIN:VEVENT\nEND:VEVENT;,\\n';
  const venue = 'Hall\rURL:https://evil.example';
  await call(node(hubs), 'events:update', { eventId, title, venue }, await organizerOf(hubs, eventId));
  const { text } = await fileOf(eventId);
  const { event, value } = await eventIn(text);
  expect(value('summary')).toBe('Gala\nATTACH:file:///etc/passwd\nBEGIN:VEVENT\nEND:VEVENT;,\\n');
  expect(value('location')).toBe('Hall\nURL:https://evil.example');
  expect(event.getAllProperties().filter(({ name }) => !propertyNames.includes(name))).toEqual([]);
  expect(text.match(/^BEGIN:VEVENT/gm)).toHaveLength(1);
});

test('event-not-found: drafts of others, and none', async () => {
  const draft = await hubs.event({ publish: false });
  for (const eventId of [nobody, draft]) {
    await expectRefused(node(hubs), 'calendar:event', { eventId }, undefined, 'event-not-found');
  }
  const own = await send(node(hubs), 'calendar:event', { eventId: draft }, await organizerOf(hubs, draft));
  expect((await eventIn(await own.text())).value('status')).toBe('TENTATIVE');
});

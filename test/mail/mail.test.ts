/** Notifications by mail, through a server that speaks SMTP. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { bookingNumber } from '../../src/pages/format.ts';
import { book, call, node } from '../channels/support.ts';
import {
  deliveriesOf,
  mailFrom,
  notify,
  putOff,
  startMailServer,
  startSending,
  untilDelivery,
} from '../deliveries/support.ts';
import { newHoldId } from '../../src/ids.ts';
import { until } from '../support/client.ts';
import { tempFolder } from '../support/temp-folder.ts';

const server = await startMailServer();
const hubs = await startSending(2, { mail: { smtpUrl: server.url, from: mailFrom } });

/** The mail of a notification, once it is there. */
async function mailOf(id: string) {
  const found = () => server.mails.filter(({ messageId }) => messageId?.startsWith(`<${id}@`));
  await until(() => found().length > 0, 'a mail to arrive');
  expect(found()).toHaveLength(1);
  return found()[0] as (typeof server.mails)[number];
}

async function booked(title = 'An evening', zone = 'Europe/Brussels') {
  const eventId = await hubs.event();
  await hubs.sql(
    "update events set title = $2, venue = 'Hall <A>', time_zone = $3, starts_at = '2030-05-01T18:00:00Z', ends_at = '2030-05-01T20:00:00Z' where id = $1",
    [eventId, title, zone],
  );
  const user = await hubs.user();
  const booking = await book(await hubs.connect(user), eventId, [3, 4]);
  return { eventId, user, booking };
}

test('[MAIL-1] a confirmed booking is a mail with its seats, a calendar file and a ticket for each seat', async () => {
  const { eventId, user, booking } = await booked();
  await hubs.sql("update users set name = 'Ada <b>', time_zone = 'America/New_York' where id = $1", [
    user.id,
  ]);
  const id = await notify(hubs, user, 'booking-confirmed', eventId, { bookingId: booking.id });
  const mail = await mailOf(id);
  expect(mail.subject).toBe('Your tickets for An evening');
  expect(mail.from).toMatchObject({ name: 'Seatcast', address: 'tickets@seatcast.example' });
  expect(mail.messageId).toBe(`<${id}@seatcast.example>`);
  for (const part of [mail.text, mail.html]) {
    expect(part).toContain('Wednesday 1 May 2030, 20:00 CEST');
    expect(part).toContain('Wednesday 1 May 2030, 14:00 GMT-4 (your time)');
    expect(part).toContain('€50.00');
    expect(part).toContain(bookingNumber(booking.id));
    expect(part).toContain(booking.id);
    for (const { label } of booking.seats) expect(part).toContain(label);
  }
  // What people have typed is text, and nothing is loaded.
  expect(mail.html).toContain('Ada &lt;b&gt;');
  expect(mail.html).toContain('Hall &lt;A&gt;');
  expect(mail.html).not.toMatch(/<img|<script|<link|url\(|src=/);
  const files = new Map(mail.attachments.map((file) => [file.filename, file]));
  expect([...files.keys()].sort()).toEqual(['event.ics', 'ticket-1-of-2.html', 'ticket-2-of-2.html']);
  const textOf = (name: string) => new TextDecoder().decode(files.get(name)?.content as ArrayBuffer);
  expect(textOf('event.ics')).toContain(`UID:${eventId}@seatcast`);
  expect(textOf('event.ics')).toContain('DTSTART:20300501T180000Z');
  expect(textOf('event.ics').replaceAll('\r\n ', '')).toContain(`Booking ${bookingNumber(booking.id)}`);
  expect(textOf('ticket-1-of-2.html')).toContain(booking.seats[0]?.label);
  expect(textOf('ticket-2-of-2.html')).toContain(booking.seats[1]?.label);
  for (const name of ['ticket-1-of-2.html', 'ticket-2-of-2.html']) {
    expect(textOf(name)).toContain(bookingNumber(booking.id));
    expect(textOf(name)).toContain(booking.id);
    expect(textOf(name)).not.toMatch(/<script|src=|href=/);
  }
  expect(await untilDelivery(hubs, id, 'sent')).toMatchObject({
    channel: 'email',
    attempts: 1,
    lastError: '',
  });
});

test.each([
  ['booking-cancelled', { whole: true }, 'is cancelled'],
  ['event-cancelled', { reason: 'The roof leaks' }, 'The roof leaks'],
  [
    'event-rescheduled',
    { before: '2030-04-30T18:00:00Z', after: '2030-05-01T18:00:00Z' },
    'Tuesday 30 April 2030',
  ],
  ['starting-soon', { leadMinutes: 1500 }, 'in 1 day 1 hour'],
  ['waitlist-promoted', { until: '2030-04-01T10:00:00Z' }, '12:00 CEST'],
  ['waitlist-promoted', { places: 'Stalls · row C, seats 4–5' }, 'Stalls · row C, seats 4–5'],
  ['waitlist-promoted', { totalCents: 5000, currency: 'EUR' }, '€50.00'],
  ['waitlist-offer-expired', {}, 'next in line'],
  ['waitlist-closed', {}, 'not waiting'],
])('[MAIL-1] %s is a mail in words and in HTML', async (kind, payload, words) => {
  const { eventId, user, booking } = await booked();
  const id = await notify(hubs, user, kind, eventId, {
    title: 'An evening',
    bookingId: booking.id,
    ...payload,
  });
  const mail = await mailOf(id);
  expect(mail.subject).toContain('An evening');
  expect(mail.text).toContain(words);
  expect(mail.html).toContain(words);
});

test('[MAIL-2] whatever is in a title or a name, a mail has one reader and the headers we gave it', async () => {
  const evil = 'Night\r\nBcc: thief@example.com\r\n\r\nHello\u2028Reply-To: thief@example.com';
  const { eventId, user, booking } = await booked(evil);
  await hubs.sql('update users set name = $2 where id = $1', [
    user.id,
    'A\r\nBcc: thief@example.com <t@example.com>,',
  ]);
  const id = await notify(hubs, user, 'booking-confirmed', eventId, { bookingId: booking.id });
  const mail = await mailOf(id);
  expect(mail.recipients).toEqual([`${user.id}@example.com`]);
  expect(mail.to).toEqual([expect.objectContaining({ address: `${user.id}@example.com` })]);
  const names = mail.headers.map(({ key }) => key);
  for (const name of ['bcc', 'cc', 'reply-to']) expect(names).not.toContain(name);
  expect(names.filter((name) => name === 'subject' || name === 'to').sort()).toEqual(['subject', 'to']);
  expect(mail.subject).not.toMatch(/[\r\n\u2028]/);
});

test('[MAIL-3] only what somebody wants is sent: by kind, or nothing at all', async () => {
  const { eventId, user, booking } = await booked();
  const payload = { bookingId: booking.id };
  const me = await call(
    node(hubs),
    'me:update',
    { alerts: { notifications: { 'booking-cancelled': { email: false } } } },
    user,
  );
  expect(me.alerts.notifications['booking-cancelled']).toEqual({ email: false, push: true });
  expect(me.alerts.notifications['booking-confirmed']).toEqual({ email: true, push: true });
  const unwanted = await notify(hubs, user, 'booking-cancelled', eventId, payload);
  await mailOf(await notify(hubs, user, 'booking-confirmed', eventId, payload));
  expect(await deliveriesOf(hubs, unwanted)).toEqual([]);
  await call(node(hubs), 'me:update', { alerts: { channels: { email: false } } }, user);
  const nothing = await notify(hubs, user, 'booking-confirmed', eventId, payload);
  await until(async () => (await waitingNotices()) === 0, 'the notification to be planned');
  expect(await deliveriesOf(hubs, nothing)).toEqual([]);
});

test('[MAIL-3] what is switched off while it waits is not sent any more', async () => {
  const { eventId, user } = await booked();
  const { id, release } = await held(user, 'event-cancelled', eventId, {});
  await call(node(hubs), 'me:update', { alerts: { channels: { email: false } } }, user);
  await release();
  const dead = await untilDelivery(hubs, id, 'dead');
  expect(dead.lastError).toBe('its reader has switched it off');
});

test('a mailbox that is not there is not asked again', async () => {
  const { eventId, user } = await booked();
  server.refuse = () => 'never';
  const id = await notify(hubs, user, 'event-cancelled', eventId);
  const dead = await untilDelivery(hubs, id, 'dead');
  server.refuse = () => undefined;
  expect(dead).toMatchObject({ attempts: 1, lastError: expect.stringContaining('no such mailbox') });
});

test('an event that has begun starts soon for nobody, and a disabled account is told nothing', async () => {
  const { eventId, user } = await booked();
  const gone = await hubs.user();
  await hubs.sql('update users set disabled_at = now() where id = $1', [gone.id]);
  const none = await notify(hubs, gone, 'event-cancelled', eventId);
  await hubs.sql("update events set starts_at = now() - interval '1 second' where id = $1", [eventId]);
  const late = await notify(hubs, user, 'starting-soon', eventId, { leadMinutes: 5 });
  expect((await untilDelivery(hubs, late, 'dead')).lastError).toBe('the event has begun');
  await until(async () => (await waitingNotices()) === 0, 'the notifications to be planned');
  expect(await deliveriesOf(hubs, none)).toEqual([]);
});

test.each(['starting-soon', 'event-rescheduled'])(
  '[MAIL-5] %s that waits while the event is moved again is not sent',
  async (kind) => {
    const { eventId, user } = await booked();
    const { id, release } = await held(user, kind, eventId, await startingAt(eventId, 3_600_000));
    await startingAt(eventId, 86_400_000);
    await release();
    expect((await untilDelivery(hubs, id, 'dead')).lastError).toBe('the event has another time by now');
  },
);

test.each(['starting-soon', 'event-rescheduled', 'booking-confirmed', 'waitlist-promoted'])(
  '[MAIL-5] %s that waits while the event is cancelled is not sent; that it is cancelled is',
  async (kind) => {
    const { eventId, user } = await booked();
    const { id, release } = await held(user, kind, eventId, await startingAt(eventId, 3_600_000));
    await hubs.sql("update events set status = 'cancelled' where id = $1", [eventId]);
    const told = await notify(hubs, user, 'event-cancelled', eventId);
    await release();
    expect((await untilDelivery(hubs, id, 'dead')).lastError).toBe('the event is cancelled');
    await untilDelivery(hubs, told, 'sent');
  },
);

test('[MAIL-5] a booking that waits while its event is moved is confirmed all the same, with the new time', async () => {
  const { eventId, user, booking } = await booked();
  const payload = { bookingId: booking.id, startsAt: '2030-05-01T18:00:00Z' };
  const { id, release } = await held(user, 'booking-confirmed', eventId, payload);
  await hubs.sql("update events set starts_at = '2030-05-01T19:00:00Z' where id = $1", [eventId]);
  await release();
  expect((await mailOf(id)).text).toContain('Wednesday 1 May 2030, 21:00');
});

test('[MAIL-5] an offer that ends while its mail waits is not sent', async () => {
  const { eventId, user } = await booked();
  const { id, release } = await held(user, 'waitlist-promoted', eventId, {
    until: new Date(Date.now() + 3_600_000).toISOString(),
  });
  // An hour later.
  await hubs.sql(
    "update deliveries set payload = jsonb_set(payload, '{until}', to_jsonb(wire_instant(now()))) where source = $1",
    [id],
  );
  await release();
  expect((await untilDelivery(hubs, id, 'dead')).lastError).toBe('the offer has ended');
});

test('[MAIL-5] an offer that is accepted while its mail waits is not sent, one that is open is', async () => {
  const { eventId, user } = await booked();
  const offer = async () => {
    const holdId = newHoldId();
    await hubs.sql(
      `with entry as (
         insert into waitlist_entries (id, event_id, user_id, quantity, together, queue_order, category)
         values (gen_random_uuid(), $2, $3, 1, false, 1, $1) returning id
       )
       insert into waitlist_offers (hold_id, entry_id, event_id, user_id, seats, total_cents, offered_at, until, state)
       select $1, id, $2, $3, '{1}', 0, now(), now() + interval '1 hour', 'live' from entry`,
      [holdId, eventId, user.id],
    );
    return { holdId, until: new Date(Date.now() + 3_600_000).toISOString() };
  };
  const taken = await held(user, 'waitlist-promoted', eventId, await offer());
  await hubs.sql("update waitlist_offers set state = 'accepted', ended_at = now() where event_id = $1", [
    eventId,
  ]);
  await taken.release();
  expect((await untilDelivery(hubs, taken.id, 'dead')).lastError).toBe('the offer is accepted');
  const open = await held(user, 'waitlist-promoted', eventId, await offer());
  await open.release();
  await mailOf(open.id);
});

/** Moves an event. @returns what is told of it */
async function startingAt(eventId: string, inMs: number) {
  const [before, start, end] = [0, inMs, 2 * inMs].map((ms) => new Date(Date.now() + ms).toISOString());
  await hubs.sql('update events set starts_at = $2, ends_at = $3 where id = $1', [eventId, start, end]);
  return { startsAt: start, before, after: start, until: start, leadMinutes: 60 };
}

/** A notification whose mail waits until it is released. */
async function held(user: { id: string }, kind: string, eventId: string, payload: object) {
  server.refuse = () => 'later';
  const id = await notify(hubs, user, kind, eventId, { title: 'An evening', ...payload });
  const release = await putOff(hubs, id);
  server.refuse = () => undefined;
  return { id, release };
}

test('without a server mails of development are files', async () => {
  const folder = await tempFolder();
  const own = await startSending(1, { mail: { folder, from: mailFrom } });
  const user = await own.user();
  const id = await notify(own, user, 'event-cancelled', await own.event());
  await untilDelivery(own, id, 'sent');
  const [file = ''] = readdirSync(folder);
  expect(file).toBe(`${id}_seatcast_example.eml`);
  const mail = await PostalMime.parse(readFileSync(join(folder, file)));
  expect(mail.subject).toBe('Cancelled: Test event');
});

test('without mail at all nothing is kept for it', async () => {
  const own = await startSending(1);
  const user = await own.user();
  const id = await notify(own, user, 'event-cancelled', await own.event());
  await until(async () => {
    const rows = await own.sql("select from outbox where topic = 'notified' and sent_at is null");
    return rows.length === 0;
  }, 'the notification to be planned');
  expect(await deliveriesOf(own, id)).toEqual([]);
});

/** Notifications that have not become deliveries yet. */
async function waitingNotices(): Promise<number> {
  return (await hubs.sql("select from outbox where topic = 'notified' and sent_at is null")).length;
}

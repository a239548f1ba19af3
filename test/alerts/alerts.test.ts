/** Who is told of a start, when, and of which start. */
import { describe, expect, test } from 'vitest';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { book, call, node, organizerOf } from '../channels/support.ts';
import {
  alertsOf,
  eventDueIn,
  found,
  holderOf,
  overdue,
  setLeads,
  statesOf,
  untilStates,
  untilTold,
} from './support.ts';

const hubs = await startTestHubs(2);
const minuteMs = 60_000;

const leadsOf = async (userId: string) =>
  (await found(hubs, userId)).map(({ payload }) => payload.leadMinutes);

/** Resolves once the alerts of an event are planned for these leads. */
const untilPlanned = (eventId: string, leads: number[]) =>
  untilStates(
    hubs,
    eventId,
    leads.map((lead) => [lead, 'waiting']),
  );

describe('who is told', () => {
  test('[ALERT-2] holders are told by their own leads, rooms by those of the event', async () => {
    const eventId = await hubs.event({ startsInMs: 30 * minuteMs });
    await setLeads(hubs, eventId, [20, 10]);
    const early = await holderOf(hubs, eventId, { seat: 0, leads: [20, 15] });
    const late = await holderOf(hubs, eventId, { seat: 1, leads: [15, 1000] });
    const never = await holderOf(hubs, eventId, { seat: 2, leads: [] });
    const watcher = await hubs.connect();
    await watcher.watching(eventId);
    await untilPlanned(eventId, [20, 15, 10]);
    for (const lead of [20, 15, 10]) await overdue(hubs, eventId, lead, 0);
    await untilStates(hubs, eventId, [
      [20, 'sent'],
      [15, 'sent'],
      [10, 'sent'],
    ]);
    await untilTold(hubs);
    expect((await leadsOf(early.id)).toSorted()).toEqual([15, 20]);
    expect(await leadsOf(late.id)).toEqual([15]);
    expect(await leadsOf(never.id)).toEqual([]);
    expect(
      alertsOf(watcher)
        .map(({ leadMinutes }) => leadMinutes)
        .toSorted(),
    ).toEqual([10, 20]);
    expect(alertsOf(late.client).map(({ to, leadMinutes }) => [to, leadMinutes])).toEqual([['holder', 15]]);
  });

  test('[ALERT-2] a lead that nobody wanted any more comes back with whoever wants it', async () => {
    const eventId = await hubs.event({ startsInMs: 120 * minuteMs });
    await setLeads(hubs, eventId, [30]);
    await untilPlanned(eventId, [30]);
    // Its leads by default, 60 and 5 minutes among them, were dropped.
    const buyer = await holderOf(hubs, eventId, { seat: 0, leads: [60] });
    await untilPlanned(eventId, [60, 30]);
    const setOwn = (leadMinutes: number[]) =>
      call(node(hubs), 'me:update', { alerts: { leadMinutes } }, buyer);
    await setOwn([]);
    await setLeads(hubs, eventId, [20]);
    await untilPlanned(eventId, [20]);
    await setOwn([60, 5]);
    await untilPlanned(eventId, [60, 20, 5]);
  });

  test('[ALERT-2] other leads count from when they are set, for tickets that were there before', async () => {
    const eventId = await hubs.event({ startsInMs: 30 * minuteMs });
    await setLeads(hubs, eventId, []);
    const holder = await holderOf(hubs, eventId, { leads: [25] });
    await untilPlanned(eventId, [25]);
    await call(node(hubs), 'me:update', { alerts: { leadMinutes: [10, 1440] } }, holder);
    // A day before is over; what nobody wants any more goes out to nobody.
    await untilPlanned(eventId, [25, 10]);
    await overdue(hubs, eventId, 25, 0);
    await overdue(hubs, eventId, 10, 0);
    await untilStates(hubs, eventId, [
      [25, 'sent'],
      [10, 'sent'],
    ]);
    expect(await leadsOf(holder.id)).toEqual([10]);
  });

  test('[ALERT-2] who wants nothing on sockets finds it listed, a disabled account gets nothing', async () => {
    const eventId = await hubs.event({ startsInMs: 30 * minuteMs });
    await setLeads(hubs, eventId, [20]);
    const quiet = await holderOf(hubs, eventId, { seat: 0, leads: [20] });
    const gone = await holderOf(hubs, eventId, { seat: 1, leads: [20] });
    await call(node(hubs), 'me:update', { alerts: { channels: { socket: false } } }, quiet);
    await hubs.sql('update users set disabled_at = now() where id = $1', [gone.id]);
    await overdue(hubs, eventId, 20, 0);
    await untilStates(hubs, eventId, [[20, 'sent']]);
    await untilTold(hubs);
    expect(await leadsOf(quiet.id)).toEqual([20]);
    expect(alertsOf(quiet.client)).toEqual([]);
    expect(await leadsOf(gone.id)).toEqual([]);
  });

  test('[ALERT-3] who books after a lead has passed, or has cancelled by then, is not told', async () => {
    const eventId = await hubs.event({ startsInMs: 30 * minuteMs });
    await setLeads(hubs, eventId, [20, 10]);
    const early = await holderOf(hubs, eventId, { seat: 0, leads: [20, 10] });
    const fickle = await holderOf(hubs, eventId, { seat: 1, leads: [20, 10] });
    await overdue(hubs, eventId, 20, 0);
    await untilStates(hubs, eventId, [
      [20, 'sent'],
      [10, 'waiting'],
    ]);
    const late = await holderOf(hubs, eventId, { seat: 2, leads: [20, 10] });
    const [booking] = (await fickle.client.request('bookings:list', {})).bookings;
    await fickle.client.request('bookings:cancel', {
      bookingId: booking?.id ?? '',
      requestId: requestId(),
    });
    await untilTold(hubs);
    await overdue(hubs, eventId, 10, 0);
    await untilStates(hubs, eventId, [
      [20, 'sent'],
      [10, 'sent'],
    ]);
    expect(await leadsOf(early.id)).toEqual([20, 10]);
    expect(await leadsOf(fickle.id)).toEqual([20]);
    expect(await leadsOf(late.id)).toEqual([10]);
  });

  test('[ALERT-3] who booked just before an alert that went out without them gets it after all, the others not again', async () => {
    const eventId = await eventDueIn(hubs, 8000);
    const first = await holderOf(hubs, eventId, { seat: 0 });
    await untilStates(hubs, eventId, [[1, 'sent']]);
    // Their booking is a moment older than the alert, and what follows it comes after the alert.
    const second = await holderOf(hubs, eventId, { seat: 1 });
    await untilTold(hubs);
    expect(await leadsOf(second.id)).toEqual([]);
    await hubs.sql(
      `update bookings set created_at = (select due_at from alerts where alerts.event_id = $1) - interval '1 second'
       where event_id = $1`,
      [eventId],
    );
    const [row] = await hubs.sql<{ id: string }>(
      `insert into outbox (topic, key, payload, due_at)
       select 'booking-confirmed', id::text, jsonb_build_object('bookingId', id), now() from bookings where user_id = $1
       returning id`,
      [second.id],
    );
    expect(row).toBeDefined();
    await until(async () => (await leadsOf(second.id)).length > 0, 'the alert');
    await untilStates(hubs, eventId, [[1, 'sent']]);
    await untilTold(hubs);
    expect(await leadsOf(second.id)).toEqual([1]);
    expect(await leadsOf(first.id)).toEqual([1]);
    expect(alertsOf(first.client)).toHaveLength(1);
  });
});

describe('which start', () => {
  test('[ALERT-4] an event that moves in the last second is told at its new time alone', async () => {
    const eventId = await eventDueIn(hubs, 10_000);
    const holder = await holderOf(hubs, eventId);
    const organizer = await organizerOf(hubs, eventId);
    const isNear = "select from alerts where event_id = $1 and due_at < now() + interval '1 second'";
    await until(
      async () => (await hubs.sql(isNear, [eventId])).length > 0,
      'the last second before the alert',
    );
    const [row] = await hubs.sql<{ starts_at: Date }>('select starts_at from events where id = $1', [
      eventId,
    ]);
    const startsAt = new Date((row?.starts_at.getTime() ?? 0) + 2500).toISOString();
    await call(node(hubs), 'events:update', { eventId, startsAt }, organizer);
    await untilStates(hubs, eventId, [[1, 'sent']]);
    await untilTold(hubs);
    const alerts = alertsOf(holder.client).filter(({ to }) => to === 'holder');
    const told = (await found(hubs, holder.id)).map(({ payload }) => payload.startsAt);
    // It may have been sent before the change, for the start it had; never for that start afterwards.
    const dropped = await hubs.sql("select from alerts where event_id = $1 and state = 'dropped'", [eventId]);
    expect(told.filter((start) => start === startsAt)).toHaveLength(1);
    expect(told).toHaveLength(dropped.length === 1 ? 1 : 2);
    expect(alerts.map((alert) => alert.startsAt)).toEqual(told);
  });

  test('[ALERT-4] moved, and back: what waits is for the start it has now, what was sent is not sent again', async () => {
    const eventId = await hubs.event({ startsInMs: 90 * minuteMs });
    await setLeads(hubs, eventId, [60, 5]);
    const holder = await holderOf(hubs, eventId, { leads: [60, 5] });
    const organizer = await organizerOf(hubs, eventId);
    const [row] = await hubs.sql<{ starts_at: Date }>('select starts_at from events where id = $1', [
      eventId,
    ]);
    const start = row?.starts_at.getTime() ?? 0;
    await overdue(hubs, eventId, 60, 0);
    await untilStates(hubs, eventId, [
      [60, 'sent'],
      [5, 'waiting'],
    ]);
    const move = (to: number) =>
      call(node(hubs), 'events:update', { eventId, startsAt: new Date(to).toISOString() }, organizer);
    // So that a day before is over, but an hour is not.
    await move(start + 30 * minuteMs);
    expect(await statesOf(hubs, eventId)).toEqual([
      [60, 'waiting'],
      [5, 'waiting'],
    ]);
    await move(start);
    expect(await statesOf(hubs, eventId)).toEqual([
      [60, 'sent'],
      [5, 'waiting'],
    ]);
    const waiting = await hubs.sql("select from alerts where event_id = $1 and state = 'waiting'", [eventId]);
    expect(waiting).toHaveLength(1);
    // A start so near that the lead has passed: there is none.
    await move(Date.now() + 3 * minuteMs);
    expect(await statesOf(hubs, eventId)).toEqual([]);
    expect(await leadsOf(holder.id)).toEqual([60]);
  });

  test('[ALERT-4] a draft and a cancelled event have no alerts; leads can be changed while it is on sale', async () => {
    const draft = await hubs.event({ publish: false, startsInMs: 90 * minuteMs });
    expect(await statesOf(hubs, draft)).toEqual([]);
    const organizer = await organizerOf(hubs, draft);
    const set = await call(node(hubs), 'events:update', { eventId: draft, alertLeads: [10, 60] }, organizer);
    expect(set.alertLeads).toEqual([60, 10]);
    await call(node(hubs), 'events:publish', { eventId: draft }, organizer);
    await untilPlanned(draft, [60, 10]);
    await call(node(hubs, 1), 'events:update', { eventId: draft, alertLeads: [30] }, organizer);
    expect(await statesOf(hubs, draft)).toEqual([[30, 'waiting']]);
    await call(node(hubs, 1), 'events:update', { eventId: draft, alertLeads: [60, 30] }, organizer);
    const watcher = await hubs.connect();
    await watcher.watching(draft);
    await overdue(hubs, draft, 60, 0);
    await untilStates(hubs, draft, [
      [60, 'sent'],
      [30, 'waiting'],
    ]);
    await call(node(hubs), 'events:cancel', { eventId: draft }, organizer);
    expect(await statesOf(hubs, draft)).toEqual([[60, 'sent']]);
    await untilTold(hubs);
    expect(alertsOf(watcher).map(({ leadMinutes }) => leadMinutes)).toEqual([60]);
  });

  test('[NOTE-4] holders of a cancelled event are told that, and not of each booking', async () => {
    const eventId = await hubs.event({ startsInMs: 90 * minuteMs });
    const holder = await holderOf(hubs, eventId, { seat: 0 });
    await book(holder.client, eventId, [1]);
    const fickle = await holderOf(hubs, eventId, { seat: 2 });
    const [booking] = (await fickle.client.request('bookings:list', {})).bookings;
    await fickle.client.request('bookings:cancel', { bookingId: booking?.id ?? '', requestId: requestId() });
    await untilTold(hubs);
    const organizer = await organizerOf(hubs, eventId);
    await call(node(hubs), 'events:cancel', { eventId, reason: 'Rain' }, organizer);
    await untilTold(hubs);
    const kindsOf = async (userId: string) =>
      (
        await hubs.sql<{ kind: string }>('select kind from notifications where user_id = $1 order by id', [
          userId,
        ])
      ).map(({ kind }) => kind);
    expect(await kindsOf(holder.id)).toEqual(['booking-confirmed', 'booking-confirmed', 'event-cancelled']);
    // Two nodes may have told of the two at once.
    expect((await kindsOf(fickle.id)).toSorted()).toEqual(['booking-cancelled', 'booking-confirmed']);
    const [notified] = await found(hubs, holder.id, 'event-cancelled');
    expect(notified?.payload).toMatchObject({ title: 'Test event', reason: 'Rain' });
  });
});

describe('what comes late', () => {
  test('[ALERT-5] later than half the lead: rooms are left alone, holders find it as late', async () => {
    const eventId = await hubs.event({ startsInMs: 30 * minuteMs });
    await setLeads(hubs, eventId, [20, 10]);
    const holder = await holderOf(hubs, eventId, { leads: [20, 10] });
    const watcher = await hubs.connect();
    await watcher.watching(eventId);
    await untilTold(hubs);
    await hubs.sql("update bookings set created_at = created_at - interval '1 hour' where event_id = $1", [
      eventId,
    ]);
    await overdue(hubs, eventId, 20, 11 * minuteMs);
    await overdue(hubs, eventId, 10, 4 * minuteMs);
    await untilStates(hubs, eventId, [
      [20, 'missed'],
      [10, 'sent'],
    ]);
    await untilTold(hubs);
    expect(alertsOf(watcher).map(({ leadMinutes, late }) => [leadMinutes, late])).toEqual([[10, false]]);
    const told = alertsOf(holder.client).map(({ leadMinutes, late }) => [leadMinutes, late]);
    expect(told.toSorted()).toEqual([
      [10, false],
      [20, true],
    ]);
    const listed = (await found(hubs, holder.id)).map(({ payload }) => [payload.leadMinutes, payload.late]);
    expect(listed.toSorted()).toEqual(told.toSorted());
  });

  test('[ALERT-5] once the event has begun nobody is told any more', async () => {
    const eventId = await eventDueIn(hubs, 20_000);
    const holder = await holderOf(hubs, eventId);
    await untilTold(hubs);
    // Without the triggers: time passes in silence.
    await hubs.sql(
      `with moved as (update alerts set starts_at = now() - interval '1 second', due_at = now() - interval '1 minute'
         where event_id = $1 returning starts_at)
       select from moved`,
      [eventId],
    );
    await untilBegun(eventId);
    await untilTold(hubs);
    expect(await leadsOf(holder.id)).toEqual([]);
  });
});

/** The event begins where its alert says, behind the back of what plans alerts. */
async function untilBegun(eventId: string): Promise<void> {
  const rows = await hubs.sql<{ state: string }>('select state from alerts where event_id = $1', [eventId]);
  expect(rows).toHaveLength(1);
  await until(async () => {
    const [row] = await hubs.sql<{ state: string }>('select state from alerts where event_id = $1', [
      eventId,
    ]);
    return row?.state !== 'waiting';
  }, 'the alert to be judged');
}

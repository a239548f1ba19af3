/** The page of one's bookings in a real browser: what is to come first, what is over or cancelled after it. */
import { afterAll, describe, expect, test } from 'vitest';
import { book, call, node, organizerOf } from '../channels/support.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { isThere, launch } from './browser.ts';
import { newPage, signInAs } from './waiting-room.ts';

describe.runIf(isThere)('one’s bookings', async () => {
  const hubs = await startTestHubs(1);
  const browser = await launch();
  afterAll(() => browser.close());

  async function eventNamed(title: string): Promise<string> {
    const eventId = await hubs.event();
    await hubs.sql('update events set title = $2 where id = $1', [eventId, title]);
    await node(hubs).engine.eventChanged(eventId);
    return eventId;
  }

  test('are in three lists, each a page at a time', async () => {
    const [far, near, past] = [
      await eventNamed('Far'),
      await eventNamed('Near'),
      await eventNamed('Long over'),
    ];
    const user = await hubs.user();
    const client = await hubs.connect(user);
    await book(client, near, [0]);
    await book(client, past, [0]);
    await book(client, far, [0]);
    for (let seat = 1; seat <= 7; seat++) {
      const { id: bookingId } = await book(client, far, [seat]);
      await client.request('bookings:cancel', { bookingId, requestId: requestId() });
    }
    for (const [eventId, days] of [
      [far, 9],
      [near, 1],
      [past, -2],
    ] as const) {
      await hubs.sql(
        `update events set starts_at = now() + $2 * interval '1 day', ends_at = now() + ($2 + 0.1) * interval '1 day' where id = $1`,
        [eventId, days],
      );
      await node(hubs).engine.eventChanged(eventId);
    }
    const { url } = node(hubs);
    const { page, errors } = await newPage(browser);
    await signInAs(page, url, user);
    await page.goto(`${url}/bookings`);
    await page.locator('[data-loaded=true]').waitFor();
    const titles = (id: string) => page.locator(`#${id} h3`).allInnerTexts();
    expect(await titles('booked')).toEqual(['Near', 'Far']);
    expect(await titles('past')).toEqual(['Long over']);
    expect(await titles('cancelled')).toHaveLength(6);
    expect(await page.locator('#booked .button, #past .button').filter({ visible: true }).count()).toBe(0);
    await page.locator('#cancelled .button').click();
    await page.locator('#cancelled .own-card').nth(6).waitFor();
    expect(await page.locator('#cancelled .button').isVisible()).toBe(false);

    // What is cancelled now goes down there, by when it was booked; what was shown stays shown.
    const { bookings } = await client.request('bookings:list', { eventId: near });
    const [nearest] = bookings;
    if (!nearest) throw new Error('nothing booked');
    await client.request('bookings:cancel', { bookingId: nearest.id, requestId: requestId() });
    await page.locator(`#booked [data-booking="${nearest.id}"]`).waitFor({ state: 'detached' });
    expect(await titles('booked')).toEqual(['Far']);
    expect(await titles('cancelled')).toHaveLength(7);
    await page.locator('#cancelled .button').click();
    await page.locator(`#cancelled [data-booking="${nearest.id}"]`).waitFor();
    expect(errors).toEqual([]);
  }, 60_000);

  test('say who has cancelled, where it was, and lead to the page of the event', async () => {
    const [given, event, taken, kept] = [
      await eventNamed('Given back'),
      await eventNamed('Off'),
      await eventNamed('Taken back'),
      await eventNamed('Kept'),
    ];
    await hubs.sql("update events set venue = 'Studio 4' where id = any($1)", [[given, event, taken, kept]]);
    for (const eventId of [given, event, taken, kept]) await node(hubs).engine.eventChanged(eventId);
    const user = await hubs.user();
    const client = await hubs.connect(user);
    await book(client, kept, [0]);
    await book(client, event, [0]);
    const { id: mine } = await book(client, given, [0]);
    const { id: theirs } = await book(client, taken, [0]);
    // Whoever has given a booking back has done so, whatever becomes of the event.
    await client.request('bookings:cancel', { bookingId: mine, requestId: requestId() });
    const organizer = await organizerOf(hubs, event);
    for (const eventId of [event, given])
      await call(node(hubs), 'events:cancel', { eventId, reason: 'ill' }, organizer);
    await call(node(hubs), 'bookings:cancel', { bookingId: theirs, requestId: requestId() }, organizer);
    const { url } = node(hubs);
    const { page, errors } = await newPage(browser);
    await signInAs(page, url, user);
    await page.goto(`${url}/bookings`);
    const card = (title: string) => page.locator('.own-card', { hasText: title });
    for (const [title, words] of [
      ['Given back', 'Cancelled by you'],
      ['Off', 'Cancelled by the organizer'],
      ['Taken back', 'Cancelled by the organizer'],
      ['Kept', 'Booked'],
    ] as const)
      await card(title).locator('.tag', { hasText: words }).waitFor();
    expect(await card('Kept').locator('.own-where').textContent()).toBe('Studio 4');
    expect(await card('Off').locator('h3 a').getAttribute('href')).toBe(`/events/${event}`);
    expect(errors).toEqual([]);
  }, 60_000);

  test('of a session that has ended are not shown any more, and it says so', async () => {
    const user = await hubs.user();
    await book(await hubs.connect(user), await eventNamed('Hidden'), [0]);
    const { url } = node(hubs);
    const { page } = await newPage(browser);
    await signInAs(page, url, user);
    await page.goto(`${url}/bookings`);
    await page.locator('.own-card').waitFor();
    await call(node(hubs), 'auth:logout', {}, user);
    await page.locator('.toast').waitFor();
    await page.locator('#note button', { hasText: 'Sign in' }).waitFor();
    expect(await page.locator('.own-card').filter({ visible: true }).count()).toBe(0);
    expect(await page.evaluate(() => localStorage.getItem('seatcast.session'))).toBeNull();
  }, 60_000);

  test('show the new time of an event as soon as it is moved', async () => {
    const eventId = await eventNamed('Moved');
    const user = await hubs.user();
    await book(await hubs.connect(user), eventId, [0]);
    const { url } = node(hubs);
    const { page, errors } = await newPage(browser);
    await signInAs(page, url, user);
    await page.goto(`${url}/bookings`);
    const card = page.locator('#booked .own-card', { hasText: 'Moved' });
    await card.waitFor();
    const startsAt = '2031-03-04T19:00:00Z';
    await call(
      node(hubs),
      'events:update',
      { eventId, startsAt, endsAt: '2031-03-04T21:00:00Z' },
      await organizerOf(hubs, eventId),
    );
    await card.filter({ hasText: '4 March 2031' }).waitFor({ timeout: 20_000 });
    expect(errors).toEqual([]);
  }, 60_000);
});

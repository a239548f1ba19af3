/** The bell in the header, in a real browser and on two nodes. */
import { afterAll, describe, expect, test } from 'vitest';
import type { Notification } from '../../src/contracts.gen.ts';
import { ownZone } from '../../src/pages/format.ts';
import { momentText } from '../../src/pages/kiosk-words.ts';
import { ago, notificationWords } from '../../src/pages/notification-words.ts';
import { call, node, organizerOf } from '../channels/support.ts';
import { untilListed } from '../channels/notifications/support.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { isThere, launch } from './browser.ts';
import { isToastShown, newPage, signInAs, soldOutEvent } from './waiting-room.ts';

describe.runIf(isThere)('the bell', async () => {
  const hubs = await startTestHubs(2);
  const browser = await launch();
  afterAll(() => browser.close());

  test('a booking counts, the list marks it as read on every page, a move is announced', async () => {
    const eventId = await hubs.event();
    const signedIn = await call(node(hubs), 'auth:register', {
      email: 'bell@example.com',
      password: 'a long enough password',
      name: 'Ada',
    });
    const reader = { id: signedIn.user.id, token: signedIn.token };
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const errors: string[] = [];
    const open = async (url: string) => {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on('pageerror', (error) => errors.push(error.message));
      await page.addInitScript(
        (kept) => localStorage.setItem('seatcast.session', kept),
        JSON.stringify(signedIn),
      );
      await page.goto(url);
      await page.locator('#bell').waitFor();
      return page;
    };
    const front = await open(node(hubs).url);
    const event = await open(`${node(hubs, 1).url}/events/${eventId}`);
    await front.locator('[data-connection=connected]').waitFor();
    await event.locator('[data-fresh=true]').waitFor();
    expect(await front.locator('.bell-count').isVisible()).toBe(false);

    await call(node(hubs), 'bookings:book', { eventId, seats: [1, 2], requestId: requestId() }, reader);
    for (const page of [front, event]) await page.locator('.bell-count', { hasText: '1' }).waitFor();
    await untilListed(hubs, reader, 1);
    await front.locator('#bell').click();
    await front.locator('.bell-item', { hasText: 'You booked Test event' }).waitFor();
    if (process.env.SCREENSHOTS) await front.screenshot({ path: `${process.env.SCREENSHOTS}/bell.png` });
    for (const page of [front, event]) await page.locator('.bell-count').waitFor({ state: 'hidden' });
    await front.keyboard.press('Escape');
    expect(await front.locator('#notifications').isVisible()).toBe(false);

    const startsAt = new Date(Date.now() + 90_000_000).toISOString();
    const endsAt = new Date(Date.now() + 95_000_000).toISOString();
    await call(node(hubs), 'events:update', { eventId, startsAt, endsAt }, await organizerOf(hubs, eventId));
    await event.locator('.toast', { hasText: 'has another time' }).waitFor();
    await event.locator('.bell-count', { hasText: '1' }).waitFor();
    // So does every other page that has a header.
    for (const path of ['/bookings', '/waitlist', '/analytics']) {
      const page = await open(`${node(hubs).url}${path}`);
      await page.locator('.bell-count', { hasText: '1' }).waitFor();
      await page.close();
    }
    await event.locator('#bell').click();
    await event.locator('.bell-item[data-kind=warn]').waitFor();
    if (process.env.SCREENSHOTS)
      await event.screenshot({ path: `${process.env.SCREENSHOTS}/bell-event.png` });
    await front.locator('#sign-out-button').click();
    await front.locator('#bell').waitFor({ state: 'hidden' });
    expect(errors).toEqual([]);
  }, 120_000);

  test('what it says of an offer goes with the offer', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs, { offerMs: 1500 });
    const user = await hubs.user();
    const { page } = await newPage(browser);
    await signInAs(page, node(hubs).url, user);
    await page.goto(node(hubs).url);
    await page.locator('[data-connection=connected]').waitFor();
    const client = await hubs.connect(user, 1);
    await client.request('waitlist:join', { eventId, quantity: 1, requestId: requestId() });
    const promoted = client.next('waitlist:promoted', () => true, 90_000);
    const expired = client.next('waitlist:offer-expired', () => true, 90_000);
    await cancel([0]);
    const { holdId } = (await promoted).offer;
    expect(await isToastShown(page, holdId)).toBe(true);
    await expired;
    await until(async () => !(await isToastShown(page, holdId)), 'the page to hear of it');
  }, 120_000);

  test('an offer is told of on a machine that is ahead by more than it has left', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs, { offerMs: 60_000 });
    const user = await hubs.user();
    const { page } = await newPage(browser);
    await page.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 600_000;
    });
    await signInAs(page, node(hubs).url, user);
    await page.goto(node(hubs).url);
    await page.locator('[data-connection=connected]').waitFor();
    const client = await hubs.connect(user, 1);
    await client.request('waitlist:join', { eventId, quantity: 1, requestId: requestId() });
    await cancel([0]);
    await page.locator('.toast', { hasText: 'There are seats for you' }).waitFor();
    expect(await page.locator('#announcer').textContent()).toContain('There are seats for you');
    await page.context().close();
  }, 120_000);
});

test('every kind has its words, with and without what they could name', () => {
  const kinds: Notification['kind'][] = [
    'starting-soon',
    'event-rescheduled',
    'event-cancelled',
    'booking-confirmed',
    'booking-cancelled',
    'waitlist-promoted',
    'waitlist-offer-expired',
    'waitlist-closed',
  ];
  const common = { id: 'x', eventId: null, createdAt: '2030-01-01T10:00:00.000Z', readAt: null };
  for (const kind of kinds) {
    expect(notificationWords({ ...common, kind, payload: { title: 'Hamlet' } }).title).toContain('Hamlet');
    expect(notificationWords({ ...common, kind, payload: {} }).title).not.toContain('undefined');
  }
  const booked = { title: 'Hamlet', seats: 2, totalCents: 5000, currency: 'EUR' };
  const words = notificationWords({ ...common, kind: 'booking-confirmed', payload: booked });
  expect(words).toEqual({ title: 'You booked Hamlet', text: '2 seats for €50.00', kind: 'good' });
  const bookingId = '01a1fe19-7ec8-7490-86ad-376e6b3b90e4';
  const numbered = { ...booked, bookingId };
  expect(notificationWords({ ...common, kind: 'booking-confirmed', payload: numbered }).text).toBe(
    '2 seats for €50.00 · booking 6B3B-90E4',
  );
  expect(
    notificationWords({ ...common, kind: 'booking-cancelled', payload: { seats: 1, bookingId } }).text,
  ).toBe('1 seat · booking 6B3B-90E4');
});

test('an offer says where the seats are, what they cost and until when, as far as that is known', () => {
  const now = Date.parse('2030-01-01T10:00:00.000Z');
  const words = (payload: Notification['payload']) =>
    notificationWords({ kind: 'waitlist-promoted', payload }, now).text;
  const until = '2030-01-01T10:15:00.000Z';
  const time = momentText(Date.parse(until), ownZone(), now);
  expect(time).toMatch(/^\d\d:15$/);
  const offer = { places: 'Stalls · row C, seats 4–5', totalCents: 5000, currency: 'EUR', until };
  expect(words(offer)).toBe(`Stalls · row C, seats 4–5 · €50.00 · until ${time}`);
  expect(words({ until })).toBe(`until ${time}`);
  expect(words({})).toBe('take them before the offer ends');
});

test.each([
  [0, 'now'],
  [59_000, 'now'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 day'],
  [-5000, 'now'],
])('%s ms ago: %s', (ms, text) => {
  const now = Date.parse('2030-01-01T10:00:00.000Z');
  expect(ago(new Date(now - ms).toISOString(), now)).toBe(text);
});

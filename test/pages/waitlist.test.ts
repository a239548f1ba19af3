/** Waiting, in browsers on two nodes: joining, places that move, offers that are taken, declined and run out. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestId } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { isThere, launch, loaded, openEvent, openRow, signUp, stateOf } from './browser.ts';
import { isToastShown, newPage, pressTwice, signInAs, soldOutEvent, waiterAt } from './waiting-room.ts';

const place = (page: Page, words: string | RegExp) =>
  page.locator('.wait-place', { hasText: words }).waitFor({ timeout: 20_000 });

async function join(page: Page, quantity: number, category = ''): Promise<void> {
  const details = page.locator('#waitlist-join');
  await details.waitFor();
  if ((await details.getAttribute('open')) === null) await details.locator('summary').click();
  await page.locator('#waitlist-join [name=quantity]').selectOption(`${quantity}`);
  await page.locator('#waitlist-join [name=category]').selectOption(category);
  await page.locator('#waitlist-join [data-act=join]').click();
}

describe.skipIf(!isThere)('the waitlist in a browser', async () => {
  const proxy: TcpProxy = await startProxy(() => hubs.nodes[0]?.port ?? 0);
  const hubs = await startTestHubs(2);
  const [first = '', second = ''] = hubs.nodes.map((hub) => hub.url.replace('127.0.0.1', 'localhost'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
    for (const hub of hubs.nodes) hub.allowOrigin(proxy.url);
  }, 60_000);
  afterAll(() => browser?.close());

  /** The page of an event on the second node, with somebody signed in. */
  async function openAs(eventId: string, url = second) {
    const { page, errors } = await newPage(browser);
    const user = await hubs.user();
    await signInAs(page, url, user);
    await page.goto(`${url}/events/${eventId}`);
    await loaded(page);
    return { page, errors, user };
  }

  test('[WAIT-7] [WAIT-13] whoever joins signs in first, sees the place move, and books what is offered when somebody else cancels', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs);
    const ahead = await waiterAt(hubs, eventId, { quantity: 1 });
    const { page, errors } = await openEvent(browser, `${second}/events/${eventId}`);
    const viewer = await openEvent(browser, `${first}/events/${eventId}`);

    await join(page, 2);
    await page.locator('#sign-in', { hasText: 'wait for 2 seats' }).waitFor();
    await page.locator('#sign-in .dialog-close').click();
    await signUp(page);
    await join(page, 2);
    await place(page, '2 of 2 in line');
    await ahead.client.request('waitlist:leave', {
      eventId,
      entryId: ahead.entryId,
      requestId: requestId(),
    });
    await place(page, 'next in line');
    await page.reload();
    await place(page, 'next in line');

    await openRow(viewer.page);
    await cancel([2, 3]);
    await page.locator('#offer [data-act=accept]').waitFor();
    expect(await page.title()).toMatch(/^2 seats for you/);
    expect(await page.locator('#offer [data-offered-seat]').count()).toBe(2);
    expect(await page.locator('#offer [data-act=accept]').innerText()).toContain('90.00');
    await openRow(page);
    await stateOf(page, 2, 'offered');
    await stateOf(viewer.page, 2, 'held');

    await page.reload();
    await loaded(page);
    await page.locator('#offer [data-act=accept]').click();
    await page.locator('[data-cart-seat="3"]').waitFor();
    await page.locator('#offer').waitFor({ state: 'hidden' });
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-act') === 'confirm');
    await page.locator('[data-act=confirm]').click();
    await page.locator('#booked').waitFor();
    await stateOf(viewer.page, 2, 'sold');
    expect(await page.locator('.wait').count()).toBe(0);
    expect([...errors, ...viewer.errors]).toEqual([]);
  }, 120_000);

  test('[WAIT-6] what is declined goes to the next, and the page says so', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs);
    const { page, errors } = await openAs(eventId);
    await join(page, 1, 'Balcony');
    await place(page, 'next in line');
    const next = await waiterAt(hubs, eventId, { quantity: 1, category: 'Balcony' });
    await cancel([7]);
    await page.locator('#offer [data-act=decline]').waitFor();
    const told = page.locator('.toast', { hasText: 'There are seats for you' });
    const holdId = (await told.getAttribute('data-about')) ?? '';
    const promoted = next.client.next('waitlist:promoted', () => true, 90_000);
    await pressTwice(page, '#offer [data-act=decline]', '#offer');
    expect(await isToastShown(page, holdId)).toBe(false);
    expect((await promoted).offer.seats).toMatchObject([{ seat: 7 }]);
    await page.locator('#waitlist-news', { hasText: 'You let 1 seat go.' }).waitFor();
    await page.locator('.wait-missed', { hasText: 'One offer has gone by' }).waitFor();
    await page.locator('#waitlist-news .icon-button').click();
    await page.locator('#waitlist-news').waitFor({ state: 'hidden' });

    await pressTwice(page, '.wait [data-act=leave]', '.wait');
    await page.reload();
    await page.locator('#waitlist-join').waitFor();
    expect(await page.locator('.wait').count()).toBe(0);
    expect(errors).toEqual([]);
  }, 120_000);

  test('[WAIT-6] an offer that runs out is told, and the third one ends the wait, also for whoever comes back later', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs, { offerMs: 1500 });
    const { page, errors } = await openAs(eventId);
    await join(page, 1);
    await place(page, 'next in line');
    await cancel([0]);
    await page.locator('#offer [data-act=accept]').waitFor();
    await page.locator('#waitlist-news', { hasText: 'ran out' }).waitFor({ timeout: 30_000 });
    // What was let go is not offered to the same at once, so other seats have to come free.
    await cancel([1]);
    await page.locator('.wait-missed', { hasText: 'The next one is your last' }).waitFor({ timeout: 30_000 });
    await cancel([2]);
    await page.locator('#waitlist-news', { hasText: '3 offers have gone by' }).waitFor({ timeout: 30_000 });
    await page.locator('.wait').waitFor({ state: 'detached' });
    expect(await page.locator('#offer').isVisible()).toBe(false);
    await page.reload();
    await page.locator('#waitlist-news', { hasText: 'You wait no longer for 1 seat' }).waitFor();
    expect(errors).toEqual([]);
  }, 120_000);

  test('an offer that was made while the connection was lost is there when it is back', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs);
    const { page } = await openAs(eventId, proxy.url);
    await join(page, 1);
    await place(page, 'next in line');
    proxy.cut();
    await page.locator('#banner').waitFor();
    await cancel([5]);
    proxy.mend();
    await page.locator('#offer [data-offered-seat="5"]').waitFor({ timeout: 20_000 });
  }, 120_000);

  test('[WAIT-12] where seats are left, it is told which are free instead of waiting', async () => {
    const { eventId } = await soldOutEvent(hubs, {}, [0, 1, 2, 3, 4, 5]);
    const { page } = await openAs(eventId);
    await page.locator('#waitlist-join summary', { hasText: 'Stalls is sold out' }).click();
    expect(await page.locator('#waitlist-join [name=category]').inputValue()).toBe('Stalls');
    await page.locator('#waitlist-join [name=category]').selectOption('Balcony');
    await page.locator('#waitlist-join .hint', { hasText: 'free right now' }).waitFor();
    await page.locator('#waitlist-join [data-act=join]').click();
    await page.locator('.toast', { hasText: 'free right now: pick' }).waitFor();
    expect(await page.locator('.wait').count()).toBe(0);
  }, 120_000);

  test('[WAIT-2] organizers see who waits, in order, and put somebody first; others see nobody', async () => {
    const { eventId, organizer } = await soldOutEvent(hubs);
    await waiterAt(hubs, eventId, { quantity: 2, category: 'Stalls', together: true }, 'Ines Vermeer');
    const late = await waiterAt(hubs, eventId, { quantity: 3 }, 'Tom Okafor');
    const { page, errors } = await newPage(browser);
    await signInAs(page, first, organizer, 'organizer');
    await page.goto(`${first}/waitlist?event=${eventId}`);
    const names = () => page.locator('.waitlist-table .who').allInnerTexts();
    await expect.poll(names, { timeout: 20_000 }).toEqual(['Ines Vermeer', 'Tom Okafor']);
    expect(await page.locator('[data-category=Stalls] b').innerText()).toBe('2 seats');
    const moved = late.client.next('waitlist:moved', ({ position }) => position === 1, 90_000);
    await pressTwice(
      page,
      `[data-entry="${late.entryId}"] [data-act=promote]`,
      `[data-entry="${late.entryId}"] [data-act=promote]`,
    );
    await expect.poll(names, { timeout: 20_000 }).toEqual(['Tom Okafor', 'Ines Vermeer']);
    await moved;
    await late.client.request('waitlist:leave', { eventId, entryId: late.entryId, requestId: requestId() });
    await expect.poll(names, { timeout: 20_000 }).toEqual(['Ines Vermeer']);
    await page.locator('.segments button', { hasText: 'Ended' }).click();
    await page.locator('.waitlist-table .tag', { hasText: 'Left' }).waitFor();
    expect(errors).toEqual([]);

    const buyer = await newPage(browser);
    await signInAs(buyer.page, first, await hubs.user());
    await buyer.page.goto(`${first}/waitlist?event=${eventId}`);
    await buyer.page.locator('#board', { hasText: 'not an organizer' }).waitFor();
  }, 120_000);

  test('the page of one’s bookings shows where one waits, and an offer as it comes', async () => {
    const { eventId, cancel } = await soldOutEvent(hubs);
    const { page, user, errors } = await openAs(eventId);
    await join(page, 1);
    await place(page, 'next in line');
    await page.goto(`${second}/bookings`);
    const card = page.locator('#waiting .own-card', { hasText: 'Nightfall Quartet' });
    await card.locator('.own-place', { hasText: 'next in line' }).waitFor();
    await cancel([4]);
    await card.locator('.own-offer', { hasText: '1 seat for you' }).waitFor();
    const client = await hubs.connect(user);
    const { entries } = await client.request('waitlist:mine', { eventId });
    const holdId = entries[0]?.offer?.holdId ?? '';
    await client.command('waitlist:accept', { eventId, holdId });
    await client.confirm(eventId, holdId);
    await page.locator('#booked .own-card', { hasText: 'Row 1' }).waitFor();
    await page.locator('#waiting').waitFor({ state: 'hidden' });
    expect(errors).toEqual([]);
  }, 120_000);
});

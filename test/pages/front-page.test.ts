/** The front page in a real browser: what is on, searched and narrowed down. */
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { call, nobody, node } from '../channels/support.ts';
import { organizerIn } from '../events/support.ts';
import { startTestHubs } from '../support/hub.ts';
import { isThere, launch } from './browser.ts';

describe.runIf(isThere)('the front page', async () => {
  const hubs = await startTestHubs(1);
  const organizer = await organizerIn(hubs);
  const browser = await launch();
  afterAll(() => browser.close());
  const dayMs = 86_400_000;
  const inDays = (days: number) => ({
    startsAt: new Date(Date.now() + days * dayMs).toISOString(),
    endsAt: new Date(Date.now() + days * dayMs + 7_200_000).toISOString(),
  });
  await organizer.published({ title: 'The Cherry Orchard', venue: 'Studio', ...inDays(2) });
  await organizer.published({ title: 'Swing night', prices: { Stalls: 900 }, ...inDays(20) });
  await organizer.published({ title: 'Open air', sellMode: 'offline', ...inDays(200) });

  async function open(path = '/', width = 1280) {
    const page = await (await browser.newContext({ viewport: { width, height: 800 } })).newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${node(hubs).url}${path}`);
    await page.locator('.event-card').first().waitFor();
    const shows = (...titles: string[]) =>
      page.waitForFunction(
        (expected) =>
          [...document.querySelectorAll('.event-card h2')].map((h) => h.textContent).join() === expected,
        titles.join(),
      );
    return { page, errors, shows };
  }

  /** A minute later. */
  const comeBack = (page: Page) =>
    page.evaluate(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 60_000;
      document.dispatchEvent(new Event('visibilitychange'));
    });

  test('words, times, free seats and orders narrow it down, and the address keeps them', async () => {
    const { page, errors, shows } = await open();
    await shows('The Cherry Orchard', 'Swing night', 'Open air');
    await page.locator('#words').fill('orchard');
    await shows('The Cherry Orchard');
    expect(new URL(page.url()).search).toBe('?q=orchard');
    await page.locator('#clear').click();
    await shows('The Cherry Orchard', 'Swing night', 'Open air');
    await page.locator('[data-when=month]').click();
    await shows('The Cherry Orchard', 'Swing night');
    await page.locator('#order').selectOption('price');
    await shows('Swing night', 'The Cherry Orchard');
    await page.locator('[data-when=""]').click();
    await page.locator('#free').click();
    await shows('Swing night', 'The Cherry Orchard');
    await page.locator('#words').fill('nothing of that kind');
    await page.locator('.nothing .button').click();
    await shows('Swing night', 'The Cherry Orchard', 'Open air');
    expect(errors).toEqual([]);
  });

  test('who comes with such an address sees the same', async () => {
    const { page, shows } = await open('/?q=swing&when=month');
    await shows('Swing night');
    expect(await page.locator('#words').inputValue()).toBe('swing');
    expect(await page.locator('[data-when=month]').getAttribute('aria-pressed')).toBe('true');
  });

  test('an event that is moved is at its new time and place in the list, and what has not changed keeps the focus', async () => {
    const { page, errors, shows } = await open();
    await shows('The Cherry Orchard', 'Swing night', 'Open air');
    await page.locator('[data-connection=connected]').waitFor();
    const [row] = await hubs.sql<{ id: string }>("select id from events where title = 'The Cherry Orchard'");
    const eventId = row?.id ?? '';
    const card = page.locator(`[data-event="${eventId}"]`);
    await card.locator('[data-fresh=true]').waitFor();
    await page.locator('.event-card', { hasText: 'Swing night' }).focus();
    await call(node(hubs), 'events:update', { eventId, ...inDays(40) }, organizer.user);
    await shows('Swing night', 'The Cherry Orchard', 'Open air');
    expect(await page.evaluate(() => document.activeElement?.querySelector('h2')?.textContent)).toBe(
      'Swing night',
    );
    expect(await card.locator('time').getAttribute('datetime')).toContain(inDays(40).startsAt.slice(0, 10));
    // The card itself is another one now, and keeps the keyboard all the same.
    await card.focus();
    await call(node(hubs), 'events:update', { eventId, ...inDays(41) }, organizer.user);
    await page.locator(`time[datetime^="${inDays(41).startsAt.slice(0, 10)}"]`).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-event'))).toBe(eventId);
    // Nobody is told of what is new: it is there for whoever comes back.
    await organizer.published({ title: 'Matinee', ...inDays(5) });
    await comeBack(page);
    await shows('Matinee', 'Swing night', 'The Cherry Orchard', 'Open air');
    await call(node(hubs), 'events:cancel', { eventId, reason: 'ill' }, organizer.user);
    await shows('Matinee', 'Swing night', 'Open air');
    expect(errors).toEqual([]);
  }, 60_000);

  test('a list that is empty, and could not be read anew, is read when one comes back', async () => {
    const { page } = await open();
    await page.locator('#words').fill('of no such event');
    await page.locator('.nothing .button').waitFor();
    const answer = (status: number) =>
      page.waitForResponse(
        (response) => response.url().includes('/api/v1/events?') && response.status() === status,
      );
    await page.route('**/api/v1/events?*', (route) => route.fulfill({ status: 503, body: '' }), { times: 1 });
    const refused = answer(503);
    await comeBack(page);
    await refused;
    const read = answer(200);
    await comeBack(page);
    await read;
    await page.locator('#events:not([aria-busy])').waitFor();
  });

  test.each(['of-no-such-form', nobody])('the page of an event that is none says so: %s', async (id) => {
    const page = await (await browser.newContext()).newPage();
    const answer = await page.goto(`${node(hubs).url}/events/${id}`);
    expect(answer?.status()).toBe(404);
    await page.locator('h1', { hasText: 'There is no such event.' }).waitFor();
    await page.locator('.page-error a', { hasText: 'All events' }).click();
    await page.locator('.event-card').first().waitFor();
  });

  test('it fits a narrow screen', async () => {
    const { page } = await open('/', 360);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider).toBeLessThanOrEqual(0);
  });
});

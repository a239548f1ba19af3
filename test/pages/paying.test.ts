/** Paying and giving back, in a browser, with another window that looks on from another node. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../src/demo/demo.ts';
import { startTestHubs } from '../support/hub.ts';
import { isThere, launch, loaded, openEvent, openRow, signUp, stateOf } from './browser.ts';

const patience = { timeout: 20_000 };

describe.skipIf(!isThere)('paying on the page', async () => {
  const hubs = await startTestHubs(2);
  const [first, second] = hubs.nodes.map((hub) => hub.url.replace('127.0.0.1', 'localhost'));
  let browser: Browser;
  let path = '';

  beforeAll(async () => {
    const engine = hubs.nodes[0]?.engine;
    if (!engine) throw new Error('no node');
    await seedDemo(engine.db, engine.accounts);
    const [row] = await hubs.sql<{ id: string }>("select id from events where title like 'Symphonic%'");
    path = `/events/${row?.id}`;
    browser = await launch();
  }, 120_000);
  afterAll(() => browser?.close());

  async function take(page: Page, seats: number[]): Promise<void> {
    await openRow(page);
    for (const seat of seats) {
      await page.locator(`[data-seat="${seat}"]`).click();
      await stateOf(page, seat, 'mine');
    }
  }

  async function pay(page: Page, card: string): Promise<void> {
    await page.locator('.card-input').fill(card);
    await page.locator('[data-act=pay-now]').click();
  }

  /** Presses until it is done: the first time asks, and one that follows too soon does not count. */
  async function giveBack(page: Page, button: string, done: string): Promise<void> {
    const isDone = async () => {
      if (await page.locator(done).isVisible()) return true;
      await page
        .locator(button)
        .click({ timeout: 1000 })
        .catch(() => undefined);
      return page.locator(done).isVisible();
    };
    await expect.poll(isDone, { ...patience, interval: 300 }).toBe(true);
  }

  test('[PAY-2] [BOOK-9] a declined card, then a good one; one seat given back, then the other', async () => {
    const buyer = await openEvent(browser, `${first}${path}`);
    const viewer = await openEvent(browser, `${second}${path}`);
    const { page } = buyer;
    await signUp(page);
    await openRow(viewer.page);
    await take(page, [0, 1]);

    const button = page.locator('[data-act=pay]');
    expect(await button.innerText()).toBe('Pay €158.00');
    await button.click();
    await pay(page, '4000 0000 0000 9995');
    await page.getByText('There is not enough money on the card.').waitFor(patience);
    await stateOf(viewer.page, 0, 'held');

    // In the middle of paying, somewhere else and back.
    await page.reload();
    await loaded(page);
    await page.locator('.pay[data-step=form]').waitFor(patience);
    await pay(page, '4242 4242 4242 4242');
    await page.locator('#booked').waitFor(patience);
    await page.locator('#booked button').click();
    await page.getByText('Paid €158.00').waitFor();
    await stateOf(viewer.page, 0, 'sold');
    await stateOf(viewer.page, 1, 'sold');

    await giveBack(page, '[data-give-back="0"]', '[data-ticket-seat="0"][data-cancelled=true]');
    await stateOf(viewer.page, 0, 'free');
    await stateOf(viewer.page, 1, 'sold');
    await page.getByText('Refunded €79.00').waitFor(patience);

    await giveBack(page, '[data-act=cancel]', '.ticket[data-status=cancelled]');
    await stateOf(viewer.page, 1, 'free');
    await page.getByText('Refunded €158.00').waitFor(patience);
    expect([...buyer.errors, ...viewer.errors]).toEqual([]);
  }, 180_000);

  test('a bank that takes its time: a reload meanwhile loses nothing, and the booking comes by itself', async () => {
    const { page, errors } = await openEvent(browser, `${second}${path}`);
    await signUp(page);
    await take(page, [2]);
    await page.locator('[data-act=pay]').click();
    await pay(page, '4000 0000 0002 0006');
    await page.locator('.pay[data-step=waiting]').waitFor(patience);
    await page.reload();
    await loaded(page);
    await page.locator('.ticket[data-status=confirmed]').waitFor(patience);
    await page.locator('#cart[data-seats="0"]').waitFor(patience);
    expect(errors).toEqual([]);
  }, 120_000);

  test('a number that is no test card stays on the page', async () => {
    const { page } = await openEvent(browser, `${first}${path}`);
    await signUp(page);
    await take(page, [3]);
    await page.locator('[data-act=pay]').click();
    await pay(page, '5555 5555 5555 4444');
    await page.getByText('Never enter a real one here.').waitFor();
    const begun = await hubs.sql('select from sagas where 3 = any(seats)');
    expect(begun).toEqual([]);
  }, 120_000);
});

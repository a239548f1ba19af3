/** Two browsers on two nodes. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../src/demo/demo.ts';
import { startTestHubs } from '../support/hub.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { isThere, launch, openEvent, openRow, signUp, stateOf } from './browser.ts';

describe.skipIf(!isThere)('the pages in a browser', async () => {
  const proxy: TcpProxy = await startProxy(() => hubs.nodes[1]?.port ?? 0);
  const hubs = await startTestHubs(2);
  const [first, second] = hubs.nodes.map((hub) => hub.url.replace('127.0.0.1', 'localhost'));
  let browser: Browser;
  let eventId = '';

  beforeAll(async () => {
    const engine = hubs.nodes[0]?.engine;
    if (!engine) throw new Error('no node');
    expect(await seedDemo(engine.db, engine.accounts)).toBe(true);
    const [row] = await hubs.sql<{ id: string }>("select id from events where title like 'Volleyball%'");
    eventId = row?.id ?? '';
    browser = await launch();
    // The page that comes through the proxy has its address as origin.
    for (const hub of hubs.nodes) hub.allowOrigin(proxy.url);
  }, 120_000);
  afterAll(() => browser?.close());

  const open = (url: string | undefined) => openEvent(browser, `${url}/events/${eventId}`);

  test('[TICK-1] what one window holds and books, a window on the other node shows, also after a reload', async () => {
    const buyer = await open(first);
    const viewer = await open(second);
    await signUp(buyer.page);
    await openRow(buyer.page);
    await openRow(viewer.page);

    await buyer.page.locator('[data-seat="0"]').click();
    await buyer.page.locator('[data-seat="1"]').click();
    await stateOf(buyer.page, 0, 'mine');
    await stateOf(buyer.page, 1, 'mine');
    await stateOf(viewer.page, 0, 'held');
    await stateOf(viewer.page, 1, 'held');

    await buyer.page.reload();
    await buyer.page.locator('main#app[data-fresh="true"]').waitFor();
    await openRow(buyer.page);
    await stateOf(buyer.page, 1, 'mine');

    await buyer.page.locator('[data-act=confirm]').click();
    await buyer.page.locator('#booked').waitFor();
    await stateOf(viewer.page, 0, 'sold');
    await stateOf(viewer.page, 1, 'sold');

    for (const { page } of [buyer, viewer]) {
      await page.reload();
      await page.locator('main#app[data-fresh="true"]').waitFor();
      await openRow(page);
    }
    await stateOf(buyer.page, 0, 'booked');
    await stateOf(viewer.page, 0, 'sold');
    await stateOf(viewer.page, 2, 'free');
    expect([...buyer.errors, ...viewer.errors]).toEqual([]);
  }, 120_000);

  test('the banner shows while the connection is lost, and the map catches up by itself', async () => {
    const { page } = await open(proxy.url);
    await openRow(page);
    proxy.cut();
    await page
      .locator('main#app[data-connection="waiting"], main#app[data-connection="connecting"]')
      .waitFor();
    await page.locator('#banner').waitFor();
    const buyer = await hubs.connect(await hubs.user());
    await buyer.hold(eventId, [3]);
    proxy.mend();
    await page.locator('main#app[data-fresh="true"]').waitFor({ timeout: 15_000 });
    await stateOf(page, 3, 'held');
  }, 120_000);

  test('the list of events counts seats live', async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(first as string);
    await page.getByText('Volleyball').waitFor();
    const buyer = await hubs.connect(await hubs.user());
    await page
      .getByText('1,222')
      .or(page.getByText(/1,2\d\d/))
      .first()
      .waitFor();
    const before = await page.locator('body').innerText();
    await buyer.hold(eventId, [100, 101]);
    await page.waitForFunction((text) => document.body.innerText !== text, before);
  }, 120_000);

  test('an event that is moved shows when it starts now, on every node', async () => {
    const pages = [await open(first), await open(second)];
    const [moved] = await hubs.sql<{ starts_at: string }>(
      `update events set starts_at = starts_at + interval '90 minutes', ends_at = ends_at + interval '90 minutes'
       where id = $1 returning wire_instant(starts_at) as starts_at`,
      [eventId],
    );
    for (const { page } of pages) await page.locator(`#facts time[datetime="${moved?.starts_at}"]`).waitFor();
  });
});

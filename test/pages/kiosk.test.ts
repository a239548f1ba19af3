/** The board in a browser, from the pairing code on. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { House } from '../channels/kiosk/support.ts';
import { house } from '../channels/kiosk/support.ts';
import { call, node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { isThere, launch } from './browser.ts';

describe.skipIf(!isThere)('the board in a browser', async () => {
  const proxy: TcpProxy = await startProxy(() => hubs.nodes[1]?.port ?? 0);
  const hubs = await startTestHubs(2, { patience: { boards: { changedMs: 20, rereadMs: 2000 } } });
  let browser: Browser;
  let place: House;

  beforeAll(async () => {
    browser = await launch();
    place = await house(hubs);
    for (const hub of hubs.nodes) hub.allowOrigin(proxy.url);
  }, 120_000);
  afterAll(() => browser?.close());

  /** @param kiosk whose token the screen has; undefined: it was never paired */
  async function open(kiosk: TestUser | undefined, viewport = { width: 1920, height: 1080 }) {
    const page = await (await browser.newContext({ viewport })).newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    if (kiosk) {
      await page.addInitScript((token) => {
        const kept = { token, name: 'Foyer', until: '2099-01-01T00:00:00Z' };
        localStorage.setItem('seatcast.kiosk', JSON.stringify(kept));
      }, kiosk.token);
    }
    await page.goto(`${proxy.url}/kiosk`);
    if (kiosk) await page.locator('body[data-screen=board]').waitFor();
    return { page, errors };
  }
  const row = (page: Page, eventId: string) => page.locator(`.row[data-event="${eventId}"]:not([hidden])`);

  test('[KIOSK-1] a new screen shows a code, becomes the board of its venue once it is typed, and stays so', async () => {
    const eventId = await place.event({ title: 'The Cherry Orchard' });
    const { page, errors } = await open(undefined);
    const code = page.locator('#code:not([hidden])');
    await code.waitFor();
    const typed = (await code.textContent()) ?? '';
    expect(typed).toMatch(/^\w{4} \w{4}$/);
    const { organizer, venueId } = place;
    await call(node(hubs), 'kiosks:pair', { code: typed, name: 'Foyer', venueId }, organizer);
    await row(page, eventId).waitFor();
    expect(await page.locator('#venue').textContent()).toBe('Concert hall');
    await page.reload();
    await row(page, eventId).waitFor();
    const { kiosks } = await call(node(hubs), 'kiosks:list', {}, organizer);
    await call(node(hubs), 'kiosks:revoke', { kioskId: kiosks[0]?.id ?? '' }, organizer);
    await code.waitFor();
    expect(errors).toEqual([]);
    await page.close();
  }, 120_000);

  test.each([
    ['1080p', { width: 1920, height: 1080 }],
    ['portrait', { width: 1080, height: 1920 }],
    ['a small one', { width: 1280, height: 720 }],
  ])(
    'everything of a full page is inside the screen: %s',
    async (_, viewport) => {
      const own = await house(hubs);
      const title =
        'A very long title that has to do with music, and with much else that is on in this house tonight';
      for (let i = 0; i < 6; i++) await own.event({ title, startsInMs: (i + 1) * 3_600_000 });
      for (const text of ['x '.repeat(100).trim(), 'Please keep your ticket at hand.']) {
        await own.announce({ venueId: own.venueId, kind: 'info', text });
      }
      const { page, errors } = await open(await own.kiosk(), viewport);
      await page.locator('.row:not([hidden])').nth(5).waitFor();
      const outside = await page.evaluate(() => {
        const shown = [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility());
        return shown
          .filter((each) => {
            const { left, top, right, bottom } = each.getBoundingClientRect();
            return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
          })
          .map((each) => `${each.tagName} ${each.className}`);
      });
      expect(outside).toEqual([]);
      const rows = await page.locator('.row:not([hidden])').all();
      for (const each of rows) expect((await each.boundingBox())?.height).toBeGreaterThan(40);
      expect(errors).toEqual([]);
      await page.close();
    },
    120_000,
  );

  test('[KIOSK-10] a screen that lost its connection says as of when it is, and catches up by itself', async () => {
    const own = await house(hubs);
    const eventId = await own.event({ title: 'Live', seats: 40 });
    const { page, errors } = await open(await own.kiosk());
    const left = row(page, eventId).locator('.left');
    await left.getByText('40', { exact: true }).waitFor();
    expect(await page.locator('#lost').isHidden()).toBe(true);
    proxy.cut();
    await page.locator('#lost:not([hidden])').waitFor({ timeout: 30_000 });
    expect(await page.locator('#lost').textContent()).toMatch(/^Connection lost · shown as of \d\d:\d\d$/);
    const buyer = await hubs.connect(await hubs.user());
    await buyer.hold(eventId, [0, 1, 2]);
    await own.announce({ eventId, kind: 'delay', minutes: 25 });
    expect(await left.textContent()).toBe('40');
    proxy.mend();
    await left.getByText('37', { exact: true }).waitFor({ timeout: 30_000 });
    await page.locator('#lost').waitFor({ state: 'hidden' });
    await row(page, eventId).getByText('25 min late').waitFor();
    await page.locator('.banner:not([hidden])').getByText('25 minutes late').waitFor();
    expect(errors).toEqual([]);
    await page.close();
  }, 120_000);

  test('[KIOSK-10] a screen has as much in memory after a thousand changes as after a hundred', async () => {
    const own = await house(hubs);
    const events: string[] = [];
    for (let i = 0; i < 8; i++) {
      events.push(await own.event({ title: `${i}`, seats: 40, startsInMs: (i + 1) * 3_600_000 }));
    }
    const { page, errors } = await open(await own.kiosk());
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    const measure = async () => {
      await cdp.send('HeapProfiler.collectGarbage');
      const { metrics } = await cdp.send('Performance.getMetrics');
      const of = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
      return { nodes: of('Nodes'), listeners: of('JSEventListeners'), heap: of('JSHeapUsedSize') };
    };
    const buyers = await Promise.all((await hubs.users(8)).map((user) => hubs.connect(user)));
    const changes = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(
          buyers.map(async (buyer, i) => {
            const eventId = events[i] as string;
            const { holdId } = await buyer.hold(eventId, [round % 40]);
            await buyer.release(eventId, holdId);
          }),
        );
        const announcementId = await own.announce({ venueId: own.venueId, kind: 'info', text: `${round}` });
        await call(node(hubs), 'kiosk:withdraw', { announcementId }, own.organizer);
        if (round % 10 === 0) {
          proxy.cut();
          proxy.mend();
          await page.locator('#lost').waitFor({ state: 'hidden' });
        }
      }
      const text = `settled ${rounds}`;
      const announcementId = await own.announce({ venueId: own.venueId, kind: 'info', text });
      await page.locator('.banner:not([hidden])').getByText(text).waitFor({ timeout: 30_000 });
      await call(node(hubs), 'kiosk:withdraw', { announcementId }, own.organizer);
      await page.locator('.banner:not([hidden])').waitFor({ state: 'detached' });
    };
    await changes(6);
    const before = await measure();
    await changes(60);
    let after = await measure();
    // What a page has just let go of goes with one of the next collections.
    await until(async () => {
      after = await measure();
      return after.nodes <= before.nodes + 50 && after.listeners <= before.listeners + 20;
    }, 'as many elements and listeners as before');
    console.info('memory of a screen', before, after);
    expect(after.heap - before.heap).toBeLessThan(2_000_000);
    expect(await page.locator('.row').count()).toBe(6);
    expect(await page.locator('.banner').count()).toBe(2);
    expect(errors).toEqual([]);
    await page.close();
  }, 240_000);
});

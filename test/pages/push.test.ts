/**
 * Web push on the pages, in a real browser. A headless one reaches no push service, so its subscription is a stand-in;
 * the worker, and what it shows, is the real one.
 */
import { createECDH, randomBytes } from 'node:crypto';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import webPush from 'web-push';
import { pushNotice } from '../../src/pages/push-notice.ts';
import { call, node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs, type TestHubs } from '../support/hub.ts';
import { isThere, launch } from './browser.ts';

const vapid = { ...webPush.generateVAPIDKeys(), subject: 'mailto:ops@example.org' };
const moved = {
  id: '01a1fe19-7ec8-7490-86ad-376e6b3b90e4',
  kind: 'event-rescheduled',
  eventId: '01a1fe19-0000-7490-86ad-376e6b3b90e4',
  payload: {
    title: 'Hamlet',
    timeZone: 'Europe/Brussels',
    before: '2030-01-01T19:00:00.000Z',
    after: '2030-01-02T19:00:00.000Z',
  },
};

/** What a page of the browser can reach instead of a push service; every subscription has an address of its own. */
async function standIn(context: BrowserContext): Promise<void> {
  const pair = createECDH('prime256v1');
  const keys = { p256dh: pair.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') };
  await context.addInitScript((given) => {
    const kept = 'stand-in';
    const subscription = (endpoint: string) => ({
      endpoint,
      toJSON: () => ({ endpoint, keys: given }),
      unsubscribe: async () => {
        const how = localStorage.getItem('unsubscribing');
        if (how === 'hangs') await new Promise(() => undefined);
        if (how === 'fails') throw new DOMException('No such luck', 'InvalidStateError');
        localStorage.removeItem(kept);
      },
    });
    Object.assign(PushManager.prototype, {
      async getSubscription() {
        const endpoint = localStorage.getItem(kept);
        return endpoint ? subscription(endpoint) : null;
      },
      async subscribe() {
        const endpoint = `https://push.example.org/${crypto.randomUUID()}`;
        localStorage.setItem(kept, endpoint);
        return subscription(endpoint);
      },
    });
  }, keys);
}

describe.runIf(isThere)('web push on the pages', async () => {
  const hubs = await startTestHubs(1, { push: vapid });
  const browser = await launch();
  afterAll(() => browser.close());
  let accounts = 0;

  /** A browser of somebody who is signed in, at the front page. */
  async function open(of: TestHubs, { granted = true, subscribes = true } = {}) {
    const { url } = node(of);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    // What is not granted here is denied.
    await context.grantPermissions([granted ? 'notifications' : 'geolocation'], { origin: url });
    if (subscribes) await standIn(context);
    const account = {
      email: `push-${++accounts}@example.com`,
      password: 'a long enough password',
      name: 'Ada',
    };
    const signedIn = await call(node(of), 'auth:register', account);
    const errors: string[] = [];
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (line) => /Content.Security.Policy/i.test(line.text()) && errors.push(line.text()));
    await page.goto(url);
    await page.evaluate((kept) => localStorage.setItem('seatcast.session', kept), JSON.stringify(signedIn));
    await page.reload();
    const subscribed = async () => {
      const rows = await of.sql<{ endpoint: string }>(
        'select endpoint from push_subscriptions where user_id = $1',
        [signedIn.user.id],
      );
      return rows.map(({ endpoint }) => endpoint);
    };
    return { page, context, errors, subscribed };
  }

  async function openPanel(page: Page) {
    await page.locator('[data-connection=connected]').waitFor();
    await page.locator('#bell').click();
  }
  /** The same, with the switch on. */
  async function openSwitchedOn(of: TestHubs) {
    const opened = await open(of);
    await openPanel(opened.page);
    await state(opened.page, 'off');
    await turn(opened.page);
    await state(opened.page, 'on');
    return opened;
  }
  const state = (page: Page, name: string) => page.locator(`.bell-device[data-state=${name}]`).waitFor();
  const turn = (page: Page) => page.locator('#device-push').click();

  test('a hub without a key offers nothing', async () => {
    const without = await startTestHubs(1);
    const { page } = await open(without);
    const answered = new Promise<void>((resolve) => {
      page.on('websocket', (socket) =>
        socket.on(
          'framereceived',
          ({ payload }) => String(payload).includes('"publicKey":null') && resolve(),
        ),
      );
    });
    await page.reload();
    await openPanel(page);
    await answered;
    await page.locator('.bell-nothing').waitFor();
    expect(await page.locator('#device-push').isVisible()).toBe(false);
    await page.context().close();
  });

  test('it is switched on and off, in the browser and at the hub, and stays as it was left', async () => {
    const { page, errors, subscribed } = await open(hubs);
    await openPanel(page);
    await state(page, 'off');
    expect(await page.locator('#device-push').isChecked()).toBe(false);
    await turn(page);
    await state(page, 'on');
    const [endpoint, ...more] = await subscribed();
    expect(more).toEqual([]);
    expect(await page.evaluate(() => localStorage.getItem('stand-in'))).toBe(endpoint);
    await page.reload();
    await openPanel(page);
    await state(page, 'on');
    expect(await page.locator('#device-push').isChecked()).toBe(true);
    expect(await subscribed()).toEqual([endpoint]);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/push.png` });
    await turn(page);
    await state(page, 'off');
    expect(await subscribed()).toEqual([]);
    expect(await page.evaluate(() => localStorage.getItem('stand-in'))).toBeNull();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('with another key of the hub it subscribes anew, by itself', async () => {
    const { page, subscribed } = await openSwitchedOn(hubs);
    const [before] = await subscribed();
    await page.evaluate(() => {
      const note = JSON.parse(localStorage.getItem('seatcast.push') ?? '{}');
      localStorage.setItem('seatcast.push', JSON.stringify({ ...note, publicKey: 'of long ago' }));
    });
    await page.reload();
    await until(async () => (await subscribed()).some((endpoint) => endpoint !== before), 'a new address');
    const kept = await page.evaluate(() => localStorage.getItem('stand-in'));
    expect(await subscribed()).toContain(kept);
    await page.context().close();
  });

  test('signing out ends it, in the browser and at the hub', async () => {
    const { page, subscribed } = await openSwitchedOn(hubs);
    await page.locator('#sign-out-button').click();
    await until(async () => (await subscribed()).length === 0, 'the hub to forget it');
    await page.waitForFunction(() => localStorage.getItem('stand-in') === null);
    expect(await page.evaluate(() => localStorage.getItem('seatcast.push'))).toBeNull();
    await page.context().close();
  });

  test.each(['hangs', 'fails'])('what a page could not end is ended by the next: it %s', async (how) => {
    const { page } = await openSwitchedOn(hubs);
    await page.evaluate((kept) => localStorage.setItem('unsubscribing', kept), how);
    // Nor is the hub told.
    await page.route('**/api/v1/push/**', (route) => route.abort());
    await page.locator('#sign-out-button').click();
    await page.waitForFunction(() => localStorage.getItem('seatcast.session') === null);
    await page.evaluate(() => localStorage.removeItem('unsubscribing'));
    await page.reload();
    await page.waitForFunction(() => localStorage.getItem('stand-in') === null);
    await page.waitForFunction(() => localStorage.getItem('seatcast.push') === null);
    await page.context().close();
  });

  test('a subscription of which nobody knows whose it is, is ended, whether or not somebody is signed in', async () => {
    const { page } = await openSwitchedOn(hubs);
    for (const lost of [['seatcast.push'], ['seatcast.push', 'seatcast.session']]) {
      await page.evaluate((keys) => {
        for (const key of keys) localStorage.removeItem(key);
        localStorage.setItem('stand-in', 'https://push.example.org/left');
      }, lost);
      await page.reload();
      await page.waitForFunction(() => localStorage.getItem('stand-in') === null);
    }
    await page.context().close();
  });

  test('switching it off tells the hub, also where the browser fails to end it', async () => {
    const { page, subscribed } = await openSwitchedOn(hubs);
    await page.evaluate(() => localStorage.setItem('unsubscribing', 'fails'));
    await turn(page);
    await state(page, 'failed');
    expect(await page.locator('#device-push').isChecked()).toBe(false);
    expect(await subscribed()).toEqual([]);
    await page.context().close();
  });

  test('what somebody else has left switched on is ended', async () => {
    const { page } = await openSwitchedOn(hubs);
    await page.evaluate(() => {
      const note = JSON.parse(localStorage.getItem('seatcast.push') ?? '{}');
      localStorage.setItem('seatcast.push', JSON.stringify({ ...note, userId: 'somebody else' }));
    });
    await page.reload();
    await page.waitForFunction(() => localStorage.getItem('stand-in') === null);
    await page.context().close();
  });

  test('whoever has told the browser no is told how to say yes', async () => {
    const { page } = await open(hubs, { granted: false });
    await openPanel(page);
    await state(page, 'denied');
    expect(await page.locator('#device-push-hint').textContent()).toContain('site settings');
    await turn(page);
    await state(page, 'denied');
    expect(await page.locator('#device-push').isChecked()).toBe(false);
    await page.context().close();
  });

  test('an iPhone whose reader has not added the page to the home screen says how to, where the hub sends any', async () => {
    const without = await startTestHubs(1);
    for (const of of [hubs, without]) {
      const { page, context } = await open(of);
      await context.addInitScript(() => {
        Reflect.deleteProperty(globalThis, 'PushManager');
        Object.defineProperty(navigator, 'standalone', { value: false });
      });
      await page.reload();
      await openPanel(page);
      const line = page.locator('.bell-device');
      if (of === without) {
        await page.locator('.bell-nothing').waitFor();
        expect(await line.isVisible()).toBe(false);
      } else {
        await state(page, 'apart');
        expect(await line.textContent()).toContain('Add this page to your home screen first');
        expect(await page.locator('#device-push').isDisabled()).toBe(true);
        await page.locator('#sign-out-button').click();
        await line.waitFor({ state: 'hidden' });
      }
      await context.close();
    }
  });

  test('a browser whose push service is not to be had says that it failed', async () => {
    const { page, subscribed } = await open(hubs, { subscribes: false });
    await openPanel(page);
    await state(page, 'off');
    await turn(page);
    await state(page, 'failed');
    expect(await page.locator('#device-push').isChecked()).toBe(false);
    expect(await subscribed()).toEqual([]);
    await page.context().close();
  });

  test('the worker has the whole site as its scope, shows what the hub sends once, and opens what it is about', async () => {
    const { url } = node(hubs);
    const served = await fetch(`${url}/push-worker.js`);
    expect(served.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(served.headers.get('cache-control')).toBe('no-cache');
    const icon = await fetch(`${url}/assets/pages/notification-icon.png`);
    expect(icon.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await icon.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');

    const { page, context, errors } = await open(hubs);
    const tools = await context.newCDPSession(page);
    let registrationId = '';
    tools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registrationId = registrations.at(-1)?.registrationId ?? registrationId;
    });
    await tools.send('ServiceWorker.enable');
    const starting = context.waitForEvent('serviceworker');
    await openPanel(page);
    await state(page, 'off');
    await turn(page);
    await state(page, 'on');
    expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).scope)).toBe(`${url}/`);
    await until(() => registrationId !== '', 'the registration');
    const shown = () =>
      page.evaluate(async () => {
        const all = await (await navigator.serviceWorker.ready).getNotifications();
        return all.map(({ title, body, tag, icon }) => ({ title, body, tag, icon: new URL(icon).pathname }));
      });
    const deliver = (data: string) =>
      tools.send('ServiceWorker.deliverPushMessage', { origin: url, registrationId, data });
    // Chromium drops what comes before the worker is ready for it.
    await until(async () => {
      await deliver(JSON.stringify(moved));
      return (await shown()).length > 0;
    }, 'a notification');
    await deliver(JSON.stringify(moved));
    await deliver('of another time');
    await until(async () => (await shown()).length === 2, 'two notifications');
    const { title, body, tag } = pushNotice(JSON.stringify(moved));
    expect(title).toBe('Hamlet has another time');
    expect(await shown()).toContainEqual({ title, body, tag, icon: '/assets/pages/notification-icon.png' });
    expect(await shown()).toContainEqual(expect.objectContaining({ title: 'Seatcast' }));

    // A click as the browser tells of it; only people may open windows.
    const opened = await (await starting).evaluate(async (wanted) => {
      const worker = globalThis as unknown as {
        registration: ServiceWorkerRegistration;
        clients: { openWindow(path: string): Promise<void> };
        NotificationEvent: new (name: string, of: { notification: Notification }) => Event;
      };
      const all = await worker.registration.getNotifications({ tag: wanted });
      const paths: string[] = [];
      worker.clients.openWindow = async (path) => void paths.push(path);
      const click = new worker.NotificationEvent('notificationclick', {
        notification: all[0] as Notification,
      });
      let work: Promise<unknown> = Promise.resolve();
      Object.assign(click, { waitUntil: (given: Promise<unknown>) => (work = given) });
      dispatchEvent(click);
      await work;
      return paths;
    }, tag);
    expect(opened).toEqual([`/events/${moved.eventId}`]);
    expect(errors).toEqual([]);
    await context.close();
  }, 60_000);
});

test.each([
  ['without an event', { ...moved, eventId: null }, { title: 'Hamlet has another time', path: '/bookings' }],
  ['of a kind that is not known', { ...moved, kind: 'newer' }, { title: 'Seatcast', path: '/bookings' }],
  ['without a payload', { id: 'x', kind: 'starting-soon' }, { title: 'Seatcast', path: '/bookings' }],
])('a notification %s is shown all the same', (_, sent, expected) => {
  expect(pushNotice(JSON.stringify(sent))).toMatchObject(expected);
  expect(pushNotice('')).toMatchObject({ title: 'Seatcast' });
});

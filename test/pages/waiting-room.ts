/** An event of two categories that is sold out, and pages that look at it. */
import type { Browser, Page } from 'playwright-core';
import { insertEvent, setStatus } from '../../src/events/catalogue.ts';
import { importPlan } from '../../src/events/plans.ts';
import { node } from '../channels/support.ts';
import { requestId, type TestClient } from '../support/client.ts';
import type { TestHubs, TestUser } from '../support/hub.ts';

/** Two rows of six seats: 0 to 5 are Stalls, 6 to 11 Balcony. */
const plan = {
  name: 'Small hall',
  size: { width: 200, height: 100 },
  categories: [
    { name: 'Stalls', color: '#4c8bf5' },
    { name: 'Balcony', color: '#e0703a' },
  ],
  zones: [
    {
      name: '',
      position: { x: 20, y: 20 },
      rows: ['Stalls', 'Balcony'].map((category, row) => ({
        row_number: `${row + 1}`,
        position: { x: 0, y: row * 40 },
        seats: Array.from({ length: 6 }, (_, seat) => ({
          seat_guid: `${row}-${seat}`,
          seat_number: `${seat + 1}`,
          position: { x: seat * 25, y: 0 },
          category,
        })),
      })),
      areas: [],
    },
  ],
};

export interface SoldOut {
  eventId: string;
  organizer: TestUser;
  /** Gives seats back; those of `sold`. */
  cancel(seats: number[]): Promise<void>;
}

/** @param sold the seats somebody else has booked; default all twelve */
export async function soldOutEvent(
  hubs: TestHubs,
  rules: { offerMs?: number } = {},
  sold: number[] = Array.from({ length: 12 }, (_, seat) => seat),
): Promise<SoldOut> {
  const { engine } = node(hubs);
  const [organizer, owner] = [await hubs.user('organizer'), await hubs.user()];
  await hubs.sql("update users set name = 'Olga Brand' where id = $1", [organizer.id]);
  const startsAt = Date.now() + 86_400_000 * 9;
  const row = await insertEvent(engine.db, organizer.id, {
    planId: (await importPlan(engine.db, organizer.id, plan)).id,
    title: 'Nightfall Quartet',
    venue: 'Studio',
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + 7_200_000).toISOString(),
    currency: 'EUR',
    prices: { Stalls: 4500, Balcony: 2500 },
  });
  // Straight into the table: these offers last no longer than a test would wait.
  await hubs.sql('update events set rules = rules || $2::jsonb where id = $1', [
    row.id,
    JSON.stringify({ seatsPerHold: 12, ...rules }),
  ]);
  await setStatus(engine.db, row, 'published');
  await engine.eventChanged(row.id);
  const seller: TestClient = await hubs.connect(owner);
  const { holdId } = await seller.hold(row.id, sold);
  const booking = await seller.confirm(row.id, holdId);
  return {
    eventId: row.id,
    organizer,
    cancel: async (seats) => {
      await seller.cancel(booking.id, seats);
    },
  };
}

/** Somebody who waits, on a connection of their own. */
export async function waiterAt(
  hubs: TestHubs,
  eventId: string,
  wish: { quantity: number; category?: string; together?: boolean },
  name = 'Ines Vermeer',
): Promise<{ client: TestClient; entryId: string }> {
  const user = await hubs.user();
  await hubs.sql('update users set name = $2 where id = $1', [user.id, name]);
  const client = await hubs.connect(user);
  const { entry } = await client.request('waitlist:join', { eventId, ...wish, requestId: requestId() });
  return { client, entryId: entry.id };
}

/** Signs somebody in on pages of this address without a form. */
export async function signInAs(page: Page, url: string, user: TestUser, role = 'user'): Promise<void> {
  await page.goto(`${url}/assets/pages/favicon.svg`);
  const signedIn = {
    token: user.token,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    refreshToken: 'A'.repeat(43),
    refreshExpiresAt: new Date(Date.now() + 7_200_000).toISOString(),
    user: { id: user.id, name: 'Page Tester', email: 'tester@example.com', role },
  };
  await page.evaluate((kept) => localStorage.setItem('seatcast.session', kept), JSON.stringify(signedIn));
}

/** Whether a notice about this offer is shown, should one come now. */
export const isToastShown = (page: Page, holdId: string): Promise<boolean> =>
  // As text: the test runner would rewrite the import.
  page.evaluate(`import('/assets/pages/toast.ts').then(({ toast }) => {
    toast('Late news', 'good', { name: '${holdId}', leftMs: 60_000 });
    return document.querySelector('.toast[data-about="${holdId}"]') !== null;
  })`);

export interface Look {
  width?: number;
  height?: number;
  scheme?: 'dark' | 'light';
}

export async function newPage(browser: Browser, { width = 1280, height = 800, scheme = 'dark' }: Look = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
  return { page, errors };
}

/** The first press of such a button only arms it. */
export async function pressTwice(page: Page, selector: string, gone: string): Promise<void> {
  const button = page.locator(selector);
  await button.click();
  // The second half of a double click does not count, so it is pressed until it did.
  while (await page.locator(gone).isVisible()) {
    await button.click({ timeout: 2000 }).catch(() => undefined);
    await page
      .locator(gone)
      .waitFor({ state: 'hidden', timeout: 1000 })
      .catch(() => undefined);
  }
}

/** The sales page in a browser: numbers as the hub has them, for organizers alone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { salesSoFar } from '../../src/analytics/sales-views.ts';
import { node, organizerOf } from '../channels/support.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';
import { isThere, launch } from './browser.ts';

const hubs = await startTestHubs(1);
const seats = 400;

/** Sales of a month: more each week, one in twelve seats cancelled. */
async function sales(): Promise<void> {
  const buyers = await hubs.users(8);
  const names = [
    'Ines Vermeer',
    'Tom Okafor',
    'Lena Novak',
    'Ada Lind',
    'Samir Haddad',
    'Mia Costa',
    'Jo Park',
    'Eva Roos',
  ];
  for (const [i, { id }] of buyers.entries())
    await hubs.sql('update users set name = $2 where id = $1', [id, names[i]]);
  const titles = ['Nightfall Quartet', 'The Glass Menagerie', 'Winter Gala', 'Open Stage'];
  for (const [e, title] of titles.entries()) {
    const eventId = await hubs.event({ seats, startsInMs: (e + 2) * 86_400_000 * 3 });
    await hubs.sql("update events set title = $2, venue = 'Great hall' where id = $1", [eventId, title]);
    await hubs.sql(
      `with made as (
         insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
         select gen_random_uuid(), $1::uuid, ($2::uuid[])[1 + (i * i + $3) % 8], 'page-' || $3 || '-' || i, 'confirmed', 5000, 'EUR',
           now() - (30 * power(i / $4::float8, 1.6) + abs(sin(i * 7.3)) * 2) * interval '1 day'
         from generate_series(1, $4::int) i returning id, hold_id, created_at
       ), held as (
         insert into hold_starts (hold_id, event_id, at)
         select hold_id || case when n > 0 then '-other' else '' end, $1::uuid, created_at from made cross join generate_series(0, 1) n
       )
       insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active, cancelled_at)
       select id, $1::uuid, split_part(hold_id, '-', 3)::int * 2 + s, 'Row', (array['Stalls', 'Balcony', 'Box'])[1 + s % 3],
         2500 + s * 1500, split_part(hold_id, '-', 3)::int % 12 > 0,
         case when split_part(hold_id, '-', 3)::int % 12 = 0 then now() end
       from made cross join generate_series(0, 1) s`,
      [eventId, buyers.map(({ id }) => id), e, [180, 120, 70, 30][e]],
    );
  }
  await hubs.sql(salesSoFar);
}

async function openAs(browser: Browser, user: TestUser | undefined, scheme: 'dark' | 'light' = 'dark') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on(
    'response',
    (response) => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`),
  );
  const { url } = node(hubs);
  if (user) {
    await page.goto(`${url}/assets/pages/favicon.svg`);
    const signedIn = {
      token: user.token,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      refreshToken: 'A'.repeat(43),
      refreshExpiresAt: new Date(Date.now() + 7_200_000).toISOString(),
      user: { id: user.id, name: 'Olga Brand', email: 'olga@example.com', role: 'organizer' },
    };
    await page.evaluate((kept) => localStorage.setItem('seatcast.session', kept), JSON.stringify(signedIn));
  }
  await page.goto(`${url}/analytics`);
  return { page, errors };
}

const tileOf = (page: Page, name: string) =>
  page.locator('.tile', { hasText: name }).locator('strong').textContent();

describe.skipIf(!isThere)('the sales page', () => {
  let browser: Browser;
  beforeAll(async () => {
    await sales();
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test('shows an organizer what was sold, and follows the period that is chosen', async () => {
    const [event] = await hubs.sql<{ id: string }>('select id from events limit 1');
    const organizer = await organizerOf(hubs, event?.id ?? '');
    const { page, errors } = await openAs(browser, organizer);
    await page.locator('#board[data-loaded]').waitFor();
    const [plain] = await hubs.sql<{ bookings: number; seats: number }>(
      `select count(distinct b.id)::int as bookings, count(*) filter (where active)::int as seats
       from bookings b join booking_seats on booking_id = b.id
       where created_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '6 days'`,
    );
    await page.locator('#ranges button', { hasText: '7 days' }).click();
    await expect.poll(() => tileOf(page, 'Bookings'), { timeout: 20_000 }).toBe(`${plain?.bookings}`);
    expect(await tileOf(page, 'Seats sold')).toBe(`${plain?.seats}`);
    await page.locator('#ranges button', { hasText: '30 days' }).click();
    await page.locator('.chart path.line').waitFor();
    // Sums that arrive draw the chart anew, without what the pointer showed.
    let x = 400;
    const tip = async () => {
      await page.locator('.chart svg').hover({ position: { x: x++, y: 100 } });
      return page.locator('.chart-tip strong').textContent({ timeout: 500 });
    };
    await expect.poll(() => tip().catch(() => ''), { timeout: 20_000 }).toMatch(/^€/);
    expect(await page.locator('.bars a').first().textContent()).toBe('Nightfall Quartet');
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('asks who is nobody to sign in, and tells a buyer that it is not for them', async () => {
    const { page } = await openAs(browser, undefined);
    await page.locator('#board .button', { hasText: 'Sign in' }).waitFor();
    await page.context().close();
    const buyer = await openAs(browser, await hubs.user());
    await buyer.page.locator('#board', { hasText: 'not an organizer' }).waitFor();
    await buyer.page.context().close();
  });
});

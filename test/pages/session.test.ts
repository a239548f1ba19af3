/** Who is signed in stays so, although tokens last only seconds here. */
import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../src/demo/demo.ts';
import { newSessionId, Tokens } from '../../src/session.ts';
import { call, node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs, testKeys } from '../support/hub.ts';
import { isThere, launch, loaded, openEvent, openRow, signUp, stateOf } from './browser.ts';

interface Kept {
  token: string;
  expiresAt: string;
  refreshToken: string;
}

const read = (page: Page): Promise<Kept> =>
  page.evaluate(() => JSON.parse(localStorage.getItem('seatcast.session') ?? 'null'));

/** Resolves once the page has another token than this. */
async function renewed(page: Page, before: Kept): Promise<Kept> {
  let kept = before;
  await until(async () => {
    kept = await read(page);
    return kept.token !== before.token;
  }, 'the page to renew its token');
  return kept;
}

describe.skipIf(!isThere)('a session in a browser', async () => {
  const hubs = await startTestHubs(1, { tokenTtlMs: 5000 });
  const url = hubs.nodes[0]?.url.replace('127.0.0.1', 'localhost');
  let browser: Browser;
  let eventId = '';

  beforeAll(async () => {
    const engine = hubs.nodes[0]?.engine;
    if (!engine) throw new Error('no node');
    await seedDemo(engine.db, engine.accounts);
    const [row] = await hubs.sql<{ id: string }>("select id from events where title like 'Volleyball%'");
    eventId = row?.id ?? '';
    browser = await launch();
  }, 120_000);
  afterAll(() => browser?.close());

  const open = () => openEvent(browser, `${url}/events/${eventId}`);
  const openSessions = async (email: string) => {
    const rows = await hubs.sql(
      'select from sessions s join users u on u.id = s.user_id where u.email = $1 and s.ended_at is null',
      [email],
    );
    return rows.length;
  };

  test('a page renews its token in time and goes on with what it has', async () => {
    const { page, errors } = await open();
    await signUp(page);
    await openRow(page);
    await page.locator('[data-seat="0"]').click();
    await stateOf(page, 0, 'mine');
    let kept = await read(page);
    for (let i = 0; i < 3; i++) kept = await renewed(page, kept);
    await stateOf(page, 0, 'mine');
    await page.locator('[data-act=confirm]').click();
    await page.locator('#booked').waitFor();
    expect(errors).toEqual([]);
  });

  test('a page that was away for longer than its token lasts comes back as the same person', async () => {
    const { page } = await open();
    await signUp(page);
    await openRow(page);
    await page.locator('[data-seat="1"]').click();
    await stateOf(page, 1, 'mine');
    const old = await read(page);
    await page.goto('about:blank');
    await until(() => Date.parse(old.expiresAt) + 6000 < Date.now(), 'the token to run out');
    await page.goto(`${url}/events/${eventId}`);
    await loaded(page);
    await page.locator('#account .avatar').waitFor();
    await openRow(page);
    await stateOf(page, 1, 'mine');
  });

  test.each([
    ['/screens', '#pair-form', 'is over'],
    ['/analytics', '#board[data-loaded]', 'is over'],
    ['/waitlist', '#board :text("no events on sale")', 'is over'],
    // The clock of this browser is slow.
    ['/screens', '#pair-form', 'is over without the page knowing'],
    ['/analytics', '#board[data-loaded]', 'is over without the page knowing'],
  ])('%s (%s) goes on as the same person when the token %s', async (path, there, which) => {
    const email = `${randomUUID()}@example.com`;
    const account = { email, password: 'a long enough password' };
    const { user } = await call(node(hubs), 'auth:register', { ...account, name: 'Page Tester' });
    await hubs.sql("update users set role = 'organizer' where id = $1", [user.id]);
    const signedIn = await call(node(hubs), 'auth:login', account);
    const over = { sessionId: newSessionId(), until: Date.now() - 60_000 };
    const { token } = await new Tokens(testKeys, 5000).sign({ id: user.id, role: 'organizer' }, over);
    const known = which === 'is over' ? -60_000 : 60_000;
    const kept = { ...signedIn, token, expiresAt: new Date(Date.now() + known).toISOString() };
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${url}/assets/pages/favicon.svg`);
    await page.evaluate((text) => localStorage.setItem('seatcast.session', text), JSON.stringify(kept));
    await page.goto(url + path);
    await page.locator(there).waitFor();
    expect(await page.locator('#board', { hasText: 'Sign in' }).count()).toBe(0);
    expect((await read(page)).refreshToken).not.toBe(kept.refreshToken);
    await page.context().close();
  });

  test('tabs of one browser do not renew each other away', async () => {
    const first = await open();
    const email = await signUp(first.page);
    const second = await first.page.context().newPage();
    await second.goto(`${url}/events/${eventId}`);
    await loaded(second);
    const tabs = [first.page, second];
    let kept = await read(first.page);
    for (let i = 0; i < 2; i++) kept = await renewed(first.page, kept);
    for (const page of tabs) expect(await page.locator('#account .avatar').isVisible()).toBe(true);
    expect(await openSessions(email)).toBe(1);
    await first.page.locator('#sign-out-button').click();
    for (const page of tabs) await page.locator('#sign-in-button').waitFor();
    await until(async () => (await openSessions(email)) === 0, 'the session to end');
  });

  test('a page whose session was ended elsewhere asks to sign in', async () => {
    const { page } = await open();
    const email = await signUp(page);
    const { id } =
      (await hubs.sql<{ id: string }>('select id from users where email = $1', [email]))[0] ?? {};
    const headers = { authorization: `Bearer ${(await hubs.user('admin')).token}` };
    const response = await fetch(`${hubs.nodes[0]?.url}/api/v1/admin/users/${id}`, {
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ disabled: true }),
    });
    expect(response.status).toBe(200);
    await page.locator('#sign-in-button').waitFor();
    expect(await read(page)).toBeNull();
  });
});

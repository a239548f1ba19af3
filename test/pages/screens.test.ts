/** The page of screens: paired from their code, looked after, and told what to announce; on another node than they. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import { type House, house } from '../channels/kiosk/support.ts';
import { call, node } from '../channels/support.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';
import { isThere, launch } from './browser.ts';
import { type Look, newPage, pressTwice, signInAs } from './waiting-room.ts';

describe.skipIf(!isThere)('the page of screens in a browser', async () => {
  const hubs = await startTestHubs(2, { patience: { boards: { changedMs: 20, rereadMs: 2000 } } });
  const [first = '', second = ''] = hubs.nodes.map((hub) => hub.url.replace('127.0.0.1', 'localhost'));
  let browser: Browser;
  let place: House;
  beforeAll(async () => {
    browser = await launch();
    place = await house(hubs);
  }, 60_000);
  afterAll(() => browser?.close());

  /** The page of screens on the second node. */
  async function open(user: TestUser | undefined, path = '/screens', look: Look = {}) {
    const { page, errors } = await newPage(browser, look);
    if (user) await signInAs(page, second, user, 'organizer');
    await page.goto(second + path);
    return { page, errors };
  }

  /** A screen on the first node that nobody has paired. */
  async function openKiosk() {
    const { page } = await newPage(browser);
    const errors: string[] = [];
    // Each time it asks in vain for its token, the browser notes it.
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${first}/kiosk`);
    await page.locator('#code:not([hidden])').waitFor();
    return { page, errors, code: (await page.locator('#code').textContent()) ?? '' };
  }

  const fill = (page: Page, name: string, value: string) => page.locator(`[name=${name}]`).fill(value);
  const row = (page: Page, name: string) => page.locator('[data-kiosk]', { hasText: name });
  const fault = (page: Page, words: string) => page.locator('.form-error', { hasText: words }).waitFor();
  /** What kiosks say is written every few seconds, and looked at every few: now instead. */
  async function lookNow(page: Page) {
    await Promise.all(hubs.nodes.map(({ engine }) => engine.kioskPresence.write()));
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  }

  const now = (page: Page) => page.evaluate(() => performance.now());
  /** What a screen reader calls the element that has the focus. */
  const nameOfFocus = (page: Page) =>
    page.evaluate(() => {
      const element = document.activeElement;
      const ids = element?.getAttribute('aria-labelledby')?.split(' ') ?? [];
      const texts = ids.map((id) => document.getElementById(id)?.textContent);
      return texts.length > 0
        ? texts.join(' ')
        : (element?.getAttribute('aria-label') ?? element?.textContent);
    });

  test('[KIOSK-1] [KIOSK-8] a code is typed, the screen becomes a board, is told apart from others, moved, and revoked', async () => {
    const eventId = await place.event({ title: 'The Cherry Orchard' });
    const { page: kiosk, errors: kioskErrors, code } = await openKiosk();
    await kiosk.locator('#pairing-text', { hasText: `${new URL(first).host}/screens` }).waitFor();
    const { page, errors } = await open(place.organizer);
    await page.locator('.nothing', { hasText: 'No screen is paired yet' }).waitFor();

    await fill(page, 'code', code.toLowerCase().replace(' ', ''));
    expect(await page.locator('[name=code]').inputValue()).toBe(code.replace(' ', '-'));
    await fill(page, 'name', 'Foyer, left');
    await page.locator('#pair-form [type=submit]').click();
    await row(page, 'Foyer, left').locator('[data-cell=venue] a', { hasText: 'Concert hall' }).waitFor();
    await kiosk.locator(`.row[data-event="${eventId}"]:not([hidden])`).waitFor();
    await lookNow(page);
    await row(page, 'Foyer, left').locator('.tag', { hasText: 'Live' }).waitFor();
    await page.locator('#facts', { hasText: '1 screen · 1 live' }).waitFor();
    expect(await page.locator('[data-cell=venue] a').getAttribute('href')).toBe(
      `/kiosk?venue=${place.venueId}`,
    );

    await row(page, 'Foyer, left').locator('button', { hasText: 'Change' }).click();
    await page.locator('#screen-dialog [name=name]').fill('Bar');
    await page.locator('#screen-dialog [name=venue]').selectOption('');
    await page.locator('#screen-dialog [type=submit]').click();
    await row(page, 'Bar').locator('.tag', { hasText: 'Needs a venue' }).waitFor();
    await kiosk.locator('#pairing-text', { hasText: 'chosen a venue' }).waitFor();

    await pressTwice(page, '[data-act=revoke]', '[data-kiosk]');
    await page.locator('.nothing', { hasText: 'No screen is paired yet' }).waitFor();
    await kiosk.locator('#code:not([hidden])').waitFor();
    expect([...errors, ...kioskErrors]).toEqual([]);
  }, 60_000);

  test('[KIOSK-1] a code that no screen shows is refused in words, at its field', async () => {
    const { page, errors } = await open(place.organizer, '/screens?code=k7qmr4xz');
    await page.locator('#pair-form').waitFor();
    expect(await page.locator('[name=code]').inputValue()).toBe('K7QM-R4XZ');
    await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'name');
    await page.locator('#pair-form [type=submit]').click();
    await fault(page, 'Give it a name');
    await fill(page, 'name', 'Foyer');
    await page.locator('#pair-form [type=submit]').click();
    await fault(page, 'No screen shows this code now');
    expect(await page.locator('[name=code]').getAttribute('aria-invalid')).toBe('true');
    await fill(page, 'code', 'K7QM');
    await page.locator('#pair-form [type=submit]').click();
    await fault(page, 'eight letters and digits');
    await fill(page, 'code', 'K7QM-R4X0');
    await page.locator('#pair-form [type=submit]').click();
    await fault(page, 'No code has a 0 or O');
    // The one that the hub was asked about.
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('404');
  }, 60_000);

  test('[KIOSK-7] what is announced is on the screens and in the list at once, and gone when it is withdrawn', async () => {
    const own = await house(hubs);
    const eventId = await own.event({ title: 'Nightfall Quartet' });
    const screen = await own.screen();
    const { page, errors } = await open(own.organizer, '/screens', { width: 390, height: 844 });
    await page.locator('[data-fresh=true]').waitFor();
    await page.locator('.announced-none').waitFor();
    const lines = page.locator('[data-announcement]');

    expect(await page.locator('[name=about]').inputValue()).toBe(eventId);
    await fill(page, 'minutes', '20');
    await fill(page, 'text', 'A late train.');
    await page.locator('.text-count', { hasText: '13 of 200' }).waitFor();
    const preview = await page.locator('#announce-form .announced-words').textContent();
    expect(preview).toMatch(/^20 minutes late Nightfall Quartet · A late train\. · starts \d\d:\d\d$/);
    await page.locator('#announce-form [type=submit]').click();
    await lines.filter({ hasText: '20 minutes late' }).waitFor();
    expect(await lines.locator('.announced-words').textContent()).toBe(preview);
    await expect.poll(() => screen.copy.board?.events[0]?.delayMinutes).toBe(20);

    await page.locator('#announce-form [data-kind=info]').click();
    await page.locator('[name=about]').selectOption('');
    await page.locator('#announce-form [type=submit]').click();
    await fault(page, 'Type what the screens are to say');
    await fill(page, 'text', 'Wine until ten.');
    await page.locator('[name=length]').selectOption('1');
    await page.locator('#announce-form [type=submit]').click();
    await lines.filter({ hasText: 'Wine until ten.' }).waitFor();
    // What somebody else announces, elsewhere, is there as well.
    await own.announce({ eventId, kind: 'doors', minutes: 5 }, 0);
    await lines.filter({ hasText: 'Doors open' }).waitFor();

    const wine = lines.filter({ hasText: 'Wine until ten.' });
    const id = await wine.getAttribute('data-announcement');
    await pressTwice(page, `[data-announcement="${id}"] [data-act=withdraw]`, `[data-announcement="${id}"]`);
    expect(await lines.count()).toBe(2);
    const shown = () => screen.copy.board?.announcements.map(({ kind }) => kind).sort();
    await expect.poll(shown).toEqual(['delay', 'doors']);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
  }, 60_000);

  test('the keyboard goes on where it was: at the same screen, at the next one, at the list', async () => {
    const own = await house(hubs);
    await own.kiosk('Attic');
    await own.kiosk('Bar');
    await own.announce({ venueId: own.venueId, kind: 'info', text: 'Wine until ten.' });
    const { page, errors } = await open(own.organizer);
    await page.locator('[data-announcement]').waitFor();
    const focused = (name: string) => expect.poll(() => nameOfFocus(page)).toBe(name);
    /** By the keyboard alone, and slower than a double click. */
    const armAndAct = async (name: string, asks: string) => {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: asks, exact: true }).waitFor();
      await page.waitForFunction((from) => performance.now() > from + 900, await now(page));
      await page.keyboard.press('Enter');
    };

    await page.getByRole('button', { name: 'Change Attic', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#screen-dialog [name=name]').fill('Attic, left');
    await page.keyboard.press('Enter');
    await page.locator('#screen-dialog').waitFor({ state: 'detached' });
    await row(page, 'Attic, left').waitFor();
    await focused('Change Attic, left');

    await armAndAct('Revoke Attic, left', 'Revoke it? Attic, left');
    await row(page, 'Attic, left').waitFor({ state: 'detached' });
    await focused('Change Bar');
    await armAndAct('Revoke Bar', 'Revoke it? Bar');
    await row(page, 'Bar').waitFor({ state: 'detached' });
    await focused('Your screens');
    await armAndAct('Withdraw', 'Withdraw it?');
    await page.locator('[data-announcement]').waitFor({ state: 'detached' });
    await focused('On the screens now');

    await page.locator('#announce-form [data-kind=info]').click();
    await fill(page, 'text', 'The lift is out of order.');
    await page.locator('#announce-form [type=submit]').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-announcement]').waitFor();
    await focused('Announce');
    expect(errors).toEqual([]);
  }, 60_000);

  test('the form begins at a venue that has a screen', async () => {
    const own = await house(hubs);
    const other = await own.venue('A hall without screens', 'Aalst');
    const chosen = (page: Page) => page.locator('#venue-choice').inputValue();
    const before = await open(own.organizer);
    await before.page.locator('[data-fresh=true]').waitFor();
    expect(await chosen(before.page)).toBe(other);
    await own.kiosk('Foyer');
    const after = await open(own.organizer);
    await after.page.locator('[data-fresh=true]').waitFor();
    expect(await chosen(after.page)).toBe(own.venueId);
    const wanted = await open(own.organizer, `/screens?venue=${other}`);
    await wanted.page.locator('[data-fresh=true]').waitFor();
    expect(await chosen(wanted.page)).toBe(other);
  }, 60_000);

  test.each([1280, 390])(
    'whoever sells nothing finds the way out of it, %i pixels wide',
    async (width) => {
      const links = (page: Page) => page.locator('.site-nav a').filter({ visible: true }).allInnerTexts();
      const buyer = await open(await hubs.user(), '/screens', { width });
      await signInAs(buyer.page, second, await hubs.user());
      for (const path of ['/screens', '/waitlist', '/analytics']) {
        await buyer.page.goto(second + path);
        await buyer.page.locator('#account .avatar').waitFor();
        expect(
          (await links(buyer.page)).filter((name) => name !== 'API'),
          path,
        ).toEqual(['Events', 'Bookings']);
      }
      const organizer = await open(place.organizer, '/screens', { width });
      await organizer.page.locator('#account .avatar').waitFor();
      const wide = width > 640 ? ['Events'] : [];
      expect(await links(organizer.page)).toEqual([...wide, 'Sales', 'Waitlist', 'Screens']);
    },
    60_000,
  );

  test('a look that is refused for now takes nothing from the page, and the next one heals it', async () => {
    const own = await house(hubs);
    const { page } = await open(own.organizer);
    await page.locator('[data-fresh=true]').waitFor();
    await fill(page, 'text', 'half typed');
    for (const code of ['try-later', 'server-draining', 'internal'] as const) {
      vi.spyOn(node(hubs, 1).engine.kiosks, 'list').mockRejectedValueOnce(new RequestError(code));
      await lookNow(page);
      await page.locator('#facts', { hasText: 'asked again' }).waitFor();
      expect(await page.locator('[name=text]').inputValue()).toBe('half typed');
      expect(await page.locator('.panel[data-fresh=true]').count()).toBe(1);
      await lookNow(page);
      await page.locator('#facts', { hasText: 'Boards for your foyers' }).waitFor();
    }
  }, 60_000);

  test('where the venues cannot be read for now, they are read with the next look', async () => {
    const { page } = await newPage(browser);
    await signInAs(page, second, place.organizer, 'organizer');
    const refused = { status: 503, json: { code: 'try-later', message: 'Not now.', retry: 'later' } };
    await page.route('**/api/v1/venues?*', (route) => route.fulfill(refused), { times: 1 });
    await page.goto(`${second}/screens`);
    await page.locator('#board button', { hasText: 'Try again' }).waitFor();
    await lookNow(page);
    await page.locator('#announce-form').waitFor();
  }, 60_000);

  test('[KIOSK-7] what was typed about an event is said of no other when that one is gone', async () => {
    const own = await house(hubs);
    const other = await own.event({ title: 'The other' });
    const chosen = await own.event({ title: 'The chosen', startsInMs: 7_200_000 });
    const { page } = await open(own.organizer);
    const about = page.locator('[name=about]');
    await about.locator(`option[value="${chosen}"]`).waitFor({ state: 'attached' });
    await about.selectOption(chosen);
    await fill(page, 'text', 'The conductor is late');
    await call(node(hubs), 'events:cancel', { eventId: chosen, reason: 'ill' }, own.organizer);
    await about.locator('option', { hasText: 'Choose…' }).waitFor({ state: 'attached' });
    expect(await about.locator('option:checked').textContent()).toBe('Choose…');
    await page.locator('#announce-form [type=submit]').click();
    await fault(page, 'Choose anew');
    await about.selectOption(other);
    expect(await about.locator('option', { hasText: 'Choose…' }).count()).toBe(0);
    // Nothing was chosen here, but what stands there was read when it was typed.
    await page.reload();
    await about.locator(`option[value="${other}"]`).waitFor({ state: 'attached' });
    await fill(page, 'text', 'The conductor is late');
    await own.event({ title: 'An earlier one', startsInMs: 1_800_000 });
    await about.locator('option', { hasText: 'An earlier one' }).waitFor({ state: 'attached' });
    expect(await about.inputValue()).toBe(other);
  }, 60_000);

  test('[KIOSK-7] under another venue nothing of the one before can be withdrawn, whether its board comes or not', async () => {
    const own = await house(hubs);
    const other = await own.venue('Other hall', 'Bruges');
    await own.announce({ venueId: own.venueId, kind: 'info', text: 'Of the first venue' }, 0);
    const { page } = await open(own.organizer, `/screens?venue=${own.venueId}`);
    const lines = page.locator('[data-announcement]');
    await lines.waitFor();
    const { boards } = node(hubs, 1).engine;
    vi.spyOn(boards, 'open').mockRejectedValueOnce(new RequestError('try-later'));
    await page.locator('#venue-choice').selectOption(other);
    expect(await lines.count()).toBe(0);
    await page.locator('.announced-none', { hasText: 'Nothing is announced' }).waitFor();
    vi.spyOn(boards, 'open').mockRejectedValueOnce(new RequestError('venue-not-found'));
    await page.locator('#venue-choice').selectOption(own.venueId);
    await page.locator('.announced-none', { hasText: 'cannot be loaded' }).waitFor();
    expect(await page.locator('#announce-form [type=submit]').isDisabled()).toBe(true);
  }, 60_000);

  test('what was opened and typed is not there for whoever signs in next', async () => {
    const [own, next] = [await house(hubs), await house(hubs)];
    await own.kiosk('Cloakroom');
    const { page, errors } = await open(own.organizer);
    await page.locator('[data-fresh=true]').waitFor();
    await fill(page, 'code', 'K7QM');
    await page.locator('#pair-form [name=name]').fill('Foyer');
    await fill(page, 'text', 'A secret');
    await row(page, 'Cloakroom').locator('button', { hasText: 'Change' }).click();
    await page.locator('#screen-dialog').waitFor();
    // In another tab.
    const becomes = (text: string | null) =>
      page.evaluate((kept) => {
        if (kept === null) localStorage.removeItem('seatcast.session');
        else localStorage.setItem('seatcast.session', kept);
        dispatchEvent(new StorageEvent('storage', { key: 'seatcast.session' }));
      }, text);
    const before = await page.evaluate(() => localStorage.getItem('seatcast.session'));
    await becomes(null);
    await page.locator('#board', { hasText: 'Screens are looked after by organizers' }).waitFor();
    await page.locator('#screen-dialog').waitFor({ state: 'detached' });
    const { token, id } = next.organizer;
    const kept = JSON.parse(before ?? '');
    await becomes(JSON.stringify({ ...kept, token, user: { ...kept.user, id } }));
    await page.locator('[data-fresh=true]').waitFor();
    for (const input of await page.locator('[name=code], #pair-form [name=name], [name=text]').all())
      expect(await input.inputValue()).toBe('');
    expect(await page.locator('[data-kiosk], [data-announcement]').count()).toBe(0);
    expect(errors).toEqual([]);
  }, 60_000);

  test('visitors are asked to sign in, buyers are told whom it is for, and who has no venue what it is about', async () => {
    const visitor = await open(undefined);
    await visitor.page.locator('#board button', { hasText: 'Sign in' }).click();
    await visitor.page.locator('#sign-in', { hasText: 'look after your screens' }).waitFor();
    const buyer = await open(await hubs.user());
    await buyer.page.locator('#board', { hasText: 'This page is for organizers' }).waitFor();
    expect(await buyer.page.locator('#pair-form').count()).toBe(0);
    const beginner = await open(await hubs.user('organizer'));
    await beginner.page.locator('#board', { hasText: 'You have no venue yet' }).waitFor();
    expect([...visitor.errors, ...buyer.errors, ...beginner.errors]).toEqual([]);
  }, 60_000);

  test('[KIOSK-8] an organizer sees their own screens, an admin those of everybody', async () => {
    const own = await house(hubs);
    await own.kiosk('Stage door');
    await place.kiosk('Somebody else’s');
    const organizer = await open(own.organizer);
    await row(organizer.page, 'Stage door').locator('.tag', { hasText: 'Not started' }).waitFor();
    expect(await organizer.page.locator('[data-kiosk]').count()).toBe(1);
    const { page } = await newPage(browser);
    await signInAs(page, second, await hubs.user('admin'), 'admin');
    await page.goto(`${second}/screens`);
    await row(page, 'Stage door').waitFor();
    await row(page, 'Somebody else’s').waitFor();
  }, 60_000);
});

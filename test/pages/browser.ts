/** The pages in a real browser. Needs a Chromium: CHROMIUM, or where Debian puts it. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
export const isThere = existsSync(executablePath);
if (!isThere && process.env.CI) throw new Error(`There is no Chromium at ${executablePath} (CHROMIUM)`);
if (!isThere)
  console.warn(`No Chromium at ${executablePath} (CHROMIUM): the pages are not tried in a browser.`);

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
args.push('--disable-background-networking', '--disable-component-update', '--disable-sync');

export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args });

export interface OpenPage {
  page: Page;
  /** What went wrong on it. */
  errors: string[];
}

/** A page of an event, in a browser session of its own, with its map loaded. */
export async function openEvent(browser: Browser, url: string): Promise<OpenPage> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
  await page.goto(url);
  await loaded(page);
  return { page, errors };
}

export const loaded = (page: Page): Promise<void> => page.locator('main#app[data-fresh="true"]').waitFor();

/** Makes an account, another one each time, so that a test can be tried again. Answers its e-mail address. */
export async function signUp(page: Page): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  await page.locator('#sign-in-button').click();
  await page.locator('[data-tab=register]').click();
  await page.locator('#sign-in [name=name]').fill('Page Tester');
  await page.locator('#sign-in [name=email]').fill(email);
  await page.locator('#sign-in [name=password]').fill('a long enough password');
  await page.locator('#sign-in [type=submit]').click();
  await page.locator('#account .avatar').waitFor();
  return email;
}

/** Shows the first row of the list of seats. */
export async function openRow(page: Page): Promise<void> {
  if (await page.locator('[data-seat="0"]').isVisible()) return;
  await page.locator('[data-zone="0"] > summary').click();
  await page.locator('[data-zone="0"] [data-row] > summary').first().click();
  await page.locator('[data-seat="0"]').waitFor();
}

export const stateOf = (page: Page, seat: number, state: string): Promise<void> =>
  page.locator(`[data-seat="${seat}"][data-state="${state}"]`).waitFor({ timeout: 20_000 });

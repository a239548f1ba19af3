/** The link in a mail, as its reader and as mail programs follow it. */
import { expect, test } from 'vitest';
import { call, expectRefused, node } from '../support.ts';
import { mailFrom, notify, startMailServer, startSending } from '../../deliveries/support.ts';
import { until } from '../../support/client.ts';

const server = await startMailServer();
const hubs = await startSending(1, { mail: { smtpUrl: server.url, from: mailFrom } });

/** A mail of this kind to somebody, and its link. */
async function mailed(kind = 'event-cancelled') {
  const user = await hubs.user();
  await notify(hubs, user, kind, await hubs.event());
  const own = () => server.mails.find(({ recipients }) => recipients.includes(`${user.id}@example.com`));
  await until(() => own() !== undefined, 'the mail');
  const mail = own() as NonNullable<ReturnType<typeof own>>;
  const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value ?? '';
  const url = /^<(.*)>$/.exec(header('list-unsubscribe'))?.[1] ?? '';
  // The hub does not know by which address the test reaches it.
  const { pathname, search, searchParams } = new URL(url);
  const link = searchParams.get('link') ?? '';
  return { user, mail, header, url, link, here: `${node(hubs).url}${pathname}${search}` };
}
type Person = Awaited<ReturnType<typeof mailed>>['user'];
const waysOf = async (user: Person) => (await call(node(hubs), 'me:read', {}, user)).alerts;
const oneClick = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'List-Unsubscribe=One-Click',
};

test('[MAIL-4] every mail has its link where mail programs look for it, and where people do', async () => {
  const { mail, header, url } = await mailed();
  expect(url).toMatch(/^http:\/\/.*\/api\/v1\/mail\/unsubscribe\?link=/);
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
  expect(mail.html).toContain(url.replaceAll('&', '&amp;'));
  expect(mail.text).toContain(url);
});

test('[MAIL-4] opened, it asks and changes nothing; posted, it ends mails of this kind and no others', async () => {
  const { user, here } = await mailed();
  const page = await fetch(here);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*form-action 'self'/);
  expect(page.headers.get('cache-control')).toBe('no-store');
  const text = await page.text();
  expect(text).toContain('events that are cancelled');
  expect((await waysOf(user)).notifications['event-cancelled'].email).toBe(true);
  // As the page's own form does.
  const action = /action="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const done = await fetch(new URL(action, here), oneClick);
  expect(done.status).toBe(200);
  expect(await done.text()).toContain('events that are cancelled');
  const { channels, notifications } = await waysOf(user);
  expect(channels.email).toBe(true);
  expect(notifications['event-cancelled']).toEqual({ email: false, push: true });
  expect(notifications['booking-confirmed']).toEqual({ email: true, push: true });
});

test('[MAIL-4] a mail program posts it by itself, in either form, as often as it likes', async () => {
  const { user, here } = await mailed();
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  for (const init of [{ method: 'POST', body: form }, oneClick]) {
    expect((await fetch(here, init)).status).toBe(200);
  }
  expect((await waysOf(user)).notifications['event-cancelled'].email).toBe(false);
  const rows = await hubs.sql("select from audit where action = 'mail-switched-off' and actor_id = $1", [
    user.id,
  ]);
  expect(rows).toHaveLength(1);
});

test('[MAIL-4] whoever has a mail of one kind cannot end all mail of its reader', async () => {
  const { user, here } = await mailed();
  const before = await waysOf(user);
  expect((await fetch(`${here}&all=true`, oneClick)).status).toBe(400);
  expect(await waysOf(user)).toEqual(before);
  const body = `${oneClick.body}&all=true`;
  await fetch(here, { ...oneClick, body });
  const { channels, notifications } = await waysOf(user);
  expect(channels.email).toBe(true);
  expect(notifications['booking-confirmed'].email).toBe(true);
  expect(await (await fetch(here)).text()).not.toContain('all=');
});

test('[MAIL-4] link-invalid: changed for another reader, another kind, or made up', async () => {
  const { user, link } = await mailed();
  const other = await hubs.user();
  const [, , signature = ''] = link.split('.');
  const forged = [
    `${other.id}.event-cancelled.${signature}`,
    `${user.id}.booking-confirmed.${signature}`,
    `${user.id}.event-cancelled.${'A'.repeat(43)}`,
  ];
  for (const each of forged) {
    await expectRefused(node(hubs), 'mail:unsubscribe-page', { link: each }, undefined, 'link-invalid');
    const posted = await fetch(`${node(hubs).url}/api/v1/mail/unsubscribe?link=${each}`, oneClick);
    expect(posted.status).toBe(404);
  }
  for (const who of [user, other])
    expect((await waysOf(who)).notifications['event-cancelled'].email).toBe(true);
});

/** What a reader sees who follows the link in a mail. It works without scripts, and asks before it changes anything. */
import { hash } from 'node:crypto';
import { Download } from '../channel.ts';
import { Html, html } from '../docs/html.ts';

/** What mails of a kind are about, for people. */
const kinds: Readonly<Record<string, string>> = {
  'starting-soon': 'events that start soon',
  'event-rescheduled': 'events that get another time',
  'event-cancelled': 'events that are cancelled',
  'booking-confirmed': 'confirmed bookings, with their tickets',
  'booking-cancelled': 'cancelled bookings',
  'waitlist-promoted': 'seats that are offered to you',
  'waitlist-offer-expired': 'offers that have run out',
  'waitlist-closed': 'waitlists that are closed',
};

const sheet = `
  :root { color-scheme: light dark }
  body { margin: 0; padding: 10vh 16px; font: 17px/1.5 system-ui, sans-serif; background: light-dark(#f2f3f6, #14161a); color: light-dark(#14181f, #eceef2) }
  main { max-width: 520px; margin: 0 auto; padding: 28px; border: 1px solid light-dark(#e1e4ea, #32363f); border-radius: 14px; background: light-dark(#fff, #1e2127) }
  h1 { margin: 0 0 12px; font-size: 24px; line-height: 1.25 }
  form { display: inline-block; margin: 10px 10px 0 0 }
  button { padding: 12px 18px; border: 1px solid light-dark(#1f5fd6, #6ea8ff); border-radius: 10px; font: inherit; font-weight: 600; cursor: pointer; background: light-dark(#1f5fd6, #6ea8ff); color: light-dark(#fff, #0d1420) }
`;
const style = html`<style>${new Html(sheet)}</style>`;
const headers = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', sheet, 'base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
};

const page = (title: string, content: ReturnType<typeof html>): Download =>
  new Download(
    'text/html; charset=utf-8',
    html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>${style}</head>
<body><main><h1>${title}</h1>${content}</main></body>
</html>
`.text,
    undefined,
    { headers },
  );

const about = (kind: string) => kinds[kind] ?? 'this';

/** @param path where the forms post to */
export const askPage = (kind: string, path: string, link: string): Download =>
  page(
    'No more mails of this kind?',
    html`<p>Mails about ${about(kind)} will not be sent to you any more. What happens is still shown in the application.</p>
<form method="post" action="${path}?link=${link}"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>No more of these</button></form>
<p>All mail is switched off in your account, with a sign-in.</p>`,
  );

export const donePage = (kind: string): Download =>
  page(
    'Done.',
    html`<p>You get no more mails about ${about(kind)}. In your account you can switch them on again.</p>`,
  );

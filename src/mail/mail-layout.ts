/** A mail as text and as HTML, from the same words. */
import { Html, html } from '../docs/html.ts';
import type { MailFacts } from './mail-facts.ts';
import type { MailWords } from './mail-words.ts';

/**
 * Colours are said twice, as programs differ in what they know: those in `style` attributes for light, and a sheet that
 * replaces them where the reader's screen is dark. No pictures, no fonts, nothing to load: a mail tells nobody that it was
 * read.
 */
const sheet = `
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: #14161a !important; }
    .card { background: #1e2127 !important; border-color: #32363f !important; }
    .ink, .ink a { color: #eceef2 !important; }
    .quiet, .quiet a { color: #a4abb8 !important; }
    .rule { border-color: #32363f !important; }
    .button { background: #6ea8ff !important; color: #0d1420 !important; }
  }`;

const font = "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

export function mailHtml(words: MailWords, facts: MailFacts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${words.subject}</title>
<style>${new Html(sheet)}</style>
</head>
<body class="page" style="margin: 0; padding: 24px 12px; background: #f2f3f6; ${font}">
<div class="card" style="max-width: 560px; margin: 0 auto; padding: 28px; background: #ffffff; border: 1px solid #e1e4ea; border-radius: 14px">
<p class="quiet" style="margin: 0 0 18px; color: #5b6473; font-size: 14px; letter-spacing: 0.02em">Seatcast</p>
<h1 class="ink" style="margin: 0 0 14px; color: #14181f; font-size: 24px; line-height: 1.25">${words.heading}</h1>
<p class="ink" style="margin: 0 0 12px; color: #14181f; font-size: 16px; line-height: 1.5">Hello ${facts.reader.name},</p>
${words.paragraphs.map(
  (text) =>
    html`<p class="ink" style="margin: 0 0 12px; color: #14181f; font-size: 16px; line-height: 1.5">${text}</p>\n`,
)}${details(words)}<p style="margin: 22px 0 0"><a class="button" href="${words.button.url}" style="display: inline-block; padding: 12px 20px; border-radius: 10px; background: #1f5fd6; color: #ffffff; font-size: 16px; font-weight: 600; text-decoration: none">${words.button.text}</a></p>
</div>
<p class="quiet" style="max-width: 560px; margin: 16px auto 0; color: #5b6473; font-size: 13px; line-height: 1.5; text-align: center">You get this because you have an account. <a href="${facts.links.unsubscribe}" style="color: #5b6473">No more mails of this kind</a></p>
</body>
</html>
`.text;
}

const details = ({ details }: MailWords): Html | undefined =>
  details.length === 0
    ? undefined
    : html`<dl class="rule" style="margin: 18px 0 0; padding: 14px 0 0; border-top: 1px solid #e1e4ea">
${details.map(
  ({ name, lines }) =>
    html`<dt class="quiet" style="margin: 0; color: #5b6473; font-size: 13px">${name}</dt>
<dd class="ink" style="margin: 2px 0 12px; color: #14181f; font-size: 16px; line-height: 1.45">${lines.map(
      (line, i) => [i > 0 && html`<br>`, line],
    )}</dd>
`,
)}</dl>
`;

/** The same for programs, and people, who read no HTML. */
export function mailText(words: MailWords, facts: MailFacts): string {
  const detailed = words.details.map(
    ({ name, lines }) => `${name}:\n${lines.map((line) => `  ${oneLine(line)}`).join('\n')}`,
  );
  return `${[
    oneLine(words.heading),
    `Hello ${oneLine(facts.reader.name)},`,
    ...words.paragraphs.map(oneLine),
    ...detailed,
    `${words.button.text}: ${words.button.url}`,
    `--\nYou get this because you have an account. No more mails of this kind: ${facts.links.unsubscribe}`,
  ].join('\n\n')}\n`;
}

/** Titles and names are one line, whatever is in them. */
export const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();

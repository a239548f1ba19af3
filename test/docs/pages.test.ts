import { describe, expect, test } from 'vitest';
import { loadContracts } from '../../src/contracts.ts';
import { disconnects } from '../../src/disconnects.ts';
import { escapeHtml } from '../../src/docs/html.ts';
import { httpPage } from '../../src/docs/http-page.ts';
import { commonCodes } from '../../src/docs/schema.ts';
import { socketsPage } from '../../src/docs/sockets-page.ts';
import { type ErrorCode, errors } from '../../src/errors.ts';

const options = { version: '1.2.3', host: 'tickets.example', secure: true };
const publicMessages = new Set(['auth:login']);
const sockets = socketsPage(options);
const http = httpPage({ ...options, publicMessages });
const pages = { sockets, http };
const { asks, tells } = loadContracts();

const ids = (page: string) => [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string);

/** The part of a page that is about one message. */
function section(page: string, name: string): string {
  const start = page.indexOf(`<h3 id="${name}">`);
  if (start < 0) throw new Error(`${name} is not on the page`);
  return page.slice(start, page.indexOf('</article>', start));
}

describe.each(Object.entries(pages))('the page of %s', (name, page) => {
  test('links only to places that are there', () => {
    const here = new Set(ids(page));
    const other = new Set(ids(name === 'sockets' ? http : sockets));
    for (const [, path, hash] of page.matchAll(/href="(\/docs\/\w+)?#([^"]+)"/g)) {
      const places = path === undefined || path === `/docs/${name}` ? here : other;
      expect(places.has(hash as string), `${path ?? ''}#${hash}`).toBe(true);
    }
  });

  test('gives each place its own name', () => {
    expect(ids(page).length).toBe(new Set(ids(page)).size);
  });

  test('has no script, no inline style and nothing from elsewhere', () => {
    expect(page).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i);
    expect(page).not.toMatch(/(?:src|href)="(?!\/|#)/);
  });

  test('closes what it opens', () => {
    const open: string[] = [];
    for (const [, end, tag] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (['meta', 'link', 'wbr', 'br'].includes(tag as string)) continue;
      if (end === '') open.push(tag as string);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
  });
});

describe('the socket page', () => {
  const socketAsks = [...asks.values()].filter((ask) => ask.socket);

  test.each(socketAsks.map((ask) => ask.name))('shows the fields and errors of %s', (name) => {
    const part = section(sockets, name);
    const ask = asks.get(name);
    for (const field of Object.keys(ask?.request.properties ?? {})) expect(part).toContain(`>${field}<`);
    for (const field of Object.keys(ask?.reply.properties ?? {})) expect(part).toContain(`>${field}<`);
    for (const code of ask?.errors ?? []) expect(part).toContain(escapeHtml(errors[code].message));
  });

  test.each([...tells.keys()])('shows the data and the room of %s', (name) => {
    const part = section(sockets, name);
    for (const field of Object.keys(tells.get(name)?.data.properties ?? {})) {
      expect(part).toContain(`>${field}<`);
    }
    expect(part).toContain(`room: ${tells.get(name)?.rooms.join(', ')}`);
  });

  test('says what every disconnect means', () => {
    for (const [code, { message }] of Object.entries(disconnects)) {
      expect(sockets).toContain(`id="disconnect-${code}"`);
      expect(sockets).toContain(escapeHtml(message));
    }
  });

  test('escapes the host it is told', () => {
    const page = socketsPage({ ...options, host: `x"><script>alert('1')</script>` });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });
});

describe('the HTTP page', () => {
  const httpAsks = [...asks.values()].filter((ask) => ask.http);

  test.each(httpAsks.map((ask) => ask.name))('shows the path, fields and errors of %s', (name) => {
    const part = section(http, name);
    const ask = asks.get(name);
    expect(part).toContain(ask?.http?.path.replace(/:(\w+)/g, '{$1}'));
    for (const field of Object.keys(ask?.request.properties ?? {})) {
      expect(part).toContain(`>${field === 'requestId' ? 'Idempotency-Key' : field}<`);
    }
    for (const code of ask?.errors ?? []) expect(part).toContain(`#error-${code}`);
  });

  test('escapes the host it is told', () => {
    const page = httpPage({ ...options, publicMessages, host: '<script>' });
    expect(page).not.toContain('<script');
  });
});

test('every error of the catalogue is documented on the page of who may answer it', () => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const by = [...asks.values()].filter((ask) => ask.errors.includes(code));
    const overSockets = commonCodes('socket').includes(code) || by.some((ask) => ask.socket);
    const overHttp = commonCodes('http').includes(code) || by.some((ask) => ask.http);
    expect(overSockets || overHttp, `${code} is answered by no message`).toBe(true);
    expect(sockets.includes(`id="error-${code}"`), `${code} over sockets`).toBe(overSockets);
    expect(http.includes(`id="error-${code}"`), `${code} over HTTP`).toBe(overHttp);
  }
});

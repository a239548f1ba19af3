/**
 * The pages and what they load. TypeScript goes out with its types stripped and its imports as they are:
 * there is no bundler and no build step. Only the files listed here ever leave the disk.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hono } from 'hono';
import type { Events } from '../events/events.ts';
import type { Bindings } from './api.ts';
import { eventStatus } from './event-status.ts';

const source = fileURLToPath(new URL('../', import.meta.url));
const require = createRequire(import.meta.url);

/** Folders and files below `src/` that browsers may have. */
const folders = ['pages', 'client'];
const files = [
  'clock.ts',
  'boards/paging.ts',
  'seats/codec.ts',
  'seats/replica.ts',
  'seating/plan-wire.ts',
  'docs/docs.css',
];

const types: Record<string, string> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

interface Asset {
  body: string | Uint8Array<ArrayBuffer>;
  type: string;
  etag: string;
}

function asset(body: Asset['body'], type: string): Asset {
  return { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

function readAsset(path: string): Asset {
  const extension = extname(path);
  const bytes = readFileSync(join(source, path));
  const body = extension === '.ts' ? stripTypeScriptTypes(bytes.toString()) : bytes;
  return asset(body, types[extension] ?? 'text/plain');
}

function readAssets(): Map<string, Asset> {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(source, folder)).map((file) => `${folder}/${file}`),
  );
  const assets = new Map<string, Asset>();
  for (const path of [...paths, ...files]) {
    if (types[extname(path)] && extname(path) !== '.html') assets.set(`/assets/${path}`, readAsset(path));
  }
  const client = join(dirname(require.resolve('socket.io-client/package.json')), 'dist/socket.io.esm.min.js');
  const script = readFileSync(client, 'utf8').replace(/\/\/# sourceMappingURL=.*$/m, '');
  assets.set('/assets/vendor/socket.io-client.js', asset(script, types['.js'] as string));
  return assets;
}

const readHtml = (name: string): string => readFileSync(join(source, 'pages', name), 'utf8');

/** A page. A comment that is the name of a file beside it stands for what is in that one: what all pages begin with. */
function page(name: string): string {
  return readHtml(name).replaceAll(/( *)<!-- ([\w-]+\.html) -->/g, (_, indent: string, part: string) =>
    readHtml(part).trimEnd().replaceAll(/^/gm, indent),
  );
}

/** The policy of a page: our own files, and inline only the import map, by its hash. */
function policy(html: string): string {
  const inline = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1];
  const hash =
    inline === undefined ? '' : ` 'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
  return [
    "default-src 'self'",
    `script-src 'self'${hash}`,
    // Sockets of the same host count as 'self'.
    "connect-src 'self'",
    "img-src 'self' data:",
    "worker-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ].join('; ');
}

/** A service worker is for what is below it, so this one is at the root; what it does is where all scripts are. */
const pushWorker = () =>
  new Response("import '/assets/pages/push-worker.ts';\n", {
    headers: {
      'content-type': types['.js'] as string,
      // Its own: that of the page that registers it does not hold in there.
      'content-security-policy': "default-src 'none'; script-src 'self'; img-src 'self'",
      'cache-control': 'no-cache',
    },
  });

export function htmlResponse(html: string, status = 200): Response {
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy(html),
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    },
  });
}

export interface PageOptions {
  /** Who moves the money: the page of an event asks for a test card only where none moves. */
  payments: string;
  events: Pick<Events, 'isPublic'>;
}

export function mountAssets(app: Hono<Bindings>, { payments, events }: PageOptions): void {
  const assets = readAssets();
  app.get('/assets/*', (c) => {
    const found = assets.get(c.req.path);
    if (!found) return c.notFound();
    const headers = {
      'content-type': found.type,
      etag: found.etag,
      'cache-control': 'no-cache',
    };
    if (c.req.header('if-none-match') === found.etag) return new Response(null, { status: 304, headers });
    return new Response(found.body, { headers });
  });
  app.get('/push-worker.js', pushWorker);
  const home = page('index.html');
  const event = page('event.html').replace('data-payments=""', `data-payments="${payments}"`);
  const analytics = page('analytics.html');
  const kiosk = page('kiosk.html');
  const waitlist = page('waitlist.html');
  const screens = page('screens.html');
  const bookings = page('bookings.html');
  app.get('/', () => htmlResponse(home));
  app.get('/analytics', () => htmlResponse(analytics));
  app.get('/kiosk', () => htmlResponse(kiosk));
  app.get('/waitlist', () => htmlResponse(waitlist));
  app.get('/screens', () => htmlResponse(screens));
  app.get('/bookings', () => htmlResponse(bookings));
  const statusOf = eventStatus(events);
  app.get('/events/:eventId', async (c) => htmlResponse(event, await statusOf(c.req.param('eventId'))));
}

/** Everything that is served over HTTP, on the port of the sockets. */
import { Hono } from 'hono';
import { asyncApi } from '../docs/async-api.ts';
import { httpPage } from '../docs/http-page.ts';
import { type OpenApiOptions, openApi } from '../docs/open-api.ts';
import { socketsPage } from '../docs/sockets-page.ts';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type ApiOptions, type Bindings, mountApi } from './api.ts';
import { htmlResponse, mountAssets } from './assets.ts';
import { problem } from './problem.ts';
import { mountWebhook, type Webhook } from './webhook.ts';

export interface SiteOptions extends ApiOptions {
  version: string;
  /** Where clients reach us, for the documentation. */
  publicUrl: () => string;
  /** Rejects, or says what is missing, while this node should get no traffic. */
  readiness: () => Promise<Record<string, boolean>>;
  /** The payment provider's name. */
  payments: string;
  /** Only where the payment provider sends webhooks. */
  webhook?: Webhook | undefined;
  log: Logger;
}

/** Messages everybody may send, as their handlers' `access` has it. */
const publicMessages: ReadonlySet<string> = new Set([
  'auth:register',
  'auth:login',
  'auth:refresh',
  'kiosks:begin',
  'kiosks:claim',
  'events:read',
  'events:list',
  'plans:read',
]);

export function makeSite(options: SiteOptions): Hono<Bindings> {
  const app = new Hono<Bindings>({ strict: false });
  app.get('/health/live', (c) => c.json({ ok: true }));
  app.get('/health/ready', async (c) => {
    const parts = await options.readiness();
    const ok = Object.values(parts).every(Boolean);
    return c.json({ ok, ...parts }, ok ? 200 : 503, { 'cache-control': 'no-store' });
  });
  app.get('/.well-known/jwks.json', (c) =>
    c.json(options.tokens.jwks, 200, { 'cache-control': 'public, max-age=300' }),
  );
  mountApi(app, options);
  if (options.webhook) mountWebhook(app, options.webhook);
  mountDocs(app, options);
  mountAssets(app, options.payments);
  app.notFound(() =>
    problem(new RequestError('unknown-message', undefined, 'There is nothing at this path.')),
  );
  app.onError((error) => {
    options.log.error({ err: error }, 'a request failed on our side');
    return problem(new RequestError('internal'));
  });
  return app;
}

/** Rendered once: the address is ours, not what a request says it is. */
function mountDocs(app: Hono<Bindings>, { version, publicUrl }: SiteOptions): void {
  const rendered = new Map<string, string>();
  const once = (path: string, render: (where: OpenApiOptions) => string) => {
    const known = rendered.get(path);
    if (known !== undefined) return known;
    const { host, protocol } = new URL(publicUrl());
    const text = render({ version, host, secure: protocol === 'https:', publicMessages });
    rendered.set(path, text);
    return text;
  };
  const json = (text: string) => new Response(text, { headers: { 'content-type': 'application/json' } });
  app.get('/asyncapi.json', (c) => json(once(c.req.path, (where) => JSON.stringify(asyncApi(where)))));
  app.get('/openapi.json', (c) => json(once(c.req.path, (where) => JSON.stringify(openApi(where)))));
  app.get('/docs/sockets', (c) => htmlResponse(once(c.req.path, socketsPage)));
  app.get('/docs/http', (c) => htmlResponse(once(c.req.path, httpPage)));
  app.get('/docs', (c) => c.redirect('/docs/sockets'));
}

/** Everything that is served over HTTP, on the port of the sockets. */
import { hash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { anyone } from '../channel.ts';
import { asyncApi } from '../docs/async-api.ts';
import { docsIndex } from '../docs/docs-index.ts';
import { httpPage } from '../docs/http-page.ts';
import { type OpenApiOptions, openApi } from '../docs/open-api.ts';
import { socketsPage } from '../docs/sockets-page.ts';
import { schemaPath } from '../domain-events/cloud-event.ts';
import { domainEventSchemas } from '../domain-events/schemas.ts';
import { RequestError } from '../errors.ts';
import type { Health } from '../health/health.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type ApiOptions, type Bindings, mountApi } from './api.ts';
import { htmlResponse, mountAssets, type PageOptions } from './assets.ts';
import { problem } from './problem.ts';
import { mountWebhook, type Webhook } from './webhook.ts';

export interface SiteOptions extends ApiOptions, PageOptions {
  version: string;
  /** Where clients reach us, for the documentation. */
  publicUrl: () => string;
  health: Health;
  metrics: Metrics;
  /** Who may read the metrics: `anyone`, nobody, or whoever sends this token. */
  metricsFor: 'anyone' | 'nobody' | { token: string };
  /** Only where the payment provider sends webhooks. */
  webhook?: Webhook | undefined;
  log: Logger;
}

export function makeSite(options: SiteOptions): Hono<Bindings> {
  const app = new Hono<Bindings>({ strict: false });
  app.get('/health/live', (c) => c.json({ ok: true }, 200, { 'cache-control': 'no-store' }));
  app.get('/health/ready', async (c) => {
    const found = await options.health.readiness();
    return c.json(found, found.ok ? 200 : 503, { 'cache-control': 'no-store' });
  });
  mountMetrics(app, options);
  app.get('/.well-known/jwks.json', (c) =>
    c.json(options.tokens.jwks, 200, { 'cache-control': 'public, max-age=300' }),
  );
  mountApi(app, options);
  if (options.webhook) mountWebhook(app, options.webhook);
  mountDocs(app, options);
  mountAssets(app, options);
  app.notFound(() => problem(new RequestError('path-not-found')));
  app.onError((error) => {
    options.log.error({ err: error }, 'a request failed on our side');
    return problem(new RequestError('internal'));
  });
  return app;
}

/** What a node is busy with is for its operators. Where nobody may read it, there is nothing at this path. */
function mountMetrics(app: Hono<Bindings>, { metrics, metricsFor }: SiteOptions): void {
  if (metricsFor === 'nobody') return;
  app.get('/metrics', async (c) => {
    if (metricsFor !== 'anyone') {
      const given = Buffer.from(c.req.header('authorization') ?? '');
      const expected = Buffer.from(`Bearer ${metricsFor.token}`);
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        return problem(new RequestError('unauthenticated'));
    }
    const headers = { 'content-type': metrics.contentType, 'cache-control': 'no-store' };
    return new Response(await metrics.text(), { headers });
  });
}

/** Rendered once: the address is ours, not what a request says it is. */
function mountDocs(app: Hono<Bindings>, { version, publicUrl, dispatcher }: SiteOptions): void {
  const publicMessages = new Set(
    [...dispatcher.entries].filter(([, { message }]) => message.access === anyone).map(([name]) => name),
  );
  const rendered = new Map<string, string>();
  const once = (path: string, render: (where: OpenApiOptions) => string) => {
    const known = rendered.get(path);
    if (known !== undefined) return known;
    const { host, protocol } = new URL(publicUrl());
    const text = render({ version, host, secure: protocol === 'https:', publicMessages });
    rendered.set(path, text);
    return text;
  };
  const json = (c: Context<Bindings>, text: string) => {
    const etag = `"${hash('sha256', text, 'base64url').slice(0, 27)}"`;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache', etag };
    const isKnown = c.req.header('if-none-match') === etag;
    return new Response(isKnown ? null : text, { status: isKnown ? 304 : 200, headers });
  };
  app.get('/asyncapi.json', (c) =>
    json(
      c,
      once(c.req.path, (where) => JSON.stringify(asyncApi(where))),
    ),
  );
  app.get('/openapi.json', (c) =>
    json(
      c,
      once(c.req.path, (where) => JSON.stringify(openApi(where))),
    ),
  );
  app.get(`${schemaPath}:file`, (c) => {
    const schema = domainEventSchemas.get(c.req.param('file'));
    return schema === undefined ? c.notFound() : json(c, schema);
  });
  app.get('/docs/sockets', (c) => htmlResponse(once(c.req.path, socketsPage)));
  app.get('/docs/http', (c) => htmlResponse(once(c.req.path, httpPage)));
  app.get('/docs', (c) => htmlResponse(once(c.req.path, () => docsIndex(version))));
}

/**
 * What every HTTP request meets before and after its route: an id, a trace, a path that is plain, a method that the
 * path knows, CORS, the headers browsers are to obey, a line of the log and a measurement. Whatever goes wrong leaves
 * here as problem+json.
 */
import type { Hono } from 'hono';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import { inRequest } from '../request-context.ts';
import type { TraceSpan, Tracing } from '../telemetry/tracing.ts';
import type { Bindings } from './api.ts';
import type { Answerer, Asked } from './bridge.ts';
import { corsHeaders, preflightHeaders, secureHeaders } from './headers.ts';
import { isPlainPath, type Place, RouteTable } from './paths.ts';
import { problem } from './problem.ts';

/** One request that was answered, or was not waited for. `route` and `method` have few values. */
export interface HttpObservation {
  route: string;
  method: string;
  /** 499, as nginx says it: nobody waited for the answer. */
  status: number;
  seconds: number;
}

export interface FaceOptions {
  site: Hono<Bindings>;
  /** Whose pages may read answers. */
  origins: () => ReadonlySet<string>;
  /** Whether X-Forwarded-Proto comes from a proxy of ours. */
  trustProxy: boolean;
  log: Logger;
  observe?: ((request: HttpObservation) => void) | undefined;
  tracing?: Tracing | undefined;
}

const allMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
const abandoned = 499;
/** What ids of others may look like: they go into logs and headers as they are. */
const idPattern = /^[\w.:+/=-]{1,128}$/;
/** Asked for every few seconds by machines. */
const quiet = /^\/(health|metrics)(\/|$)/;

interface Visit {
  readonly asked: Asked;
  readonly requestId: string;
  readonly span: TraceSpan | undefined;
  readonly place: Place | undefined;
}

export class Face implements Answerer {
  readonly #options: FaceOptions;
  readonly #routes: RouteTable;

  constructor(options: FaceOptions) {
    this.#options = options;
    this.#routes = new RouteTable(options.site);
  }

  async answer(
    asked: Asked,
    body: Uint8Array<ArrayBuffer> | undefined,
    isGone: () => boolean,
  ): Promise<Response> {
    const visit = this.#enter(asked);
    return inRequest(visit, async () => {
      const extra: Record<string, string> = {};
      let response: Response;
      try {
        response = await this.#route(visit, body, extra);
      } catch (error) {
        if (!(error instanceof RequestError))
          this.#options.log.error({ err: error }, 'a request failed on our side');
        response = problem(error instanceof RequestError ? error : new RequestError('internal'));
      }
      return this.#leave(visit, response, extra, isGone());
    });
  }

  refuse(asked: Asked, error: RequestError): Response {
    const visit = this.#enter(asked);
    return inRequest(visit, () => this.#leave(visit, problem(error), {}, false));
  }

  gone(asked: Asked): void {
    const visit = this.#enter(asked);
    inRequest(visit, () => this.#note(visit, abandoned));
  }

  #enter(asked: Asked): Visit {
    const { headers, method } = asked;
    const given = headers.get('x-request-id');
    const requestId = given !== null && idPattern.test(given) ? given : newId();
    const place = isPlainPath(asked.path) ? this.#routes.find(asked.path) : undefined;
    const span = this.#options.tracing?.start(
      `${known(method)} ${place?.route ?? '(nowhere)'}`,
      'server',
      { 'http.request.method': known(method), ...(place ? { 'http.route': place.route } : {}) },
      headers.get('traceparent') ?? undefined,
    );
    return { asked, requestId, span, place };
  }

  async #route(
    { asked, place }: Visit,
    body: Uint8Array<ArrayBuffer> | undefined,
    extra: Record<string, string>,
  ): Promise<Response> {
    const { method, path, query, headers, address } = asked;
    if (!place) throw new RequestError('path-not-found');
    if (method === 'OPTIONS') return allow(place.methods);
    if (!place.methods.includes(method))
      throw new RequestError('method-not-allowed', { allowed: place.methods });
    const url = `http://hub${path}${query ? `?${query}` : ''}`;
    const request =
      body && body.length > 0
        ? new Request(url, { method, headers, body })
        : // A HEAD is answered as its GET would be, with the length and without the body.
          bodiless({ url, method: method === 'HEAD' ? 'GET' : method, headers });
    return this.#options.site.fetch(request, { address, extra });
  }

  #leave(visit: Visit, response: Response, extra: Record<string, string>, isAbandoned: boolean): Response {
    const { asked, requestId } = visit;
    // Its own, made for this request: a copy of them, and of the response, would cost as much as making it did.
    const { headers } = response;
    for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    headers.set('x-request-id', requestId);
    secureHeaders(headers, this.#isSecure(asked));
    corsHeaders(headers, asked.headers.get('origin'), this.#options.origins());
    if (asked.headers.has('access-control-request-method') && response.status === 204)
      preflightHeaders(headers, visit.place?.methods ?? []);
    this.#note(visit, isAbandoned ? abandoned : response.status);
    return response;
  }

  #note({ asked, place, span }: Visit, status: number): void {
    const ms = performance.now() - asked.at;
    const method = known(asked.method);
    const route = place?.route ?? '(nowhere)';
    this.#options.observe?.({ route, method, status, seconds: ms / 1000 });
    const line = { method, route, status, ms: Math.round(ms * 10) / 10 };
    // Neither path nor query: either may name people, and a query may hold what should not be kept.
    this.#options.log[quiet.test(route) ? 'debug' : 'info'](line, 'request');
    span?.set({ 'http.response.status_code': status });
    span?.end(status >= 500 ? String(status) : undefined);
  }

  #isSecure({ headers }: Asked): boolean {
    return (
      this.#options.trustProxy && headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https'
    );
  }
}

/** What a route reads of a request without a body. To make a whole `Request` would take longer than most answers do. */
const bodiless = (request: Pick<Request, 'url' | 'method' | 'headers'>): Request =>
  ({ ...request, text: async () => '', arrayBuffer: async () => new ArrayBuffer(0) }) as Request;

/** Of the methods that nobody knows there are as many as one likes. */
const known = (method: string): string => (allMethods.includes(method) ? method : '(other)');

const allow = (methods: readonly string[]): Response =>
  new Response(null, { status: 204, headers: { allow: methods.join(', '), 'cache-control': 'no-store' } });

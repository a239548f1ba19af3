/**
 * What belongs to one request, wherever it is by now: its id and its trace reach every log line and every span
 * without being handed from function to function. Sockets have a context only while traces are on, so that the hot
 * path pays nothing for it otherwise: with `--experimental-async-context-frame`, as Node.js 24 has it by default. Without,
 * it works as well, but from the first request over HTTP on every promise of the node is followed, which is a tenth of its
 * time.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceSpan } from './telemetry/tracing.ts';

export interface RequestContext {
  /** Of an HTTP request: its `x-request-id`. */
  readonly requestId?: string | undefined;
  /** The span under way; undefined: nobody traces. */
  readonly span?: TraceSpan | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const inRequest = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** What a log line says of the request it belongs to. A new object each time: pino writes into it. */
export function requestFields(): Record<string, string> {
  const context = storage.getStore();
  if (!context) return {};
  const { requestId, span } = context;
  return { ...(requestId ? { requestId } : {}), ...(span ? { traceId: span.traceId } : {}) };
}

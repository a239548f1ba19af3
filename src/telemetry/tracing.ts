/**
 * Traces by OpenTelemetry: from a message or an HTTP request to the scripts and statements it ran. Nothing of
 * OpenTelemetry's SDK is loaded before somebody says where traces go (`OTEL_EXPORTER_OTLP_ENDPOINT`). Spans wait in a queue
 * of fixed length: a collector that is away costs what does not fit, and nothing else.
 *
 * Attributes name messages, scripts, statements and routes, never people or what they asked for.
 */
import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import { currentRequest, inRequest } from '../request-context.ts';

export type SpanKind = 'server' | 'internal' | 'client';

export interface TraceSpan {
  readonly traceId: string;
  child(name: string, kind: SpanKind, attributes?: Attributes): TraceSpan;
  name(name: string): void;
  set(attributes: Attributes): void;
  /** @param failure what went wrong in one word, if it did */
  end(failure?: string): void;
}

export interface Tracing {
  /** @param traceparent of W3C Trace Context, as the caller sent it; one that is none begins a trace of its own */
  start(name: string, kind: SpanKind, attributes?: Attributes, traceparent?: string): TraceSpan;
  /** Sends what waits, if somebody takes it. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Base URL of a collector that speaks OTLP over HTTP: traces go to `/v1/traces` below it. */
  endpoint: string;
  /** Of the traces that begin here, 0 to 1. A caller that sends a traceparent decides by itself. */
  ratio: number;
  node: string;
  version: string;
}

const queuedAtMost = 2048;
const sendEveryMs = 1000;
const sendTimeoutMs = 3000;
const nameAtMost = 200;
const traceparentPattern = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'seatcast',
      'service.version': options.version,
      'service.instance.id': options.node,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.ratio) }),
    spanLimits: { attributeValueLengthLimit: nameAtMost, attributeCountLimit: 16 },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${options.endpoint.replace(/\/$/, '')}/v1/traces`,
          timeoutMillis: sendTimeoutMs,
        }),
        maxQueueSize: queuedAtMost,
        maxExportBatchSize: 512,
        scheduledDelayMillis: sendEveryMs,
        exportTimeoutMillis: sendTimeoutMs,
      }),
    ],
  });
  const tracer: Tracer = provider.getTracer('seatcast', options.version);
  const kinds: Record<SpanKind, number> = {
    server: api.SpanKind.SERVER,
    internal: api.SpanKind.INTERNAL,
    client: api.SpanKind.CLIENT,
  };

  function wrap(span: Span): TraceSpan {
    return {
      traceId: span.spanContext().traceId,
      child(name, kind, attributes = {}) {
        const parent = api.trace.setSpan(api.ROOT_CONTEXT, span);
        return wrap(tracer.startSpan(name, { kind: kinds[kind], attributes }, parent));
      },
      name: (name) => void span.updateName(name),
      set: (attributes) => void span.setAttributes(attributes),
      end(failure) {
        if (failure !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: failure });
        span.end();
      },
    };
  }

  return {
    start(name, kind, attributes = {}, traceparent) {
      const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent ?? '') ?? [];
      const parent =
        traceId && spanId
          ? api.trace.setSpanContext(api.ROOT_CONTEXT, {
              traceId,
              spanId,
              traceFlags: Number.parseInt(flags ?? '0', 16) & 1,
              isRemote: true,
            })
          : api.ROOT_CONTEXT;
      return wrap(tracer.startSpan(name, { kind: kinds[kind], attributes }, parent));
    },
    async close() {
      // A collector that is away must not keep the node from ending.
      await Promise.race([provider.shutdown(), pause(sendTimeoutMs)]).catch(() => undefined);
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

/** Runs work as a span below that of its request. Without one, which is the rule, it costs a look. */
export function spanned<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  kind: SpanKind = 'client',
): Promise<T> {
  const context = currentRequest();
  return context?.span ? inSpan(context.span.child(name, kind, attributes), work) : work();
}

/** Runs work with the span as its own, and ends it. */
export async function inSpan<T>(span: TraceSpan, work: () => Promise<T>): Promise<T> {
  try {
    const result = await inRequest({ ...currentRequest(), span }, work);
    span.end();
    return result;
  } catch (error) {
    span.end(faultOf(error));
    throw error;
  }
}

/** A code or a class: messages of errors may quote what people sent. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

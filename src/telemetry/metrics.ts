/**
 * What Prometheus reads at `/metrics`. The parts of the engine count for themselves; their counts are read when somebody
 * scrapes. Only two things are measured as they happen: how long messages and HTTP requests take.
 *
 * No label has a value that a client could choose: messages, routes, scripts and codes are those of our own lists.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HttpObservation } from '../http/face.ts';

type Numbers = Readonly<Record<string, number>>;
/** A number, or several under the values of their labels. undefined: it is not known right now. */
type Reading = number | Numbers | undefined;
type Read = () => Reading | Promise<Reading>;

/** What lives as long as the process, whatever hubs come and go in it: memory, CPU, GC, event loop. */
let ofProcess: Registry | undefined;
function processRegistry(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

/** A hold takes a few milliseconds, an import of a plan may take seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #messages: Histogram<'message'>;
  readonly #http: Histogram<'method' | 'route' | 'status'>;

  constructor() {
    this.contentType = this.#registry.contentType;
    const registers = [this.#registry];
    this.#messages = new Histogram({
      name: 'seatcast_message_seconds',
      help: 'How long messages took, from sockets and over HTTP, refused ones included.',
      labelNames: ['message'],
      buckets,
      registers,
    });
    this.#http = new Histogram({
      name: 'seatcast_http_request_seconds',
      help: 'How long HTTP requests took. Status 499: nobody waited for the answer.',
      labelNames: ['method', 'route', 'status'],
      buckets,
      registers,
    });
  }

  message(message: string, seconds: number): void {
    this.#messages.observe({ message }, seconds);
  }

  http({ method, route, status, seconds }: HttpObservation): void {
    this.#http.observe({ method, route, status }, seconds);
  }

  /** Something that only grows. @param labels what its several numbers are told apart by: their values, with blanks between */
  counter(name: string, help: string, read: Read, ...labels: string[]): void {
    const counter = new Counter({
      name: `seatcast_${name}`,
      help,
      labelNames: labels,
      registers: [this.#registry],
      async collect() {
        counter.reset();
        each(await read(), labels, (values, number) => counter.inc(values, number));
      },
    });
  }

  /** Something that goes up and down. */
  gauge(name: string, help: string, read: Read, ...labels: string[]): void {
    const gauge = new Gauge({
      name: `seatcast_${name}`,
      help,
      labelNames: labels,
      registers: [this.#registry],
      async collect() {
        gauge.reset();
        const reading = await read();
        // Not known is not nought.
        if (reading === undefined) gauge.remove();
        else each(reading, labels, (values, number) => gauge.set(values, number));
      },
    });
  }

  /** The text Prometheus reads. */
  async text(): Promise<string> {
    const [own, process] = await Promise.all([this.#registry.metrics(), processRegistry().metrics()]);
    // The library writes what is no number in a way that only some readers take.
    return `${own}\n${process}`.replaceAll(/ Nan$/gm, ' NaN');
  }
}

function each(
  reading: Reading,
  labels: readonly string[],
  set: (values: Record<string, string>, number: number) => void,
): void {
  if (typeof reading === 'number') {
    set({}, reading);
    return;
  }
  if (labels.length === 0) return;
  for (const [key, number] of Object.entries(reading ?? {})) {
    // The value of a lone label may have blanks in it.
    const parts = labels.length === 1 ? [key] : key.split(' ');
    set(Object.fromEntries(labels.map((label, i) => [label, parts[i] ?? ''])), number);
  }
}

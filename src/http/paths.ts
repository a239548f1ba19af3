/** Which paths there are, and which are worth looking up at all. */
import type { Hono } from 'hono';
import type { Bindings } from './api.ts';

/**
 * Whether a path means the same to everybody who reads it. Dots, double and encoded slashes, backslashes and broken
 * escapes are read in one way by a proxy that guards a path and in another by what is behind it; no path of ours needs
 * them.
 */
export function isPlainPath(path: string): boolean {
  if (!path.startsWith('/') || path.includes('//') || oddCharacters.test(path)) return false;
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)) return false;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Also %2f, %5c, %00 and other escaped control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const oddCharacters = /[\\\x00-\x20\x7f]|%(2f|5c|[01][0-9a-f]|7f)/i;

export interface Place {
  /** As it is written in contracts and metrics: `/api/v1/events/:eventId`. */
  readonly route: string;
  /** What it answers, HEAD and OPTIONS included, in the order of the alphabet. */
  readonly methods: readonly string[];
}

const verbs: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

interface Pattern {
  readonly matches: RegExp;
  readonly place: Place;
}

/** The routes of an app, to be asked before it is. */
export class RouteTable {
  readonly #exact = new Map<string, Place>();
  /** By their number of segments: most paths need to be compared with a few of them only. */
  readonly #patterns = new Map<number, Pattern[]>();
  readonly #ofAnyLength: Pattern[] = [];

  constructor(app: Hono<Bindings>) {
    const methods = new Map<string, Set<string>>();
    for (const { method, path } of app.routes) {
      if (verbs.has(method)) methods.set(path, (methods.get(path) ?? new Set()).add(method));
    }
    for (const [route, known] of methods) {
      if (known.has('GET')) known.add('HEAD');
      const place = { route, methods: [...known, 'OPTIONS'].sort() };
      if (!/[:*]/.test(route)) this.#exact.set(route, place);
      else this.#listOf(route).push({ matches: patternOf(route), place });
    }
  }

  /** What is at a path; undefined: nothing. A slash at its end changes nothing. */
  find(path: string): Place | undefined {
    const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const exact = this.#exact.get(plain);
    const found = [...(this.#patterns.get(segmentsIn(plain)) ?? []), ...this.#ofAnyLength]
      .filter(({ matches }) => matches.test(plain))
      .map(({ place }) => place);
    const [first] = exact ? [exact, ...found] : found;
    if (!first) return undefined;
    // `/events/mine` and `/events/:eventId` may know different methods.
    if (found.length + (exact ? 1 : 0) === 1) return first;
    const methods = [...new Set([first, ...found].flatMap((place) => place.methods))].sort();
    return { route: first.route, methods };
  }

  #listOf(route: string): Pattern[] {
    if (route.includes('*')) return this.#ofAnyLength;
    const segments = segmentsIn(route);
    const known = this.#patterns.get(segments) ?? [];
    this.#patterns.set(segments, known);
    return known;
  }
}

const segmentsIn = (path: string): number => path.split('/').length;

const patternOf = (route: string): RegExp =>
  new RegExp(
    `^${route
      .replace(/[.+()[\]^$|?]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*/g, '.*')}$`,
  );

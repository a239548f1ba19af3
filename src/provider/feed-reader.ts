/**
 * Reads a feed: `eventList` or `planList`, in it `output`, in that bases (`base_event`, `base_plan`) with their entries
 * (`event`, `plan`) and those with zones. What has another name, or stands elsewhere, is passed over, so that a provider
 * may add to its feed. What is not well-formed to the last byte is no feed: a list that was cut off looks like a short one.
 */
import { SaxesParser } from 'saxes';
import {
  type Attributes,
  entryUuid,
  type FeedEntry,
  idsOf,
  isNamed,
  type RawEntry,
  readEntry,
  type SpoiledEntry,
} from './feed-entry.ts';
import { FeedFailure } from './feed-failure.ts';
import type { FeedLimits } from './feed-limits.ts';

export interface FeedCounts {
  /** Bases: what an entry belongs to. */
  bases: number;
  entries: number;
  /** Of those that could be read. */
  online: number;
  spoiled: number;
}

export interface FeedContent {
  /** Each id once. */
  entries: FeedEntry[];
  /** As many as are shown; `counts` knows them all. */
  spoiled: SpoiledEntry[];
  /** Ids of spoiled entries that can be told: they are in the feed, whatever they say. */
  spoiledIds: string[];
  counts: FeedCounts;
}

export type ReadingLimits = Pick<FeedLimits, 'depth' | 'entries' | 'attributeLength' | 'attributes'>;

const spoiledShown = 100;
const sliceBytes = 64 * 1024;
const roots = new Set(['eventList', 'planList']);
const kinds: Readonly<Record<string, string>> = { base_event: 'event', base_plan: 'plan' };
/** Bytes in which an XML declaration ends. */
const headBytes = 200;
/** What a declaration may say of its encoding, as the decoder calls it. */
const encodings = new Map([
  ['utf-8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['iso-8859-1', 'windows-1252'],
  ['iso-8859-15', 'iso-8859-15'],
  ['windows-1252', 'windows-1252'],
]);

/** @throws FeedFailure */
export function readFeed(bytes: Uint8Array, limits: ReadingLimits): FeedContent {
  const content = new Collected();
  const parser = makeParser(content, limits);
  const decoder = new TextDecoder(encodingOf(bytes), { fatal: true });
  try {
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      parser.write(decoder.decode(bytes.subarray(at, at + sliceBytes), { stream: true }));
    }
    parser.write(decoder.decode()).close();
  } catch (error) {
    if (error instanceof FeedFailure) throw error;
    if (error instanceof TypeError) throw new FeedFailure('encoding', 'it has bytes that are no characters');
    throw new FeedFailure('malformed', (error as Error).message.slice(0, 200), error);
  }
  if (!content.hasOutput) throw new FeedFailure('not-a-feed', 'it has no output');
  return content.finish();
}

function encodingOf(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, headBytes)).toString('latin1');
  const declared =
    /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']/.exec(head)?.[1] ?? 'utf-8';
  const known = encodings.get(declared.toLowerCase());
  if (known) return known;
  throw new FeedFailure('encoding', 'it declares an encoding that is not read');
}

function makeParser(content: Collected, limits: ReadingLimits): SaxesParser<{ xmlns: false }> {
  const parser = new SaxesParser({ xmlns: false });
  const path: string[] = [];
  let attributes = 0;
  parser.on('error', (error) => {
    throw new FeedFailure('malformed', error.message.slice(0, 200));
  });
  parser.on('doctype', () => {
    throw new FeedFailure('forbidden');
  });
  parser.on('opentagstart', ({ name }) => {
    path.push(name);
    attributes = 0;
    if (path.length > limits.depth)
      throw new FeedFailure('limits', `it is nested more than ${limits.depth} deep`);
    if (path.length === 1 && !roots.has(name))
      throw new FeedFailure('not-a-feed', 'its root has another name');
  });
  parser.on('attribute', ({ value }) => {
    if (++attributes > limits.attributes)
      throw new FeedFailure('limits', `an element has more than ${limits.attributes} attributes`);
    if (value.length > limits.attributeLength)
      throw new FeedFailure('limits', `an attribute is longer than ${limits.attributeLength} characters`);
  });
  parser.on('opentag', (tag) => {
    content.open(path, tag.attributes as Attributes);
    if (content.counts.entries > limits.entries)
      throw new FeedFailure('limits', `it has more than ${limits.entries} entries`);
  });
  parser.on('closetag', () => {
    content.close(path);
    path.pop();
  });
  return parser;
}

/** What has been read so far. */
class Collected {
  hasOutput = false;
  readonly counts: FeedCounts = { bases: 0, entries: 0, online: 0, spoiled: 0 };
  readonly #entries = new Map<string, FeedEntry>();
  readonly #spoiled: SpoiledEntry[] = [];
  readonly #spoiledIds = new Set<string>();
  #base: { attributes: Attributes; kind: string } | undefined;
  #entry: RawEntry | undefined;

  open(path: readonly string[], attributes: Attributes): void {
    const name = path.at(-1) ?? '';
    if (path.length > 1 && path[1] !== 'output') return;
    if (path.length === 2) this.hasOutput = true;
    if (path.length === 3) this.#openBase(name, attributes);
    if (path.length === 4 && name === this.#base?.kind) {
      this.counts.entries++;
      this.#entry = { base: this.#base.attributes, entry: attributes, kind: name, prices: [] };
    }
    if (path.length === 5 && name === 'zone') this.#entry?.prices.push(attributes.price);
  }

  close(path: readonly string[]): void {
    if (path.length === 4 && this.#entry) {
      this.#take(this.#entry);
      this.#entry = undefined;
    }
    if (path.length === 3) this.#base = undefined;
  }

  finish(): FeedContent {
    for (const { online } of this.#entries.values()) if (online) this.counts.online++;
    const spoiledIds = [...this.#spoiledIds].filter((id) => !this.#entries.has(id));
    return { entries: [...this.#entries.values()], spoiled: this.#spoiled, spoiledIds, counts: this.counts };
  }

  #openBase(name: string, attributes: Attributes): void {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) return;
    this.counts.bases++;
    this.#base = { attributes, kind };
  }

  #take(raw: RawEntry): void {
    const read = readEntry(raw);
    if ('reason' in read) {
      const ids = idsOf(raw);
      if (isNamed(ids)) this.#spoiledIds.add(entryUuid(ids.baseId, ids.entryId));
      this.#spoil(read);
      return;
    }
    const earlier = this.#entries.get(read.id);
    if (!earlier || (read.online && !earlier.online)) this.#entries.set(read.id, read);
    if (!earlier) return;
    const { baseId, entryId } = read;
    this.#spoil({ baseId, entryId, reason: 'it is in the feed twice' });
  }

  #spoil(spoiled: SpoiledEntry): void {
    this.counts.spoiled++;
    if (this.#spoiled.length < spoiledShown) this.#spoiled.push(spoiled);
  }
}

/**
 * One event (or plan) of a feed, from its attributes. All of them are text and stay text where they are names: the id
 * "00012" is not 12. Times are the provider's wall clock, without a zone.
 */
import { createHash } from 'node:crypto';

export interface FeedEntry {
  /** Ours: made from the two ids, so the same for ever and on every installation. */
  id: string;
  baseId: string;
  entryId: string;
  title: string;
  online: boolean;
  /** YYYY-MM-DDTHH:mm:ss */
  startsAt: string;
  endsAt: string;
  /** null: no zone has a price. */
  minCents: number | null;
  maxCents: number | null;
}

/** An entry that cannot be used. The others are. */
export interface SpoiledEntry {
  baseId: string;
  entryId: string;
  reason: string;
}

/** What the elements of an entry say, as they say it. */
export interface RawEntry {
  base: Attributes;
  entry: Attributes;
  /** `event` or `plan`: how its attributes begin. */
  kind: string;
  prices: (string | undefined)[];
}

export type Attributes = Readonly<Record<string, string | undefined>>;

const idLength = 100;
const titleLength = 500;
const shownLength = 60;

/** The namespace of our ids: any UUID, but always this one. */
const namespace = Buffer.from('6f1d2b7e0c5a4d3f9b8e71a4c2d0e9f3', 'hex');

/** UUID version 5 (RFC 9562) of both ids: one event id may be under several base ids, and is another event there. */
export function entryUuid(baseId: string, entryId: string): string {
  const digest = createHash('sha1')
    .update(namespace)
    .update(JSON.stringify([baseId, entryId]))
    .digest();
  const bytes = digest.subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}

export const idsOf = ({ base, entry, kind }: RawEntry) => ({
  baseId: base[`base_${kind}_id`] ?? '',
  entryId: entry[`${kind}_id`] ?? '',
});

/** Whether both ids can name an entry. */
export const isNamed = ({ baseId, entryId }: { baseId: string; entryId: string }): boolean =>
  [baseId, entryId].every((id) => id.trim() !== '' && id.length <= idLength);

/** @returns the entry, or why it is spoiled */
export function readEntry(raw: RawEntry): FeedEntry | SpoiledEntry {
  const { base, entry, kind } = raw;
  const { baseId, entryId } = idsOf(raw);
  const spoiled = (reason: string) => ({ baseId: clip(baseId), entryId: clip(entryId), reason });
  if (!isNamed({ baseId, entryId })) return spoiled('it has no id, or a longer one than there can be');
  const title = base.title ?? '';
  if (title.trim() === '' || title.length > titleLength) return spoiled('its title is missing or too long');
  const times: string[] = [];
  for (const name of [`${kind}_start_date`, `${kind}_end_date`]) {
    const text = entry[name];
    if (text === undefined) return spoiled(`${name} is missing`);
    if (!isWallTime(text)) return spoiled(`${name} is "${clip(text)}", which is no date and time`);
    times.push(text);
  }
  const [startsAt = '', endsAt = ''] = times;
  if (endsAt < startsAt) return spoiled('it ends before it starts');
  const cents = raw.prices.map(centsOf);
  const wrong = cents.indexOf(undefined);
  if (wrong >= 0) return spoiled(`a zone has the price "${clip(raw.prices[wrong] ?? '')}"`);
  const { minCents, maxCents } = fold(cents as number[]);
  const online = base.sell_mode === 'online';
  return {
    id: entryUuid(baseId, entryId),
    baseId,
    entryId,
    title,
    online,
    startsAt,
    endsAt,
    minCents,
    maxCents,
  };
}

/** Whether such a day and time exist: the 31st of September does not. */
function isWallTime(text: string): boolean {
  if (!/^(19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return false;
  const date = new Date(`${text}Z`);
  // What overflows is moved on by JavaScript, and so reads differently.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** "20.00" as 2000; undefined for what is no price, or none that whole cents can say. */
function centsOf(price: string | undefined): number | undefined {
  const [, whole, part = ''] = /^(\d{1,7})(?:\.(\d{1,2})0*)?$/.exec(price ?? '') ?? [];
  return whole === undefined ? undefined : Number(whole) * 100 + Number(part.padEnd(2, '0'));
}

/** The range over all zones, sold out or not: a zone of one id may occur again with another price. */
function fold(cents: readonly number[]): Pick<FeedEntry, 'minCents' | 'maxCents'> {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const each of cents) {
    if (each < min) min = each;
    if (each > max) max = each;
  }
  return cents.length === 0 ? { minCents: null, maxCents: null } : { minCents: min, maxCents: max };
}

const clip = (text: string) => (text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);

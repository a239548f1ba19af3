/** What the SQL files of the waitlist do, on the tables of `postgres-tables.ts`. */
import type { WaitlistNews } from '../../src/database/waitlist-statements.ts';
import { outbox } from './outbox-statements.ts';
import type { SimStatement, StoredEntry, StoredOffer, Tables, Transaction } from './postgres-tables.ts';

const isLive = ({ state }: { state: string }) => state === 'waiting' || state === 'offered';

const text = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

const entryRow = (entry: StoredEntry) => ({
  id: entry.id,
  event_id: entry.eventId,
  user_id: entry.userId,
  category: entry.category,
  quantity: entry.quantity,
  together: entry.together,
  queue_order: String(entry.order),
  skipped: entry.skipped,
  passes: entry.passes,
  state: entry.state,
  version: String(entry.version),
  request_id: entry.requestId,
  priority: 9 - Math.floor(entry.order / 1e14),
  created_at: text(entry.createdAt),
  ended_at: text(entry.endedAt),
});

function join(tx: Transaction, parameters: unknown[]): unknown[] {
  const [id, eventId, userId, category, quantity, together, , requestId] = parameters as [
    string,
    string,
    string,
    string | null,
    number,
    boolean,
    string | null,
    string | null,
  ];
  tx.lock(`waits ${eventId} ${userId} ${category}`);
  const all = [...tx.tables.entries.values()];
  if (all.some((each) => isLive(each) && each.userId === userId && each.category === category)) return [];
  const now = Math.floor(tx.now);
  const entry: StoredEntry = {
    id,
    eventId,
    userId,
    category,
    quantity,
    together,
    requestId,
    order: 9e14 + now,
    skipped: 0,
    passes: 0,
    state: 'waiting',
    version: 0,
    createdAt: now,
    endedAt: null,
  };
  tx.write(() => tx.tables.entries.set(id, entry), { kind: 'joined', entry });
  return [{ ...entryRow(entry), outbox_id: outbox(tx, 'waitlist-joined', id, { entryId: id }, 3000) }];
}

/** A step as `step-recorder.ts` sends it. */
interface WireStep {
  key: string;
  entryId: string;
  version: number;
  kind: string;
  state: string;
  order: number;
  skipped: number;
  passes: number;
  holdId?: string;
  seats?: number[];
  offeredAt?: number;
  until?: number;
  at: number;
  reason: string;
}

const endings = ['accepted', 'declined', 'expired'];

/** What a planted fault leaves out of writing steps down. */
export interface RecordFlaws {
  /** A step that is told of again is done again. */
  again?: boolean;
}

export const makeRecordWaitlist =
  (flaws: RecordFlaws = {}): SimStatement =>
  (tx, [json]) => {
    const steps = (JSON.parse(String(json)) as WireStep[]).sort((a, b) =>
      a.entryId !== b.entryId ? (a.entryId < b.entryId ? -1 : 1) : a.version - b.version,
    );
    for (const { entryId } of steps) if (tx.tables.entries.has(entryId)) tx.lock(`entry ${entryId}`);
    const entries = new Map<string, StoredEntry>();
    const offers = new Map<string, StoredOffer>();
    for (const [id, offer] of tx.tables.offers) offers.set(id, { ...offer });
    const rows = steps.map((step) => {
      const stored = tx.tables.entries.get(step.entryId);
      const entry = entries.get(step.entryId) ?? (stored && { ...stored });
      const none = { key: step.key, is_new: false, outbox_id: null, payload: null };
      if (!entry || (tx.tables.steps.has(step.key) && !flaws.again)) return none;
      entries.set(entry.id, entry);
      return { ...none, is_new: true, ...record(tx, step, entry, offers) };
    });
    tx.write(
      () => {
        for (const { key } of steps) tx.tables.steps.add(key);
        for (const [id, entry] of entries) tx.tables.entries.set(id, entry);
        for (const [id, offer] of offers) if (entries.has(offer.entryId)) tx.tables.offers.set(id, offer);
      },
      { kind: 'waited' },
    );
    return rows;
  };

function record(
  tx: Transaction,
  step: WireStep,
  entry: StoredEntry,
  offers: Map<string, StoredOffer>,
): { outbox_id: string; payload: WaitlistNews } | undefined {
  const { kind, state, at, holdId, seats = [] } = step;
  const isLatest = step.version > entry.version && isLive(entry);
  const reason = step.reason === 'sale-ended' ? closedBecause(tx.tables, entry.eventId) : step.reason;
  if (isLatest) {
    const { version, order, skipped, passes } = step;
    const known = { state: state as StoredEntry['state'], version, order, skipped, passes };
    Object.assign(entry, known, isLive({ state }) ? {} : { endedAt: at });
  }
  const isOther = (offer: StoredOffer) =>
    offer.eventId === entry.eventId &&
    offer.userId === entry.userId &&
    offer.state === 'live' &&
    offer.holdId !== holdId;
  if (kind === 'offered') {
    for (const offer of offers.values()) {
      if (!isOther(offer) || offer.offeredAt >= (step.offeredAt ?? 0)) continue;
      Object.assign(offer, { state: 'revoked', endedAt: at });
    }
  }
  if (isLatest && state !== 'offered') {
    for (const offer of offers.values()) {
      if (offer.entryId !== entry.id || offer.state !== 'live' || offer.holdId === holdId) continue;
      Object.assign(offer, { state: 'revoked', endedAt: at });
    }
  }
  const isCurrent = isLatest && ![...offers.values()].some(isOther);
  if (holdId && kind !== 'gathered' && kind !== 'let-go') {
    const isNew = kind === 'offered';
    const become = endings.includes(kind) ? kind : isNew && isCurrent ? 'live' : 'revoked';
    const known = offers.get(holdId);
    const endedAt = isNew && isCurrent ? null : at;
    if (known && !isNew) Object.assign(known, { state: become, endedAt });
    if (!known) {
      const { offeredAt = 0, until = 0 } = step;
      const { id: entryId, userId, eventId } = entry;
      offers.set(holdId, {
        holdId,
        entryId,
        userId,
        eventId,
        seats,
        offeredAt,
        until,
        state: become,
        endedAt,
      });
    }
  }
  const isTold = kind === 'offered' || kind === 'expired' || state === 'expired' || state === 'closed';
  if (!isLatest || !isTold) return undefined;
  const payload: WaitlistNews = {
    kind,
    state: state as WaitlistNews['state'],
    eventId: entry.eventId,
    entryId: entry.id,
    userId: entry.userId,
    holdId: holdId ?? null,
    seats: step.seats ?? null,
    until: step.until ?? null,
    skipped: step.skipped,
    reason,
  };
  // The row of each step is its own.
  const told = { ...payload } as unknown as Record<string, unknown>;
  return { outbox_id: outbox(tx, `waitlist-told`, `${entry.id}`, told, 3000, step.key), payload };
}

const closedBecause = (tables: Tables, eventId: string) =>
  tables.events.get(eventId)?.status === 'cancelled' ? 'event-cancelled' : 'sale-ended';

function closeWaitlists(tx: Transaction): unknown[] {
  const over = [...tx.tables.entries.values()].filter(
    (entry) => isLive(entry) && tx.tables.events.get(entry.eventId)?.status === 'cancelled',
  );
  return over.flatMap((entry) => {
    if (!tx.locks.isFree(tx, `entry ${entry.id}`, 'exclusive')) return [];
    tx.lock(`entry ${entry.id}`);
    const { id: entryId, eventId, userId, skipped } = entry;
    const reason = 'event-cancelled';
    const payload = { kind: 'closed', state: 'closed', eventId, entryId, userId, skipped, reason };
    tx.write(
      () => {
        Object.assign(entry, { state: 'closed', endedAt: tx.now });
        for (const offer of tx.tables.offers.values()) {
          if (offer.entryId === entryId && offer.state === 'live')
            Object.assign(offer, { state: 'revoked', endedAt: tx.now });
        }
      },
      { kind: 'waited' },
    );
    return [{ event_id: eventId, outbox_id: outbox(tx, 'waitlist-told', entryId, payload, 3000), payload }];
  });
}

function readEntries(tx: Transaction, parameters: unknown[]): unknown[] {
  const [ids, userId, eventId, states, , limit] = parameters as [
    string[] | null,
    string | null,
    string | null,
    string[] | null,
    string | null,
    number,
  ];
  return [...tx.tables.entries.values()]
    .filter((each) => (!ids || ids.includes(each.id)) && (!userId || each.userId === userId))
    .filter((each) => (!eventId || each.eventId === eventId) && (!states || states.includes(each.state)))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)
    .map(entryRow);
}

export const waitlistStatements: Record<string, SimStatement> = {
  'join-waitlist': join,
  'record-waitlist': makeRecordWaitlist(),
  'close-waitlists': closeWaitlists,
  'read-waitlist': readEntries,
  'waiting-entries': (tx, [eventId]) =>
    [...tx.tables.entries.values()]
      .filter((each) => each.eventId === eventId && isLive(each))
      .sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))
      .map(entryRow),
  'live-offers': (tx, [eventId]) =>
    [...tx.tables.offers.values()]
      .filter((each) => each.eventId === eventId && each.state === 'live')
      .map(({ holdId, entryId, seats, offeredAt, until }) => ({
        hold_id: holdId,
        entry_id: entryId,
        seats: [...seats],
        since: offeredAt,
        until,
      })),
};

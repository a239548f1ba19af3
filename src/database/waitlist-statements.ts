/** The statements of `queries/` about the waitlist. */
import type { WaitlistState } from '../contracts.gen.ts';
import { statement } from './database.ts';

export interface EntryRow {
  id: string;
  event_id: string;
  user_id: string;
  /** null: any */
  category: string | null;
  quantity: number;
  together: boolean;
  /** As text: it has more digits than a number should be read with. */
  queue_order: string;
  skipped: number;
  passes: number;
  state: WaitlistState;
  version: string;
  request_id: string | null;
  priority: number;
  created_at: string;
  ended_at: string | null;
}

export const joinWaitlist = statement<
  [
    id: string,
    eventId: string,
    userId: string,
    category: string | null,
    quantity: number,
    together: boolean,
    sessionId: string | null,
    requestId: string | null,
  ],
  EntryRow & { outbox_id: string }
>('join-waitlist');

export const readEntries = statement<
  [
    ids: string[] | null,
    userId: string | null,
    eventId: string | null,
    states: WaitlistState[] | null,
    olderThan: string | null,
    limit: number,
  ],
  EntryRow
>('read-waitlist');

export const listWaitlist = statement<
  [eventId: string, state: WaitlistState, afterOrder: string | null, afterId: string | null, limit: number],
  EntryRow & { name: string; email: string }
>('list-waitlist');

export const waitingEntries = statement<
  [eventId: string],
  Pick<
    EntryRow,
    'id' | 'user_id' | 'category' | 'quantity' | 'together' | 'passes' | 'skipped' | 'queue_order' | 'version'
  >
>('waiting-entries');

export const liveOffers = statement<
  [eventId: string],
  { hold_id: string; entry_id: string; seats: number[]; since: number; until: number }
>('live-offers');

/** What somebody who waits has to be told. */
export interface WaitlistNews {
  kind: string;
  state: WaitlistState;
  eventId: string;
  entryId: string;
  userId: string;
  holdId: string | null;
  seats: number[] | null;
  /** ms since 1970 */
  until: number | null;
  skipped: number;
  reason: string | null;
}

export const recordWaitlist = statement<
  [steps: string],
  { key: string; is_new: boolean; outbox_id: string | null; payload: WaitlistNews | null }
>('record-waitlist');

export const forgetWaitlistSteps = statement<[atMost: number], { forgotten: number }>(
  'forget-waitlist-steps',
);
export const closeWaitlists = statement<
  [atMost: number],
  { event_id: string; outbox_id: string; payload: WaitlistNews }
>('close-waitlists');

import { encodeWish, type Wish } from './look-for-seats.ts';
import { defineScript, nothing } from './script.ts';

/** Puts an entry of the waitlist into the queue of its event. */
export const queueEntry = defineScript(
  'queue-entry',
  (args: { entryId: string; owner: string; wish: Wish; order: number }) => [
    args.entryId,
    args.owner,
    ...encodeWish(args.wish),
    args.order,
  ],
  { queued: nothing, known: nothing, 'no-layout': nothing },
);

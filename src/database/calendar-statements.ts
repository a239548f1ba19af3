/** The statements of `queries/` for calendar feeds. */
import { statement } from './database.ts';

export const renewFeed = statement<
  [userId: string, tokenHash: string, sessionId: string | null, requestId: string | null],
  never
>('renew-feed');
export const endFeed = statement<[userId: string, sessionId: string | null, requestId: string | null], never>(
  'end-feed',
);
export const ownerOfFeed = statement<[tokenHash: string], { user_id: string }>('owner-of-feed');

import { statement } from './database.ts';

/** What waits in PostgreSQL for some node to do it. */
export interface Backlog {
  outbox: number;
  outbox_late_ms: number;
  sagas_due: number;
  sagas_dead: number;
}
export const readBacklog = statement<[], Backlog>('backlog');

/** The SQL files of `queries/` that accounts and their sessions need. */
import type { Role } from '../contracts.gen.ts';
import { statement } from './database.ts';

/** Somebody who signs in. */
export interface PersonRow {
  id: string;
  email: string;
  name: string;
  role: Role;
}

export const openSession = statement<
  [
    sessionId: string,
    userId: string,
    provenHash: string | null,
    sessionMs: number,
    tokenMs: number,
    refreshHash: string,
    refreshMs: number,
    requestId: string | null,
  ],
  PersonRow & { refresh_expires_at: string }
>('open-session');

export type RenewalRow = PersonRow & { session_id: string; left_ms: number } & (
    | { verdict: 'renewed'; refresh_expires_at: string }
    | { verdict: 'superseded' | 'reused' | 'over'; refresh_expires_at: null }
  );
export const renewSession = statement<
  [hash: string, nextHash: string, refreshMs: number, tokenMs: number],
  RenewalRow
>('renew-session');

export const endSession = statement<
  [sessionId: string, userId: string, tokenMs: number, reason: string, requestId: string | null],
  { left_ms: number }
>('end-session');

export const endedSessions = statement<[withinMs: number | null], { id: string; left_ms: number }>(
  'ended-sessions',
);
/** A row if it has ended. */
export const sessionEnd = statement<[sessionId: string], { ended: true }>('session-end');
export const forgetSessions = statement<[atMost: number], { forgotten: number }>('forget-sessions');

export interface UserRow extends PersonRow {
  time_zone: string;
  created_at: string;
  disabled_at: string | null;
  /** How many of theirs are open. */
  sessions: number;
}
export const listUsers = statement<
  [
    search: string | null,
    role: Role | null,
    disabled: boolean | null,
    olderThan: string | null,
    limit: number,
    userId: string | null,
  ],
  UserRow
>('list-users');

/** The SQL files of domain events, with the types of their parameters and rows. */
import { statement } from './database.ts';

/** Where something stands among all domain events, `<ms>-<seq>`: its id on the stream. */
export type StreamPosition = string;

export const recordDomainEvents = statement<[atMost: number], { recorded: number; position: StreamPosition }>(
  'record-domain-events',
);

/** A domain event as it is kept. */
export interface DomainEventRow {
  position: StreamPosition;
  /** Counts all of them, without a hole. */
  seq: string;
  id: string;
  /** With its version, `booking.confirmed.v1`. */
  type: string;
  /** Id of what changed. */
  subject: string;
  /** RFC 3339, UTC: when it changed. */
  time: string;
  data: Record<string, unknown>;
}
export const domainEventsAfter = statement<
  [ms: string, seq: string, sinceMs: number, atMost: number],
  DomainEventRow
>('domain-events-after');

export const forgetDomainEvents = statement<[beforeMs: number, atMost: number], { forgotten: number }>(
  'forget-domain-events',
);

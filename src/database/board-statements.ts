/** The SQL files of boards and kiosks, with the types of their parameters and rows. */
import type { Announcement } from '../contracts.gen.ts';
import { statement } from './database.ts';
import type { EventStatus, SellMode } from './entities.ts';

/** Moments are text, as PostgreSQL writes them in JSON. */
export interface BoardEventRow {
  id: string;
  title: string;
  category: string | null;
  startsAt: string;
  endsAt: string;
  timeZone: string;
  status: EventStatus;
  sellMode: SellMode;
  salesStartAt: string | null;
  salesEndAt: string | null;
  currency: string;
  delayMinutes: number;
}

export interface BoardRow {
  venue: { name: string; city: string; timeZone: string };
  events: BoardEventRow[];
  announcements: Announcement[];
}

export const readBoard = statement<[venueId: string, at: Date, atMost: number], BoardRow>('read-board');
export const venuesOfEvents = statement<[eventIds: string[], venueIds: string[]], { venue_id: string }>(
  'venues-of-events',
);
export const noteKiosks = statement<[rows: string], never>('note-kiosks');

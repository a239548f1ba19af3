/** What a look at an event in Redis and PostgreSQL's answer to it come to. */
import type { Database } from '../database/database.ts';
import { compareEvent, type DifferenceRow } from '../database/statements.ts';
import type { EventLook } from '../redis/scripts/look-at-event.ts';
import type { SeatToMend } from '../redis/scripts/mend-seats.ts';

export type Difference =
  | ({ kind: 'seat' } & SeatToMend)
  /** `seen`: what is kept of them in Redis; `booked`: what it should say. */
  | { kind: 'buyer'; owner: string; seen: string; booked: number }
  /** A hold that was booked or refused for good, and is still there. */
  | { kind: 'hold'; holdId: string };

/** Asks PostgreSQL about what was seen in Redis just before. */
export async function findDifferences(db: Database, eventId: string, look: EventLook): Promise<Difference[]> {
  const holdOf = new Map(look.holds.flatMap((hold) => hold.seats.map((seat) => [seat, hold] as const)));
  const sold: number[] = [];
  const strays: number[] = [];
  const bare: Difference[] = [];
  for (let seat = 0; seat < look.seats.length; seat++) {
    const seen = look.seats.charAt(seat);
    const hold = holdOf.get(seat);
    if (seen === 's') sold.push(seat);
    else if (seen === 'h' && !hold) strays.push(seat);
    else if (seen === 'f' && hold && hold.state !== 'c') {
      bare.push({ kind: 'seat', seat, seen, bookingId: '', holdId: hold.holdId });
    }
  }
  const rows = await db.run(
    compareEvent,
    eventId,
    sold,
    look.holds.map(({ holdId }) => holdId),
    look.buyers.map(({ owner }) => owner),
    look.buyers.map(({ booked }) => booked),
    strays,
  );
  const found = rows.flatMap((row) => differenceOf(row, look, holdOf));
  const told = new Set(found.map((each) => (each.kind === 'seat' ? each.seat : -1)));
  return [...found, ...bare.filter((each) => each.kind === 'seat' && !told.has(each.seat))];
}

type Held = EventLook['holds'][number];

function differenceOf(row: DifferenceRow, look: EventLook, holdOf: Map<number, Held>): Difference[] {
  const seat = row.seat ?? -1;
  const seen = look.seats.charAt(seat);
  switch (row.kind) {
    case 'sold':
      return [{ kind: 'seat', seat, seen, bookingId: row.booking_id ?? '', holdId: '' }];
    case 'stray':
      return [{ kind: 'seat', seat, seen, bookingId: '', holdId: '' }];
    case 'unsold': {
      const hold = holdOf.get(seat);
      // What is being booked may be sold before anything could be mended.
      if (hold?.state === 'c') return [];
      return [{ kind: 'seat', seat, seen, bookingId: '', holdId: hold?.holdId ?? '' }];
    }
    case 'buyer': {
      const owner = row.owner ?? '';
      const text = look.buyers.find((buyer) => buyer.owner === owner)?.text ?? '';
      return [{ kind: 'buyer', owner, seen: text, booked: row.booked ?? 0 }];
    }
    case 'settled':
      return [{ kind: 'hold', holdId: row.hold_id ?? '' }];
    default:
      return row.kind satisfies never;
  }
}

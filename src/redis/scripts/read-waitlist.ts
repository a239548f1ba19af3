import { defineScript, seatList } from './script.ts';

/** Where an entry stands in Redis. */
export interface Standing {
  entryId: string;
  /** From 1; undefined: it is not in the queue. */
  position: number | undefined;
  missed: number;
  /** Seats that are kept for it while it waits for more. */
  gathered: number;
  offer: { holdId: string; seats: number[]; expiresAt: number } | undefined;
}

function decodeWaitlist(fields: string[]): { length: number; standings: Standing[] } {
  const standings: Standing[] = [];
  for (let i = 1; i + 6 < fields.length; i += 7) {
    const [entryId = '', rank, holdId, until, seats, missed, gathered] = fields.slice(i, i + 7);
    standings.push({
      entryId,
      position: rank ? Number(rank) : undefined,
      missed: Number(missed),
      gathered: Number(gathered),
      offer: holdId ? { holdId, seats: seatList(seats), expiresAt: Number(until) } : undefined,
    });
  }
  return { length: Number(fields[0]), standings };
}

export const readWaitlist = defineScript(
  'read-waitlist',
  (args: { entryIds: readonly string[] }) => [...args.entryIds],
  { waitlist: decodeWaitlist },
);

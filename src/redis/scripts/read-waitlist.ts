import { defineScript, seatList } from './script.ts';

/** Where an entry stands in Redis. */
export interface Standing {
  entryId: string;
  /** From 1; undefined: it is not in the queue. */
  position: number | undefined;
  missed: number;
  offer: { holdId: string; seats: number[]; expiresAt: number } | undefined;
}

function decodeWaitlist(fields: string[]): { length: number; standings: Standing[] } {
  const standings: Standing[] = [];
  for (let i = 1; i + 5 < fields.length; i += 6) {
    const [entryId = '', rank, holdId, until, seats, missed] = fields.slice(i, i + 6);
    standings.push({
      entryId,
      position: rank ? Number(rank) : undefined,
      missed: Number(missed),
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

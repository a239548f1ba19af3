import { defineScript, nothing, seatList } from './script.ts';

/** A whole event as Redis has it. */
export interface EventLook {
  /** One letter a seat. */
  seats: string;
  /** h held, p being paid for, c being booked */
  holds: { holdId: string; state: string; owner: string; seats: number[] }[];
  /** `text` is what is kept for them: how much they have booked, and their holds. */
  buyers: { owner: string; booked: number; text: string }[];
}

function decodeLook(fields: string[]): EventLook {
  const [seats = '', count] = fields;
  const look: EventLook = { seats, holds: [], buyers: [] };
  const buyersFrom = 2 + Number(count) * 2;
  for (let i = 2; i + 1 < fields.length; i += 2) {
    const [key = '', text = ''] = [fields[i], fields[i + 1]];
    if (i < buyersFrom) {
      const [state = '', owner = '', , , , list] = text.split('|');
      look.holds.push({ holdId: key, state, owner, seats: seatList(list) });
    } else look.buyers.push({ owner: key, booked: Number.parseInt(text, 10), text });
  }
  return look;
}

/** Everything of an event, for one node at a time. `known`: "epoch:position" of the last look. */
export const lookAtEvent = defineScript(
  'look-at-event',
  (args: { node: string; leaseMs: number; known: string }) => [args.node, args.leaseMs, args.known],
  { elsewhere: nothing, same: nothing, map: decodeLook },
);

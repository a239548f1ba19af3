import { defineScript, nothing } from './script.ts';

/** Corrects how many seats a buyer has booked. `seen`: what was kept of them. */
export const mendBuyer = defineScript(
  'mend-buyer',
  (args: { owner: string; seen: string; booked: number }) => [args.owner, args.seen, args.booked],
  { mended: nothing, moved: nothing },
);

import { decodeHolds, defineScript } from './script.ts';

/** The live holds of one buyer. */
export const readHolds = defineScript('read-holds', (args: { owner: string }) => [args.owner], {
  holds: decodeHolds,
});

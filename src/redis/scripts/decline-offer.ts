import { encodeOffer } from './accept-offer.ts';
import { defineScript, nothing } from './script.ts';

/** Lets an offer go. */
export const declineOffer = defineScript('decline-offer', encodeOffer, {
  declined: ([entryId = '']) => ({ entryId }),
  reused: nothing,
  'unknown-offer': nothing,
});

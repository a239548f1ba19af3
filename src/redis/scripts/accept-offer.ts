import { decodeHold, defineScript, nothing, type RequestArgs } from './script.ts';

export interface OfferArgs extends RequestArgs {
  holdId: string;
  /** Who asks, for the audit log: "user,session,request". */
  actor: string;
}

export const encodeOffer = (args: OfferArgs): string[] => [
  args.owner,
  args.requestId,
  args.fingerprint,
  args.holdId,
  args.actor,
];

/** Makes a hold of an offer. */
export const acceptOffer = defineScript('accept-offer', encodeOffer, {
  accepted: decodeHold,
  reused: nothing,
  closed: nothing,
  'unknown-offer': nothing,
});

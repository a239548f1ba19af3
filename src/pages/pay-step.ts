/** Where the payment of a hold stands, as a page shows it. */
import type { BuyerAction } from '../contracts.gen.ts';

export type PayStep =
  /** `problem`: why the last attempt came to nothing, for people. */
  | { at: 'form'; problem: string }
  | { at: 'asking' }
  /** The bank, or the buyer at the bank, has still to decide. */
  | { at: 'waiting'; action: BuyerAction | undefined }
  | { at: 'booking' }
  /** Nothing more can become of it. */
  | { at: 'over'; problem: string };

/** Which holds were begun to be paid for. */
export type PayingMemory = Pick<Set<string>, 'has'> & {
  add(holdId: string): void;
  delete(holdId: string): void;
};

const key = (holdId: string) => `seatcast.paying.${holdId}`;

/** For this tab and a reload of it, no longer. Nothing of the card is kept. */
export const tabMemory: PayingMemory = {
  has: (holdId) => quietly(() => sessionStorage.getItem(key(holdId)) !== null) ?? false,
  add: (holdId) => quietly(() => sessionStorage.setItem(key(holdId), '')),
  delete: (holdId) => quietly(() => sessionStorage.removeItem(key(holdId))),
};

/** Storage may be switched off; then a reload shows the cart as if nothing had been begun. */
function quietly<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

export const isWebAddress = (url: string): boolean =>
  URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

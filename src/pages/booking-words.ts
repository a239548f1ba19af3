import type { Booking } from '../contracts.gen.ts';

const cancelledWords = {
  buyer: 'Cancelled by you',
  organizer: 'Cancelled by the organizer',
  hub: 'Cancelled for you',
};

/** How a booking stands, said to whoever made it. */
export function stateWords({ status, cancelledBy }: Booking): string {
  if (status === 'confirmed') return 'Booked';
  return cancelledBy === null ? 'Cancelled' : cancelledWords[cancelledBy];
}

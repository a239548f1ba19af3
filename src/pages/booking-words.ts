import type { Booking } from '../contracts.gen.ts';

/** How a booking stands, said to whoever made it. */
export function stateWords({ status, cancelledBy }: Booking): string {
  if (status === 'confirmed') return 'Booked';
  if (cancelledBy === 'buyer') return 'Cancelled by you';
  return cancelledBy === 'organizer' ? 'Cancelled by the organizer' : 'Cancelled';
}

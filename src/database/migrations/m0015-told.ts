import { Migration } from '@mikro-orm/migrations';
import { recordWaitlist } from './m0010-waitlist.ts';

/** What people are told of an offer names its seats and price, and what they read of a booking says who cancelled it. */
export class ToldMigration extends Migration {
  override up(): void {
    // For databases that have an older one.
    this.addSql(recordWaitlist);
    // Its own: where the tables have not been counted yet, the indexes that are there are taken for small ones.
    this.addSql(`
      create index audit_of_cancellations on audit (booking_id, at, id)
      where action = 'booking-cancelled'`);
    // The last one who cancelled seats of it: the audit log has one row for each time.
    this.addSql(`
      create or replace view booking_details as
      select b.id, b.event_id, b.user_id, b.hold_id, b.status, b.total_cents::float8 as total_cents, b.currency,
        to_json(b.created_at) #>> '{}' as created_at,
        to_json(b.cancelled_at) #>> '{}' as cancelled_at,
        (
          select json_agg(
            json_build_object('seat', s.seat, 'label', s.label, 'category', s.category,
              'priceCents', s.price_cents, 'cancelledAt', to_json(s.cancelled_at))
            order by s.seat
          )
          from booking_seats s where s.booking_id = b.id
        ) as seats,
        (
          select json_build_object('state', g.state, 'amountCents', g.amount_cents, 'refundedCents', g.refunded_cents)
          from sagas g where g.hold_id = b.hold_id
        ) as payment,
        case when b.status = 'cancelled' then (
          select case a.actor_id
            when b.user_id then 'buyer'
            when (select e.organizer_id from events e where e.id = b.event_id) then 'organizer'
            else 'hub'
          end
          from audit a where a.booking_id = b.id and a.action = 'booking-cancelled'
          order by a.at desc, a.id desc limit 1
        ) end as cancelled_by
      from bookings b`);
  }
}

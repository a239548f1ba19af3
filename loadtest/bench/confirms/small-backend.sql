-- One booking of two seats as a small backend does it, a transaction of eight statements: a row for each
-- seat is locked, the seats are looked up among the sold ones, and the same rows are written that we write. It is
-- given what such a backend seldom has: prepared statements, no ORM, no work between the statements, and
-- every request finds its seats free. (\x3a is a colon, which pgbench would take for the name of a variable.)
\set n :n + 1
\set booking :n * :clients + :client_id
\set first :booking * 2
\set second :first + 1
\set buyer random(1, :buyers)
begin;
select seat from small_seats where event_id = :event and seat in (:first, :second) order by seat for update;
select seat from booking_seats where event_id = :event and seat in (:first, :second) and active;
insert into outcomes (event_id, hold_id, outcome, reason) values (:event, left(md5(:booking::text), 22), 'booked', '');
insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at) values (lpad(to_hex(:booking::int), 32, '0')::uuid, :event, lpad(to_hex(:buyer::int), 32, '0')::uuid, left(md5(:booking::text), 22), 'confirmed', 5000, 'EUR', now());
insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active) values (lpad(to_hex(:booking::int), 32, '0')::uuid, :event, :first, 'Stalls, row 123, seat 12', 'Stalls', 2500, true), (lpad(to_hex(:booking::int), 32, '0')::uuid, :event, :second, 'Stalls, row 123, seat 13', 'Stalls', 2500, true);
insert into requests (user_id, request_id, message, fingerprint, answer, leased_until) values (lpad(to_hex(:buyer::int), 32, '0')::uuid, md5('request' || :booking::text), E'bookings\x3aconfirm', left(md5(:booking::text), 22), 'null', now());
insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, seats, details) values ('booking-confirmed', :event, lpad(to_hex(:booking::int), 32, '0')::uuid, lpad(to_hex(:buyer::int), 32, '0')::uuid, 'a session of 22 letters', md5('request' || :booking::text), array[:first, :second]::int[], jsonb_build_object('holdId', left(md5(:booking::text), 22), 'totalCents', 5000));
insert into outbox (topic, key, payload, due_at) values ('booking-confirmed', lpad(to_hex(:booking::int), 32, '0')::uuid::text, jsonb_build_object('bookingId', lpad(to_hex(:booking::int), 32, '0')::uuid), now() + interval '3 seconds');
commit;

-- Returns one row: what a committed booking rests on, as this connection has it.
select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
  current_setting('full_page_writes') as full_page_writes,
  exists (
    select from pg_index where indexrelid = to_regclass('booking_seats_one_active') and indisunique and indisvalid
  ) as one_active_seat

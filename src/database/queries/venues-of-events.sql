-- Returns venue_id of those venues ($2) where any of some events ($1) is to happen.
select distinct venue_id from events where id = any($1::uuid[]) and venue_id = any($2::uuid[])

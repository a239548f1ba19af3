-- Returns a page of events, each with sort_key, which is where the next page goes on.
-- `event-statements.ts` makes a statement of this for every order: {key} what they are sorted by, {text} the same as
-- text, {type} its type, {after} > or <, {direction} asc or desc.
-- $1 organizer id or null, $2 whether also what was never published, $3 whether what was deleted, $4 status or null,
-- $5 words or null, $6 category or null, $7 tags or null: it has all of them, $8 venue id or null, $9 series id or null,
-- $10 and $11 least and highest price of a category or null, $12 from or null, $13 to or null (not included),
-- $14 whether seats are free or null, $15 whether only those that have not started, $16 and $17 sort_key and id to go on
-- after or null, $18 limit.
select events.id, organizer_id as "organizerId", plan_id as "planId", title, description, venue, time_zone as "timeZone",
  status, currency, prices, rules, seat_count as "seatCount", venue_id as "venueId", category, tags,
  sell_mode as "sellMode", capacity, series_id as "seriesId", alert_leads as "alertLeads",
  to_json(starts_at) #>> '{}' as "startsAt",
  to_json(ends_at) #>> '{}' as "endsAt",
  to_json(sales_start_at) #>> '{}' as "salesStartAt",
  to_json(sales_end_at) #>> '{}' as "salesEndAt",
  to_json(published_at) #>> '{}' as "publishedAt",
  to_json(deleted_at) #>> '{}' as "deletedAt",
  to_json(created_at) #>> '{}' as "createdAt",
  to_json(updated_at) #>> '{}' as "updatedAt",
  {text} as sort_key
from events
where ($1::uuid is null or organizer_id = $1)
  and ($2::boolean or published_at is not null)
  and (deleted_at is not null) = $3::boolean
  and ($4::text is null or status = $4)
  and ($5::text is null or search @@ (websearch_to_tsquery('simple', $5) || websearch_to_tsquery('english', $5)))
  and ($6::text is null or category = $6)
  and ($7::text[] is null or tags @> $7)
  and ($8::uuid is null or venue_id = $8)
  and ($9::uuid is null or series_id = $9)
  and ($10::bigint is null and $11::bigint is null or exists (
    select from jsonb_each_text(prices) as each
    where each.value::bigint between coalesce($10, 0) and coalesce($11, 9223372036854775807)
  ))
  and ($12::timestamptz is null or starts_at >= $12)
  and ($13::timestamptz is null or starts_at < $13)
  -- The sums of sales by month, and what is not folded into them yet, which is looked through once for all events: the
  -- same snapshot has both. It is the last thing to be looked at, page by page.
  and ($14::boolean is null or sell_mode = 'online' and $14 = (
    (
      select coalesce(sum(seats - cancelled_seats), 0) from event_sales
      where event_sales.event_id = events.id and grain = 'month'
    ) + coalesce(((
      select jsonb_object_agg(event_id, seats)
      from (select event_id, sum(seats - cancelled_seats) as seats from sales_changes group by 1) as unfolded
    ) ->> events.id::text)::bigint, 0) < seat_count
  ))
  and (not $15::boolean or starts_at > clock_timestamp())
  and ($16::text is null or ({key}, events.id) {after} ($16::text::{type}, $17::uuid))
order by {key} {direction}, events.id {direction}
limit $18

-- Returns a page of venues by name, each with sort_key, which is where the next page goes on.
-- $1 organizer id or null, $2 country or null, $3 part of the name or city or null, $4 and $5 sort_key and id to go on
-- after or null, $6 limit.
select id, organizer_id as "organizerId", name, street, city, postal_code as "postalCode", country,
  time_zone as "timeZone",
  to_json(created_at) #>> '{}' as "createdAt",
  to_json(updated_at) #>> '{}' as "updatedAt",
  lower(name) as sort_key
from venues
where deleted_at is null
  and ($1::uuid is null or organizer_id = $1)
  and ($2::text is null or country = $2)
  and ($3::text is null or strpos(lower(name), lower($3)) > 0 or strpos(lower(city), lower($3)) > 0)
  and ($4::text is null or (lower(name), id) > ($4, $5::uuid))
order by lower(name), id
limit $6

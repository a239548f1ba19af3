-- Returns the domain events after a position, in their order: position ("ms-seq"), id, type, subject, time, data.
-- $1 ms and $2 seq of that position, $3 ms before which nobody wants to know, $4 how many at most.
select ms || '-' || seq as position, seq::text, id, type, subject, instant_text(at) as time, data
from domain_events
where (ms, seq) > ($1::bigint, $2::bigint) and ms >= $3::bigint
order by ms, seq
limit $4

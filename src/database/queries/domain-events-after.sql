-- Returns the domain events after a position, in their order: position ("ms-seq"), seq, id, type, subject, time,
-- data.
-- $1 ms and $2 seq of that position, $3 ms before which nobody wants to know, $4 how many at most.
select ms || '-' || seq as position, seq::text, id, type, subject, instant_text(at) as time, data
from domain_events
where (ms, seq) > ($1::bigint, $2::bigint) and ms >= $3::bigint
-- Of the table: "seq" alone would be the text.
order by domain_events.ms, domain_events.seq
limit $4

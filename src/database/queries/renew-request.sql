-- Returns nothing. The first attempt of a request is still under way: nobody takes its place for so many ms more.
-- $1 user id, $2 request id, $3 token of the attempt, $4 lease in ms.
update requests set leased_until = clock_timestamp() + $4::float8 * interval '1 millisecond'
where user_id = $1::uuid and request_id = $2::text and token = $3::text and answer is null

-- Returns nothing. Keeps the first answer of a request. $1 user id, $2 request id, $3 token of the attempt, $4 answer (JSON).
update requests set answer = $4::jsonb
where user_id = $1::uuid and request_id = $2::text and token = $3::text and answer is null

-- Returns nothing. Keeps the first answer of a request. $1 user id, $2 request id, $3 answer (JSON).
update requests set answer = $3::jsonb where user_id = $1::uuid and request_id = $2::text

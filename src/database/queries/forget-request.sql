-- Returns nothing. A request that was refused changed nothing: it is judged anew when it comes again.
-- $1 user id, $2 request id, $3 token of the attempt.
delete from requests where user_id = $1::uuid and request_id = $2::text and token = $3::text and answer is null

-- Returns a row if the session has ended, else none.
-- $1 session id.
select true as ended from sessions where id = $1::text and ended_at is not null

-- Returns is_public of an event ($1): whether it was ever published, and is not deleted. No row: there is none.
select published_at is not null and deleted_at is null as is_public from events where id = $1::uuid

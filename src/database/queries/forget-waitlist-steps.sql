-- Returns nothing. Once Redis has nothing of an event ($1) any more nobody can hand out its steps again; what happened is in
-- the audit log.
delete from waitlist_steps as s using waitlist_entries as e where e.id = s.entry_id and e.event_id = $1::uuid

-- Returns the outcome that is stored for a hold: the refusal given here, or what was there before.
-- $1 event id, $2 hold id, $3 reason.
-- A "no" is written before it is told, or a slow first attempt could still commit after it. The insert waits
-- for a confirm of this hold that is still running, and so learns how it ended. The update changes nothing;
-- it is there to get the row back when there is one.
insert into outcomes (event_id, hold_id, outcome, reason)
values ($1::uuid, $2::text, 'refused', $3::text)
on conflict (event_id, hold_id) do update set reason = outcomes.reason
returning outcome, reason

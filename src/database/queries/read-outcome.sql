-- Returns outcome, reason of a hold ($2) of an event ($1), or no row.
select outcome, reason from outcomes where event_id = $1 and hold_id = $2

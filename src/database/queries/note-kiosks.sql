-- Returns nothing. Notes how kiosks were. $1 JSON, a row a kiosk: kiosk_id, connection, seen_at, gone_at, page, pages,
-- epoch, position, version, screen.
-- That a connection is gone counts only as long as the kiosk has no other, on this node or on another.
insert into kiosk_states
  (kiosk_id, connection, seen_at, gone_at, page, pages, epoch, position, version, screen)
select given.kiosk_id, given.connection, given.seen_at, given.gone_at, given.page, given.pages, given.epoch,
  given.position, given.version, given.screen
from jsonb_to_recordset($1::jsonb) as given (
  kiosk_id uuid, connection text, seen_at timestamptz, gone_at timestamptz, page integer, pages integer, epoch text,
  position bigint, version text, screen text
)
join kiosks on kiosks.id = given.kiosk_id
-- Nodes that write at the same time take the rows in the same order.
order by given.kiosk_id
on conflict (kiosk_id) do update set
  connection = excluded.connection,
  seen_at = greatest(kiosk_states.seen_at, excluded.seen_at),
  gone_at = excluded.gone_at,
  page = excluded.page,
  pages = excluded.pages,
  epoch = excluded.epoch,
  position = excluded.position,
  version = excluded.version,
  screen = excluded.screen
where kiosk_states.connection = excluded.connection
  or (excluded.gone_at is null and kiosk_states.seen_at <= excluded.seen_at)

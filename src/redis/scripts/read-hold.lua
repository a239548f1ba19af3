-- One hold, whoever has it.
-- @include inventory
-- ARGV
--   2 hold
-- Returns
--   hold          {owner, state (h held, p being paid for, c being booked, o or g kept for who waits), seats}
--   unknown-hold

local hold = read_hold(ARGV[2])
if not hold then
  return finish('unknown-hold')
end
return finish('hold', { hold.owner, hold.state, table.concat(hold.seats, ',') })

-- Cuts the tick that the caller promised, unless somebody else has cut it meanwhile.
-- @include inventory
-- Returns
--   cut

-- A timer that fired early must be promised again, or nobody would come.
promised = 0
return finish('cut')

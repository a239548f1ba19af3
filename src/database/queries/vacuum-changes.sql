-- Returns nothing. Gives the disk back what a large backlog has taken: whoever reads differences would go through it for
-- ever. It waits for nobody, and gives way to whoever waits.
vacuum (truncate, skip_locked) sales_changes

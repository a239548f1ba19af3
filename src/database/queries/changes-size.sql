-- Returns bytes: how large the table of differences is on disk, however few of them there are.
select pg_relation_size('sales_changes')::float8 as bytes

-- Builds the statement that drops database $1 with whoever is connected to it, or no row where
-- there is none. `drop database` takes no parameters, so the server does the quoting.
select format('drop database %I with (force)', $1::text)
where exists (select from pg_catalog.pg_database where datname = $1::text)

-- Builds the statement that creates database $1, or no row where it already exists.
-- `create database` takes no parameters, so the server does the quoting.
select format('create database %I', $1::text)
where not exists (select from pg_catalog.pg_database where datname = $1::text)

-- Builds the statement that gives the connected role password $1 (stored as a SCRAM verifier).
select format('alter role %I password %L', current_user, $1::text)

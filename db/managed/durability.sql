-- The three settings an acknowledged commit hangs on, as this very session has them.
select name, pg_catalog.current_setting(name)
from (values ('fsync'), ('full_page_writes'), ('synchronous_commit')) as wanted (name)

{{ config(indexes=postgres_index('user_id')) }}

with sessions as (
    {{ deduplicate(
        source('raw_postgres', 'sessions'), 'session_id',
        tie_break=['_fivetran_deleted', 'session_end', 'session_start', 'user_id', 'device_type', 'browser']
    ) }}
)

select
    session_id,
    user_id,
    session_start,
    session_end,
    -- Null while the session is open.
    cast({{ dbt.datediff('session_start', 'session_end', 'second') }} / 60.0 as numeric(18, 2))
        as session_duration_minutes,
    device_type,
    browser,
    _fivetran_synced
from sessions
where not coalesce(_fivetran_deleted, false)

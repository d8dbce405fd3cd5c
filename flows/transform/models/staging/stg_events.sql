{{ config(indexes=postgres_index('user_id')) }}

with events as (
    {{ deduplicate(
        source('raw_postgres', 'events'), 'event_id',
        tie_break=['_fivetran_deleted', 'occurred_at', 'user_id', 'event_type']
    ) }}
)

select
    event_id,
    user_id,
    event_type,
    occurred_at,
    _fivetran_synced
from events
where not coalesce(_fivetran_deleted, false)

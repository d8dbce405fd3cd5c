{{ config(indexes=postgres_index('user_id')) }}

with page_views as (
    {{ deduplicate(
        source('raw_postgres', 'page_views'), 'page_view_id',
        tie_break=['_fivetran_deleted', 'viewed_at', 'session_id', 'user_id', 'path']
    ) }}
)

select
    page_view_id,
    session_id,
    user_id,
    path,
    viewed_at,
    _fivetran_synced
from page_views
where not coalesce(_fivetran_deleted, false)

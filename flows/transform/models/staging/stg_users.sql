with users as (
    {{ deduplicate(
        source('raw_postgres', 'users'), 'user_id',
        tie_break=['updated_at', '_fivetran_deleted', 'created_at', 'email', 'name', 'country']
    ) }}
)

select
    user_id,
    email,
    name,
    country,
    created_at,
    updated_at,
    _fivetran_synced
from users
where not coalesce(_fivetran_deleted, false)

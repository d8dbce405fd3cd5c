select
    user_id,
    email,
    name,
    country,
    created_at,
    updated_at
from {{ ref('stg_users') }}

select
    customer_id,
    email,
    name,
    currency,
    delinquent as is_delinquent,
    created_at,
    _fivetran_synced as updated_at
from {{ ref('stg_stripe_customers') }}

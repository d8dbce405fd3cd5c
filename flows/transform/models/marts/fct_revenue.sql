-- updated_at is when the row was synced, not when it was built: a build on stale data must look stale.
select
    charge_id,
    customer_id,
    cast(created_at as date) as event_date,
    amount_dollars,
    currency,
    created_at,
    _fivetran_synced as updated_at
from {{ ref('stg_stripe_charges') }}

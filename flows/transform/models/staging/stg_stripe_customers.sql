with customers as (
    {{ deduplicate(
        source('raw_stripe', 'customers'), 'id',
        tie_break=['created', 'email', 'name', 'currency', 'delinquent']
    ) }}
)

select
    id as customer_id,
    email,
    name,
    currency,
    delinquent,
    created as created_at,
    _fivetran_synced
from customers

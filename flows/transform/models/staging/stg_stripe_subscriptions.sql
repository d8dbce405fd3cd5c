with subscriptions as (
    {{ deduplicate(
        source('raw_stripe', 'subscriptions'), 'id',
        tie_break=[
            'current_period_end', 'current_period_start', 'canceled_at', 'status', 'quantity', 'plan_id',
            'customer_id', 'start_date', 'created',
        ]
    ) }}
)

select
    id as subscription_id,
    customer_id,
    plan_id,
    quantity,
    status,
    start_date as started_at,
    current_period_start,
    current_period_end,
    canceled_at,
    created as created_at,
    _fivetran_synced
from subscriptions

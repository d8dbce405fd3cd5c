with plans as (
    {{ deduplicate(
        source('raw_stripe', 'plans'), 'id',
        tie_break=['amount', 'currency', 'billing_interval', 'interval_count', 'active', 'nickname', 'created']
    ) }}
)

select
    id as plan_id,
    nickname,
    {{ dollars('amount') }} as amount_dollars,
    currency,
    billing_interval,
    interval_count,
    active as is_active,
    created as created_at,
    _fivetran_synced
from plans

with subscriptions as (
    select * from {{ ref('stg_stripe_subscriptions') }}
),

plans as (
    select * from {{ ref('stg_stripe_plans') }}
)

select
    subscriptions.subscription_id,
    subscriptions.customer_id,
    subscriptions.plan_id,
    subscriptions.status,
    subscriptions.quantity,
    plans.billing_interval,
    {{ monthly_dollars(
        'subscriptions.quantity', 'plans.amount_dollars', 'plans.billing_interval', 'plans.interval_count'
    ) }} as mrr_dollars,
    subscriptions.status = 'active' as is_active,
    subscriptions.started_at,
    subscriptions.canceled_at,
    {{ latest_of(['subscriptions._fivetran_synced', 'plans._fivetran_synced']) }} as updated_at
from subscriptions
left join plans on subscriptions.plan_id = plans.plan_id

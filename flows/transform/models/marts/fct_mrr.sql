-- The month is that of the latest revenue.
with latest_month as (
    {{ latest_month(ref('fct_revenue'), 'event_date') }}
)

select
    latest_month.month,
    subscriptions.subscription_id,
    subscriptions.customer_id,
    subscriptions.plan_id,
    subscriptions.mrr_dollars,
    subscriptions.updated_at
from {{ ref('fct_subscriptions') }} as subscriptions
cross join latest_month
where subscriptions.is_active and subscriptions.started_at < latest_month.next_month

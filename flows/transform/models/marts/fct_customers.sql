with customers as (
    select * from {{ ref('dim_customers') }}
),

latest_month as (
    {{ latest_month(ref('fct_revenue'), 'event_date') }}
),

churn as (
    {{ churn(ref('fct_subscriptions')) }}
),

revenue as (
    select
        customer_id,
        sum(amount_dollars) as total_revenue_dollars,
        count(*) as charge_count,
        min(created_at) as first_charge_at,
        max(created_at) as last_charge_at,
        max(updated_at) as updated_at
    from {{ ref('fct_revenue') }}
    group by customer_id
),

subscriptions as (
    select
        customer_id,
        sum(case when is_active then 1 else 0 end) as active_subscriptions,
        sum(case when is_active then mrr_dollars else 0 end) as mrr_dollars,
        max(updated_at) as updated_at
    from {{ ref('fct_subscriptions') }}
    group by customer_id
)

select
    customers.customer_id,
    cast(coalesce(revenue.total_revenue_dollars, 0) as numeric(18, 2)) as total_revenue_dollars,
    coalesce(revenue.charge_count, 0) as charge_count,
    revenue.first_charge_at,
    revenue.last_charge_at,
    cast(coalesce(subscriptions.active_subscriptions, 0) as bigint) as active_subscriptions,
    cast(coalesce(subscriptions.mrr_dollars, 0) as numeric(18, 2)) as mrr_dollars,
    -- What the customer brings a month over the share of subscriptions lost in the latest month. Its mean over
    -- the month's customers is executive_summary's. Null in a month that lost none.
    cast(
        cast(coalesce(subscriptions.mrr_dollars, 0) as numeric(18, 2)) * churn.subscriptions
        / nullif(churn.cancelled, 0)
        as numeric(18, 2)
    ) as lifetime_value_dollars,
    {{ latest_of(['customers.updated_at', 'revenue.updated_at', 'subscriptions.updated_at']) }} as updated_at
from customers
cross join churn
left join revenue on customers.customer_id = revenue.customer_id
left join subscriptions on customers.customer_id = subscriptions.customer_id

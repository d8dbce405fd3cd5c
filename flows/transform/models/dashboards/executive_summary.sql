-- Reads marts only: what the marts checkpoint let through is what readers see.
-- Rows are counted, not distinct keys: hiding duplicates here would hide them from finance as well.
with latest_month as (
    {{ latest_month(ref('fct_revenue'), 'event_date') }}
),

revenue as (
    select count(*) as charges, sum(amount_dollars) as revenue_dollars
    from {{ ref('fct_revenue') }}
    cross join latest_month
    where event_date >= latest_month.month and event_date < latest_month.next_month
),

mrr as (
    select coalesce(sum(mrr_dollars), 0) as mrr_dollars
    from {{ ref('fct_mrr') }} as active
    inner join latest_month on active.month = latest_month.month
),

subscribers as (
    select distinct customer_id from {{ ref('fct_mrr') }}
),

customers as (
    select
        coalesce(sum(case when is_new then 1 else 0 end), 0) as new_customers,
        coalesce(sum(case when is_new or is_subscriber then 1 else 0 end), 0) as customers
    from (
        select
            dim_customers.created_at >= latest_month.month
                and dim_customers.created_at < latest_month.next_month as is_new,
            subscribers.customer_id is not null as is_subscriber
        from {{ ref('dim_customers') }} as dim_customers
        cross join latest_month
        left join subscribers on dim_customers.customer_id = subscribers.customer_id
    ) as customers_of_month
),

churn as (
    {{ churn(ref('fct_subscriptions')) }}
)

select
    latest_month.month,
    revenue.charges,
    cast(revenue.revenue_dollars as numeric(18, 2)) as revenue_dollars,
    cast(mrr.mrr_dollars as numeric(18, 2)) as mrr_dollars,
    cast(customers.new_customers as bigint) as new_customers,
    -- (MRR / customers) / churn, where churn = cancelled / subscriptions; an estimate, so in whole dollars.
    -- Null in a month without customers or without a cancellation.
    cast(
        round(
            cast(mrr.mrr_dollars as numeric(18, 2)) * churn.subscriptions
            / nullif(customers.customers * churn.cancelled, 0)
        )
        as numeric(18, 2)
    ) as lifetime_value_dollars,
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as {{ dbt.type_timestamp() }}) as published_at
from latest_month
cross join revenue
cross join mrr
cross join customers
cross join churn

{# One row: the month of the latest value of a column, and the month after it. No row when there is no value. #}
{% macro latest_month(relation, column) -%}
    select month, cast({{ dbt.dateadd('month', 1, 'month') }} as date) as next_month
    from (
        select cast({{ dbt.date_trunc('month', 'max(' ~ column ~ ')') }} as date) as month
        from {{ relation }}
    ) as latest
    where month is not null
{%- endmacro %}

{#
  The subscriptions of a month, and how many of them it lost: churn is cancelled / subscriptions.
  What had ended before the month counts in neither. Needs a CTE `latest_month`.
#}
{% macro churn(subscriptions) -%}
    select
        count(*) as subscriptions,
        sum(case when is_active then 0 else 1 end) as cancelled
    from {{ subscriptions }}
    cross join latest_month
    where is_active or (canceled_at >= latest_month.month and canceled_at < latest_month.next_month)
{%- endmacro %}

{# The latest of the first timestamp and the others, which may be null: Snowflake's greatest() is null then. #}
{% macro latest_of(timestamps) -%}
    greatest(
        {{ timestamps[0] }}
        {%- for timestamp in timestamps[1:] %},
        coalesce({{ timestamp }}, {{ timestamps[0] }})
        {%- endfor %}
    )
{%- endmacro %}

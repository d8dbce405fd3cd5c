{# Cents to dollars. A product with 0.01 is exact in all three warehouses; DuckDB's division is floating point. #}
{% macro dollars(cents) -%}
    cast({{ cents }} * 0.01 as numeric(18, 2))
{%- endmacro %}

{#
  What a subscription brings in a month: quantity x plan amount over the months of the plan's interval,
  half a cent rounded up. Null for an interval that is neither month nor year, so that a check finds it.
  floor(x + 0.5) on whole cents gives the same cent whether a warehouse divides exactly or in floating point.
#}
{% macro monthly_dollars(quantity, amount_dollars, billing_interval, interval_count) -%}
    {%- set months -%}
        (case {{ billing_interval }} when 'month' then 1.0 when 'year' then 12.0 end * {{ interval_count }})
    {%- endset -%}
    cast(
        cast(floor({{ quantity }} * {{ amount_dollars }} * 100 / {{ months }} + 0.5) as bigint) * 0.01
        as numeric(18, 2)
    )
{%- endmacro %}

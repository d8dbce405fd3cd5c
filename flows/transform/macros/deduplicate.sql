{#
  One row per key: the copy that was synced last. A sync that resumes after a timeout re-sends rows
  as they are *now*, so the copies of a key differ and the first one is out of date.

  relation:   the table, or the name of a CTE
  unique_key: its key column
  order_by:   which copy wins, best first
  tie_break:  columns that decide between copies equal in order_by: the greater value wins, null
              loses, column by column. Name every column that is read, and the result is the same
              however the warehouse happens to read its rows.

  Rows without a key are all kept: they are no copies of each other, and a check on the result has to
  see how many there are. Filter on status or deletion *after* this, never before: otherwise an outdated
  copy that passes the filter comes back for a row whose latest copy does not.

  The columns of the result are those of the relation. PostgreSQL has neither `qualify` nor `exclude`,
  but `distinct on`, hence two forms.
#}
{% macro deduplicate(relation, unique_key, order_by='_fivetran_synced desc nulls last', tie_break=[]) -%}
    {%- if not var('deduplicate') -%}
    select * from {{ relation }}
    {%- else -%}
    {%- set order = [order_by] -%}
    {%- for column in tie_break -%}
        {%- do order.append(column ~ ' desc nulls last') -%}
    {%- endfor -%}
    {{ adapter.dispatch('latest_copies', 'sluice_reference')(relation, unique_key, order | join(', ')) }}
    union all
    select * from {{ relation }} where {{ unique_key }} is null
    {%- endif -%}
{%- endmacro %}

{% macro default__latest_copies(relation, unique_key, order) -%}
    select * from {{ relation }}
    where {{ unique_key }} is not null
    qualify row_number() over (partition by {{ unique_key }} order by {{ order }}) = 1
{%- endmacro %}

{% macro postgres__latest_copies(relation, unique_key, order) -%}
    (
        select distinct on ({{ unique_key }}) * from {{ relation }}
        where {{ unique_key }} is not null
        order by {{ unique_key }}, {{ order }}
    )
{%- endmacro %}

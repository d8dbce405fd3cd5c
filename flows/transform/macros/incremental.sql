{#
  Rows synced from here on may not be in this incremental table yet: its newest `updated_at` (the
  _fivetran_synced it has seen), less the look-back. An empty table starts from the beginning of time:
  a comparison with a null maximum would keep it empty for ever.
#}
{% macro synced_from() -%}
    select coalesce(
        {{ dbt.dateadd('hour', -1 * var('incremental_lookback_hours'), 'max(updated_at)') }},
        cast('1970-01-01' as {{ dbt.type_timestamp() }})
    )
    from {{ this }}
{%- endmacro %}

{# Secondary indexes are PostgreSQL's only: DuckDB's slow its bulk loads down, Snowflake has none. #}
{% macro postgres_index(column) -%}
    {{ return([{'columns': [column]}] if target.type == 'postgres' else []) }}
{%- endmacro %}

{# For a post-hook: a user who is gone brings no new row, so no incremental run would replace the old one. #}
{% macro delete_users_absent_from(relation) -%}
    delete from {{ this }}
    where not exists (select 1 from {{ relation }} as present where present.user_id = {{ this.identifier }}.user_id)
{%- endmacro %}

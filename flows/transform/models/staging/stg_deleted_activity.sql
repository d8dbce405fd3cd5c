{{ config(materialized='ephemeral') }}

-- Not a table: whose activity lost a row, and when that became known. Staging holds no deleted rows, so
-- without this an incremental model downstream would never learn that a count went down.
{% for activity in ['events', 'sessions', 'page_views'] -%}
select '{{ activity }}' as activity, user_id, _fivetran_synced
from {{ source('raw_postgres', activity) }}
where _fivetran_deleted
{% if not loop.last %}union all{% endif %}
{% endfor %}

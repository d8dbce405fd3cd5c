-- Sessions per user and day. Against the document's version, which rebuilds the days from yesterday on:
--   * a session that arrives late, changes or is deleted belongs to any day, so the choice is by what was
--     synced, not by the session's date; nothing depends on the clock of the build;
--   * delete+insert on user_id replaces all days of a user who has news: a session moved to another day would
--     otherwise be counted on both;
--   * users without any session left are removed by the post-hook.
-- A session given to another *user* in place leaves no trace of the first one: that needs --full-refresh.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='user_id',
    on_schema_change='fail',
    cluster_by=['session_date', 'user_id'],
    post_hook="{{ delete_users_absent_from(ref('stg_sessions')) }}"
) }}
{%- set sessions, deleted = ref('stg_sessions'), ref('stg_deleted_activity') %}

select
    user_id,
    cast(session_start as date) as session_date,
    count(*) as session_count,
    cast(sum(session_duration_minutes) as numeric(18, 2)) as total_session_minutes,
    cast(avg(session_duration_minutes) as numeric(18, 2)) as avg_session_minutes,
    max(session_start) as last_session_at,
    max(_fivetran_synced) as updated_at
from {{ sessions }}
{% if is_incremental() -%}
where user_id in (
    select user_id from {{ sessions }} where _fivetran_synced >= ({{ synced_from() }})
    union
    select user_id from {{ deleted }}
    where activity = 'sessions' and _fivetran_synced >= ({{ synced_from() }})
)
{%- endif %}
group by user_id, cast(session_start as date)

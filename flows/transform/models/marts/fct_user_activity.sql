-- Aggregated once per table, joined once, and only for users with news. The document's fast version has gaps
-- that this one closes:
--   * it looks for users whose *own row* changed: new events, sessions and page views of an unchanged user are
--     never counted. Here news in any of the four tables counts, and so do deletions;
--   * it stamps updated_at with the clock of the build and compares the source's updated_at with it: a user
--     changed before that build but synced after it is missed for good. Here updated_at is the newest
--     _fivetran_synced behind the row, so that both sides of the comparison are one clock;
--   * `>` misses what is synced in the same instant as the newest row, or becomes visible later than rows synced
--     after it. Here it is `>=` with a look-back; going over a user twice changes nothing;
--   * a table that was once built empty stays empty, and deleted users stay in it.
-- delete+insert instead of merge, which fails on two rows of one user, as the BEFORE models may bring.
-- A row given to another user in place leaves no trace of the first one: that needs --full-refresh.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='user_id',
    on_schema_change='fail',
    cluster_by=['user_id'],
    post_hook="{{ delete_users_absent_from(ref('stg_users')) }}"
) }}
{%- set sources = [
    ref('stg_users'), ref('stg_events'), ref('stg_sessions'), ref('stg_page_views'), ref('stg_deleted_activity'),
] %}

with
{% if is_incremental() -%}
users_with_news as (
    {% for relation in sources -%}
    select user_id from {{ relation }} where _fivetran_synced >= ({{ synced_from() }})
    {% if not loop.last %}union{% endif %}
    {% endfor %}
),
{%- endif %}
{%- set only_news = 'where user_id in (select user_id from users_with_news)' if is_incremental() else '' %}

users as (
    select user_id, email, created_at as user_created_at, _fivetran_synced
    from {{ ref('stg_users') }}
    {{ only_news }}
),

events as (
    select user_id, count(*) as total_events, max(_fivetran_synced) as _fivetran_synced
    from {{ ref('stg_events') }}
    {{ only_news }}
    group by user_id
),

sessions as (
    select
        user_id,
        count(*) as total_sessions,
        max(session_start) as last_session_at,
        cast(avg(session_duration_minutes) as numeric(18, 2)) as avg_session_duration,
        max(_fivetran_synced) as _fivetran_synced
    from {{ ref('stg_sessions') }}
    {{ only_news }}
    group by user_id
),

page_views as (
    select user_id, count(*) as total_page_views, max(_fivetran_synced) as _fivetran_synced
    from {{ ref('stg_page_views') }}
    {{ only_news }}
    group by user_id
)

select
    users.user_id,
    users.email,
    users.user_created_at,
    coalesce(events.total_events, 0) as total_events,
    coalesce(sessions.total_sessions, 0) as total_sessions,
    coalesce(page_views.total_page_views, 0) as total_page_views,
    sessions.last_session_at,
    sessions.avg_session_duration,
    {{ latest_of([
        'users._fivetran_synced', 'events._fivetran_synced', 'sessions._fivetran_synced',
        'page_views._fivetran_synced',
    ]) }} as updated_at
from users
left join events on users.user_id = events.user_id
left join sessions on users.user_id = sessions.user_id
left join page_views on users.user_id = page_views.user_id

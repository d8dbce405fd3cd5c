{{ config(materialized='incremental', unique_key='user_id', cluster_by=['user_id'], tags=['daily']) }}

-- The same, aggregated once for each table, for users that changed.
with users as (
    select user_id, email, created_at as user_created_at
    from {{ ref('stg_users') }}
    {% if is_incremental() %}
    where updated_at > (select max(updated_at) from {{ this }})
    {% endif %}
),

events_agg as (
    select user_id, count(*) as total_events
    from {{ ref('stg_events') }}
    {% if is_incremental() %}
    where user_id in (select user_id from users)
    {% endif %}
    group by user_id
),

sessions_agg as (
    select
        user_id,
        count(*) as total_sessions,
        max(session_start) as last_session_at,
        avg(session_duration_minutes) as avg_session_duration
    from {{ ref('stg_sessions') }}
    {% if is_incremental() %}
    where user_id in (select user_id from users)
    {% endif %}
    group by user_id
),

page_views_agg as (
    select user_id, count(*) as total_page_views
    from {{ ref('stg_page_views') }}
    {% if is_incremental() %}
    where user_id in (select user_id from users)
    {% endif %}
    group by user_id
),

final as (
    select
        u.user_id,
        u.email,
        u.user_created_at,
        coalesce(e.total_events, 0) as total_events,
        coalesce(s.total_sessions, 0) as total_sessions,
        coalesce(p.total_page_views, 0) as total_page_views,
        s.last_session_at,
        s.avg_session_duration,
        current_timestamp as updated_at
    from users u
    left join events_agg e on u.user_id = e.user_id
    left join sessions_agg s on u.user_id = s.user_id
    left join page_views_agg p on u.user_id = p.user_id
)

select * from final

{{ config(materialized='table', tags=['daily']) }}

-- What each user did; the shape of the model that took 8 hours.
select
    u.user_id,
    u.email,
    u.created_at as user_created_at,
    count(e.event_id) as total_events,
    (
        select count(*)
        from {{ ref('stg_sessions') }} s
        where s.user_id = u.user_id
    ) as total_sessions,
    (
        select count(*)
        from {{ ref('stg_page_views') }} p
        where p.user_id = u.user_id
    ) as total_page_views,
    (
        select max(session_start)
        from {{ ref('stg_sessions') }} s
        where s.user_id = u.user_id
    ) as last_session_at,
    (
        select avg(session_duration_minutes)
        from {{ ref('stg_sessions') }} s
        where s.user_id = u.user_id
    ) as avg_session_duration
from {{ ref('stg_users') }} u
left join {{ ref('stg_events') }} e on u.user_id = e.user_id
group by u.user_id, u.email, u.created_at

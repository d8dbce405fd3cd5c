-- The second incident's model: four correlated subqueries, each run once for every user, and the whole table anew each
-- night. It is no model of this project, whose own is models/marts/fct_user_activity.sql; `sluice replay slow-model`
-- puts it in that one's place, as a commit once did.
{{ config(materialized='table') }}

select
    u.user_id,
    u.email,
    u.created_at as user_created_at,
    count(e.event_id) as total_events,
    (
        select count(*)
        from {{ ref('stg_sessions') }} as s
        where s.user_id = u.user_id
    ) as total_sessions,
    (
        select count(*)
        from {{ ref('stg_page_views') }} as p
        where p.user_id = u.user_id
    ) as total_page_views,
    (
        select max(session_start)
        from {{ ref('stg_sessions') }} as s
        where s.user_id = u.user_id
    ) as last_session_at,
    (
        select avg(session_duration_minutes)
        from {{ ref('stg_sessions') }} as s
        where s.user_id = u.user_id
    ) as avg_session_duration
from {{ ref('stg_users') }} as u
left join {{ ref('stg_events') }} as e on u.user_id = e.user_id
group by u.user_id, u.email, u.created_at

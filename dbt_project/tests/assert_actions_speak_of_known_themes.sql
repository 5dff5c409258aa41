-- An action on a theme that no comment can have is never seen to work.
{{ config(severity='warn') }}

with

actions as (
    select * from {{ ref('stg_feedback__actions') }}
    where verdict = 'accepted'
),

themes as (
    select distinct theme from {{ ref('theme_keywords') }}
),

final as (
    select
        actions.action_id,
        actions.theme
    from actions
    left join themes
        on actions.theme = themes.theme
    where themes.theme is null
)

select * from final

{% set text = dbt.type_string() %}

with

scores as (
    select * from {{ ref('int_survey_scores_counted') }}
),

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where verdict in ('accepted', 'quarantined')
),

definitions as (
    select count(*) as n_definitions from {{ ref('stg_survey__definitions') }}
    where verdict = 'accepted'
),

role_mailboxes as (
    select * from {{ ref('role_mailboxes') }}
),

of_all as (
    select sum(n_rows) as n_all from scores
),

surveys as (
    select
        survey_id,
        metric,
        scale_min,
        scale_max,
        is_defined,
        sum(case when quarantine_reason is null or quarantine_reason like 'score%' then n_rows else 0 end) as n_answers,
        sum(case when quarantine_reason like 'score%' then n_rows else 0 end) as n_unread,
        min(case when quarantine_reason like 'score%' then example_key end) as example_unread,
        sum(
            case
                when quarantine_reason = 'score_out_of_range' and {{ parse_number('score_text') }} = scale_max + 1
                    then n_rows
                else 0
            end
        ) as n_one_above,
        sum(case when quarantine_reason = 'unknown_survey' then n_rows else 0 end) as n_unknown,
        min(case when quarantine_reason = 'unknown_survey' then example_key end) as example_unknown,
        sum(case when score is not null then n_rows else 0 end) as n_read,
        sum(case when score is null and quarantine_reason is null then n_rows else 0 end) as n_blank,
        sum(case when is_worded then n_rows else 0 end) as n_worded,
        min(case when is_worded then example_key end) as example_worded,
        sum(case when score = 0 then n_rows else 0 end) as n_zero,
        max(case when score between 1 and 3 then n_rows else 0 end) as n_commonest_of_1_to_3,
        sum(case when score between 1 and 3 then n_rows else 0 end) as n_of_1_to_3,
        max(score) as highest_score,
        count(distinct score) as n_points,
        min(example_key) as example_key
    from scores
    group by survey_id, metric, scale_min, scale_max, is_defined
),

points as (
    select
        survey_id,
        score,
        scale_min,
        scale_max,
        sum(n_rows) as n_rows
    from scores
    where score is not null
    group by survey_id, score, scale_min, scale_max
),

-- A point of the scale between two that are used, which nobody ever gave.
points_skipped as (
    select
        below.survey_id,
        min(below.score + 1) as skipped_score
    from points as below
    inner join points as above
        on
            below.survey_id = above.survey_id
            and above.score = below.score + 2
    left join points as between_them
        on
            below.survey_id = between_them.survey_id
            and between_them.score = below.score + 1
    where
        between_them.score is null
        and below.n_rows >= {{ var('minimum_neighbour_answers') }}
        and above.n_rows >= {{ var('minimum_neighbour_answers') }}
    group by below.survey_id
),

-- Clocks that differ by a time zone are at most 14 hours apart.
lags as (
    select
        traced_survey_id as survey_id,
        count(*) as n_invited,
        count(case when hours_after_invitation < 0 then 1 end) as n_before,
        count(case when hours_after_invitation < 0 and hours_after_invitation >= -14 then 1 end) as n_before_by_a_zone,
        min(case when hours_after_invitation >= -14 then hours_after_invitation end) as earliest_lag,
        min(case when hours_after_invitation < 0 then response_id end) as example_key
    from responses
    where hours_after_invitation is not null
    group by traced_survey_id
),

-- The same words of the same person at the same second. Of nobody, or of a mailbox that many people read, only a time
-- with seconds says that it is the same answer: employee tools round the time to hide who it was.
told as (
    select
        responses.traced_survey_id as survey_id,
        {{ text_number(
            "concat(answered_at, '|', coalesce(score_text, ''), '|', coalesce(channel, ''), '|', "
            ~ "coalesce(account_id, ''), '|', "
            ~ "coalesce(contact_id, contact_email, ''))"
        ) }} as answer_number,
        responses.response_id
    from responses
    left join role_mailboxes
        on {{ email_mailbox('responses.contact_email') }} = role_mailboxes.mailbox
    where
        responses.verdict = 'accepted'
        and (
            responses.contact_id is not null
            or (responses.contact_email is not null and role_mailboxes.mailbox is null)
            or extract(second from responses.answered_at) <> 0
        )
),

told_again as (
    select
        survey_id,
        count(*) - 1 as n_more,
        max(response_id) as example_key
    from told
    group by survey_id, answer_number
    having count(*) > 1
),

repeated as (
    select
        survey_id,
        sum(n_more) as n_repeated,
        min(example_key) as example_key
    from told_again
    group by survey_id
),

checked as (
    select
        survey_id,
        'scores_readable' as check_name,
        n_answers as n_rows,
        n_unread as n_flagged,
        {{ check_verdict(
            'n_unread > ' ~ var('maximum_unread_scores') ~ ' * n_answers and n_unread >= '
            ~ var('minimum_flagged_answers'),
            'n_unread > ' ~ var('tolerated_unread_scores') ~ ' * n_answers',
        ) }} as verdict,
        case
            when n_unread = 0 then 'Every score can be read.'
            else concat(
                    cast(n_unread as {{ text }}), ' of ', cast(n_answers as {{ text }}), ' answers (',
                    {{ percent_text('n_unread * 1e0 / n_answers') }}, ') have a score that cannot be read',
                    case
                        when n_one_above > 0
                            then concat(
                                    ', ', cast(n_one_above as {{ text }}), ' of them the score ',
                                    cast(scale_max + 1 as {{ text }}),
                                    ', which often means blank'
                                )
                        else ''
                    end,
                    '; the score of the rest is biased. Correct them, say what means blank (blank_scores of ',
                    'survey_definitions) ',
                    'or what a word means (seeds/reference/value_words.csv).'
                )
        end as message,
        example_unread as example_key
    from surveys
    where n_answers > 0
    union all
    select
        survey_id,
        'scale_as_declared' as check_name,
        n_read as n_rows,
        case when highest_score <= 8 then n_read else 0 end as n_flagged,
        {{ check_verdict(
            'highest_score <= 7 and n_read >= case when is_defined then ' ~ var('minimum_scale_answers') ~ ' else '
            ~ var('minimum_undefined_scale_answers') ~ ' end',
            'highest_score <= 8 and n_read >= ' ~ var('minimum_scale_answers'),
        ) }} as verdict,
        case
            when highest_score <= 8
                then concat(
                        'The highest of ', cast(n_read as {{ text }}), ' scores is ',
                        cast(highest_score as {{ text }}),
                        ' on a scale of 0 to 10',
                        case when is_defined then '' else ' (no definition says otherwise)' end,
                        '. On a shorter scale every answer looks like a detractor. Say the scale and the metric in ',
                        'survey_definitions.'
                    )
            else 'Scores reach the top of the scale.'
        end as message,
        example_key
    from surveys
    where
        metric = 'nps'
        and scale_min = 0
        and scale_max = 10
        and n_read > 0
    union all
    select
        surveys.survey_id,
        'scale_points_used' as check_name,
        surveys.n_read as n_rows,
        case when points_skipped.survey_id is null then 0 else surveys.n_read end as n_flagged,
        {{ check_verdict(
            'points_skipped.survey_id is not null and surveys.n_points >= 8',
            'points_skipped.survey_id is not null and surveys.n_points >= 5',
        ) }} as verdict,
        case
            when points_skipped.survey_id is null then 'No point of the scale is missing beside two that are used.'
            else concat(
                    'Nobody ever gave a ', cast(points_skipped.skipped_score as {{ text }}),
                    ', and both points beside it are common. ',
                    'An export that loses or shifts a point makes every score wrong. Compare the export with the tool.'
                )
        end as message,
        surveys.example_key
    from surveys
    left join points_skipped
        on surveys.survey_id = points_skipped.survey_id
    where surveys.n_read > 0
    union all
    select
        survey_id,
        'zeros_and_blanks' as check_name,
        n_answers as n_rows,
        case when n_zero = 0 then n_blank else n_zero end as n_flagged,
        {{ check_verdict(
            'false',
            'n_answers >= ' ~ var('minimum_zero_answers') ~ ' and ('
            ~ '(n_zero = 0 and n_of_1_to_3 >= ' ~ var('minimum_flagged_answers') ~ ' and n_blank >= 0.05 * n_answers)'
            ~ ' or (n_zero > 0.1 * n_answers and n_zero > 5 * n_commonest_of_1_to_3))',
        ) }} as verdict,
        case
            when n_zero = 0 and n_blank > 0
                then concat(
                        'No score is 0, and ', cast(n_blank as {{ text }}), ' of ', cast(n_answers as {{ text }}),
                        ' are blank. If the export writes a 0 as a blank, the most unhappy are missing. Look one ',
                        'up in the tool.'
                    )
            when n_zero > 0
                then concat(
                        cast(n_zero as {{ text }}), ' of ', cast(n_answers as {{ text }}), ' scores are 0; ',
                        'if a blank is stored as 0, the score is too low. Say so in blank_scores of ',
                        'survey_definitions.'
                    )
            else 'No score is 0, and none is blank.'
        end as message,
        example_key
    from surveys
    where
        n_answers > 0
        and scale_min = 0
    union all
    select
        survey_id,
        'scores_in_words' as check_name,
        n_answers as n_rows,
        n_worded as n_flagged,
        'passed' as verdict,
        concat(
            cast(n_worded as {{ text }}),
            ' scores came as a word or with the label of their point, and were read as the number that it names.'
        ) as message,
        example_worded as example_key
    from surveys
    where n_worded > 0
    union all
    select
        surveys.survey_id,
        'survey_named' as check_name,
        of_all.n_all as n_rows,
        surveys.n_answers as n_flagged,
        {{ check_verdict('surveys.n_answers > 0 and not surveys.is_defined') }} as verdict,
        concat(
            cast(surveys.n_answers as {{ text }}),
            ' answers name no survey, nor does their invitation, where surveys are defined. ',
            'Nobody knows what they answer, so they are in no score. Name it in survey_id, or define the survey ',
            '"unspecified".'
        ) as message,
        surveys.example_key
    from surveys
    cross join of_all
    cross join definitions
    where
        surveys.survey_id = 'unspecified'
        and definitions.n_definitions > 0
    union all
    select
        surveys.survey_id,
        'survey_defined' as check_name,
        of_all.n_all as n_rows,
        surveys.n_unknown as n_flagged,
        {{ check_verdict(
            'false',
            'surveys.n_unknown >= ' ~ var('minimum_flagged_answers') ~ ' and surveys.n_unknown > 0.01 * of_all.n_all',
        ) }} as verdict,
        concat(
            cast(surveys.n_unknown as {{ text }}),
            ' answers are of a survey without a definition and are in no score. ',
            'Add it to survey_definitions.'
        ) as message,
        surveys.example_unknown as example_key
    from surveys
    cross join of_all
    where surveys.n_unknown > 0
    union all
    select
        survey_id,
        'answers_after_invitation' as check_name,
        n_invited as n_rows,
        n_before as n_flagged,
        {{ check_verdict(
            'n_before > 0.05 * n_invited and n_before >= ' ~ var('minimum_flagged_answers'),
            'n_before > 0.02 * n_invited and n_before >= ' ~ var('minimum_flagged_answers'),
        ) }} as verdict,
        case
            when n_before = 0 then 'No answer comes before its invitation.'
            else concat(
                    cast(n_before as {{ text }}), ' of ', cast(n_invited as {{ text }}), ' answers (',
                    {{ percent_text('n_before * 1e0 / n_invited') }}, ') come before their invitation',
                    case
                        when n_before_by_a_zone >= 0.9 * n_before
                            then concat(
                                    ', by up to ',
                                    cast(cast(ceil(-earliest_lag) as {{ dbt.type_int() }}) as {{ text }}),
                                    ' hours: a time zone. The slow ones alone would be scored. Give timestamps an ',
                                    'offset, or say ',
                                    'raw_timezone.'
                                )
                        else ', by more than time zones explain. Compare the invitations that both name.'
                    end
                )
        end as message,
        example_key
    from lags
    union all
    select
        surveys.survey_id,
        'answers_once' as check_name,
        surveys.n_answers as n_rows,
        coalesce(repeated.n_repeated, 0) as n_flagged,
        {{ check_verdict(
            'repeated.n_repeated > 0.05 * surveys.n_answers and repeated.n_repeated >= '
            ~ var('minimum_flagged_answers'),
            'repeated.n_repeated > 0.01 * surveys.n_answers and repeated.n_repeated >= '
            ~ var('minimum_flagged_answers'),
        ) }} as verdict,
        case
            when repeated.survey_id is null then 'No answer came twice under two ids.'
            else concat(
                    cast(repeated.n_repeated as {{ text }}), ' of ', cast(surveys.n_answers as {{ text }}),
                    ' answers are of the same person, second, score and channel as another, under another ',
                    'response_id. ',
                    'They count twice. Keep the id of the tool when answers are exported again.'
                )
        end as message,
        repeated.example_key
    from surveys
    left join repeated
        on surveys.survey_id = repeated.survey_id
    where surveys.n_answers > 0
),

final as (
    select
        survey_id,
        check_name,
        verdict,
        message,
        example_key,
        {{ as_count('n_rows') }} as n_rows,
        {{ as_count('n_flagged') }} as n_flagged
    from checked
)

select * from final

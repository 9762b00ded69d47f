{# Codes of the rules that judge a person, in the order in which they are shown. The seed `transfer_rules` says what each
   one applies to and what a missing value means. #}
{% macro person_rules() -%}
    {{ return(['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R9', 'R10', 'R11', 'R12', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6']) }}
{%- endmacro %}

{# Codes of a group's rules as one text with a blank before, between and after, '' when there is none: `like '% R1 %'` finds
   one. #}
{% macro code_list(condition) -%}
    coalesce(string_agg(' ' || rule_code, '' order by place) filter (where {{ condition }}) || ' ', '')
{%- endmacro %}

{# A day so many whole months after another. #}
{% macro months_after(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{# Whole months that have passed between two days. #}
{% macro whole_months(first_day, last_day) -%}
    date_sub('month', {{ first_day }}, {{ last_day }})
{%- endmacro %}

{# One name for a post all over planning. #}
{% macro post_id(relation) -%}
    concat_ws('|', {{ relation }}.agency_id, {{ relation }}.unit_id, {{ relation }}.position_id)
{%- endmacro %}

{# Finding of each pair rule for a person (or group of equal people), a post (or group of equal posts) and the way between
   their agencies: PASS, FAIL or MISSING. D7 is not here: between equal jobs it is the licence that P6 has judged. #}
{% macro pair_findings(person, post, way) -%}
    case
        when {{ post }}.job_kind <> 'jf' then 'PASS'
        when {{ person }}.job_level is null or {{ post }}.job_level is null then 'MISSING'
        when {{ person }}.job_level = {{ post }}.job_level then 'PASS'
        else 'FAIL'
    end as finding_d1,
    case
        when {{ person }}.job_id is null or {{ post }}.job_id is null then 'MISSING'
        when {{ person }}.job_id = {{ post }}.job_id then 'PASS'
        else 'FAIL'
    end as finding_d2,
    case
        when {{ post }}.sub_job is null then 'PASS'
        when {{ person }}.proved_sub_job is null then 'MISSING'
        when lower({{ person }}.proved_sub_job) = lower({{ post }}.sub_job) then 'PASS'
        else 'FAIL'
    end as finding_d3,
    case
        when {{ post }}.golongan_min_order is null and {{ post }}.golongan_max_order is null then 'PASS'
        when {{ person }}.golongan_order is null then 'MISSING'
        when {{ person }}.golongan_order < {{ post }}.golongan_min_order then 'FAIL'
        when {{ person }}.golongan_order > {{ post }}.golongan_max_order then 'FAIL'
        else 'PASS'
    end as finding_d4,
    case
        when {{ post }}.education_order is null then 'PASS'
        when {{ person }}.education_order is null then 'MISSING'
        when {{ person }}.education_order < {{ post }}.education_order then 'FAIL'
        else 'PASS'
    end as finding_d5,
    case
        when {{ person }}.job_class is not null and {{ post }}.job_class is not null
            then case when {{ post }}.job_class < {{ person }}.job_class then 'FAIL' else 'PASS' end
        when {{ person }}.job_id = {{ post }}.job_id then 'PASS'
        else 'MISSING'
    end as finding_d6,
    case when {{ way }}.has_route is null then 'FAIL' when {{ way }}.has_route then 'PASS' else 'MISSING' end as finding_d8
{%- endmacro %}

{# Moves that hold a seat and a person, whoever decided them: those in process, and those approved, which are under way until the
   record shows the person there, for records lag behind decrees, or, once the move should have begun, in another post taken since;
   a later letter may take the approval back. A post of an agency that does not take part is none of ours; the person is held all
   the same. #}
{% macro moves_under_way() -%}
    select
        moves.person_id,
        'in_process' as kind,
        coalesce(receivers.agency_id, moves.agency_id) as agency_id,
        moves.to_unit_id as unit_id,
        moves.to_position_id as position_id,
        moves.to_position_id is not null and (moves.to_agency_code is null or receivers.agency_id is not null) as is_post_ours,
        cast(null as date) as begins_on
    from {{ ref('stg_moves_in_process') }} as moves
    left join {{ ref('stg_agencies') }} as receivers on moves.to_agency_code = receivers.bkn_code
    where moves.move_status in ('proposed', 'technical_opinion', 'decree')
    union
    select
        decisions.person_id,
        'approved' as kind,
        decisions.agency_id,
        decisions.to_unit_id as unit_id,
        decisions.to_position_id as position_id,
        decisions.to_position_id is not null as is_post_ours,
        decisions.effective_from as begins_on
    from {{ ref('stg_transfer_decisions') }} as decisions
    cross join {{ ref('int_as_of') }} as today
    where
        decisions.decision = 'approved'
        and not exists (
            select 1 from {{ ref('stg_transfer_decisions') }} as later
            where
                later.agency_id = decisions.agency_id
                and later.person_id = decisions.person_id
                and later.decision in ('cancelled', 'refused')
                and later.decided_on >= decisions.decided_on
                and (
                    later.to_position_id is null
                    or (later.to_unit_id = decisions.to_unit_id and later.to_position_id = decisions.to_position_id)
                )
        )
        and not exists (
            select 1 from {{ ref('int_assignments') }} as duties
            where
                duties.is_definitive_holder
                and duties.agency_id = decisions.agency_id
                and duties.person_id = decisions.person_id
                and (
                    (duties.unit_id = decisions.to_unit_id and duties.position_id = decisions.to_position_id)
                    or (decisions.effective_from <= today.as_of and duties.assigned_from >= decisions.decided_on)
                )
        )
{%- endmacro %}

{# Legacy titles with the present one, where the equivalence is in force. #}
{% macro job_equivalents() -%}
    select
        equals.agency_id,
        equals.legacy_job_id,
        equals.job_id,
        equals.job_family,
        equals.min_education_code
    from {{ ref('stg_job_equivalence') }} as equals
    cross join {{ ref('int_as_of') }} as today
    where coalesce(equals.equal_from <= today.as_of, true) and coalesce(equals.equal_to >= today.as_of, true)
{%- endmacro %}

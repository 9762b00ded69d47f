-- Promises of the tables between the inputs and the marts, in one query.
-- A rule without a value would silently make figures NULL.
with ruled as (
    select agency_id from {{ ref('int_rules') }}
    where columns(*) is not null
)

{{ broken_promises(ref('stg_agencies'), filled=['agency_id', 'agency_name', 'bkn_code']) }}
union all
{{ broken_promises(ref('stg_units'), keys=[['agency_id', 'unit_id']]) }}
union all
{{ broken_promises(ref('stg_unit_bridge'), keys=[['agency_id', 'old_unit_id', 'new_unit_id']]) }}
union all
{{ broken_promises(ref('stg_current_units'), keys=[['agency_id', 'unit_id']]) }}
union all
{{ broken_promises(ref('stg_jobs'), keys=[['agency_id', 'job_id']]) }}
union all
{{ broken_promises(ref('stg_employees'), keys=[['agency_id', 'nip']]) }}
union all
{{ broken_promises(ref('stg_workloads'), keys=[['agency_id', 'unit_id', 'position_id', 'abk_year', 'task_id']]) }}
union all
{{ broken_promises(ref('hist_units'), keys=[['agency_id', 'unit_id', 'valid_from']]) }}
union all
{{ broken_promises(ref('hist_positions'), keys=[['agency_id', 'unit_id', 'position_id', 'valid_from']]) }}
union all
{{ broken_promises(ref('int_as_of'), filled=['as_of']) }}
union all
select 'int_rules: a column is empty' as broken
from {{ ref('int_rules') }}
where agency_id not in (from ruled)
union all
{{ broken_promises(
    ref('int_rules'),
    rules={'known_words': "abk_rounding in ('nearest_half_up', 'ceiling') and assignments_without_end in ('concurrent', 'latest')"}
) }}
union all
{{ broken_promises(ref('int_assignments'), rules={'present_share': "present_fte between 0 and 1"}) }}
union all
{{ broken_promises(ref('int_need'), keys=[['agency_id', 'unit_id', 'position_id']]) }}
union all
{{ broken_promises(ref('int_job_requirements'), keys=[['agency_id', 'requirement_id']]) }}
union all
{{ broken_promises(ref('int_job_holders'), keys=[['agency_id', 'requirement_id']]) }}

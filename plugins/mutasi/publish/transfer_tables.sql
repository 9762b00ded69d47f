-- Everything that the sheets of a week say, for all agencies at once. The statements read the views of `attach_run` and the
-- tables `agreed` (person_id, to_post_id: the origin agency agrees) and `agencies` (agency_id, agency_name).
-- What a viewer may see of a person is decided in `transfer_sheets`, for each viewer anew.

create or replace temp table rule_titles as
select coalesce(map_from_entries(list(struct_pack(k := rule_code, v := title) order by rule_code)), map([]::varchar[], []::varchar[])) as pairs
from (select rule_code, any_value(title order by valid_from desc) as title from run_transfer_rules group by rule_code);

create or replace temp table rule_limits as
select distinct agency_id, rule_code, case when rule_code = 'R3' then predicate(limit_value) else concat_ws(' ', limit_value, unit) end as shown
from run_transfer_eligibility left join rule_units using (rule_code)
where limit_value is not null;

create or replace temp table document_titles as
select coalesce(map_from_entries(list(struct_pack(k := document_code, v := words))), map([]::varchar[], []::varchar[])) as pairs
from (select document_code, coalesce(any_value(w.words), any_value(d.title)) as words
    from run_route_documents as d left join document_words as w using (document_code) group by document_code);

create or replace temp table posts as
select
    p.*,
    -- The levels of a teacher's subject share what its rounding brings.
    rounded(need_fte, need_seats, p.job_family)
        || case when nearest(need_fte) <> need_seats and count(*) over of_subject > 1 and sub_job is not null
            then '; ' || sub_job || ' seluruh jenjang ' || two(sum(need_fte) over of_subject) || ' → ' || whole(sum(need_seats) over of_subject) else '' end as need_rounded,
    coalesce(a.agency_name, p.agency_id) as agency_name,
    -- The first step of every path is the agency itself.
    coalesce(regexp_replace(u.unit_path, '^[^/]+ / ', ''), p.unit_name, p.unit_id) as unit_path,
    coalesce(p.unit_name, p.unit_id) as unit,
    p.job_name || coalesce(' (' || p.sub_job || ')', '') as job
from run_transfer_posts as p
left join agencies as a using (agency_id)
left join units_named as u using (agency_id, unit_id)
window of_subject as (partition by p.agency_id, p.unit_id, p.job_kind, lower(p.sub_job));

create or replace temp table people as
select
    t.*,
    n.nip,
    n.employee_name,
    n.pseudonym,
    n.golongan_name,
    n.golongan_since,
    concat_ws(' ', n.education_level_name, t.education_field) as education,
    p.job,
    p.job_id,
    p.job_kind,
    p.job_level,
    p.job_class,
    p.unit,
    p.unit_path,
    p.unit_id,
    p.position_id,
    p.agency_name,
    p.state as post_state
from run_transfer_people as t
left join names as n using (agency_id, person_id)
left join posts as p on t.post_id = p.post_id;

create or replace temp table moves as
select
    c.*,
    c.initiative = 'own_request' as is_wished,
    case
        when c.ties > 0 then 'tidak ada, karena rencana lain sama baiknya'
        when c.price_of_refusal is null then 'belum dihitung'
        else case when coalesce(c.refusal_is_exact, true) then '' else 'paling sedikit ' end || coalesce(nullif(concat_ws(', ',
            case when c.price_of_refusal_critical > 0 then whole(c.price_of_refusal_critical) || ' kursi kritis' end,
            case when c.price_of_refusal <> 0 then whole(c.price_of_refusal) || ' poin ketimpangan' end,
            case when c.price_of_refusal_fit <> 0 then whole(c.price_of_refusal_fit) || ' nilai kesesuaian' end
        ), ''), 'hanya jarak atau jumlah mutasi')
    end as refusal,
    h.nip, h.employee_name, h.pseudonym, h.golongan_name, h.golongan_since, h.education, h.months_in_post, h.is_due, h.potential_box,
    h.performance_points, h.predicate_last_year, h.predicate_year_before, h.proved_sub_job, h.unchecked_rules, h.job_family as person_family,
    f.job as from_job, f.job_id as from_job_id, f.unit as from_unit, f.unit_path as from_unit_path, f.unit_id as from_unit_id,
    f.job_class as from_class, f.agency_name as from_agency, f.need_seats as origin_seats, f.need_rounded as origin_rounded,
    t.job as to_job, t.job_name as to_job_name, t.job_id as to_job_id, t.unit as to_unit, t.unit_path as to_unit_path,
    t.unit_id as to_unit_id, t.job_class as to_class, t.job_kind as to_kind, t.job_family as to_family, t.agency_name as to_agency,
    c.agency_from <> c.agency_to as is_inter_agency,
    a.person_id is not null as is_agreed,
    r.opinion, r.decided_by,
    count(*) over (partition by c.solve, c.chain_id) as chain_length,
    k.candidate_id as companion_candidate_id
from run_candidates as c
left join run_candidates as k on c.companion_person_id = k.person_id and c.solve = k.solve
left join people as h on c.person_id = h.person_id and c.agency_from = h.agency_id
left join posts as f on c.from_post_id = f.post_id
left join posts as t on c.to_post_id = t.post_id
left join agreed as a on c.person_id = a.person_id and c.to_post_id = a.to_post_id
left join (
    select origin_agency_id, destination_agency_id, route_code, any_value(opinion) as opinion, any_value(decided_by) as decided_by
    from run_transfer_routes group by all
) as r on c.agency_from = r.origin_agency_id and c.agency_to = r.destination_agency_id and c.route_code = r.route_code;

-- The sentences that stand in more than one sheet.
create or replace temp table told as
select
    m.*,
    concat_ws(' ',
        'Jabatan tujuan membutuhkan ' || fte(dest_need) || ' orang: bezetting ' || whole(dest_staff_before) || ' → ' || whole(dest_staff_after)
            || ', beban kerja per orang ' || coalesce(two(dest_pressure_before) || ' → ' || two(dest_pressure_after), two(dest_pressure_after) || ' (sekarang tanpa pegawai)') || '.',
        case
            when origin_staff_after >= origin_seats
                then 'Jabatan asal tetap memenuhi kebutuhannya (' || origin_rounded || '): bezetting '
                    || whole(origin_staff_before) || ' → ' || whole(origin_staff_after) || '.'
            when chain_length > 1
                then 'Kursi asal diisi kembali dalam rantai ' || chain_id || ': bezetting ' || whole(origin_staff_before) || ' → ' || whole(origin_staff_after) || '.'
            else 'Bezetting jabatan asal ' || whole(origin_staff_before) || ' → ' || whole(origin_staff_after) || ' dari kebutuhan ' || fte(origin_need) || '.'
        end,
        case when is_critical_post then 'Jabatan tujuan kritis.' end
    ) as reason,
    concat_ws('; ',
        case when is_wished then 'sesuai minat yang diajukan' end,
        case when chain_length > 1 then
            case chain_kind when 'cycle' then 'tukar tempat ' else 'rantai ' end || chain_id || ', urutan ' || chain_order || ' dari ' || chain_length || ', dilaksanakan bersama'
        end,
        case when companion_person_id is not null then 'pindah bersama pasangan' || coalesce(' (usulan ' || companion_candidate_id || ')', '') || ', dilaksanakan bersama' end,
        case when coalesce(ties, 0) > 0 then 'ada pilihan lain yang sama baiknya' end,
        case when is_inter_agency and not is_agreed then 'menunggu persetujuan PPK asal' end,
        case when trim(coalesce(unchecked_rules, '')) <> '' then 'belum ada data untuk syarat "' || replace(titles(unchecked_rules, rt.pairs), '; ', '", "') || '"' end
    ) as remark,
    concat_ws('; ',
        case when fit_preference > 0 then 'sesuai minat yang diajukan' end,
        case when km_saved > 0 then 'sekitar ' || whole(km_saved) || ' km lebih dekat dengan tempat tinggal' end,
        case when fit_ground > 0 then 'alasan pribadi yang telah diverifikasi terpenuhi' end,
        case when to_class > from_class then 'kelas jabatan ' || from_class || ' → ' || to_class end,
        case when is_due then 'sudah melewati masa peninjauan dalam jabatan' end,
        case when dest_pressure_after < origin_pressure_before then 'beban kerja per orang turun ' || two(origin_pressure_before) || ' → ' || two(dest_pressure_after) end
    ) as benefit,
    case
        when cw.weight is null or fit_competence is null then null
        when fit_competence < cw.weight
            then 'Pelatihan rumpun ' || coalesce(to_family, 'jabatan tujuan') || ' belum penuh (' || fit_competence || ' dari ' || cw.weight || ' nilai): usulkan diklat rumpun tersebut.'
        else 'Tidak ada.'
    end as competence_gap,
    coalesce('Perlu dilampirkan: ' || replace(titles(missing_documents, dt.pairs), '; ', ', '), 'Lengkap menurut data') as documents,
    coalesce(decided_by, case when is_inter_agency then '–' else 'PPK' end) || coalesce(' (pertimbangan ' || opinion || ')', '') as authority,
    case when is_inter_agency then 'Antarinstansi' else 'Dalam instansi' end || ', '
        || case when is_wished then 'atas permintaan sendiri' else 'kebutuhan organisasi' end as kind
from moves as m
cross join rule_titles as rt
cross join document_titles as dt
cross join (select max(try_cast(value as bigint)) as weight from run_transfer_policy where policy_code = 'weight_competence') as cw;

-- What one viewer may see. `$viewer` is an agency, or `*` for the region, who sees nobody's name.
-- People of another agency appear where the viewer is origin or destination; their name, number and unit stay hidden until the
-- origin agrees. The columns are replaced here, once, so that no sheet can show what this table does not hold.
create or replace temp table seen as
select
    t.* exclude (employee_name, pseudonym) replace (
        row_number() over (partition by solve order by case part when 'priority' then 1 else 2 end, rank, candidate_id) as rank,
        case when is_named then nip end as nip,
        case when is_named then person_id end as person_id,
        case when is_named then golongan_since end as golongan_since,
        case when is_named then from_unit else '(unit di ' || from_agency || ')' end as from_unit,
        case when is_named then from_unit_path else from_agency end as from_unit_path,
        case when is_named then from_unit_id end as from_unit_id,
        case when is_named then from_post_id end as from_post_id,
        case when is_named then unchecked_rules end as unchecked_rules,
        case
            when runner_up_person_id is null then null
            when runner_agency_id = $viewer then coalesce(runner_name, 'ASN lain') || ' (' || runner_unit || ')'
            else 'ASN lain di ' || coalesce(runner_agency, 'instansi lain')
        end as runner_up_person_id
    ),
    case when is_named then coalesce(t.employee_name, 'Data pribadi telah dihapus') else coalesce(t.pseudonym, 'ASN tanpa nama') end as name
from (select *, coalesce($viewer = agency_from or ($viewer = agency_to and is_agreed), false) as is_named from told) as t
left join (
    select person_id as runner_id, any_value(agency_id) as runner_agency_id, any_value(employee_name) as runner_name,
        any_value(unit) as runner_unit, any_value(agency_name) as runner_agency
    from people group by person_id
) as r on t.runner_up_person_id = r.runner_id
where $viewer in ('*', agency_from, agency_to);

create or replace temp table own_posts as select * from posts where $viewer in ('*', agency_id);
create or replace temp table own_people as select * from people where agency_id = $viewer;

create or replace temp table sheet_usulan as
select
    part, rank, candidate_id, name, nip, golongan_name, golongan_since, from_job, from_unit_path, to_job, to_unit_path, education, months_in_post,
    years(months_in_post) as time_in_post,
    coalesce(predicate(predicate_last_year), '–') as skp_last_year,
    coalesce(predicate(predicate_year_before), '–') as skp_year_before,
    potential_box,
    fte(origin_need) || ' / ' || whole(origin_staff_before) || ' → ' || whole(origin_staff_after) as origin_abk,
    fte(dest_need) || ' / ' || whole(dest_staff_before) || ' → ' || whole(dest_staff_after) as dest_abk,
    kind, authority, documents, reason, remark, fit_points, agency_from, agency_to, person_id, from_post_id, to_post_id, chain_id,
    case when is_critical_post then 'Ya' else 'Tidak' end as is_critical_post
from seen where solve = 'published'
order by case part when 'priority' then 1 else 2 end, rank, candidate_id;

create or replace temp table sheet_rantai as
select
    chain_id, chain_order, chain_length,
    case chain_kind when 'cycle' then 'Tukar tempat' else 'Rantai' end as chain_kind,
    name, nip, from_job, from_unit_path, to_job, to_unit_path, candidate_id,
    case chain_kind when 'cycle' then 'Satu paket: semua keputusan berlaku pada tanggal yang sama.'
        else 'Satu paket: kursi yang ditinggalkan diisi oleh urutan berikutnya.' end as package
from seen where solve = 'published' and chain_length > 1
order by chain_id, chain_order, candidate_id;

create or replace temp table sheet_lowong as
select
    p.agency_name, p.unit_path, p.job, p.job_level, p.open_seats,
    case when p.is_critical then 'Ya' else 'Tidak' end as is_critical,
    p.need_fte, p.staff_definitive, p.staff_present_fte, p.abk_year,
    coalesce(m.filled, 0) as filled,
    greatest(p.open_seats - coalesce(m.filled, 0), 0) as left_open,
    case u.reason_code
        when 'no_lawful_person' then 'Tidak ada ASN yang memenuhi syarat'
        when 'held_back' then 'Yang memenuhi syarat sedang diproses, menolak, hanya pindah bersama, atau kurang sesuai'
        when 'competed' then 'Ada yang memenuhi syarat, tetapi lebih dibutuhkan di jabatan lain'
        when 'gain_below_minimum' then 'Manfaat pengisian di bawah yang disyaratkan kebijakan'
        when 'needed_at_home' then 'Yang memenuhi syarat dibutuhkan di jabatan asalnya'
        when 'capped' then 'Terhenti oleh batas jumlah mutasi'
        when 'capped_and_small' then 'Terhenti oleh batas jumlah mutasi; manfaatnya pun di bawah yang disyaratkan kebijakan'
        when 'review' then 'Yang sesuai masih perlu melengkapi berkas'
        when 'open_selection' then 'JPT: melalui seleksi terbuka'
        when 'three_names'
            then 'Dipertimbangkan TPK' || case when t.post_id is null then ', belum ada nama' when $viewer = '*' then '' else ', lihat lembar Tiga Nama' end
        else case when p.open_seats > coalesce(m.filled, 0) then coalesce(u.reason_code, 'Tidak diusulkan minggu ini') else 'Terisi oleh usulan' end
    end as reason,
    u.people_competing,
    case when u.costliest_rule_code is not null
        then coalesce(rt.pairs[u.costliest_rule_code], u.costliest_rule_code) || case when u.people_lost_by_rule > 0 then ' (' || whole(u.people_lost_by_rule) || ' ASN)' else '' end end as costliest_rule,
    p.agency_id, p.post_id
from own_posts as p
cross join rule_titles as rt
left join (select to_post_id, count(*) as filled from run_candidates where solve = 'published' group by to_post_id) as m on p.post_id = m.to_post_id
left join (select post_id, any_value(columns(* exclude post_id)) from run_unfilled_posts group by post_id) as u on p.post_id = u.post_id
left join (select distinct post_id from run_three_names) as t on p.post_id = t.post_id
where p.open_seats > 0
order by p.is_critical desc, left_open desc, p.agency_id, p.unit_path, p.post_id;

create or replace temp table sheet_siap as
select
    h.employee_name as name, h.nip, h.golongan_name, h.job, h.unit_path, years(h.months_in_post) as time_in_post, h.months_in_post,
    case when h.is_due then 'Ya' else 'Tidak' end as is_due,
    h.education, h.performance_points, h.potential_box,
    case h.post_state when 'surplus' then 'Kelebihan' when 'balanced' then 'Sesuai' when 'open' then 'Kekurangan' else 'Belum diketahui' end as state,
    case w.kinds when 'any' then 'Di mana saja' else w.shown end as wishes,
    case when m.person_id is not null then 'Ya' else 'Tidak' end as is_proposed,
    h.person_id
from own_people as h
left join (
    select person_id, arg_min(wish_kind, wish_rank) as kinds,
        string_agg(case wish_kind when 'district' then 'kecamatan ' || wish_value when 'any' then 'di mana saja' when 'unit' then 'unit ' || coalesce(u.unit, wish_value)
            else coalesce(p.job || ' · ' || p.unit, wish_value) end, '; ' order by wish_rank) as shown
    from run_transfer_wishes as w left join posts as p on w.wish_kind = 'post' and w.wish_value = p.post_id
    left join (select unit_id, any_value(unit) as unit from own_posts group by unit_id) as u on w.wish_kind = 'unit' and w.wish_value = u.unit_id
    group by person_id
) as w on h.person_id = w.person_id
left join (select distinct person_id from run_candidates where solve = 'published') as m on h.person_id = m.person_id
where h.outcome = 'ELIGIBLE'
order by case when h.post_state = 'surplus' then 0 else 1 end, not h.is_due, h.months_in_post desc nulls last, h.person_id;

-- Work that ends needs no transfer: people of posts with more staff than need, also after the plan, may help for the time being.
create or replace temp table sheet_sementara as
with needs as (
    select n.*, p.job, p.job_id, p.job_level, p.sub_job, p.unit_path, p.post_id
    from temporary_needs as n join own_posts as p using (agency_id, unit_id, position_id)
),
moved as (
    select post_id, sum(people) as people
    from (
        select from_post_id as post_id, 1 as people from run_candidates where solve = 'published'
        union all select to_post_id, -1 from run_candidates where solve = 'published'
    ) group by post_id
),
spare as (
    select h.*, f.unit_id as free_unit_id, f.releasable - greatest(coalesce(m.people, 0), 0) as free
    from own_people as h
    join own_posts as f on h.post_id = f.post_id
    left join moved as m on f.post_id = m.post_id
    where h.outcome = 'ELIGIBLE'
        and h.person_id not in (select person_id from run_candidates where solve = 'published' and person_id is not null)
    qualify row_number() over (partition by h.post_id order by h.months_in_post desc nulls last, h.person_id) <= free
),
ranked as (
    select n.post_id, h.employee_name, h.nip, h.job, h.unit_path, h.person_id,
        row_number() over (partition by n.post_id order by h.free desc, h.months_in_post desc nulls last, h.person_id) as place
    from needs as n
    join spare as h on h.job_id = n.job_id and h.job_level is not distinct from n.job_level and h.free_unit_id <> n.unit_id
        and (n.sub_job is null or lower(h.proved_sub_job) = lower(n.sub_job))
)
select
    n.unit_path, n.job, n.need_fte, n.from_date, n.to_date, r.employee_name as name, r.nip, r.job as from_job, r.unit_path as from_unit_path,
    case when r.person_id is null then 'Tidak ada kelebihan yang sah pada jabatan yang sama' else 'Penugasan berakhir dengan sendirinya; jabatan definitif tetap' end as remark,
    r.person_id, n.post_id
from needs as n left join ranked as r on n.post_id = r.post_id and r.place <= greatest(ceil(n.need_fte), 1)
order by n.from_date, n.unit_path, n.post_id, r.place;

-- Who lacks two things is opened by both together, so each person stands here once.
create or replace temp table sheet_berkas as
with asked as (
    select u.person_id, u.post_id, max(u.gain) as gain,
        string_agg(coalesce(rt.pairs[u.rule_code], u.rule_code), '; ' order by u.rule_code) as rule, string_agg(distinct u.item, '; ' order by u.item) as item
    from run_unlocks as u cross join rule_titles as rt
    group by u.person_id, u.post_id
)
select
    h.employee_name as name, h.nip, h.golongan_name, h.job, h.unit_path, u.rule, u.item, p.job || ' · ' || p.unit as could_go, u.gain, h.person_id
from asked as u join own_people as h on u.person_id = h.person_id
left join posts as p on u.post_id = p.post_id
order by u.gain desc, h.person_id, u.post_id;

create or replace temp table sheet_tiga as
select
    p.unit_path as to_unit_path, p.job as to_job, t.place, h.employee_name as name, h.nip, h.golongan_name, h.job, h.unit_path,
    case t.way when 'horizontal' then 'Horizontal' when 'vertical' then 'Vertikal' when 'diagonal' then 'Diagonal' else t.way end as way,
    t.fit_points, h.performance_points, h.potential_box,
    titles(t.review_rules, rt.pairs) as rules, coalesce(nullif(t.missing_items, ''), 'Pertimbangan Tim Penilai Kinerja') as items,
    h.person_id, t.post_id
from run_three_names as t join own_people as h on t.person_id = h.person_id join own_posts as p on t.post_id = p.post_id
cross join rule_titles as rt
order by p.unit_path, p.job, t.post_id, t.place;

create or replace temp table sheet_tidak as
select
    h.employee_name as name, h.nip, h.golongan_name, h.job, h.unit_path,
    case coalesce(w.outcome, h.outcome) when 'ELIGIBLE' then 'Memenuhi syarat' when 'REVIEW' then 'Perlu verifikasi' else 'Tidak memenuhi syarat' end as outcome,
    case w.reason_code
        when 'rules_failed' then 'Syarat tidak terpenuhi'
        when 'items_missing' then 'Berkas atau data perlu dilengkapi'
        when 'move_or_objection_open' then 'Sedang dalam proses, telah diputus, atau ada keberatan'
        when 'companion_stays' then 'Hanya bersedia pindah bersama pasangan, yang tidak ikut pindah ke wilayah yang sama'
        when 'no_lawful_post' then 'Tidak ada jabatan sejenis yang syaratnya terbukti terpenuhi dan yang cukup sesuai'
        when 'needed_at_home' then 'Dibutuhkan di jabatan asal'
        when 'capped' then 'Terhenti oleh batas jumlah mutasi'
        when 'others_suit_better' then 'Ada pilihan yang lebih baik bagi keseluruhan rencana'
        else coalesce(w.reason_code, '–')
    end as reason,
    titles(coalesce(nullif(trim(w.failed_rules), ''), h.failed_rules || h.review_rules), rt.pairs) as rules,
    p.job || ' · ' || p.unit as nearest, w.price, h.person_id
from run_why_not as w join own_people as h on w.person_id = h.person_id cross join rule_titles as rt
left join posts as p on w.best_post_id = p.post_id
order by case coalesce(w.outcome, h.outcome) when 'ELIGIBLE' then 1 when 'REVIEW' then 2 else 3 end, w.price nulls last, h.person_id;

create or replace temp table sheet_imut as
select
    s.candidate_id, k.code as kind_code, k.name as kind_name, s.nip, s.name, s.from_unit_id as unor_old, s.from_unit as unor_old_name,
    s.to_unit_id as unor_new, s.to_unit as unor_new_name, s.from_job_id as job_old, s.from_job as job_old_name, s.to_job_id as job_new,
    s.to_job as job_new_name
from seen as s
left join imut_kinds as k on k.place = (
    select min(i.place) from imut_kinds as i
    where i.job_kind = s.to_kind and (i.job_name_begins is null or lower(s.to_job_name) like i.job_name_begins || '%')
        and (i.same_job is null or i.same_job = (s.from_job_id = s.to_job_id))
)
where s.solve = 'published' and s.is_named
order by case part when 'priority' then 1 else 2 end, rank, candidate_id;

create or replace temp table sheet_rapat as
select
    rank, name, nip, golongan_name, from_job || E'\n' || from_unit as from_post, to_job || E'\n' || to_unit as to_post, reason,
    coalesce(nullif(benefit, ''), '–') as benefit, coalesce(competence_gap, '–') as competence_gap,
    'Kesesuaian ' || fit_points || coalesce(' (' || list_sum([
        fit_education, fit_competence, fit_experience, fit_performance, fit_potential, fit_preference, fit_distance, fit_ground, fit_due
    ]) || ' dari ' || fit_possible || ' yang dapat dinilai)', '') || ': ' || concat_ws(', ',
        'pendidikan ' || fit_education, 'kompetensi ' || fit_competence, 'pengalaman ' || fit_experience, 'kinerja ' || fit_performance,
        'potensi ' || fit_potential, 'minat ' || fit_preference, 'jarak ' || fit_distance, 'alasan terverifikasi ' || fit_ground, 'masa jabatan ' || fit_due
    ) as fit,
    concat_ws(E'\n', 'Manfaat bagi rencana: ' || whole(gain) || ' poin ketimpangan' || case when gain_critical > 0 then ' dan ' || whole(gain_critical) || ' kursi kritis' else '' end || '.',
        'Kerugian bila ditolak: ' || refusal || '.', 'Calon berikutnya: ' || runner_up_person_id || '.') as alternatives,
    documents, null::varchar as decision, null::varchar as note, null::varchar as initial, candidate_id
from seen where solve = 'published' and part = 'priority'
order by rank, candidate_id;

create or replace temp table sheet_beban as
select
    coalesce(a.agency_name, u.agency_id) as agency_name, coalesce(regexp_replace(n.unit_path, '^[^/]+ / ', ''), u.unit_id) as unit_path, u.need_fte, u.staff_before, u.staff_after,
    u.pressure_before, u.pressure_after, u.moves_in, u.moves_out, u.agency_id, u.unit_id
from run_units as u
left join agencies as a using (agency_id) left join units_named as n using (agency_id, unit_id)
where $viewer in ('*', u.agency_id)
order by u.pressure_before desc nulls last, u.agency_id, u.unit_id;

create or replace temp table sheet_keputusan as
select $run_id::varchar as run_id, candidate_id, $viewer::varchar as instansi, to_job || ' · ' || to_unit as usulan, null::varchar as keputusan,
    null::varchar as sampai_tanggal, null::varchar as alasan, null::varchar as diputuskan_oleh, null::varchar as tanggal_keputusan
from seen where solve = 'published'
order by case part when 'priority' then 1 else 2 end, rank, candidate_id;

create or replace temp table sheet_aturan as
select 'Berkas' as topic, document_code as code, title as what,
    case provided_by when 'employee' then 'dari ASN' when 'origin' then 'dari instansi asal' when 'receiver' then 'dari instansi penerima' else 'dari data' end as value,
    basis(source) as source, valid_from from run_route_documents
union all
select 'Syarat', rule_code, title, l.shown, basis(source), valid_from
from run_transfer_rules
left join (
    select rule_code, string_agg(distinct shown, ' / ' order by shown) as shown from rule_limits where $viewer in ('*', agency_id) group by rule_code
) as l using (rule_code)
union all
select
    'Kebijakan', p.policy_code, coalesce(w.title, p.policy_code), trim(coalesce(w.meaning[p.value], p.value) || ' ' || unit_word(case when w.meaning[p.value] is null then p.unit end)),
    basis(p.source), p.valid_from
from run_transfer_policy as p left join policy_words as w on p.policy_code = w.policy_code
order by topic, case when topic = 'Syarat' then rtrim(code, '0123456789') end, case when topic = 'Syarat' then try_cast(ltrim(code, 'RPD') as integer) end, what;

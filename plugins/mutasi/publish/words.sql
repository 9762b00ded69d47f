-- Lengths of time and codes as Indonesian offices write them; numbers are written by `indonesian.sql`.
create or replace temp macro years(months) as
    case when months is null then '–' when months < 12 then months || ' bln' when months % 12 = 0 then months // 12 || ' th' else months // 12 || ' th ' || months % 12 || ' bln' end;
create or replace temp macro predicate(code) as
    case code when '1' then 'Sangat baik' when '2' then 'Baik' when '3' then 'Butuh perbaikan' when '4' then 'Kurang' when '5' then 'Sangat kurang' end;
create or replace temp macro titles(codes, pairs) as
    list_aggregate(list_transform(list_filter(string_split(trim(coalesce(codes, '')), ' '), lambda c: c <> ''), lambda c: coalesce(pairs[c], c)), 'string_agg', '; ');

-- Letters as a list has room for; their full titles stand in the sheet Aturan dan Sumber.
create or replace temp table document_words as
select * from (values
    ('SPM', 'surat permohonan pindah'), ('UPP', 'usul PPK penerima'), ('PPA', 'persetujuan PPK asal'), ('ABK', 'anjab dan ABK'),
    ('SKP2', 'SKP dua tahun'), ('SKPKT', 'SK pangkat'), ('SKJAB', 'SK jabatan'), ('DISP', 'pernyataan disiplin'),
    ('TUBEL', 'pernyataan tugas belajar'), ('TEMUAN', 'surat bebas temuan'), ('BENTUR', 'pernyataan benturan kepentingan'),
    ('PROFESI', 'STR/SIP atau sertifikat pendidik')
) as t(document_code, words);

-- In what the limits of rules are counted.
create or replace temp table rule_units as
select * from (values ('R1', 'bulan'), ('R9', 'tahun'), ('R11', 'bulan')) as t(rule_code, unit);

-- The rows of the policy and what they are based on, for those who plan; the seeds say the same in English.
create or replace temp table policy_words as
select * from (values
    ('scope', 'Lingkup mutasi', map {'intra_agency': 'dalam satu instansi', 'inter_agency': 'antarinstansi, dengan persetujuan kedua instansi'}),
    ('donor_floor', 'Batas terendah unit yang melepas', map {'need': 'kebutuhan menurut ABK (dibulatkan)', 'equal_pressure': 'beban setara; memerlukan keputusan tersendiri'}),
    ('joint_move_area', 'Jarak pasangan yang hanya bersedia pindah bersama', map {'district': 'kecamatan yang sama', 'regency': 'kabupaten/kota yang sama'}),
    ('involuntary_allowed', 'Mutasi atas kebutuhan organisasi tanpa permintaan ASN', map {'1': 'boleh', '0': 'tidak boleh'}),
    ('relocation_budget', 'Anggaran pindah satu instansi per minggu', map {'unlimited': 'tidak dibatasi'}),
    ('cap_moves_per_agency', 'Batas mutasi satu instansi per minggu, prioritas dan cadangan', null),
    ('cap_priority_per_agency', 'Batas usulan prioritas satu instansi: yang dapat dibahas dalam satu rapat', null),
    ('cap_leaving_unit_people', 'Batas ASN yang meninggalkan satu unit per minggu', null),
    ('cap_leaving_unit_pct', 'Batas ASN yang meninggalkan satu unit, sebagai bagian pegawainya, bila itu lebih banyak', null),
    ('minimum_gain', 'Manfaat paling kecil tiap mutasi', null),
    ('minimum_fit', 'Nilai kesesuaian paling rendah, dari 100', null),
    ('switching_cost', 'Manfaat tambahan agar usulan minggu lalu diganti', null),
    ('weight_education', 'Nilai tertinggi pendidikan', null),
    ('weight_competence', 'Nilai tertinggi pelatihan dalam rumpun jabatan', null),
    ('weight_experience', 'Nilai tertinggi pengalaman dalam rumpun jabatan', null),
    ('weight_performance', 'Nilai tertinggi kinerja dua tahun', null),
    ('weight_potential', 'Nilai tertinggi kotak talenta', null),
    ('weight_preference', 'Nilai tertinggi minat pertama', null),
    ('weight_distance', 'Nilai tertinggi kedekatan dengan kecamatan asal', null),
    ('weight_ground', 'Nilai minat dengan alasan terverifikasi', null),
    ('weight_due', 'Nilai masa jabatan yang sudah perlu ditinjau', null),
    ('experience_full_months', 'Pengalaman yang memberi nilai penuh', null),
    ('training_full_hours', 'Jam pelatihan yang memberi nilai penuh', null),
    ('distance_zero_km', 'Jarak tanpa nilai lagi', null),
    ('distance_cost_per_km', 'Biaya tiap kilometer pada urutan terakhir', null),
    ('move_cost', 'Biaya tiap mutasi pada urutan terakhir: rencana dengan mutasi lebih sedikit didahulukan', null),
    ('involuntary_cost', 'Biaya mutasi yang tidak diminta ASN', null),
    ('critical_weight', 'Bobot kursi kritis pada urutan pertama', null),
    ('refusal_lasts_months', 'Lama penolakan berlaku', null),
    ('plan_stale_after_days', 'Umur data paling lama agar instansi ikut serta', null),
    ('relocation_cost', 'Biaya pindah ke kecamatan lain yang tidak diminta ASN', null),
    ('relocation_cost_per_km', 'Biaya pindah yang tidak diminta ASN: tambahan tiap kilometer', null)
) as t(policy_code, title, meaning);
create or replace temp macro unit_word(unit) as
    coalesce(map {'points': 'poin', 'moves': 'mutasi', 'people': 'orang', 'percent': 'persen', 'months': 'bulan', 'hours': 'jam pelajaran', 'days': 'hari',
    'million rupiah': 'juta rupiah', 'km': 'km'}[unit], '');
-- Of a source the law, without what the seeds say about it in English.
create or replace temp macro basis(source) as
    list_aggregate(list_filter(list_transform(string_split(source, '; '), lambda part: case
        when part ilike 'policy%' then 'kebijakan yang ditetapkan'
        when part ilike 'map of posts%' then 'peta jabatan'
        when part ilike 'practice: %' then 'praktik: ' || part[11:]
        when part ilike 'practice%' then 'praktik instansi; tidak ada batas dalam peraturan'
        when part ilike 'siasn reference%' then 'referensi SIASN tentang kedudukan hukum'
        when regexp_matches(part, '^(UU|PP|Per|Kep|SE) ?') then regexp_replace(regexp_replace(part, ':.*$', ''), ' (on|has) .*$', '')
    end), lambda part: part is not null), 'string_agg', '; ');

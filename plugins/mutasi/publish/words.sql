-- Numbers and codes as Indonesian offices write them.
create or replace temp macro fixed(x, form) as replace(replace(replace(format(form, x), ',', '#'), '.', ','), '#', '.');
create or replace temp macro one(x) as coalesce(fixed(x::double, '{:,.1f}'), '–');
create or replace temp macro two(x) as fixed(x::double, '{:,.2f}');
create or replace temp macro whole(x) as coalesce(fixed(x::bigint, '{:,}'), '–');
create or replace temp macro years(months) as
    case when months is null then '–' when months < 12 then months || ' bln' when months % 12 = 0 then months // 12 || ' th' else months // 12 || ' th ' || months % 12 || ' bln' end;
create or replace temp macro predicate(code) as
    case code when '1' then 'Sangat baik' when '2' then 'Baik' when '3' then 'Butuh perbaikan' when '4' then 'Kurang' when '5' then 'Sangat kurang' end;
create or replace temp macro titles(codes, pairs) as
    list_aggregate(list_transform(list_filter(string_split(trim(coalesce(codes, '')), ' '), lambda c: c <> ''), lambda c: coalesce(pairs[c], c)), 'string_agg', '; ');

-- Numbers as Indonesian offices write them, halves rounded up as a spreadsheet does; `number` in Python says the same.
create or replace temp macro turned(english) as replace(replace(replace(english, ',', '#'), '.', ','), '#', '.');
create or replace temp macro written(x, decimals, form) as turned(format(form, round(x::decimal(18, 6), decimals)::double));
create or replace temp macro one(x) as coalesce(written(x, 1, '{:,.1f}'), '–');
create or replace temp macro two(x) as written(x, 2, '{:,.2f}');
create or replace temp macro whole(x) as coalesce(turned(format('{:,}', x::bigint)), '–');
create or replace temp macro nearest(x) as floor(x::decimal(18, 6) + 0.5);
-- A need with as many decimals as show how it is rounded: 1.4572 seats must not read 1,5, nor 1.4964 seats 1,50.
create or replace temp macro fte(x) as
    case nearest(x)
        when nearest(round(x::decimal(18, 6), 1)) then one(x)
        when nearest(round(x::decimal(18, 6), 2)) then two(x)
        when nearest(round(x::decimal(18, 6), 3)) then written(x, 3, '{:,.3f}')
        else rtrim(written(x, 6, '{:,.6f}'), '0')
    end;
-- What became of a need as whole seats. Teachers are rounded by a table of their own.
create or replace temp macro rounded(need, seats, job_family) as
    case
        when nearest(need) = seats then fte(need) || ', dibulatkan ' || whole(seats)
        else two(need) || ', dibulatkan ke ' || if(seats < need, 'bawah ', 'atas ') || whole(seats)
            || case when job_family = 'Pendidikan' then ' menurut aturan guru' else '' end
    end;

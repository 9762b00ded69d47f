"""Extracts of a week: who sees whom, what never changes, and that office programs read them right."""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import pytest
from openpyxl import load_workbook
from tests.unit.publish.fictitious_run import NAMES, RUN_ID, WEEK, write_fictitious_run

from mutasi.publish import transfer_sheets
from mutasi.publish.extracts import ExtractError, publish_extracts, verify_extract, viewers, write_extract
from mutasi.publish.transfer_run import UnprovedRun, read_run
from mutasi.publish.transfer_sheets import REGION
from mutasi.publish.transfer_summary import Figures
from mutasi.publish.transfer_wording import headline
from mutasi.settings import PROJECT, Settings

AGENCIES = ["dumai", "jakarta", "pekanbaru"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("week") / "home", project=PROJECT, agencies=PROJECT / "dags" / "agencies")
    write_fictitious_run(settings)
    return settings


@pytest.fixture(scope="module")
def published(home: Settings) -> Path:
    run = read_run(home.home / "runs" / WEEK / RUN_ID)
    for viewer in [*AGENCIES, REGION]:
        write_extract(home, run, viewer, NAMES)
    return publish_extracts(home, run, viewers(home, run))


def text_of(folder: Path) -> str:
    """Everything readable in every file of an extract."""
    found = []
    for file in folder.rglob("*"):
        if file.suffix == ".parquet":
            found.append(str(duckdb.sql(f"from '{file}'").fetchall()))
        elif file.suffix == ".xlsx":
            with zipfile.ZipFile(file) as parts:
                found += [parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")]
        elif file.suffix in (".csv", ".html", ".json", ".txt"):
            found.append(file.read_text(encoding="utf-8-sig"))
    return "\n".join(found)


def people(home: Settings, agency: str) -> list[tuple[str, str, str, str]]:
    with duckdb.connect(str(home.warehouse / "planning.duckdb"), read_only=True) as con:
        return con.execute(
            "select nip, employee_name, person_id, pseudonym from planning.planning.employees where agency_id = ?", [agency]
        ).fetchall()


def rows(folder: Path, stem: str) -> list[dict[str, str]]:
    with (folder / "csv" / f"{stem}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def test_every_agency_and_the_region_get_theirs(published: Path) -> None:
    assert sorted(f.name for f in published.iterdir()) == ["dumai", "jakarta", "manifest.json", "pekanbaru", "wilayah"]
    assert (published.parent / "current").resolve() == published
    assert {f.stat().st_mode & 0o777 for f in published.rglob("*") if f.is_dir()} == {0o700}
    assert {f.stat().st_mode & 0o077 for f in published.rglob("*") if f.is_file()} <= {0, 0o044} and (
        published / "dumai" / "manifest.json"
    ).stat().st_mode & 0o777 == 0o400


def test_the_headline_names_the_floor_that_the_policy_sets(home: Settings) -> None:
    run = read_run(home.home / "runs" / WEEK / RUN_ID)
    counts = Figures(**dict.fromkeys((field.name for field in fields(Figures)), 3))
    assert "di bawah kebutuhannya yang dibulatkan." in headline(counts, run)
    assert "rata-rata jabatan sejenis" in headline(counts, replace(run, donor_floor="equal_pressure"))


def test_nobody_of_another_agency_is_named(home: Settings, published: Path) -> None:
    for viewer in [*AGENCIES, "wilayah"]:
        text = text_of(published / viewer)
        for agency in AGENCIES:
            named = [n for nip, name, person, _ in people(home, agency) for n in (nip, name, person) if n in text]
            assert bool(named) == (agency == viewer), (viewer, agency, named[:3])


def test_the_receiver_sees_a_pseudonym_and_qualifications_until_the_origin_agrees(home: Settings, published: Path) -> None:
    [foreign] = [
        r for r in rows(published / "dumai", "usulan-prioritas") + rows(published / "dumai", "usulan-cadangan") if not r["NIP"]
    ]
    pseudonyms = {p[3] for p in people(home, "pekanbaru")}
    assert foreign["Nama"] in pseudonyms and foreign["Gol. ruang"] == "III/a" and foreign["Pendidikan"] == "S1 Kesehatan"
    assert foreign["Unit kerja lama"] == NAMES["pekanbaru"] and "menunggu persetujuan PPK asal" in foreign["Keterangan"]
    assert not any(r["Kode usulan"] == foreign["Kode usulan"] for r in rows(published / "dumai", "data-imut"))
    run = read_run(write_fictitious_run(Settings(home.home.parent / "agreed", PROJECT, home.agencies)))
    with duckdb.connect() as con:
        person = con.execute(
            f"select person_id, to_post_id from '{run.folder}/out/candidates.parquet' where agency_from <> agency_to"
        ).fetchone()
    assert person is not None
    settings = Settings(home.home.parent / "agreed", PROJECT, home.agencies)
    agreed = write_extract(settings, run, "dumai", NAMES, [person])
    names = {p[1] for p in people(home, "pekanbaru")}
    assert [r["Nama"] for r in rows(agreed, "usulan-prioritas") + rows(agreed, "usulan-cadangan") if r["Nama"] in names]


def test_an_erased_person_stays_in_the_plan_without_a_name(home: Settings) -> None:
    settings = Settings(home.home.parent / "erased", PROJECT, home.agencies)
    run = read_run(write_fictitious_run(settings))
    with duckdb.connect() as con:
        query = f"select any_value(person_id) from '{run.folder}/out/candidates.parquet' where agency_from = 'dumai' and agency_to = 'dumai'"
        [(person,)] = con.execute(query).fetchall()
    [(nip, name, *_)] = [found for found in people(settings, "dumai") if found[2] == person]
    with duckdb.connect(str(settings.warehouse / "planning.duckdb")) as con:
        con.execute("delete from planning.planning.employees where person_id = ?", [person])
    extract = write_extract(settings, run, "dumai", NAMES)
    told = rows(extract, "usulan-prioritas") + rows(extract, "usulan-cadangan")
    assert [row["NIP"] for row in told if row["Nama"] == "Data pribadi telah dihapus"] == [""]
    assert nip not in text_of(extract) and name not in text_of(extract)


def test_what_is_published_is_never_written_again(home: Settings, published: Path) -> None:
    run = read_run(home.home / "runs" / WEEK / RUN_ID)
    before = {f: (f.stat().st_mtime_ns, f.stat().st_ino) for f in published.rglob("*")}
    for viewer in [*AGENCIES, REGION]:
        write_extract(home, run, viewer, NAMES)
    assert publish_extracts(home, run, viewers(home, run)) == published
    assert {f: (f.stat().st_mtime_ns, f.stat().st_ino) for f in published.rglob("*")} == before
    write_fictitious_run(home, inputs_hash="cc" * 8)
    with pytest.raises(ExtractError, match="other inputs under the same run id"):
        write_extract(home, read_run(run.folder), "dumai", NAMES)
    write_fictitious_run(home)


def test_nothing_appears_before_everything_is_written(settings: Settings) -> None:
    run = read_run(write_fictitious_run(settings))
    write_extract(settings, run, "jakarta", NAMES)
    with pytest.raises(ExtractError, match="dumai, pekanbaru"):
        publish_extracts(settings, run, AGENCIES)
    assert [f.name for f in (settings.home / "extracts" / WEEK).iterdir()] == [f".{RUN_ID}"]
    file = settings.home / "extracts" / WEEK / f".{RUN_ID}" / "jakarta" / "csv" / "beban-kerja-unit.csv"
    file.chmod(0o600)
    file.write_text("lain")
    with pytest.raises(ExtractError, match=r"beban-kerja-unit\.csv"):
        publish_extracts(settings, run, ["jakarta"])


def test_a_second_plan_of_the_week_is_the_current_one_and_the_first_stays(settings: Settings) -> None:
    first = write_fictitious_run(settings)
    second = first.with_name("run-kedua")
    shutil.copytree(first, second)
    told = json.loads((second / "run.json").read_text(encoding="utf-8"))
    (second / "run.json").write_text(json.dumps(told | {"run_id": second.name}), encoding="utf-8")
    for folder in (first, second):
        run = read_run(folder)
        write_extract(settings, run, "jakarta", NAMES)
        published = publish_extracts(settings, run, ["jakarta"])
        assert (published.parent / "current").resolve() == published
    assert sorted(f.name for f in published.parent.iterdir()) == sorted([first.name, second.name, "current"])


def test_the_manifest_tells_what_it_is(published: Path) -> None:
    told = json.loads((published / "dumai" / "manifest.json").read_text())
    assert told["week"] == WEEK and told["run_id"] == RUN_ID and told["data_as_of"] == "2026-11-15"
    assert told["classification"].startswith("TERBATAS")
    assert verify_extract(published / "dumai") == len(told["files"])
    listed = {f["name"]: f["rows"] for f in told["files"]}
    assert listed["csv/data-imut.csv"] == listed["parquet/data-imut.parquet"] == len(rows(published / "dumai", "data-imut")) > 0


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ({}, "it has no certificate"),
        ({"stages": [{"stage": "fit"}], "verified_by_sql": False, "verified_by_ortools": True}, "SQL proof did not hold"),
        ({"stages": [{"stage": "fit"}], "verified_by_sql": True, "verified_by_ortools": False}, "OR-Tools finds another optimum"),
    ],
)
def test_a_run_that_is_not_proved_is_not_published(settings: Settings, certificate: dict[str, object], sentence: str) -> None:
    folder = write_fictitious_run(settings, certificate=certificate)
    with pytest.raises(UnprovedRun, match=sentence):
        read_run(folder)
    (folder / "run.json").unlink()
    with pytest.raises(UnprovedRun, match="no finished run"):
        read_run(folder)


def test_a_plan_with_a_gap_says_so(settings: Settings) -> None:
    from mutasi.publish.transfer_wording import proof

    label = "optimal over the candidate set, within 2.500 points of imbalance"
    assert "paling jauh 2,500 poin dari yang terbaik atas pasangan calon" in proof(
        read_run(write_fictitious_run(settings, label=label, bound=2.5))
    )


def test_officials_are_asked_in_their_own_language(settings: Settings) -> None:
    from jinja2 import Environment, StrictUndefined

    from mutasi.orchestration.approval import BODY, SUBJECT
    from mutasi.publish.transfer_wording import announcement

    told = {
        **announcement(read_run(write_fictitious_run(settings)), NAMES),
        "folder": "extracts",
        "agencies": 3,
        "priority": 8,
        "reserve": 4,
    }
    task = type("Task", (), {"xcom_pull": lambda self, name: told})()
    subject, body = (Environment(undefined=StrictUndefined).from_string(text).render(ti=task) for text in (SUBJECT, BODY))
    assert subject == "Usulan mutasi minggu ke-47 tahun 2026: kirim kepada instansi?"
    assert "data 15 November 2026" in body and "seluruh pasangan ASN dan jabatan yang sah" in body and "optimal" not in body


def test_three_names_and_what_each_lacks_stand_in_the_agency_only(published: Path) -> None:
    told = rows(published / "dumai", "tiga-nama")
    assert told and all(r["Nama"].endswith("dumai") and r["Sifat"] == "Vertikal" and len(r["NIP"]) == 18 for r in told)
    assert {r["Yang perlu dilengkapi"] for r in told} == {"SKP dua tahun terakhir"}
    assert [r["Urutan"] for r in told] == [str(n + 1) for n in range(len(told))] and len(told) <= 3
    assert not (published / "wilayah" / "csv" / "tiga-nama.csv").exists()


def test_who_moves_together_reads_so(published: Path) -> None:
    told = rows(published / "dumai", "usulan-prioritas") + rows(published / "dumai", "usulan-cadangan")
    companions = [r for r in told if "pindah bersama pasangan" in r["Keterangan"]]
    assert len(companions) == 1
    named = companions[0]["Keterangan"].split("(usulan ")[1].split(")")[0]
    assert named in {r["Kode usulan"] for r in told} - {companions[0]["Kode usulan"]}


def test_the_rounding_of_a_subject_s_need_is_told(settings: Settings) -> None:
    run = read_run(write_fictitious_run(settings))
    file = run.folder / "inputs" / "transfer_posts.parquet"
    moves = run.folder / "out" / "candidates.parquet"
    with duckdb.connect() as con:
        con.execute(f"create table posts as from '{file}'; create table moves as from '{moves}'")
        found = con.execute(
            "select distinct from_post_id from moves where agency_from = 'dumai' and agency_to = 'dumai' order by 1"
        ).fetchall()
        (teacher,), (clerk,) = found[:2]
        con.execute(
            "update posts set need_fte = 2.75, need_seats = 2, sub_job = 'Fisika', job_family = 'Pendidikan' where post_id = ?",
            [teacher],
        )
        con.execute(
            "update posts set need_fte = 3.4928, need_seats = 3 where post_id = ?",
            [clerk],
        )
        con.execute(
            "insert into posts select * replace (post_id || 'muda' as post_id, 1 as need_fte, 1 as need_seats) from posts where post_id = ?",
            [teacher],
        )
        con.execute(
            "update moves set origin_need = case from_post_id when ? then 2.75 when ? then 3.4928 else origin_need end",
            [teacher, clerk],
        )
        con.execute(f"copy posts to '{file}'; copy moves to '{moves}'")
    folder = write_extract(settings, run, "dumai", NAMES)
    told = " ".join(r["Alasan"] for r in rows(folder, "usulan-prioritas") + rows(folder, "usulan-cadangan"))
    assert "(2,75, dibulatkan ke bawah 2 menurut aturan guru; Fisika seluruh jenjang 3,75 → 3)" in told
    assert "(3,49, dibulatkan 3)" in told, "3,5 would read as if it had to be 4"


def test_people_read_words_and_no_codes(published: Path) -> None:
    told = [r for agency in ("dumai", "pekanbaru") for r in rows(published / agency, "usulan-prioritas")]
    assert {r["Kelengkapan berkas"] for r in told} == {
        "Perlu dilampirkan: STR/SIP atau sertifikat pendidik, surat bebas temuan"
    } | {"Perlu dilampirkan: surat bebas temuan"}
    named = [r["Keterangan"] for r in told if "belum ada data" in r["Keterangan"]]
    assert named and all('"Tidak sedang tugas belajar atau ikatan dinas"' in n and "R5" not in n for n in named)
    assert all(r["Jenis mutasi"].endswith("atas permintaan sendiri") for r in told), "they asked, inside the agency too"


def test_proposals_are_numbered_through_for_every_reader(published: Path) -> None:
    for viewer in ("dumai", "pekanbaru", "wilayah"):
        numbers = [int(r["No"]) for s in ("usulan-prioritas", "usulan-cadangan") for r in rows(published / viewer, s)]
        assert numbers == [*range(1, len(numbers) + 1)], viewer


def test_rules_stand_in_their_order_with_their_limits(published: Path) -> None:
    told = [r for r in rows(published / "dumai", "aturan-dan-sumber") if r["Jenis"] == "Syarat"]
    assert [(r["Kode"], r["Nilai"]) for r in told] == [
        ("D3", ""),
        ("R1", "24 bulan"),
        ("R3", "Baik"),
        ("R4", ""),
        ("R5", ""),
        ("R10", ""),
    ]


def test_no_word_of_a_header_breaks() -> None:
    broken = [
        (sheet.title, column.title)
        for sheet in transfer_sheets.SHEETS
        for column in sheet.columns
        if max(map(len, column.title.split())) + 2 > column.width
    ]
    assert not broken


def test_the_workbook_is_ready_to_read_and_to_print(published: Path) -> None:
    book = load_workbook(published / "dumai" / "usulan-mutasi.xlsx")
    assert book.sheetnames == [
        "Ringkasan", "Usulan Prioritas", "Usulan Cadangan", "Rantai Mutasi", "Jabatan Lowong", "ASN Siap Dimutasi", "Penugasan Sementara",
        "Bila Berkas Dilengkapi", "Tiga Nama untuk TPK", "Tidak Diusulkan", "Data I-MUT", "Rapat Tim Penilai Kinerja", "Beban Kerja Unit", "Aturan dan Sumber",
    ]  # fmt: skip
    for sheet in book.worksheets[1:]:
        assert sheet["A1"].value.startswith("TERBATAS") and sheet.freeze_panes == "A6" and sheet.auto_filter.ref.startswith("A5:")
        assert (
            sheet.print_title_rows == "$5:$5" and sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 14
        )
        assert (
            sheet.sheet_properties.pageSetUpPr.fitToPage
            and sheet.page_setup.fitToWidth == 1
            and sheet.page_setup.fitToHeight == 0
        )
    proposals = book["Usulan Prioritas"]
    headers = [c.value for c in proposals[5]]
    assert headers[:4] == ["No", "Nama", "NIP", "Gol. ruang"] and "Kewenangan" in headers and "Alasan" in headers
    numbers = [row[2] for row in proposals.iter_rows(min_row=6) if row[2].value]
    assert numbers and {(c.data_type, c.number_format) for c in numbers} == {("s", "@")}


def test_csv_opens_in_excel_without_harm(published: Path) -> None:
    raw = (published / "dumai" / "csv" / "data-imut.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.splitlines()[0].count(b";") == 12
    from mutasi.publish.delimited import shown
    from mutasi.publish.spreadsheet import Column

    assert shown("199001012015031001", Column("nip", "NIP", 20, "id")) == "19900101 201503 1 001"
    assert shown("=1+1", Column("name", "Nama", 20)) == "'=1+1" and shown(1234.5, Column("x", "x", 9, "decimal")) == "1234,50"


def test_a_long_sheet_is_cut_and_the_files_hold_the_rest(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    short = tuple(replace(s, most=5) if s.stem == "tidak-diusulkan" else s for s in transfer_sheets.SHEETS)
    monkeypatch.setattr(transfer_sheets, "SHEETS", short)
    folder = write_extract(settings, read_run(write_fictitious_run(settings)), "dumai", NAMES)
    sheet = load_workbook(folder / "usulan-mutasi.xlsx")["Tidak Diusulkan"]
    total = len(rows(folder, "tidak-diusulkan"))
    assert sheet.max_row == 10 and total > 5 and f"5 baris pertama dari {total}" in sheet["A3"].value


def test_an_agency_that_is_short_everywhere_is_told_so_and_what_else_to_do(published: Path) -> None:
    page = (published / "jakarta" / "laporan-usulan-mutasi.html").read_text()
    assert "Tidak ada kelebihan yang sah" in page and "usul kebutuhan (formasi)" in page
    assert rows(published / "jakarta", "usulan-prioritas") == []


@pytest.mark.parametrize("viewer", ["jakarta", "wilayah"])
def test_only_sheets_that_are_there_are_named(published: Path, viewer: str) -> None:
    book = load_workbook(published / viewer / "usulan-mutasi.xlsx")
    summary = " ".join(str(cell.value) for row in book["Ringkasan"].iter_rows() for cell in row if cell.value)
    page = (published / viewer / "laporan-usulan-mutasi.html").read_text()
    for told in (summary, page):
        named = set(re.findall(r"\(lembar ([^)]*)\)", told))
        assert "penugasan sementara" in told and named <= set(book.sheetnames)
        assert bool(named) == (viewer != "wilayah")


def test_codes_of_imut(published: Path) -> None:
    kinds = {
        (r["Jenis mutasi"], r["Kode jenis mutasi"])
        for agency in ("dumai", "pekanbaru")
        for r in rows(published / agency, "data-imut")
    }
    assert ("Jabatan fungsional", "54") in kinds and ("Pelaksana - Unor", "561") in kinds


def test_temporary_needs_become_temporary_duty_and_no_transfer(published: Path) -> None:
    found = rows(published / "dumai", "penugasan-sementara")
    proposed = {r["NIP"] for r in rows(published / "dumai", "data-imut")}
    assert found and all(r["Mulai"] == "01-12-2026" and r["NIP"] not in proposed for r in found)


def test_the_report_has_its_charts_and_prints(published: Path) -> None:
    page = (published / "dumai" / "laporan-usulan-mutasi.html").read_text()
    assert (
        page.count("<svg") == 4
        and "Beban kerja" in page
        and "<script" not in page
        and "http://" not in page.replace("http://www.w3.org", "")
    )
    assert page.count('class="wide-page"><h2>Usulan ') == 2, "on upright paper the reasons are a word wide"
    upright, across = page[: page.index('class="wide-page"')], page[page.index('class="wide-page"') :]
    assert "<h2>Dasar" in upright and "<table" not in upright and "<h2>Kursi yang tetap lowong" in across, (
        "no table changes its width midway"
    )
    assert (published / "dumai" / "laporan-usulan-mutasi.pdf").read_bytes().startswith(b"%PDF")


def test_the_form_for_decisions_names_proposals_and_no_people(home: Settings, published: Path) -> None:
    text = (published / "dumai" / "keputusan.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("run_id;candidate_id;instansi;usulan;keputusan") and len(text.splitlines()) > 3
    assert not any(name in text or nip in text for nip, name, _, _ in people(home, "dumai"))

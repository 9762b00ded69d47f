"""What the documents say is there, is there: links, commands, queries, columns, rules; and nothing of the machine that wrote them."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
import yaml

from mutasi import reference
from mutasi.checks.suites import rules
from mutasi.cli import main
from mutasi.engine import named as quoted_name
from mutasi.settings import PROJECT, Settings
from mutasi.sources.datasets import datasets
from mutasi.warehouse.dictionary import ModelTable, model_tables

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
MODELS = PROJECT / "dbt_project" / "models"
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^[ \t]*```(\w*)\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
SQL_ARGUMENT = re.compile(r"duckdb [^\"\n]*\"(\s*(?:select|from)\b[^\"]*)\"")
FAILURES = "create table failures (agency_id varchar, _row_id bigint, record_key varchar, rule_code varchar, action varchar, column_name varchar)"


def ids(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(PROJECT)) for page in pages]


def code(page: Path) -> str:
    """Everything on a page that is set as code, a piece a line."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*(body for _, body in FENCE.findall(text)), *INLINE.findall(FENCE.sub("", text))])


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_every_relative_link_resolves(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


def test_every_make_target_named_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {target for page in PAGES for line in re.findall(r"\bmake((?: [a-z-]+)+)", code(page)) for target in line.split()}

    assert {"run", "test", "up", "docs"} <= named
    assert named - known == set()


def test_every_command_named_exists() -> None:
    named = {name for page in PAGES for name in re.findall(r"(?:^|[\s/])mutasi ([a-z][a-z-]+)", code(page))}

    assert "check-agency" in named
    assert named - set(main.commands) == set()


def test_every_dag_named_exists() -> None:
    known = {file.stem for file in (PROJECT / "dags").glob("*.py")}
    named = {name for page in PAGES for name in re.findall(r"(?:--dag-id|dags trigger|/dags/) ?(\w+)", code(page))}

    assert named == known


def test_every_file_named_exists() -> None:
    start = r"(?:dags|docs|expectations|plugins|dbt_project|tests)/"
    named = {name for page in PAGES for name in re.findall(rf"(?<![\w/.<>$]){start}[\w./-]+(?![\w<*/-])", code(page))}
    invented = {name for name in named if "contoh" in name}

    assert {name for name in named - invented if not (PROJECT / name).exists()} == set()


def test_every_runbook_that_the_code_names_exists() -> None:
    sources = [*(PROJECT / "plugins").rglob("*.py"), *(PROJECT / "dags").glob("*.py")]
    named = {name for file in sources for name in re.findall(r"docs/runbooks/[\w-]+\.md", file.read_text(encoding="utf-8"))}

    assert named
    assert {name for name in named if not (PROJECT / name).exists()} == set()


def test_every_rule_named_exists(settings: Settings) -> None:
    known = {rule.code for rule in rules(settings.suites)}
    prefixes = "|".join(sorted({code[:3] for code in known}))
    named = {name for page in PAGES for name in re.findall(rf"\b(?:{prefixes})-\d+\b", page.read_text(encoding="utf-8"))}

    assert named - known == set()


def test_the_reference_pages_are_current(settings: Settings) -> None:
    assert reference.outdated(settings) == [], "run `make docs` and commit the result"


def test_the_readme_names_every_table_that_readers_get() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    tables = [t.name for folder in ("marts", "quality", "planning") for t in model_tables(MODELS, folder)]

    assert [name for name in tables if not re.search(rf"\b{name}`", text)] == []


def test_the_columns_of_the_glossary_exist() -> None:
    known = {c for d in datasets().values() for c in d.columns} | {c for body in described() for c in body}
    lines = [line for line in (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    named, position = set(), None
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "meaning" in cells or "differ in this" in cells:
            position = cells.index("columns") if "columns" in cells else None
        elif position is not None:
            named |= set(INLINE.findall(cells[position]))

    assert len(named) > 50
    assert named - known == set()


def described() -> Iterator[set[str]]:
    """The columns of every model and seed that dbt's YAML describes."""
    for file in (PROJECT / "dbt_project").rglob("*.yml"):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for body in [*document.get("models", []), *document.get("seeds", [])] if "version" in document else []:
            if isinstance(body, dict):
                yield {column["name"] for column in body.get("columns", [])}


def queries() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = [body for kind, body in FENCE.findall(text) if kind == "sql"]
        blocks += [sql for _, body in FENCE.findall(text) for sql in SQL_ARGUMENT.findall(body)]
        found += [(str(page.relative_to(PROJECT)), sql.strip().rstrip(";")) for sql in blocks]
    return found


@pytest.fixture(scope="module")
def empty_databases() -> duckdb.DuckDBPyConnection:
    """The published databases as the data dictionary describes them, without rows."""
    con = duckdb.connect()
    con.execute("attach ':memory:' as planning")
    for schema, place in (("marts", "marts"), ("quality", "quality"), ("planning", "planning.planning")):
        con.execute(f"create schema if not exists {place}")
        for table in model_tables(MODELS, schema):
            con.execute(create(place, table))
    con.execute("create table quality.publication (run_id varchar, as_of date, published_at timestamp)")
    con.execute(FAILURES)
    return con


def create(place: str, table: ModelTable) -> str:
    columns = ", ".join(f"{quoted_name(c.name)} {c.type}" for c in table.columns)
    return f"create table {place}.{table.name} ({columns})"


@pytest.mark.parametrize(("page", "sql"), queries(), ids=[page for page, _ in queries()])
def test_every_query_fits_the_tables(page: str, sql: str, empty_databases: duckdb.DuckDBPyConnection) -> None:
    for file, table in (
        ("quality/runs", "quality.runs"),
        ("quality/check_results", "quality.check_results"),
        ("checks", "failures"),
    ):
        sql = re.sub(rf"'var/{file}/[^']*'", table, sql)

    empty_databases.execute(sql)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, so nothing is tracked")
    return [PROJECT / name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]


def package_hosts() -> set[str]:
    """Hosts of package indexes: the public ones, and those that this machine is told to use."""
    urls = [value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_")) and "://" in value]
    for file in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read(file)
        urls += [word for section in parser.sections() for value in parser[section].values() for word in value.split()]
    found = {host for url in urls if "://" in url and (host := urlsplit(url).hostname)}
    return (found | {"pypi." + "org", "files.pythonhosted." + "org"}) - {"localhost", "127.0.0.1"}


def machine_paths() -> list[str]:
    """Folders of this machine, and of anybody's: the checkout, what stands around it, the home."""
    around = [PROJECT, PROJECT.parent, Path.home()]
    own = [p for p in around if len(p.parts) > 1 and p != Path(tempfile.gettempdir())]
    return [*(rf"{re.escape(str(p))}(?=[/\s'\"`]|$)" for p in own), "/home/[a-z]", "/Users/[a-z]"]


def test_no_tracked_file_names_a_package_index_or_a_folder_of_a_machine() -> None:
    hosts = "|".join(re.escape(host) for host in sorted(package_hosts()))
    paths = "|".join(rf"(?<![\w.}}~-]){path}" for path in machine_paths())
    option = r"(?<!emit-)\b(?:extra-)?index-url\b|--find[-]links|--trusted-host"
    found = []
    for file in tracked():
        text = file.read_bytes().decode("utf-8", errors="replace") if file != Path(__file__) else ""
        found += [f"{file.relative_to(PROJECT)}: {m[0]}" for m in re.finditer(f"{hosts}|{paths}|{option}", text, re.MULTILINE)]

    assert found == []

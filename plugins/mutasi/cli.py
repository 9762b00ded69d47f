"""The command line of Mutasi: errors are sentences, exit codes are honest."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mutasi.cli_plans import commands
from mutasi.errors import NeedsAPerson
from mutasi.settings import Settings

if TYPE_CHECKING:
    from mutasi.sources.agency import Agency


class Day(click.ParamType[dt.date]):
    """A day, as everywhere else in Mutasi."""

    name = "YYYY-MM-DD"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Read it."""
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a day; write it as YYYY-MM-DD.", param, ctx)


# How DuckDB calls what is no file of the kind that was expected; its other errors may quote values of rows.
DAMAGED = ("IOException", "InvalidInputException")


class Main(click.Group):
    """Turns the library's own errors into one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from mutasi.sources.connection import SourceError
            from mutasi.warehouse.lock import Busy

            if isinstance(error, NeedsAPerson | SourceError | Busy):
                raise click.ClickException(str(error)) from None
            if isinstance(error, OSError) and error.filename:
                raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
            if type(error).__name__ in DAMAGED:
                first = str(error).splitlines()[0]
                raise click.ClickException(f"{first} Run again what writes this file, or restore it from the backup.") from None
            raise


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mutasi")
def main() -> None:
    """Transfer-planning warehouse for Indonesia's civil service."""


@main.command()
def status() -> None:
    """Show what the last refresh left: agencies, rows, the largest shortages and the most open seats."""
    from mutasi.warehouse.peek import PeekError, summary_text

    try:
        click.echo(summary_text(Settings.from_environment()))
    except PeekError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--employees", type=click.IntRange(1_000, 6_000_000), default=12_000, show_default=True, help="Employees in all.")
@click.option(
    "--agencies", type=click.IntRange(1, 1_000), help="Invented agencies as Parquet, instead of the five demo agencies."
)
@click.option("--as-of", type=Day(), default=None, help="Day of the data; default: today in Jakarta.")
def generate(employees: int, agencies: int | None, as_of: dt.date | None) -> None:
    """Generate the demo agencies: fictitious people with planted truth, at any size."""
    from mutasi.demo import generate as generate_population
    from mutasi.demo.session import LARGEST_DEMO, ensure_demo
    from mutasi.orchestration.dates import today

    settings = Settings.from_environment()
    day = as_of or today()
    if agencies is not None:
        generate_population(settings.home, employees, as_of=day, agencies=agencies, form="parquet")
        made = True
    elif employees > LARGEST_DEMO:
        raise click.ClickException(
            f"The five demo agencies send spreadsheets, which end at {LARGEST_DEMO:,} employees; add --agencies N for larger populations."
        )
    else:
        made = ensure_demo(settings, employees, day)
    click.echo(f"{'Generated' if made else 'Already there'}: {employees:,} employees as of {day} in {settings.home / 'demo'}")


@main.command("check-agency")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--live", is_flag=True, help="Connect to the sources, look at their data, and say what fits.")
def check_agency(files: tuple[Path, ...], live: bool) -> None:
    """Check agency files: keys, datasets, columns and codes; with --live also the sources themselves.

    Connections come from variables AIRFLOW_CONN_<NAME>. Exit code 1 means that something required does not fit.
    """
    from mutasi.sources.registry import AgencyFileError, read_agency

    failed = False
    for file in files:
        try:
            agency = read_agency(file)
            click.echo(f"{file.name}: in order; {agency.agency_name} lands {', '.join(agency.datasets)}.")
            failed |= live and not _fits_live(agency)
        except AgencyFileError as error:
            failed = True
            click.echo(str(error), err=True)
    sys.exit(1 if failed else 0)


def _fits_live(agency: Agency) -> bool:
    """Look at the sources of an agency and print what was found."""
    from mutasi.checks.tolerances import tolerances
    from mutasi.landing.live import look
    from mutasi.sources.connection import connection_from_environment

    settings, looks = Settings.from_environment(), []
    with tempfile.TemporaryDirectory(dir=settings.folder("tmp")) as folder:
        for found in look(agency, connection_from_environment, Path(folder), tolerances(settings.suites)):
            click.echo("\n".join(found.lines()))
            looks.append(found)
    amiss = [found.dataset for found in looks if not found.fits]
    click.echo(f"Does not fit yet: {', '.join(amiss)}." if amiss else "Everything required fits.")
    return not amiss


@main.command()
@click.option("--yes", is_flag=True, help="Remove; without it nothing is touched.")
def prune(yes: bool) -> None:
    """Show, or remove, files past their retention (dated rows `retention_…_days` in the rules)."""
    from itertools import groupby

    from mutasi.landing import retention
    from mutasi.orchestration.dates import today
    from mutasi.warehouse.lock import writing

    settings = Settings.from_environment()
    with writing(settings, wait_seconds=5):
        found = retention.expired(settings, today())
        for kind, entries in groupby(found, key=lambda e: e.kind):
            rows = list(entries)
            click.echo(
                f"{kind:<12}{len(rows):>8} files or folders, {sum(e.bytes for e in rows) / 1e6:>10.1f} MB, up to {rows[-1].day}"
            )
        if not found:
            click.echo("Nothing is past its retention.")
        elif yes:
            click.echo(f"Removed {retention.prune(found) / 1e6:.1f} MB.")
        else:
            click.echo("Dry run: nothing was removed. Remove with: mutasi prune --yes")


@main.command()
@click.option("--as-of", type=Day(), required=True, help="Day whose marts are built again.")
@click.option("--keep", "keep_home", is_flag=True, help="Leave the rebuilt database below `rebuilt/<day>` of the home.")
def rebuild(as_of: dt.date, keep_home: bool) -> None:
    """Build the marts of an earlier day again and compare them with what was published then.

    Exit code 1 means that tables differ; each is listed with its columns and the reason.
    """
    from mutasi.sources.registry import read_agencies
    from mutasi.warehouse.rebuild import rebuild as build_again

    settings = Settings.from_environment()
    found = build_again(settings, read_agencies(settings.agencies), as_of, keep_home=keep_home)
    click.echo("\n".join(found.lines()))
    sys.exit(1 if found.differing else 0)


@main.command()
@click.option("--date", "date", type=Day(), default=None, help="Day of the run; default: today in Jakarta.")
@click.option("--employees", type=click.IntRange(1_000, 6_000_000), default=12_000, show_default=True)
def demo(date: dt.date | None, employees: int) -> None:
    """Refresh the demo agencies through Airflow and show the result (what `make run` does)."""
    from mutasi.demo.run import refresh
    from mutasi.demo.up import running
    from mutasi.publish.glance import plan_text
    from mutasi.warehouse.lock import running_airflow
    from mutasi.warehouse.peek import summary_text

    settings = Settings.from_environment()
    if url := running(settings):
        raise click.ClickException(f"Airflow is up on this home ({url}): start nightly_refresh there, or stop it first.")
    with running_airflow(settings):
        code = refresh(settings, date, employees)
    if code == 0:
        click.echo(f"{summary_text(settings)}\n\n{plan_text(settings)}")
    sys.exit(code)


@main.command()
@click.option("--port", type=int, default=8080, show_default=True)
@click.option("--employees", type=click.IntRange(1_000, 6_000_000), default=12_000, show_default=True)
def up(port: int, employees: int) -> None:
    """Start Airflow's scheduler and web interface on the demo agencies (what `make up` does)."""
    from mutasi.demo.up import up as start

    sys.exit(start(Settings.from_environment(), port, employees))


for command in commands:
    main.add_command(command)


if __name__ == "__main__":
    main()

"""What the command line says about the plans of weeks: proofs, reasons, and what if."""

from __future__ import annotations

from pathlib import Path

import click

from mutasi.settings import Settings

EFFECT = {"critical": "kursi kritis kosong", "imbalance": "ketimpangan", "moves": "perpindahan"}
OBJECTIVES = {"critical": "kursi kritis", "imbalance": "ketimpangan", "fit": "kesesuaian", "effort": "usaha pindah"}


def _run(name: str) -> Path:
    from mutasi.recommend.runs import find_run

    return find_run(Settings.from_environment().home / "runs", name)


@click.command("verify-plan")
@click.argument("run", default="latest")
def verify_plan(run: str) -> None:
    """Prove a week's plan again: by the shipped SQL over its tables, and by OR-Tools in a process of its own."""
    from mutasi.recommend.weekly import NotProved
    from mutasi.recommend.weekly import verify_plan as verify

    folder = _run(run)
    try:
        checks = verify(folder)
    except NotProved as error:
        raise click.ClickException(str(error)) from None
    for proved in dict.fromkeys(check.proved for check in checks):  # both plans are put to the same questions
        click.echo(f"ok  {proved}")
    click.echo(
        f"Proved: run {folder.name}, its plan and that with reviews admitted; {len(checks)} checks, nothing contradicts them."
    )


@click.command()
@click.argument("run", default="latest")
def replay(run: str) -> None:
    """Find a run's plan again from its frozen inputs, bit for bit."""
    from mutasi.recommend.weekly import NotProved
    from mutasi.recommend.weekly import replay as again

    try:
        click.echo(f"The same plan and prices came out: {again(_run(run))}")
    except NotProved as error:
        raise click.ClickException(str(error)) from None


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("what", metavar="WHAT")
def explain(run: str, what: str) -> None:
    """Say why WHAT, a candidate, person or post, is as it is in RUN (in Indonesian, without names).

    RUN is `latest`, a week with one run, or the beginning of a run's id.
    """
    from mutasi.recommend.telling import explain as told

    click.echo("\n".join(told(_run(run), what)))


def _pairs(option: str, form: str, given: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [(left, right) for left, _, right in (one.partition("=") for one in given)]
    if not all(left and right for left, right in pairs):
        raise click.UsageError(f"{option} wants {form}.")
    return pairs


def _figures(labels: dict[str, str], found: dict[str, float]) -> None:
    for name, label in labels.items():
        click.echo(f"  {label:<20}{round(found[name]):>+14,}".replace(",", "."))


@click.command("what-if")
@click.argument("run")
@click.option("--refuse", multiple=True, help="A candidate or person that may not move.")
@click.option("--lock", multiple=True, help="A pair that is settled: PERSON=POST.")
@click.option("--policy", multiple=True, help="A row of the policy with another value: CODE=VALUE.")
def what_if(run: str, refuse: tuple[str, ...], lock: tuple[str, ...], policy: tuple[str, ...]) -> None:
    """Plan RUN again, exactly, with one thing otherwise, and say what that costs (in Indonesian, without names).

    RUN is `latest`, a week with one run, or the beginning of a run's id.
    """
    if not (refuse or lock or policy):
        raise click.UsageError("Say with --refuse, --lock or --policy what would be otherwise.")
    pairs, rows = _pairs("--lock", "PERSON=POST", lock), dict(_pairs("--policy", "CODE=VALUE", policy))
    if len(rows) < len(policy):
        raise click.UsageError("--policy names a row twice.")
    from mutasi.recommend import processes, runs

    folder = _run(run)
    if policy or runs.has_priced_caps(folder):  # their engines may be needed: they start while this process loads its libraries
        processes.start(processes.CAPPED, 2 if policy else 1)  # another policy is planned for by several groups at once
    from mutasi.recommend.answers import what_if as ask

    found = ask(folder, refuse, pairs, rows)
    click.echo("Selisih terhadap rencana:")
    _figures(EFFECT, found.effect)
    if not policy:  # whose points are others
        click.echo("Harga dalam poin, makin besar makin buruk; ketimpangan termasuk manfaat terkecil dan biaya tiap perpindahan:")
        _figures(OBJECTIVES, found.price)
    click.echo("  tepat" if found.is_exact else "  sekurang-kurangnya; karena batas mingguan selisih yang tepat bisa lebih besar")
    if not (found.gone or found.come):
        click.echo("Tidak ada perpindahan yang berubah.")
        return
    if not (policy or any(found.price.values())):
        click.echo("Rencana lain sama baiknya.")
    for label, moves in (("tidak lagi", found.gone), ("sebagai ganti", found.come)):
        click.echo(f"{label}: {len(moves)} perpindahan")
        for person, post in moves:
            click.echo(f"  {person} -> {post}")


commands = (verify_plan, replay, explain, what_if)

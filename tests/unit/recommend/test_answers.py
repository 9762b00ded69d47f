"""Questions about a run: the price of a change is the exact difference of two best plans."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner
from tests.unit.recommend.conftest import Copy
from tests.unit.recommend.test_caps import capped_problem

from mutasi.cli import main
from mutasi.recommend import certificate, reading
from mutasi.recommend.answers import NoAnswer, what_if
from mutasi.recommend.best_plan import planned
from mutasi.recommend.plan import Plan
from mutasi.recommend.policy import ABOVE, BEFORE_A_RUN, HOLDS, WHOLE
from mutasi.recommend.problem import TIERS, Problem
from mutasi.recommend.reading_back import read_problem
from mutasi.recommend.replanning import Replanner
from mutasi.recommend.solve import solve
from mutasi.recommend.telling import explain
from mutasi.recommend.weekly import run_week
from mutasi.recommend.wording import SENTENCES
from mutasi.settings import Settings


@pytest.fixture(scope="module")
def read(run: Path) -> tuple[Problem, Plan]:
    with reading.engine() as con:
        return read_problem(con, run)


def candidates(run: Path) -> list[tuple[str, str, str]]:
    file = run / "out" / "candidates.parquet"
    return duckdb.sql(
        f"select candidate_id, person_id, to_post_id from read_parquet('{file}') where solve = 'published' order by agency_to, rank"
    ).fetchall()


def test_refusing_costs_what_the_best_plan_without_it_costs_more(run: Path, read: tuple[Problem, Plan]) -> None:
    problem, plan = read
    for candidate, person, post in candidates(run)[:6]:
        answer = what_if(run, refuse=[candidate])
        edge = (problem.person_ids[problem.edge_person] == person) & (problem.post_ids[problem.edge_post] == post)
        other = solve(problem.only(~edge))
        assert tuple(answer.price.values()) == tuple(a - b for a, b in zip(other.row, plan.row, strict=True))
        assert (person, post) in answer.gone and answer.is_exact
        assert tuple(answer.price.values()) > (0,) * len(TIERS)


def test_quick_bounds_are_never_above_the_exact_price() -> None:
    for seed in range(30):
        problem = capped_problem(seed, people=6)
        plan = solve(problem)
        replanner = Replanner(problem, plan)
        for edge in problem.moves(plan.post).tolist():
            quick = replanner.refuse(edge)
            other = solve(problem.only(np.arange(len(problem.edge_post)) != edge))
            exact = tuple(float(a - b) for a, b in zip(other.row, plan.row, strict=True))
            assert quick.price == exact if quick.is_exact else quick.price <= exact or not plan.is_proved


def test_a_person_who_may_not_move_at_all(run: Path) -> None:
    _, person, post = candidates(run)[0]
    answer = what_if(run, refuse=[person])
    assert (person, post) in answer.gone and person not in {p for p, _ in answer.come}


def test_a_settled_pair_is_in_the_plan(run: Path) -> None:
    _, person, post = candidates(run)[0]
    same = what_if(run, lock=[(person, post)])
    assert same.gone == same.come == () and not any(same.price.values())
    with pytest.raises(NoAnswer, match="no lawful pair"):
        what_if(run, lock=[(person, "nowhere")])


def test_a_dearer_move_makes_fewer_moves(run: Path) -> None:
    answer = what_if(run, policy={"minimum_gain": 900})
    assert len(answer.gone) > len(answer.come)
    with pytest.raises(NoAnswer, match="no row generosity"):
        what_if(run, policy={"generosity": 1})


@pytest.mark.parametrize(
    ("code", "value", "holds"),
    [
        ("minimum_fit", "much", WHOLE),
        ("distance_zero_km", "0", ABOVE),
        ("minimum_fit", "-5", WHOLE),
        ("weight_distance", "-30", WHOLE),
        ("weight_distance", "2.5", WHOLE),
        ("critical_weight", "-1", WHOLE),
        ("critical_weight", "9999999999", WHOLE),
        ("relocation_cost", "-5", WHOLE),
        ("cap_moves_per_agency", "-1", WHOLE),
        ("involuntary_allowed", "2", "0 or 1"),
        ("relocation_budget", "-1", f"unlimited or {WHOLE}"),
        ("relocation_budget", "abc", f"unlimited or {WHOLE}"),
        ("scope", "xyz", "intra_agency or inter_agency"),
        ("donor_floor", "xyz", "need or equal_pressure"),
        ("joint_move_area", "xyz", "district or regency"),
    ],
)
def test_a_row_holds_only_what_can_be_planned_by(run: Path, code: str, value: str, holds: str) -> None:
    told = CliRunner().invoke(main, ["what-if", str(run), "--policy", f"{code}={value}"])
    seed = "dbt_project/seeds/transfer_policy.csv"
    assert (told.exit_code, told.output) == (
        1,
        f"Error: The policy cannot be {code}={value}: this row of {seed} holds {holds}.\n",
    )


def test_every_row_of_the_seed_may_hold_the_least_and_the_words_it_knows(run: Path) -> None:
    with reading.engine() as con:
        reading.attach_inputs(con, run)
        for code in [code for (code,) in con.execute("select distinct policy_code from transfer_policy").fetchall()]:
            for value in HOLDS.get(code, ("0",)):
                if code in BEFORE_A_RUN:
                    with pytest.raises(NoAnswer, match=f"{code} acts before"):
                        what_if(run, policy={code: value})
                    continue
                for held in {WHOLE: ("999999999",), ABOVE: ("1", "999999999")}.get(value, (value,)):
                    assert what_if(run, policy={code: held}).is_exact, (code, held)


def test_another_policy_a_refusal_and_a_settled_pair_are_answered_together(run: Path, tampered: Copy) -> None:
    (one, mover, seat), (_, person, post) = candidates(run)[:2]
    policy = {"minimum_gain": 900}
    policy_of(tampered, policy)
    with reading.engine() as con:
        problem, _, _ = planned(con, tampered.run, admit_review=False)
    with reading.engine() as con:
        _, before = read_problem(con, run)
    refused = (problem.person_ids[problem.edge_person] == mover) & (problem.post_ids[problem.edge_post] == seat)
    others = (problem.person_ids[problem.edge_person] == person) & (problem.post_ids[problem.edge_post] != post)
    answer = what_if(run, refuse=[one], policy=policy)
    best = solve(problem.only(~refused))
    assert answer.is_exact and tuple(answer.price.values()) == tuple(a - b for a, b in zip(best.row, before.row, strict=True))
    settled = what_if(run, refuse=[one], lock=[(person, post)], policy=policy)
    assert (mover, seat) in settled.gone and (person, post) not in settled.gone and person not in {who for who, _ in settled.come}
    assert solve(problem.only(~refused & ~others)).row <= tuple(np.add(before.row, tuple(settled.price.values())).astype(int))
    with pytest.raises(NoAnswer, match="no candidate"):
        what_if(run, refuse=["M-nobody"], policy=policy)
    with pytest.raises(NoAnswer, match="settled and refused"):
        what_if(run, refuse=[person], lock=[(person, post)], policy=policy)


def test_both_plans_are_measured_by_the_same(run: Path) -> None:
    """A price that only changes how things are counted changes nothing; what a dearer move leaves undone is told as it is."""
    same = what_if(run, policy={"critical_weight": 5})
    assert not same.gone and not any(same.effect.values())
    fewer = what_if(run, policy={"minimum_gain": 900})
    before = duckdb.sql(f"select person_id, post_id from read_parquet('{run}/tables/plan.parquet')").fetchall()
    after = (set(before) - set(fewer.gone)) | set(fewer.come)
    posts = {
        post: rest
        for post, *rest in duckdb.sql(
            f"select post_id, need_fte, staff, open_seats, is_critical from read_parquet('{run}/tables/posts.parquet')"
        ).fetchall()
    }
    homes = dict(duckdb.sql(f"select person_id, home_post_id from read_parquet('{run}/tables/persons.parquet')").fetchall())

    def measured(moves: set[tuple[str, str]]) -> tuple[float, float]:
        net = Counter(post for _, post in moves)
        net.subtract(homes[person] for person, _ in moves)
        short = sum(1000 * max(0, need - staff - net[post]) ** 2 / need for post, (need, staff, *_) in posts.items())
        return sum(max(0, seats - net[post]) for post, (_, _, seats, critical) in posts.items() if critical), short

    (seats, short), (seats_before, short_before) = measured(after), measured(set(before))
    assert short > short_before and fewer.effect["moves"] == len(after) - len(before) < 0
    assert fewer.effect["critical"] == seats - seats_before
    assert fewer.effect["imbalance"] == pytest.approx(short - short_before)


def policy_of(run: Copy, policy: dict[str, int]) -> None:
    """Let the frozen inputs hold other rows of the policy."""
    values = " ".join(f"when '{code}' then '{value}'" for code, value in policy.items())
    run.change(
        "transfer_policy", f"select it.* replace (case policy_code {values} else value end as value) from it", folder="inputs"
    )


def assert_costs_what_a_new_run_comes_to(run: Path, tampered: Copy, policy: dict[str, int]) -> None:
    policy_of(tampered, policy)
    with reading.engine() as con:
        problem, plan, _ = planned(con, tampered.run, admit_review=False)
    with reading.engine() as con:
        old, before = read_problem(con, run)
    answer = what_if(run, policy=policy)
    assert answer.is_exact and plan.is_exact
    assert tuple(answer.price.values()) == tuple(a - b for a, b in zip(plan.row, before.row, strict=True))
    moves, moves_before = pairs(problem, plan), pairs(old, before)
    assert answer.gone == tuple(sorted(moves_before - moves)) and answer.come == tuple(sorted(moves - moves_before))
    assert any(answer.price.values())


@pytest.mark.parametrize(
    "policy",
    [
        {"cap_leaving_unit_people": 3},
        {"cap_leaving_unit_people": 0, "cap_leaving_unit_pct": 20},
        {"cap_moves_per_agency": 2},
        {"critical_weight": 0},
        {"distance_cost_per_km": 40},
        {"donor_floor": "equal_pressure"},
        {"involuntary_allowed": 0},
        {"involuntary_cost": 700},
        {"minimum_fit": 0, "minimum_gain": 1},
        {"minimum_fit": 60},
        {"minimum_gain": 900, "cap_moves_per_agency": 9},
        {"move_cost": 5_000},
        {"relocation_budget": 5},
        {"relocation_budget": 20, "cap_leaving_unit_people": 2},
        {"weight_distance": 60, "minimum_gain": 20},
        {"weight_preference": 0, "minimum_fit": 55},
    ],
    ids=str,
)
def test_another_policy_costs_what_a_new_run_with_it_comes_to(run: Path, tampered: Copy, policy: dict[str, int]) -> None:
    assert_costs_what_a_new_run_comes_to(run, tampered, policy)


@pytest.fixture(scope="module")
def next_run(settings: Settings, planning: Path, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The week after, when nobody is moved who did not ask for it, nor where they fit but fairly."""
    folder = tmp_path_factory.mktemp("next")
    published = Path(shutil.copy(planning, folder / "published.duckdb"))
    with duckdb.connect(str(published)) as con:
        for code, value in (("involuntary_allowed", 0), ("minimum_fit", 75)):
            con.execute(f"update planning.transfer_policy set value = '{value}' where policy_code = '{code}'")
    found = run_week(replace(settings, home=folder), published, "2026-W48", last_plan=run / "tables" / "plan.parquet")
    return Path(found.folder)


@pytest.mark.parametrize("policy", [{"involuntary_allowed": 1}, {"minimum_fit": 30}, {"switching_cost": 900}], ids=str)
def test_the_same_after_a_week_with_fitting_wishes_only(next_run: Path, tmp_path: Path, policy: dict[str, int]) -> None:
    assert_costs_what_a_new_run_comes_to(next_run, Copy(Path(shutil.copytree(next_run, tmp_path / "run"))), policy)


def test_the_same_where_the_run_left_pairs_out(
    run: Path, tampered: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mutasi.recommend.candidates.PAIRS_IN_FULL", 0)
    with reading.engine() as con:
        certificate.write_tables(con, tampered.run, *planned(con, tampered.run, admit_review=False))
    left_out = Path(shutil.copytree(tampered.run, tmp_path / "left_out"))
    assert_costs_what_a_new_run_comes_to(left_out, tampered, {"minimum_gain": 900})


def pairs(problem: Problem, plan: Plan) -> set[tuple[str, str]]:
    moves = problem.moves(plan.post)
    people, posts = problem.person_ids[problem.edge_person[moves]], problem.post_ids[problem.edge_post[moves]]
    return set(zip(people.tolist(), posts.tolist(), strict=True))


def test_several_changes_at_once_and_what_cannot_be(run: Path) -> None:
    (one, person, post), (other, *_) = candidates(run)[:2]
    answer = what_if(run, refuse=[other], lock=[(person, post)])
    assert answer.is_exact and (person, post) not in answer.gone and answer.gone
    with pytest.raises(NoAnswer, match="settled and refused"):
        what_if(run, refuse=[one], lock=[(person, post)])
    file = f"read_parquet('{run}/out/candidates.parquet')"
    [(to_be_completed,)] = duckdb.sql(
        f"select min(candidate_id) from {file} where candidate_id not in (select candidate_id from {file} where solve = 'published')"
    ).fetchall()
    with pytest.raises(NoAnswer, match=f"no candidate and no movable person {to_be_completed}"):
        what_if(run, refuse=[to_be_completed])


def test_the_command_says_price_and_moves_and_refuses_half_a_pair(run: Path) -> None:
    candidate, person, post = candidates(run)[0]
    told = CliRunner().invoke(main, ["what-if", str(run), "--refuse", candidate])
    lines = [line.split() for line in told.output.splitlines()]
    assert told.exit_code == 0 and [person, "->", post] in lines
    answer = what_if(run, [candidate])
    price = answer.price
    for heading, moves in (("tidak lagi", answer.gone), ("sebagai ganti", answer.come)):
        at = told.output.splitlines().index(f"{heading}: {len(moves)} perpindahan") + 1
        assert {tuple(line) for line in lines[at : at + len(moves)]} == {(person, "->", post) for person, post in moves}
    assert ["kesesuaian", f"{price['fit']:+,.0f}".replace(",", ".")] in lines
    assert ["ketimpangan", f"{price['imbalance']:+,.0f}".replace(",", ".")] in lines
    twice = CliRunner().invoke(main, ["what-if", str(run), "--policy", "minimum_fit=1", "--policy", "minimum_fit=2"])
    assert (twice.exit_code, "names a row twice" in twice.output) == (2, True)
    nothing = CliRunner().invoke(main, ["what-if", str(run), "--policy", "critical_weight=5"])
    assert "Tidak ada perpindahan yang berubah." in nothing.output and "Harga" not in nothing.output
    wrong = CliRunner().invoke(main, ["what-if", str(run), "--lock", person])
    assert (wrong.exit_code, "--lock wants PERSON=POST." in wrong.output) == (2, True)
    idle = CliRunner().invoke(main, ["what-if", str(run)])
    assert (idle.exit_code, "--refuse, --lock or --policy" in idle.output) == (2, True)


def test_a_run_that_is_not_there_or_broken_is_a_sentence(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    none = CliRunner().invoke(main, ["explain", "latest", "x"])
    assert (none.exit_code, "no week has been planned yet: run weekly_recommendations" in none.output) == (1, True)
    broken = Path(shutil.copytree(run, tmp_path / "runs" / "2026-W47" / "0123"))
    (broken / "out" / "candidates.parquet").write_bytes(b"torn")
    told = CliRunner().invoke(main, ["explain", "latest", "x"])
    assert (told.exit_code, "candidates.parquet" in told.output, "Traceback" in told.output) == (1, True, False)


def test_everything_in_the_run_can_be_explained(run: Path) -> None:
    candidate, person, _ = candidates(run)[0]
    said = "\n".join(explain(run, candidate))
    assert person in said and "Kesesuaian" in said and "Kerugian bila ditolak" in said
    out = run / "out"
    stays = duckdb.sql(
        f"select arg_min(person_id, person_id) from read_parquet('{out}/why_not.parquet') group by reason_code"
    ).fetchall()
    empty = duckdb.sql(f"select min(post_id) from read_parquet('{out}/unfilled_posts.parquet') group by reason_code").fetchall()
    for (name,) in stays + empty:
        lines = explain(run, name)
        assert lines and not any("{" in line or "None" in line for line in lines)
    with pytest.raises(NoAnswer, match="has no candidate"):
        explain(run, "nobody")


def test_every_reason_has_a_sentence(run: Path) -> None:
    codes = duckdb.sql(
        f"""select distinct json_extract_string(r, '$.code')
        from (select unnest(cast(reasons as json[])) as r from read_parquet('{run}/out/candidates.parquet'))"""
    ).fetchall()
    assert codes
    for (code,) in codes:
        assert code in SENTENCES


def test_answers_start_no_compiler(run: Path, read: tuple[Problem, Plan]) -> None:
    """Loading it takes longer than the answer; nor may an engine be loaded that cannot stand beside another."""
    problem, plan = read
    vacant = np.isin(problem.edge_post, problem.seat_post) & (plan.post == problem.home)[problem.edge_person]
    edge = np.flatnonzero(vacant & (problem.at_home() > problem.protected)[problem.home[problem.edge_person]])[0]
    pair = str(problem.person_ids[problem.edge_person[edge]]), str(problem.post_ids[problem.edge_post[edge]])
    heavy = ("numba", "scipy", "pyarrow", "highspy", "ortools", "pandas")
    code = f"""
import sys
from pathlib import Path
from mutasi.recommend.answers import what_if
assert what_if(Path({str(run)!r}), refuse=[{candidates(run)[0][0]!r}]).is_exact
assert what_if(Path({str(run)!r}), lock=[{pair!r}]).is_exact
assert what_if(Path({str(run)!r}), policy={{"cap_moves_per_agency": 9}}).is_exact
assert what_if(Path({str(run)!r}), policy={{"weight_distance": 60}}).is_exact
print(*[name for name in {heavy} if name in sys.modules])"""
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == ""

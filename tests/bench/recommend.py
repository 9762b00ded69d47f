"""The weekly step beside OR-Tools: the same problem solved by both, then the whole step from frozen tables to its proof.

Sizes are city, province, million and national; `RECOMMEND_SIZES` names fewer, for the largest take half an hour. Solvers are
measured in CPU seconds, each run in a process of its own, the median of three; both must come to the same cost.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.bench.instances import SCALES, instance
from tests.bench.memory import Watch
from tests.unit.recommend.planning_database import make_planning

from mutasi.recommend.network import INFINITE
from mutasi.recommend.problem import Problem
from mutasi.settings import PROJECT, Settings

REPEATS = 3
ONE_OBJECTIVE = np.array([100_000, 100, 10, 1, 0])  # weights of the five figures where both engines solve one
Figures = Iterable[tuple[str, float, str, float | None, str | None]]


def figures() -> Figures:
    """The lines of the result: name, value, unit, target, peer."""
    for size in os.environ.get("RECOMMEND_SIZES", ",".join(SCALES)).split(","):
        yield from solvers(size)
        yield from stages(size)
        if size in ("city", "province"):
            yield from step(size)


def solvers(size: str) -> Figures:
    """Both engines on one objective, and ours on all five."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "problem.npz")
        np.savez(file, **vars(instance(SCALES[size])))
        runs = {engine: [_apart(file, engine) for _ in range(REPEATS)] for engine in ("own", "ortools", "lexicographic")}
    costs = {run["cost"] for engine in ("own", "ortools") for run in runs[engine]}
    assert len(costs) == 1, f"{size}: the engines come to different costs: {costs}"
    cpu = {engine: statistics.median(run["cpu"] for run in found) for engine, found in runs.items()}
    memory = {engine: max(run["peak_mb"] for run in found) for engine, found in runs.items()}
    national = size == "national"
    yield f"recommend_{size}_solve", round(cpu["own"], 3), "CPU s", None, None
    yield f"recommend_{size}_solve_ortools", round(cpu["ortools"], 3), "CPU s", None, "SimpleMinCostFlow"
    yield (
        f"recommend_{size}_ortools_to_own",
        round(cpu["ortools"] / max(cpu["own"], 1e-3), 1),
        "ratio",
        3.0 if national else None,
        "SimpleMinCostFlow",
    )
    yield f"recommend_{size}_lexicographic", round(cpu["lexicographic"], 3), "CPU s", 60.0 if national else None, None
    yield f"recommend_{size}_memory", round(memory["lexicographic"]), "MB", None, None
    yield f"recommend_{size}_memory_ortools", round(memory["ortools"]), "MB", None, "SimpleMinCostFlow"


def _apart(file: Path, engine: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.recommend", str(file), engine],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _one_objective(problem: Problem) -> Problem:
    return replace(
        problem,
        edge_cost=(problem.edge_cost @ ONE_OBJECTIVE)[:, None],
        seat_penalty=(problem.seat_penalty @ ONE_OBJECTIVE)[:, None],
    )


def _measure(file: str, engine: str) -> dict[str, float]:
    """One engine, or the stages, in this process on a saved problem; the clock starts when the arrays are in memory and the code is compiled."""
    from mutasi.recommend.lexicographic import minimise

    if engine == "stages":
        with Watch() as watch:
            found = _measure_stages(file)
        return found | {"peak_mb": watch.peak_mb}
    with np.load(file) as saved:
        problem = Problem(**saved)
    asked = problem if engine == "lexicographic" else _one_objective(problem)
    if engine == "ortools":
        return _ortools(asked)
    small = instance(SCALES["city"])
    minimise(small if engine == "lexicographic" else _one_objective(small), INFINITE)
    start = time.process_time()
    post = minimise(asked, INFINITE).post
    cpu = time.process_time() - start
    return {"cpu": cpu, "cost": _cost(asked, post), "peak_mb": _peak_mb()}


def _ortools(problem: Problem) -> dict[str, float]:
    from mutasi.recommend.face import Face, Graph
    from mutasi.recommend.processes.min_cost_flow import solve

    graph = Graph.of(problem)
    face = Face.whole(problem, graph)
    arrays = {
        "protected": problem.protected,
        "post": graph.post,
        "person": graph.person,
        "cost": graph.cost[:, 0],
        "needed_person": face.needed_person,
        "seat_post": problem.seat_post,
        "seat_penalty": problem.seat_penalty[:, 0],
        "needed_seat": face.needed_seat,
    }
    start = time.process_time()
    post = solve(arrays)
    return {"cpu": time.process_time() - start, "cost": _cost(problem, post), "peak_mb": _peak_mb()}


def _cost(problem: Problem, post: np.ndarray) -> int:
    return problem.row(np.where(post < 0, problem.home, post).astype(np.int32))[0]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stages(size: str) -> Figures:
    """From the published planning database to the proof under the usual policy, stage by stage, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found = _apart(_planning(size, Path(folder)), "stages")
    national = size == "national"
    total = 0.0
    for stage in ("freeze", "plan", "tables", "certificate", "second_engine"):
        total += found[stage]
        target = 3.0 if stage == "certificate" else None
        yield f"recommend_{size}_stage_{stage}", round(found[stage], 2), "s", target, None
    yield f"recommend_{size}_freeze_to_verify", round(total, 1), "s", 300.0 if national else None, None
    yield f"recommend_{size}_freeze_to_verify_cpu", round(found["cpu"], 1), "CPU s", None, None
    yield f"recommend_{size}_freeze_to_verify_memory", round(found["peak_mb"]), "MB", 8_000.0 if national else None, None
    yield f"recommend_{size}_stage_pairs", found["pairs"], "pairs", None, None
    yield f"recommend_{size}_stage_moves", found["moves"], "moves", None, None
    yield f"recommend_{size}_stage_gap", round(found["gap"], 3), "points", None, None


def _planning(size: str, folder: Path) -> Path:
    """A generated planning database in which as many people may move as do in a place of the size: seven of ten in it."""
    people = SCALES[size].eligible * 10 // 7
    return make_planning(folder / "published.duckdb", people, people // 5, max(1, SCALES[size].employees // 2_500))


def _measure_stages(planning: str) -> dict[str, float]:
    """Seconds of each stage, CPU seconds and memory with the engines' processes, how large the problem was, and the gap."""
    from mutasi.recommend import certificate, reading, writing
    from mutasi.recommend.best_plan import planned
    from mutasi.recommend.processes import close_all
    from mutasi.recommend.reading_back import read_problem

    run, seconds, start = Path(planning).parent / "run", {}, time.perf_counter()

    def done(stage: str) -> None:
        nonlocal start
        seconds[stage] = time.perf_counter() - start
        print(stage, round(seconds[stage], 1), file=sys.stderr, flush=True)  # noqa: T201
        start = time.perf_counter()

    with reading.engine() as con:
        writing.freeze(con, Path(planning), PROJECT / "dbt_project" / "seeds", None, run)
    done("freeze")
    with reading.engine() as con:
        problem, plan, universe = planned(con, run, admit_review=False)
        done("plan")
        certificate.write_tables(con, run, problem, plan, universe)
    done("tables")
    assert not any(check.amiss for check in certificate.check(run))
    done("certificate")
    with reading.engine() as con:
        assert not any(check.amiss for check in certificate.second_opinion(*read_problem(con, run)))
    done("second_engine")
    close_all()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return seconds | {
        "cpu": sum(one.ru_utime + one.ru_stime for one in used),
        "pairs": len(problem.edge_post),
        "moves": len(problem.moves(plan.post)),
        "gap": 0.0 if plan.gap is None else plan.gap[1],
    }


def step(size: str) -> Figures:
    """The whole step on a generated planning database, and what-if at its end."""
    from mutasi.recommend import weekly
    from mutasi.recommend.answers import what_if

    with tempfile.TemporaryDirectory() as folder:
        planning = _planning(size, Path(folder))
        settings = replace(Settings.from_environment(), home=Path(folder) / "home")
        seconds = {}
        start = time.perf_counter()
        found = weekly.run_week(settings, planning, "2026-W47")
        seconds["run"] = time.perf_counter() - start
        run = Path(found.folder)
        from mutasi.recommend import certificate

        start = time.perf_counter()
        assert not any(check.amiss for check in certificate.check(run))
        seconds["certificate"] = time.perf_counter() - start
        candidate = _first_candidate(run)
        start = time.perf_counter()
        what_if(run, [candidate])
        seconds["what_if"] = time.perf_counter() - start
        asked = {"what_if": ("--refuse", candidate), "what_if_lock": ("--lock", _pair_to_lock(run))}
        # They filter the pairs that the run found, cap them, ask for others; let people leave whom their post needs; leave fractions.
        for name, row in (
            ("policy", "minimum_fit=55"),
            ("caps", "cap_moves_per_agency=60"),
            ("weights", "weight_distance=30"),
            ("floor", "donor_floor=equal_pressure"),
            ("budget", "relocation_budget=50"),
        ):
            asked[f"what_if_{name}"] = ("--policy", row)
        commands = {name: statistics.median(_command_seconds(run, *what) for _ in range(REPEATS)) for name, what in asked.items()}
        yield f"recommend_{size}_run", round(seconds["run"], 2), "s", None, None
        yield f"recommend_{size}_pairs", found.pairs, "pairs", None, None
        yield f"recommend_{size}_certificate", round(seconds["certificate"], 3), "s", 3.0, None
        target = 1.0 if size == "city" else None
        yield f"recommend_{size}_what_if", round(seconds["what_if"], 3), "s", target, None
        for name, waited in commands.items():
            yield f"recommend_{size}_{name}_command", round(waited, 3), "s", target, None
        if size == "city":
            yield f"recommend_{size}_replan", round(_replan_ms(run), 2), "ms", 50.0, None


def _first_candidate(run: Path) -> str:
    import duckdb

    file = run / "out" / "candidates.parquet"
    rows = duckdb.sql(
        f"select candidate_id from read_parquet('{file}') where solve = 'published' order by rank limit 1"
    ).fetchall()
    return str(rows[0][0])


def _pair_to_lock(run: Path) -> str:
    """The best fitting pair of somebody who stays and a post with an open seat, where caps hinder others already."""
    import duckdb

    edges, posts, persons, caps, seats, plan = (
        f"read_parquet('{run}/tables/{name}.parquet')" for name in ("edges", "posts", "persons", "caps", "seats", "plan")
    )
    [(person, post)] = duckdb.sql(
        f"""select person_id, post_id from {edges} as edges join {persons} using (person_no) join {posts} as posts using (post_no)
        join {caps} as caps on edges.cap_unit = caps.cap_no
        where post_no in (select post_no from {seats}) and person_no not in (select person_no from {plan}) and caps.price_imbalance > 0
        order by edges.misfit, person_no, post_no limit 1"""
    ).fetchall()
    return f"{person}={post}"


def _command_seconds(run: Path, *what: str) -> float:
    """What somebody waits who types the command: Python's start and the libraries are part of it."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "mutasi.cli", "what-if", str(run), *what], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _replan_ms(run: Path) -> float:
    """The median time to plan again without one move, once the run is in memory."""
    from mutasi.recommend import reading
    from mutasi.recommend.reading_back import read_problem
    from mutasi.recommend.replanning import Replanner

    with reading.engine() as con:
        problem, plan = read_problem(con, run)
    replanner = Replanner(problem, plan)
    times = []
    for edge in problem.moves(plan.post)[:100].tolist():
        start = time.perf_counter()
        replanner.refuse(edge)
        times.append(time.perf_counter() - start)
    return 1_000 * statistics.median(times)


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], sys.argv[2])))  # noqa: T201

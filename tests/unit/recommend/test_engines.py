"""Two other engines, each in a process of its own, come to the same plan on a city's problem."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from tests.bench.instances import SCALES, instance

from mutasi.recommend import second_opinion
from mutasi.recommend.face import Face, Graph
from mutasi.recommend.lexicographic import minimise
from mutasi.recommend.network import INFINITE
from mutasi.recommend.problem import Problem
from mutasi.recommend.processes import EngineError, run
from mutasi.recommend.processes.forest import forest
from mutasi.recommend.solve import program, solve


@pytest.fixture(scope="module")
def city() -> Problem:
    return instance(SCALES["city"])


def test_or_tools_finds_the_same_city_plan(city: Problem) -> None:
    mine, other = minimise(city, INFINITE), minimise(city, budget=0)
    moved = [np.where(found.post < 0, city.home, found.post).astype(np.int32) for found in (mine, other)]
    assert city.row(moved[0]) == city.row(moved[1])
    assert np.array_equal(moved[0], moved[1])


def test_two_processes_give_the_flows_in_the_order_asked(city: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph.of(city)
    face = Face.whole(city, graph)
    asked = [(face, graph.cost[:, tier], city.seat_penalty[:, tier]) for tier in (1, 2, 1)]
    one = second_opinion.flows(city, graph, asked)
    monkeypatch.setattr(second_opinion, "TWO_FROM", 0)
    two = second_opinion.flows(city, graph, asked)
    assert len(one) == 3 and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0], one[1])


def test_highs_finds_the_same_city_plan(city: Problem) -> None:
    fractions, whole = program(city, None), program(city, nodes=0)  # linear programs suffice for whole numbers, too
    for found in (fractions, whole):
        assert city.row(city.after(np.flatnonzero(found["used"]))) == solve(city).row
    assert not fractions["branched"][0] and whole["is_complete"][0]


def test_a_city_plan_is_proved(city: Problem) -> None:
    plan = solve(city)
    assert plan.is_proved and plan.row < city.row(city.home)


def test_the_engines_stay_out_of_this_process() -> None:
    assert "ortools" not in sys.modules and "highspy" not in sys.modules


def test_an_engine_that_fails_is_named_and_the_next_question_is_answered(city: Problem) -> None:
    with pytest.raises(EngineError, match="min_cost_flow ended with code"):
        run("mutasi.recommend.processes.min_cost_flow", {"0 nonsense": np.zeros(1)})
    graph = Graph.of(city)
    assert second_opinion.flows(city, graph, [(Face.whole(city, graph), graph.cost[:, 1], city.seat_penalty[:, 1])])


@pytest.mark.parametrize("seed", range(20))
def test_ties_of_a_forest_join_what_all_ties_join_and_close_no_ring(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = 1 + seed
    starts, ends = rng.integers(0, nodes, (2, 2 * seed))
    chosen, is_root = forest(starts, ends, nodes)

    def trees(among: np.ndarray) -> list[int]:
        """The last node of the tree of each node, step by step."""
        root = list(range(nodes))
        for one, other in zip(starts[among].tolist(), ends[among].tolist(), strict=True):
            joined = {root[one], root[other]}
            root = [max(joined) if node in joined else node for node in root]
        return root

    assert trees(chosen) == trees(np.ones(len(starts), bool))
    assert np.flatnonzero(is_root).tolist() == sorted(set(trees(chosen)))
    assert chosen.sum() + is_root.sum() == nodes

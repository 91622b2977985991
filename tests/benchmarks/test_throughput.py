"""The benchmark's own honesty: its table is whole, and what draws wrongly is never timed."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

PEERS = {"qulacs": 2, "pennylane": 1, "cirq": 1}


@pytest.fixture(scope="module")
def throughput():
    spec = importlib.util.spec_from_file_location(
        "throughput_under_test", Path(__file__).with_name("throughput.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def without_peers(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in PEERS:
        monkeypatch.setitem(sys.modules, name, None)


def tiny(throughput, ways, capsys, *options):
    arguments = ["--rows", "4", "--shots", "64", "--repeats", "1", "--seed", "5", *options]
    status = throughput.main(arguments, ways)
    return status, capsys.readouterr().out


def rows_of(printed):
    """Rows of the tables by name: cells of each table in order."""
    rows = {}
    for line in printed.splitlines():
        if line.startswith("| ") and not line.startswith("| way "):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            rows.setdefault(name, []).append(cells)
    return rows


def test_every_way_is_in_both_tables_with_its_check(throughput, without_peers, capsys, tmp_path):
    """False failures: 24 checks at 1e-8 each."""
    file = tmp_path / "throughput.json"
    status, printed = tiny(
        throughput, throughput.WAYS, capsys, "--repeats", "2", "--json", str(file)
    )
    assert status == 0
    rows = rows_of(printed)
    assert list(rows) == [way.name for way in throughput.WAYS]
    skipped = 0
    for name, both in rows.items():
        assert len(both) == 2, name
        for cells in both:
            if cells[1].startswith("skipped"):
                skipped += 1
                assert cells[1].split()[1] in PEERS
                continue
            median, least, most = float(cells[1]), *map(float, cells[2].split(" to "))
            assert 0 < least * 0.99 <= median <= most * 1.01
            assert throughput.ALPHA < float(cells[-1]) <= 1
    assert skipped == 2 * sum(PEERS.values())
    assert printed.count("at most 1.1") == 2
    report = json.loads(file.read_text(encoding="utf-8"))
    assert [case["keys"] for case in report["cases"]] == [16, 128]
    timed = [way for case in report["cases"] for way in case["ways"] if not way["reason"]]
    assert len(timed) == 2 * len(throughput.WAYS) - skipped
    told = [float(cells[-1]) for both in rows.values() for cells in both if cells[-1]]
    assert np.allclose(sorted(told), sorted(way["p_value"] for way in timed), rtol=0.06)
    assert len(set(told)) > 2
    assert all(len(way["wall"]) == len(way["cpu"]) == 2 for way in timed)


KEPT = (
    "qcattn run, shots",
    "qcattn Aer, born",
    "bare Aer, template",
)


def likeliest_swapped(case, counts):
    """Counts with the likeliest and the least likely key of each row taken for each other."""
    swapped = counts.copy()
    high, low = case.softmax.argmax(axis=-1), case.softmax.argmin(axis=-1)
    rows = np.arange(len(counts))
    swapped[rows, high], swapped[rows, low] = counts[rows, low], counts[rows, high]
    return swapped


def few_lost(case, counts):
    """Counts with one shot too few in one row."""
    lost = counts.copy()
    lost[-1, lost[-1].argmax()] -= 1
    return lost


def bits_reversed(case, counts):
    """Counts read with qubit 0 leftmost."""
    keys = np.arange(counts.shape[1])
    width = case.num_qubits
    return counts[:, [int(f"{key:0{width}b}"[::-1], 2) for key in keys]]


@pytest.mark.parametrize("fault", [likeliest_swapped, few_lost, bits_reversed])
def test_a_wrong_way_is_refused_and_never_timed(throughput, without_peers, capsys, fault):
    """Four rows of 64 shots suffice: the seed is fixed, and each fault is gross."""
    drawn = []

    def wrong(case):
        right = throughput._multinomial(case)

        def draw():
            drawn.append(len(case.scores))
            return fault(case, right())

        return draw

    kept = [way for way in throughput.WAYS if way.name in KEPT]
    status, printed = tiny(throughput, [*kept, throughput.Way("wrong", wrong)], capsys)
    assert status == 1
    (cells, other) = rows_of(printed)["wrong"]
    assert cells[1].startswith("refused") or other[1].startswith("refused")
    assert other[1].startswith("refused: its counts are not softmax")
    assert cells[2] == other[2] == ""
    # Drawn once for the check of each table, never for the clock.
    assert len(drawn) == 2


def test_the_same_way_unspoilt_is_timed(throughput, without_peers, capsys):
    """What refuses the planted faults above is not the planting. False failures: 8 at 1e-8."""
    kept = [way for way in throughput.WAYS if way.name in KEPT]
    fine = throughput.Way("fine", throughput._multinomial)
    status, printed = tiny(throughput, [*kept, fine], capsys)
    assert status == 0
    assert "refused" not in printed
    assert all(float(cells[1]) > 0 for cells in rows_of(printed)["fine"])


def test_the_floor_is_the_fastest_bare_way_and_ratios_are_paired(throughput):
    timing = throughput.Timing
    slow = timing("slow", 1, wall=[4.0, 4.0, 4.0], floor=True)
    fast = timing("fast", 1, wall=[1.0, 2.0, 9.0], floor=True)
    other = timing("not bare", 1, wall=[0.1, 0.1, 0.1])
    refused = timing("refused", 1, reason="refused", floor=True)
    assert throughput.floor_of([slow, fast, other, refused]) is fast
    # The medians' ratio is 2; turn by turn it is 9, 1, 4/9.
    assert throughput.ratio(replace(slow, wall=[9.0, 2.0, 4.0]), fast) == 1.0


def test_half_the_index_draws_the_very_same_shots(throughput):
    """The fastest bare Aer looks shots up in two steps; nothing else may change."""
    case = throughput.Case(np.random.default_rng(3).normal(size=(3, 128)) * 2, 500, 11)
    plain, halved = throughput._template()(case)(), throughput._template(half_index=True)(case)()
    assert plain == halved
    assert sum(plain[0].values()) == 500


def test_targets_are_judged_against_the_fastest_rival(throughput):
    ours = throughput.Timing(throughput.RUN, 1, wall=[1.3])
    timings = [
        ours,
        throughput.Timing(throughput.NAIVE[0], 1, wall=[90.0]),
        throughput.Timing(throughput.NAIVE[1], 1, wall=[10.3]),
        throughput.Timing(throughput.SHOTS, 1, wall=[1.25]),
        throughput.Timing(throughput.BORN, 1, wall=[0.26]),
        throughput.Timing(throughput.QULACS[0], 1, wall=[0.6]),
        throughput.Timing(throughput.QULACS[1], 1, wall=[0.4]),
        throughput.Timing(throughput.MULTINOMIAL, 1, wall=[0.006]),
        throughput.Timing(throughput.COMPARING, 1, wall=[0.2]),
        throughput.Timing("bare", 1, wall=[1.0], floor=True),
    ]
    promised = throughput.targets(timings)
    assert [round(each["measured"], 2) for each in promised] == [1.3, 7.92, 0.65, 43.33, 0.16]
    assert [each["met"] for each in promised] == [False, False, False, False, True]
    timings[0] = replace(ours, wall=[1.08])
    timings[4] = replace(timings[4], wall=[0.19])
    assert [each["met"] for each in throughput.targets(timings)] == [True] * 5
    # Nothing is claimed of what was not timed.
    timings[0] = replace(ours, wall=[], reason="refused")
    assert [each["met"] for each in throughput.targets(timings)] == [None, None, True, True, True]

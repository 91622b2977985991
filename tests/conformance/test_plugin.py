"""``pytest --qcattn-backend``: probes as tests, without a file of the simulator's developers."""

import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

import qcattn

pytest_plugins = ["pytester"]

HOUSE = Path(qcattn.__file__).parent.parent
PLUGIN = "qcattn.conformance.plugin"
REFERENCE = "--qcattn-backend=qcattn.conformance.reference:Reference"
FAULTY = """
    from planted import FAULTS

    def turned():
        return FAULTS["bits are turned round"]()
"""
PROBES = ["--qcattn-probe=bit order", "--qcattn-probe=seeds", "--qcattn-seed=3"]


@pytest.fixture
def called(pytester, monkeypatch):
    """Pytest in a process of its own, in an empty folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HOUSE), str(HOUSE / "tests/benchmarks")]))
    installed = any(one.value == PLUGIN for one in metadata.entry_points(group="pytest11"))

    def call(*words):
        return pytester.runpytest_subprocess(*([] if installed else ["-p", PLUGIN]), *words)

    return call


def properties(path):
    """The properties of every test case of a JUnit file, by its name."""
    return {
        case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")}
        for case in ElementTree.parse(path).iter("testcase")
    }


def test_the_entry_point_names_it():
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"qcattn": PLUGIN}


def test_it_is_tiny_at_import():
    code = f"import pytest, sys\nbefore = set(sys.modules)\nimport {PLUGIN}\n"
    code += "print(*sorted({one.partition('.')[0] for one in set(sys.modules) - before}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE
    )
    rest = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert rest == {"qcattn", "lazy_loader"}


def test_a_sound_simulator_passes_with_its_numbers_in_the_xml(called, pytester):
    """A correct simulator fails in 1e-6 of runs; the seed is fixed beside."""
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.makepyfile("def test_own(): pass")
    words = ["--qcattn-family-alpha=1e-6", "--junitxml=out.xml", "-m", "qcattn"]
    done = called(REFERENCE, *PROBES, *words)
    done.assert_outcomes(passed=2, deselected=1)
    found = properties(pytester.path / "out.xml")
    assert set(found) == {"bit order", "seeds"}
    for one in found.values():
        assert float(one["alpha"]) == 5e-7 and int(one["shots"]) > 0 and float(one["p_value"]) > 0
    assert "resolution" in found["bit order"] and "effect" in found["bit order"]


def test_a_planted_fault_fails_by_name_and_what_is_lacking_is_skipped(called, pytester):
    """The fault cannot be missed: bits come in the wrong order."""
    pytester.makeini("[pytest]\npythonpath = .")
    pytester.makepyfile(faulty=FAULTY)
    done = called("--qcattn-backend=faulty:turned", *PROBES)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*bit order*", "Refuted: *", "*qcattn conformance --backend*"])
    done.stdout.fnmatch_lines(["FAILED qcattn-conformance::bit order*"])
    estimator = "--qcattn-backend=qiskit.primitives:StatevectorEstimator"
    done = called(estimator, "--qcattn-probe=bit order", "--qcattn-probe=seeds", "-rs")
    done.assert_outcomes(skipped=2)
    done.stdout.fnmatch_lines(["*Not applicable: *"])


ENDLESS = """
    import time
    from qcattn.conformance.reference import Reference

    class Endless(Reference):
        def sample(self, tasks, seed=None, noise=()):
            if tasks[0].circuit.num_qubits == 8:
                time.sleep(3600)
            return super().sample(tasks, seed, noise)
"""


def test_a_circuit_without_an_end_is_ended_and_said(called, pytester):
    """It took as long as the circuit did; the others of its probe are judged."""
    pytester.makeini("[pytest]\npythonpath = .")
    pytester.makepyfile(endless=ENDLESS)
    pytester.makeconftest(
        "from qcattn.conformance import timing\ntiming.LEVEL_SECONDS['quick'] = 2.0"
    )
    words = ["--qcattn-probe=bit order", "--junitxml=out.xml"]
    done = called("--qcattn-backend=endless:Endless", *words)
    done.assert_outcomes(passed=1)
    (found,) = properties(pytester.path / "out.xml").values()
    assert int(found["shots"]) > 0 and "would take" in found["left_out"]


def test_without_a_backend_nothing_changes(called, pytester):
    pytester.makepyfile("import sys\n\ndef test_own(): assert 'numpy' not in sys.modules")
    called().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--qcattn-backend=qulaks"], "*`--qcattn-backend` must be one of*Qulacs*"),
        ([REFERENCE, "--qcattn-family-alpha=2"], "*`--qcattn-family-alpha`*"),
        ([REFERENCE, "--qcattn-probe=bit odrer"], "*did you mean 'bit order'*"),
        ([REFERENCE, "--qcattn-seed=-1"], "*`--qcattn-seed`*"),
    ],
)
def test_what_is_wrong_is_a_worded_usage_error(called, words, said):
    done = called(*words)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([said])

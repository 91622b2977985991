import inspect
import shlex
from dataclasses import replace

import numpy as np
import pytest

from qcattn import cli, datasets
from qcattn.preparations import Heralded
from qcattn.views.run.command import command

MINI = datasets.load_scores("minilm", 1)
SOURCE = {"model": "minilm", "sentence": MINI.sentence}


def options(line):
    """The options of a command, each of which `qcattn run` must know."""
    program, verb, *rest = shlex.split(line)
    assert (program, verb) == ("qcattn", "run")
    found = dict(zip(rest[::2], rest[1::2], strict=True))
    assert {name.removeprefix("--") for name in found} <= set(inspect.signature(cli.run).parameters)
    return found


@pytest.mark.parametrize(
    ("index", "chosen"),
    [
        ((), {}),
        ((2,), {"--layer": "2"}),
        ((2, 5), {"--layer": "2", "--head": "5"}),
        ((slice(None), 5), {"--head": "5"}),
    ],
)
def test_stored_scores_are_named_and_so_is_their_part(make, index, chosen):
    scores = MINI.scores[index]
    result = make(scores, shots=16, source=SOURCE)
    # The scores of a run keep their type; here they went through float64.
    result = replace(result, scores=scores)
    assert options(command([result])) == {
        "--model": "minilm",
        "--sentence": "1",
        **chosen,
        "--shots": "16",
        "--seed": "7",
        "--preparation": "Purification",
        "--draws": "born",
    }


def test_other_scores_are_left_to_the_reader(make):
    result = make(np.zeros((2, 3)), shots=16, beta=0.5)
    found = options(command([result]))
    assert found["--scores"] == "FILE"
    assert found["--beta"] == "0.5"
    changed = make(MINI.scores + 1.0, shots=1, source=SOURCE)
    assert options(command([changed]))["--scores"] == "FILE"


def test_what_is_not_known_word_for_word_is_marked(make):
    result = make(np.zeros((2, 3)), shots=16, beta=[0.5, 1.0])
    noisy = replace(result, settings={**result.settings, "noise": "on cx", "encoding": "OneHot()"})
    found = options(command([noisy]))
    assert (found["--beta"], found["--noise"], found["--encoding"]) == ("SAME", "SAME", "OneHot")
    stated = replace(result, settings={**result.settings, "noise": "readout=0.01"})
    assert options(command([stated]))["--noise"] == "readout=0.01"


def test_the_default_run_of_two_needs_no_preparation_and_shares_its_error_rate(make):
    main = make(np.zeros((2, 3)), shots=16)
    main = replace(main, verdicts=(replace(main.fit, alpha=0.025),))
    other = make(np.zeros((2, 3)), shots=16, preparation=Heralded())
    verdicts = tuple(replace(verdict, alpha=0.0125) for verdict in other.verdicts)
    found = options(command([main, replace(other, verdicts=verdicts)]))
    assert "--preparation" not in found
    assert found["--alpha"] == "0.05"

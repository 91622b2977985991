"""Forged folders whose hashes fit: refused, or they say what they said before."""

import copy
import io
import json
import shutil

import numpy as np
import pytest

from qcattn import Heralded, load_findings, load_trials, models, prepare, run
from qcattn.backends import Aer
from qcattn.backends.noise import noise_options
from qcattn.errors import NotWhole
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.folders.findings import save_findings
from qcattn.folders.results import save
from qcattn.folders.runs import load_run
from qcattn.folders.sealed import npz
from qcattn.folders.trials import save_trials
from qcattn.preparations import Purification
from qcattn.stages import compare
from qcattn.views.findings.page import write_page_of as write_findings
from qcattn.views.run.report import write_report
from qcattn.views.trials.page import write_page_of as write_trials

SCORES = np.array([[0.5, -1.0, 0.25, 1.5], [1.0, -np.inf, 0.0, 0.3]])


@pytest.fixture(scope="module")
def differing(tmp_path_factory):
    """A result that differs from softmax: readout errors of a fifth."""
    folder = tmp_path_factory.mktemp("differing") / "run"
    noisy = Aer(**noise_options("readout=0.2", 4))
    save(run(SCORES, shots=1000, seed=1, backend=noisy), folder)
    assert load_run(folder).parts[0].standing == "differs"
    return folder


@pytest.fixture
def folder(differing, tmp_path):
    return shutil.copytree(differing, tmp_path / "run")


def forged(folder, forge, name="result", archive="result.npz", document=None, **arrays):
    """Change arrays and the document of a folder, and make the hashes fit."""
    with np.load(folder / archive) as there:
        content = {key: there[key] for key in there.files}
    for key, change in arrays.items():
        content[key] = change(content[key])
    forge.replace(folder / f"{name}.json", archive, npz(content))
    forge.change(folder / f"{name}.json", document or (lambda document: None))


def overall(value):
    def change(document):
        document["verdicts"][0]["overall"] = value

    return change


def uniform(array):
    return np.full_like(array, 1 / array.shape[-1])


def reverse(array):
    return array[..., ::-1]


def fewer(keys):
    keys[..., 0] -= 3
    return keys


@pytest.mark.parametrize(
    ("said", "document", "arrays"),
    [
        ("overall of the verdict fit: the counts give another", overall(1.0), {}),
        ("refuted", None, {"verdict0_refuted": np.zeros_like}),
        ("p_values", None, {"verdict0_p_values": np.ones_like}),
        ("resolution", None, {"verdict0_resolution": np.zeros_like}),
        ("between 0 and 1,000", None, {"counts_keys": lambda keys: -keys}),
        ("statistic of the verdict", None, {"counts_keys": reverse}),
        ("must sum to the 1,000 shots", None, {"counts_keys": lambda keys: keys // 2}),
        ("of another type", None, {"counts_keys": lambda keys: keys.astype(float)}),
        ("of another type", None, {"counts_keys": lambda keys: keys.astype(np.uint8)}),
        ("of another type", None, {"expected": lambda law: law.astype(complex)}),
        ("of another type", None, {"prepared_codewords": lambda words: words.astype(int)}),
        ("do not match", None, {"prepared_codewords": np.zeros_like}),
        ("`expected` is not what the scores", None, {"expected": uniform}),
        ("`expected` is not what the scores", None, {"scores": reverse}),
        ("`expected` is not what the scores", None, {"beta": lambda beta: beta * 2}),
        ("`beta`", None, {"beta": lambda beta: -beta}),
        ("holds nan", None, {"scores": lambda scores: scores * np.nan}),
        ("sum to one", None, {"expected": lambda law: law * 2}),
        ("`success` is not a probability", None, {"prepared_success": lambda one: one + 1}),
        ("nothing heralds", None, {"counts_discarded": lambda one: one + 3, "counts_keys": fewer}),
        ("`shots`", lambda document: document.update(shots="1000"), {}),
        ("`shots`", lambda document: document.update(shots=1000.0), {}),
        ("true or false", lambda document: document.update(complete=1), {}),
        ("alpha", lambda document: document["verdicts"][0].update(alpha=2.0), {}),
        ("alpha", lambda document: document["verdicts"][0].update(alpha="nan"), {}),
        ("tokens", lambda document: document.update(tokens=[1, 2, 3, 4]), {}),
        ("`same_numbers` is 1.5", lambda document: document.update(same_numbers=1.5), {}),
        ("durations", lambda document: document["seconds"].update(sample=-1), {}),
        ("`qubits`", lambda document: document["resources"].update(qubits=-1), {}),
    ],
)  # fmt: skip
def test_a_result_whose_parts_contradict_each_other_is_refused(
    folder, forge, said, document, arrays
):
    forged(folder, forge, document=document, **arrays)
    with pytest.raises(NotWhole, match=said):
        load_run(folder)


def test_a_uniform_law_with_a_verdict_of_its_own_is_refused_all_the_same(folder, forge):
    """Counts of equal keys, and a verdict that they give: consistent but for the scores."""
    before = load_run(folder).parts[0]
    law = uniform(before.expected)
    (fit,) = compare(before.counts, law, None, before.alpha)
    forged(
        folder,
        forge,
        document=overall(fit.overall),
        expected=lambda _: law,
        **{
            f"verdict0_{name}": lambda _, name=name: getattr(fit, name)
            for name in ("statistic", "p_values", "refuted", "resolution", "undecided")
        },
    )
    with pytest.raises(NotWhole, match="`expected` is not what the scores"):
        load_run(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of each kind, how it is read, how its page is written."""
    place = tmp_path_factory.mktemp("folders")
    save(run(SCORES, shots=200, seed=1, preparation=Heralded()), place / "result")
    methods = [Purification(), Heralded()]
    save_trials(prepare(models.ising(2, field=0.0), methods=methods, shots=100, seed=1),
                place / "trials")  # fmt: skip
    curves = (
        Curve("bars", np.arange(3.0), np.arange(3.0), style="bars"),
        Curve("line", np.arange(3.0), np.ones(3), np.zeros(3), np.ones(3)),
    )
    found = Finding(
        name="A0",
        title="A title",
        statement="It is so",
        section="here",
        words="Two words.",
        checks=(Check("held", "It holds", True, "dense", "claim", 0.001),
                Check("failed", "It fails", False, "shots", "beyond")),
        numbers=(Number("x", Estimate(1.5, 1.0, 2.0), 1.4),),
        panels=(Panel("one", "x", "y", curves),),
        shots=7,
        alpha=0.01,
        seed=1,
    )  # fmt: skip
    save_findings([found], place / "findings")
    return {
        "result": (place / "result", load_run, lambda run, path: write_report(path, run.parts)),
        "trials": (place / "trials", load_trials, write_trials),
        "findings": (place / "findings", load_findings, write_findings),
    }


JUNK = [None, True, -1, 0, 10**30, 1.5, "nan", "-inf", "", "<b>", "x" * 300, [], [1], {}, {"a": 1}]


def places(document, path=()):
    """Every place in a document, with the way there."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in entries:
        if path or key not in ("files", "sha256", "format", "format_version"):
            yield (*path, key)
            if isinstance(value, dict | list):
                yield from places(value, (*path, key))


def spoilt_document(document, rng):
    """One entry of a document, anywhere in it, something else."""
    changed = copy.deepcopy(document)
    ways = list(places(changed))
    *way, last = ways[rng.integers(len(ways))]
    inner = changed
    for step in way:
        inner = inner[step]
    inner[last] = JUNK[rng.integers(len(JUNK))]
    return changed


SPOIL = [
    lambda array: array.astype(complex),
    lambda array: array.astype(str),
    lambda array: array.astype(np.float16) if array.dtype.kind == "f" else array.astype(float),
    lambda array: -array if array.dtype.kind != "b" else ~array,
    lambda array: array.astype(float) * np.nan,
    lambda array: np.full_like(array, np.iinfo(np.int64).max if array.dtype.kind == "i" else 1),
    lambda array: array[..., ::-1] if array.ndim else array + 1,
    lambda array: array[None],
    lambda array: array.ravel()[:1],
    np.zeros_like,
]


def spoilt_archive(content, rng):
    """One array of an archive something else."""
    with np.load(io.BytesIO(content)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = list(arrays)[rng.integers(len(arrays))]
    arrays[name] = SPOIL[rng.integers(len(SPOIL))](arrays[name])
    return npz(arrays)


#: Of each kind.
FORGERIES = 40
ARCHIVES = {"result": "result.npz", "trials": "hamiltonian.npz", "findings": "findings.npz"}


@pytest.mark.filterwarnings("ignore")  # what is plotted may be strange
@pytest.mark.parametrize("kind", ARCHIVES)
def test_no_forged_folder_crashes_its_page(folders, forge, kind, tmp_path):
    """Hashes fit. What is accepted has a page."""
    folder, read, write = folders[kind]
    path = folder / f"{kind}.json"
    text, archive = path.read_bytes(), folder / ARCHIVES[kind]
    content, rng, refused = archive.read_bytes(), np.random.default_rng(5), 0
    write(read(folder), tmp_path / "whole.html")
    for number in range(FORGERIES):
        if number % 2:
            forge.replace(path, archive.name, spoilt_archive(content, rng))
        else:
            forged_text = forge.sealed(spoilt_document(json.loads(text), rng))
            path.write_text(forged_text, encoding="utf-8")
        try:
            found = read(folder)
        except NotWhole as error:
            refused += 1
            assert str(folder) in str(error)
        else:
            if found != []:  # no findings are none, and have no page
                write(found, tmp_path / f"{number}.html")
        path.write_bytes(text)
        archive.write_bytes(content)
    assert refused >= 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["findings"][0].update(standing="exact"), "is conditional by its checks"),
        (lambda d: d["findings"][0]["checks"][0].update(alpha=0.5), "spend more than its `alpha`"),
        (lambda d: d["findings"][0].update(alpha=1), "not an error rate"),
        (lambda d: d["findings"][0].update(shots=-1), "`shots`"),
        (lambda d: d["findings"][0]["numbers"][0].update(low=3.0), "ends before it begins"),
    ],
)
def test_findings_that_contradict_themselves_are_refused(folders, forge, tmp_path, change, said):
    folder = shutil.copytree(folders["findings"][0], tmp_path / "f")
    forge.change(folder / "findings.json", change)
    with pytest.raises(NotWhole, match=said):
        load_findings(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(alpha=0.001), "the results spend 0.01"),
        (lambda d: d.update(shots=99), "of another Hamiltonian, beta or shots"),
        (lambda d: d["trials"][0].update(beta=2.0), "of another Hamiltonian, beta or shots"),
        (lambda d: d["trials"][0].update(trace_distance=-1.0), "`trace_distance`"),
        (lambda d: d["trials"][0].update(fidelity=2.0), "`fidelity`"),
        (lambda d: d["trials"][0].update(refused="no"), "either refused or drawn"),
        (lambda d: d["trials"][0].update(result=None), "either refused or drawn"),
        (lambda d: d.update(complete="yes"), "true or false"),
        (lambda d: d.update(same_numbers=2), "`same_numbers` is 2"),
    ],
)
def test_trials_that_contradict_themselves_are_refused(folders, forge, tmp_path, change, said):
    folder = shutil.copytree(folders["trials"][0], tmp_path / "t")
    forge.change(folder / "trials.json", change)
    with pytest.raises(NotWhole, match=said):
        load_trials(folder)


def test_trials_of_another_hamiltonian_are_refused(folders, forge, tmp_path):
    folder = shutil.copytree(folders["trials"][0], tmp_path / "t")
    forged(folder, forge, "trials", "hamiltonian.npz", energies=lambda energies: energies + 1)
    with pytest.raises(NotWhole, match="of another Hamiltonian"):
        load_trials(folder)

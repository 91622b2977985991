"""A run of several parts: the document names them, and what it names is what is read."""

import json
import shutil
from dataclasses import replace

import pytest

from qcattn import Amplitude, Heralded, load, run, save
from qcattn.errors import NotWhole
from qcattn.folders.runs import Run, load_run, save_run

ROWS = [[0.0, 1.0, 2.0], [1.0, 0.5, 0.0]]


@pytest.fixture(scope="module")
def whole():
    """Three parts that spend less than they might, the last of a method with an odd name."""
    last = run(ROWS, shots=50, seed=3, alpha=0.002, preparation=Amplitude())
    return Run(
        (
            run(ROWS, shots=200, seed=1, alpha=0.003),
            run(ROWS[0], shots=100, seed=2, alpha=0.004, preparation=Heralded()),
            replace(last, prepared=replace(last.prepared, method="../Of mine, odd")),
        ),
        alpha=0.01,
    )


@pytest.fixture
def folder(whole, tmp_path):
    save_run(whole, tmp_path / "run")
    return tmp_path / "run"


def test_a_run_comes_back_as_it_was(whole, folder, same):
    assert same(load_run(folder), whole)


def test_the_first_part_and_each_other_can_be_read_alone(whole, folder, same):
    inside = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert inside == ["01-Heralded", "02--Of-mine-odd"]
    for place, part in zip((folder, *(folder / name for name in inside)), whole.parts, strict=True):
        assert same(load(place), part)


def test_one_result_is_a_run_of_one_part(whole, tmp_path, same):
    main = whole.parts[0]
    save(main, tmp_path / "one")
    assert same(load_run(tmp_path / "one"), Run((main,), main.alpha))
    save_run(Run((main,), 0.01), tmp_path / "same")
    assert load_run(tmp_path / "same").alpha == 0.01, "as stated, although most is unspent"


def test_an_error_rate_that_does_not_cover_the_parts_is_refused(whole, folder, forge):
    with pytest.raises(ValueError, match=r"`alpha` must be at least .* 0.009, but is 0.008; give"):
        replace(whole, alpha=0.008)
    with pytest.raises(ValueError, match="`alpha`"):
        replace(whole, alpha=float("nan"))
    with pytest.raises(ValueError, match="`parts` must hold"):
        Run((), 0.01)
    forge.change(folder / "result.json", lambda document: document.update(alpha=0.001))
    with pytest.raises(NotWhole, match=r"result\.json` holds no whole result.*`alpha`"):
        load_run(folder)


@pytest.mark.parametrize("name", ["result.json", "01-Heralded/result.json"])
def test_a_changed_byte_is_refused_or_harmless(folder, check_flips, name):
    check_flips(folder / name, lambda: load_run(folder))


def test_a_part_that_is_missing_is_named(folder):
    shutil.rmtree(folder / "01-Heralded")
    with pytest.raises(NotWhole, match=r"01-Heralded.*result\.json` is missing"):
        load_run(folder)
    load(folder)


def test_a_whole_part_of_another_run_is_refused(whole, folder, tmp_path):
    other = replace(whole, parts=(*whole.parts[:2], run(ROWS, shots=50, seed=4, alpha=0.002)))
    save_run(other, tmp_path / "other")
    shutil.rmtree(folder / "01-Heralded")
    shutil.copytree(tmp_path / "other" / "02-Purification", folder / "01-Heralded")
    load(folder / "01-Heralded")
    with pytest.raises(NotWhole, match="is another than the folder around it states"):
        load_run(folder)


@pytest.mark.parametrize("name", ["..", "../other", "", "/", "none"])
def test_a_part_that_lies_elsewhere_is_refused(folder, forge, name):
    def move(document):
        document["parts"][0]["folder"] = name

    forge.change(folder / "result.json", move)
    with pytest.raises(NotWhole, match=r"inside|missing"):
        load_run(folder)


@pytest.mark.parametrize("parts", [None, [{}], [{"folder": "01-Heralded"}], ["01-Heralded"]])
def test_parts_that_are_not_named_with_their_hash_are_refused(folder, forge, parts):
    forge.change(folder / "result.json", lambda document: document.update(parts=parts))
    with pytest.raises(NotWhole, match="no whole result"):
        load_run(folder)


def test_a_folder_beside_the_parts_is_not_one_of_them(whole, folder, same):
    """Today's runs name their parts; a folder called heralded was one before, and is not now."""
    shutil.copytree(folder / "01-Heralded", folder / "heralded")
    assert same(load_run(folder), whole)


def test_a_taken_folder_is_left_as_it_is(whole, folder):
    before = (folder / "result.json").read_bytes()
    with pytest.raises(ValueError, match="exists and is left as it is"):
        save_run(whole, folder)
    assert (folder / "result.json").read_bytes() == before


def test_the_document_says_what_the_whole_costs_and_where_its_parts_are(folder):
    document = json.loads((folder / "result.json").read_text())
    assert document["alpha"] == 0.01
    for part in document["parts"]:
        inside = json.loads((folder / part["folder"] / "result.json").read_text())
        assert part["sha256"] == inside["sha256"] and inside["parts"] == []

"""A byte that is flipped in a sealed folder is noticed, or changes nothing."""

import numpy as np
import pytest

from qcattn import Binary, Heralded, load, load_trials, prepare, run, save, save_trials
from qcattn.errors import NotWhole
from qcattn.evidence import Check, Curve, Finding, Panel
from qcattn.folders.findings import load_findings, save_findings


def a_result(folder):
    save(run([[0.0, 1.0, 2.0]], shots=100, seed=1), folder)


def some_trials(folder):
    save_trials(prepare(Binary()([0.0, 1.0]), methods=[Heralded()], shots=100, seed=1), folder)


def a_finding(folder):
    curve = Curve("c", np.arange(3.0), np.ones(3))
    checks = (Check("a", "It is so", True, "dense"),)
    panels = (Panel("p", "x", "y", (curve,)),)
    save_findings([Finding(name="A0", title="t", checks=checks, panels=panels, alpha=0.1, seed=1)],
                  folder)  # fmt: skip


KINDS = {
    "result": (a_result, load),
    "trials": (some_trials, load_trials),
    "findings": (a_finding, load_findings),
}


def told(value):
    """All that a value says, arrays included."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if hasattr(value, "__dataclass_fields__"):
        return [told(getattr(value, name)) for name in value.__dataclass_fields__]
    if isinstance(value, list | tuple):
        return [told(one) for one in value]
    if isinstance(value, dict):
        return {name: told(one) for name, one in value.items()}
    return str(value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_is_refused_or_harmless(kind, tmp_path):
    """60 seeded flips in each kind of folder, in any of its files."""
    write, read = KINDS[kind]
    write(tmp_path / "f")
    whole = told(read(tmp_path / "f"))
    files = sorted(path for path in (tmp_path / "f").rglob("*") if path.is_file())
    rng, refused = np.random.default_rng(5), 0
    for _ in range(60):
        path = files[rng.integers(len(files))]
        content = path.read_bytes()
        changed = bytearray(content)
        changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(changed))
        try:
            assert told(read(tmp_path / "f")) == whole
        except NotWhole:
            refused += 1
        path.write_bytes(content)
    assert refused > 30 and told(read(tmp_path / "f")) == whole


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_missing_or_cut_is_named(kind, tmp_path):
    write, read = KINDS[kind]
    write(tmp_path / "f")
    for path in sorted(one for one in (tmp_path / "f").rglob("*") if one.is_file()):
        content = path.read_bytes()
        for left in (None, content[:-3]):
            path.unlink()
            if left is not None:
                path.write_bytes(left)
            with pytest.raises(NotWhole, match=path.name.replace(".", r"\.")):
                read(tmp_path / "f")
            path.write_bytes(content)

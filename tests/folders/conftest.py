"""What the folders are compared with, and how they are forged."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from types import SimpleNamespace

import numpy as np
import pytest


def _same(a, b) -> bool:
    if is_dataclass(a):
        return type(a) is type(b) and all(
            _same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a)
        )
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float) and np.isnan(a):
        return type(a) is type(b) and np.isnan(b)
    return type(a) is type(b) and a == b


@pytest.fixture(scope="session")
def same():
    """Whether two values are the same to the bit, types and NaN included."""
    return _same


def _sealed(document: dict) -> str:
    """The text of a document with its own hash made to fit, as an attacker would."""
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return json.dumps({**rest, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()})


def _change(path, change) -> None:
    """Change what a document says, and make its own hash fit."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(_sealed(document), encoding="utf-8")


def _replace(path, name, content: bytes) -> None:
    """Replace a file, and make the hashes fit."""
    (path.parent / name).write_bytes(content)
    _change(path, lambda document: document["files"].update({name: hash_of(content)}))


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def forge():
    """Forgeries whose hashes fit: ``sealed`` text, ``change`` a document, ``replace`` a file."""
    return SimpleNamespace(sealed=_sealed, change=_change, replace=_replace)


def _flips(path, number: int, seed: int):
    """The content of a file with one byte changed, several times over, anywhere in it."""
    rng = np.random.default_rng(seed)
    content = path.read_bytes()
    for at in rng.integers(len(content), size=number):
        changed = bytearray(content)
        changed[at] ^= int(rng.integers(1, 256))
        yield bytes(changed)


@pytest.fixture(scope="session")
def check_flips():
    """Change one byte of a file many times; each is refused by name, or the value is the same."""

    def check(path, load, number=60, seed=1):
        whole, before = path.read_bytes(), load()
        refused = 0
        for content in _flips(path, number, seed):
            path.write_bytes(content)
            try:
                again = load()
            except ValueError as error:
                assert f"`{path}`" in str(error)
                refused += 1
            else:
                assert _same(again, before), "accepted with other content"
        path.write_bytes(whole)
        assert _same(load(), before)
        # A changed byte is harmless where it was a space; elsewhere it never is.
        assert refused > number / 4
        return refused

    return check

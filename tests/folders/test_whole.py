"""Whole or not at all: nothing half-written is ever left under a name, nor anything overwritten."""

import errno
import os
from pathlib import Path

import pytest

from qcattn.folders.whole import check_free, whole_file, whole_folder

FILES = ("a.npz", "b.qpy", "c.qasm", "result.json")


def fill(folder) -> None:
    with whole_folder(folder) as fresh:
        for name in FILES:
            (fresh / name).write_bytes(b"mine")


def names(folder) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_folder_appears_with_everything_in_it(tmp_path):
    with whole_folder(tmp_path / "run") as fresh:
        (fresh / "a").write_text("mine")
        assert not (tmp_path / "run").exists() and fresh.name.startswith(".")
    assert names(tmp_path) == ["run"] and names(tmp_path / "run") == ["a"]


def test_a_taken_name_is_left_alone(tmp_path):
    fill(tmp_path / "run")
    with pytest.raises(ValueError, match="exists and is left as it is"):
        fill(tmp_path / "run")
    assert (tmp_path / "run" / "result.json").read_bytes() == b"mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match=r"`.*file` exists"):
        check_free(tmp_path / "file")
    assert names(tmp_path) == ["file", "run"]


def test_what_is_free_is_missing_or_empty(tmp_path):
    check_free(tmp_path / "none")
    check_free(tmp_path)


@pytest.mark.parametrize("given", ["run", "new/and/deep/run", "old/new/run"])
def test_a_failed_write_takes_its_parents_with_it_and_says_what_to_do(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    with pytest.raises(OSError, match="No space left") as caught, whole_folder(given) as fresh:
        (fresh / "half").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device", str(fresh))
    assert caught.value.errno == errno.ENOSPC
    assert f"`{given}`" in str(caught.value), "as it was given"
    assert "name another folder" in str(caught.value)
    assert [path.name for path in tmp_path.rglob("*")] == ["old"]


def test_a_parent_that_is_a_file_is_said(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="another folder") as caught:
        fill(tmp_path / "file" / "run")
    assert str(tmp_path / "file" / "run") in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_is_written_into(tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    before = mine.stat()
    monkeypatch.chdir(mine)
    fill(".")
    after = mine.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert os.getcwd() == str(mine) and names(".") == sorted(FILES)
    assert names(tmp_path) == ["mine"]


def test_an_empty_folder_on_another_disk_is_written_into(tmp_path, monkeypatch):
    """A mounted volume is one: nothing can be moved into it from outside."""
    mine = tmp_path / "volume"
    mine.mkdir()
    replace = os.replace

    def on_two_disks(source, target):
        inside = [Path(path).absolute().is_relative_to(mine) for path in (source, target)]
        if inside[0] != inside[1] or mine in map(Path, (source, target)):
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(source))
        replace(source, target)

    for name in ("replace", "rename"):
        monkeypatch.setattr(os, name, on_two_disks)
    fill(mine)
    assert names(mine) == sorted(FILES) and names(tmp_path) == ["volume"]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_empty_folder_is_left_empty_by_a_failed_write(tmp_path, monkeypatch, number):
    """The disk goes away before one of the files is in its place."""
    mine = tmp_path / "mine"
    mine.mkdir()
    replace, calls = os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == number:
            raise OSError(errno.EIO, "Input/output error", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="Input/output error"):
        fill(mine)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]


def test_into_an_empty_folder_the_document_comes_last(tmp_path, monkeypatch):
    """Without it the rest is nothing; so whoever looks in between finds nothing, too."""
    replace, moved = os.replace, []

    def watched(source, target):
        moved.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    (tmp_path / "mine").mkdir()
    with whole_folder(tmp_path / "mine") as fresh:
        for name in ("a.json", "b.npz", "zz"):
            (fresh / name).write_bytes(b"mine")
    assert moved[-1] == "a.json" and sorted(moved) == ["a.json", "b.npz", "zz"]


@pytest.mark.parametrize("empty", [False, True])
def test_a_name_taken_while_files_are_written_is_left_alone(tmp_path, empty):
    if empty:
        (tmp_path / "run").mkdir()
    with pytest.raises((ValueError, OSError), match="run"), whole_folder(tmp_path / "run") as fresh:
        (fresh / "result.json").write_text("mine")
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / "result.json").write_text("theirs")
    assert names(tmp_path) == ["run"]
    assert (tmp_path / "run" / "result.json").read_text() == "theirs"


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "run") as fresh:
        (fresh / "half").write_text("x")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    with whole_file(tmp_path / "mine.txt") as fresh:
        fresh.write_text("whole")
        assert not (tmp_path / "mine.txt").exists()
    assert (tmp_path / "mine.txt").read_text() == "whole"
    with (
        pytest.raises(ValueError, match="exists and is left as it is"),
        whole_file(tmp_path / "mine.txt"),
    ):
        pass
    with pytest.raises(OSError, match="full"), whole_file(tmp_path / "other.txt") as fresh:
        fresh.write_text("half")
        raise OSError(28, "disk full")
    with (
        pytest.raises(ValueError, match="made by another meanwhile"),
        whole_file(tmp_path / "other.txt") as fresh,
    ):
        (tmp_path / "other.txt").write_text("theirs")
    assert (tmp_path / "other.txt").read_text() == "theirs"
    (tmp_path / "other.txt").unlink()
    with (
        pytest.raises(OSError, match=r"`.*gone/a.txt` cannot be written: No such file"),
        whole_file(tmp_path / "gone" / "a.txt"),
    ):
        pass
    assert names(tmp_path) == ["mine.txt"]

"""What lies beside a store: the journal of a write that was cut off, and what is no part of it.

While something is written, and after a kill or a power cut at such a moment, SQLite keeps the pages
as they were before in ``runs.sqlite-journal``, and puts them back at the next opening. It does so
whatever file lies there by then: put back into an older copy, they destroy it. So a journal must be
shown to belong to the file. Its first page holds what made this store unlike any other (see
`qcattn.sweeps.file`) and a counter of the writes; the file must have the same, or be one further.

A log ``runs.sqlite-wal`` belongs to no store of this version, and does not say to which file it
belongs; SQLite would put it into any.

References:
    SQLite, "Database File Format", sections 1.3 and 3; "How To Corrupt An SQLite Database File",
    section 1.4.
"""

from __future__ import annotations

import time
from pathlib import Path

__all__ = ["LOG", "check_beside", "is_filled", "journal_of"]

LOG, _JOURNAL = "-wal", "-journal"
_MAGIC = bytes.fromhex("d9d505f920a163d7")
#: What changes on page 1: counter of writes, size of the file, free pages; counter and version.
_MOVING = (slice(24, 40), slice(92, 100))
#: How often, and at what distance in seconds, it is looked again: another may be writing.
_LOOKS, _PAUSE = 10, 0.1


def journal_of(path: Path) -> Path:
    """The path of the journal of a store."""
    return path.with_name(path.name + _JOURNAL)


def is_filled(path: Path) -> bool:
    """Whether a file is there and not empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def check_beside(path: Path) -> None:
    """Refuse a file beside the store that would destroy it.

    Args:
        path: The store, or where there is to be one.

    Raises:
        ValueError: If a log, or the journal of another file, or of another state of this one, lies
            beside it.
    """
    log = path.with_name(path.name + LOG)
    if is_filled(log):
        raise ValueError(
            f"`{log}` lies beside `{path}` and is the log of another store or of an earlier "
            "qcattn, which SQLite would put into this one; put back the file that it belongs to "
            "and show that with the qcattn that wrote it, or move the log away"
        )
    journal = journal_of(path)
    for look in range(_LOOKS):
        if _belongs(path, journal):
            return
        if look + 1 < _LOOKS:
            time.sleep(_PAUSE)
    raise ValueError(
        f"`{journal}` lies beside `{path}` and is the journal of another store, or of another "
        "state of this one, which it would destroy; put back the file that it lay beside, or move "
        "it away"
    )


def _belongs(path: Path, journal: Path) -> bool:
    """Whether what SQLite would do with a journal is right for this file; none is right."""
    if not is_filled(journal):
        return True
    try:
        content, size = journal.read_bytes(), path.stat().st_size
        with path.open("rb") as file:
            page_size = int.from_bytes(journal_field(content, 24), "big")
            first = file.read(page_size)
    except FileNotFoundError:
        return not journal.exists()  # it was done with meanwhile
    if content[: len(_MAGIC)] != _MAGIC or len(content) < 28:
        return True  # nothing is put back of it
    records, pages = (int.from_bytes(journal_field(content, at), "big") for at in (8, 16))
    if not records:  # the file was not touched yet; it would be cut to this size
        return size == pages * page_size
    before = _page_one(content, records, page_size)
    return before is not None and len(first) == page_size and _goes_on(before, first)


def journal_field(content: bytes, at: int) -> bytes:
    """Four bytes of the header of a journal."""
    return content[at : at + 4]


def _page_one(content: bytes, records: int, page_size: int) -> bytes | None:
    """Page 1 as it was before, out of a journal."""
    start = int.from_bytes(journal_field(content, 20), "big")
    for at in range(start, start + records * (page_size + 8), page_size + 8):
        if int.from_bytes(content[at : at + 4], "big") == 1:
            page = content[at + 4 : at + 4 + page_size]
            return page if len(page) == page_size else None
    return None


def _goes_on(before: bytes, now: bytes) -> bool:
    """Whether a page 1 is as it was, or as the one write after it left it."""
    counts = [int.from_bytes(page[24:28], "big") for page in (before, now)]
    fixed = [bytearray(page) for page in (before, now)]
    for page in fixed:
        for place in _MOVING:
            page[place] = bytes(place.stop - place.start)
    return fixed[0] == fixed[1] and 0 <= counts[1] - counts[0] <= 1

"""Memory and cores: how much there is, and the most memory that this process has held."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import psutil

__all__ = ["cores", "memory_bytes", "peak_bytes"]

_SELF = Path("/proc/self")


def cores() -> int:
    """The number of cores that this process may use, at most OMP_NUM_THREADS.

    Example:
        >>> cores() >= 1
        True
    """
    try:
        bound = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        bound = os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(bound, max(1, int(asked))) if asked.isdecimal() else bound


def memory_bytes(process: Path = _SELF) -> int:
    """The most memory, in bytes, that this process may hold.

    It is the least of what the machine has, of the limit of every control group that holds the
    process (a container, a job of a scheduler; versions 1 and 2), and of the limit of its address
    space (``ulimit -v``).

    Args:
        process: The folder in which Linux tells of the process.

    Example:
        >>> 0 < memory_bytes() <= psutil.virtual_memory().total
        True
    """
    limits = [int(psutil.virtual_memory().total), *_of_groups(process), *_of_address_space()]
    return min(limits)


def peak_bytes() -> int:
    """The most memory, in bytes, that this process has held."""
    try:
        # getrusage would count the process that started this one too, where it was larger.
        status = Path("/proc/self/status").read_text()
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
    except (OSError, IndexError):  # not Linux
        pass
    try:
        import resource
    except ImportError:  # Windows
        return int(psutil.Process().memory_info().peak_wset)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _of_groups(process: Path) -> Iterator[int]:
    """Limits of the control group of a process and of all groups above it, if there are any."""
    try:
        groups = (process / "cgroup").read_text().splitlines()
        mounts = (process / "mountinfo").read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        kind, limit = ("cgroup", "memory.limit_in_bytes") if controllers else (
            "cgroup2", "memory.max")  # fmt: skip
        for root, mounted in _mounted(mounts, kind):
            for folder in _upwards(PurePosixPath(path), PurePosixPath(root), Path(mounted)):
                with suppress(OSError, ValueError):  # no such group, or "max"
                    yield int((folder / limit).read_text())


def _mounted(mounts: list[str], kind: str) -> Iterator[tuple[str, str]]:
    """Where groups of a version with memory are mounted: the group shown there, and the place."""
    for line in mounts:
        before, _, after = line.partition(" - ")
        file_system, _, *options = after.split()
        if file_system == kind and (kind == "cgroup2" or "memory" in options[-1].split(",")):
            root, place = before.split()[3:5]
            yield root, place


def _upwards(path: PurePosixPath, root: PurePosixPath, mounted: Path) -> Iterator[Path]:
    """Folders of a group and of those above, as far as they are shown; at least the top one."""
    inside = path.relative_to(root) if path.is_relative_to(root) else PurePosixPath()
    for group in (inside, *inside.parents):
        yield mounted / group


def _of_address_space() -> Iterator[int]:
    """The limit of the address space of this process, if there is one."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        yield soft

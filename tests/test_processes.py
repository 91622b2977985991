"""Tasks shared between this process and workers; the workers' own manners: tests/sweeps."""

import math
import os
import time

import psutil
import pytest

from qcattn.processes import share_out


def children() -> set[int]:
    return {one.pid for one in psutil.Process().children(recursive=True)}


def here_when(found):
    """Do a task in this process, once another process has done one."""

    def here(place):
        deadline = time.monotonic() + 120
        while not found and time.monotonic() < deadline:
            time.sleep(0.02)
        return os.getpid()

    return here


def test_both_processes_work_and_none_is_left_over():
    found: dict[int, int] = {}
    share_out(os.getpid, [()] * 4, 2, here=here_when(found), found=found)
    assert set(found) == set(range(4)) and len(set(found.values())) == 2
    assert not set(found.values()) & children()


def test_ctrl_c_here_keeps_what_is_done_and_ends_a_worker_in_its_task():
    found: dict[int, int] = {}

    def here(place):
        deadline = time.monotonic() + 120
        while len(found) < 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        raise KeyboardInterrupt

    before, begun = children(), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        share_out(time.sleep, [(0,), (0,), (3600,)], 2, here=here, found=found)
    assert list(found) == [1] and children() - before <= {tracker()}
    assert time.monotonic() - begun < 600


def tracker() -> int:
    """Python's own process that looks after what processes share."""
    from multiprocessing import resource_tracker

    return resource_tracker._resource_tracker._pid


def test_what_a_worker_raises_is_raised_here():
    tasks: list[tuple[float]] = [(4.0,), (-1.0,)]

    def here(place):
        time.sleep(2)  # a worker is there by then; where it is not, this process raises the same
        return math.sqrt(*tasks[place])

    with pytest.raises(ValueError, match="math domain"):
        share_out(math.sqrt, tasks, 2, here=here, found={})


def test_what_cannot_travel_is_done_here():
    found: dict[int, int] = {}
    share_out(abs, [(lambda: None,)] * 2, 2, here=lambda place: place, found=found)
    assert found == {0: 0, 1: 1}

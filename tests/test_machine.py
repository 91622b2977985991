"""How much memory there is: the least of all limits, wherever one is set."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from qcattn.machine import memory_bytes

GIB = 2**30


def process(folder, groups, mounts, limits):
    """A process as Linux tells of it, and the control groups that hold it."""
    for name, text in limits.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text}\n")
    (folder / "proc").mkdir(exist_ok=True)
    (folder / "proc" / "cgroup").write_text("\n".join(groups))
    lines = [f"31 23 0:29 {root} {folder / at} rw - {rest}" for root, at, rest in mounts]
    (folder / "proc" / "mountinfo").write_text("\n".join(lines))
    return folder / "proc"


V1 = ("/", "v1", "cgroup cgroup rw,memory")
V2 = ("/", "v2", "cgroup2 cgroup2 rw")
NONE = 9223372036854771712


@pytest.mark.parametrize(
    ("groups", "mounts", "limits"),
    [
        # Version 2: the group itself, one above it, and the top of a container.
        (["0::/a/b"], [V2], {"v2/a/b/memory.max": GIB, "v2/a/memory.max": "max"}),
        (["0::/a/b"], [V2], {"v2/a/b/memory.max": "max", "v2/a/memory.max": GIB}),
        (["0::/"], [V2], {"v2/memory.max": GIB}),
        # Version 1, the same, and among other controllers.
        (
            ["5:cpu:/x", "4:memory:/a/b"],
            [("/", "cpu", "cgroup cgroup rw,cpu"), V1],
            {
                "v1/a/b/memory.limit_in_bytes": NONE,
                "v1/a/memory.limit_in_bytes": GIB,
                "v1/memory.limit_in_bytes": NONE,
            },
        ),
        (["4:cpu,memory:/a"], [V1], {"v1/a/memory.limit_in_bytes": GIB}),
        # A container is shown its own group at the top, under the name that the host gives it.
        (
            ["4:memory:/docker/1f2e"],
            [("/docker/1f2e", "v1", "cgroup cgroup rw,memory")],
            {"v1/memory.limit_in_bytes": GIB},
        ),
        (
            ["4:memory:/docker/1f2e/inner"],
            [("/docker/1f2e", "v1", "cgroup cgroup rw,memory")],
            {"v1/inner/memory.limit_in_bytes": GIB, "v1/memory.limit_in_bytes": NONE},
        ),
        # Both versions side by side.
        (
            ["4:memory:/a", "0::/c"],
            [V1, V2],
            {"v1/a/memory.limit_in_bytes": NONE, "v2/c/memory.max": GIB},
        ),
    ],
)
def test_the_limit_of_each_control_group_above_counts(tmp_path, groups, mounts, limits):
    assert memory_bytes(process(tmp_path, groups, mounts, limits)) == GIB


def test_without_a_limit_it_is_the_memory_of_the_machine(tmp_path):
    nothing = process(tmp_path, ["0::/a"], [V2], {"v2/a/memory.max": "max"})
    assert memory_bytes(nothing) == memory_bytes(tmp_path / "none")
    assert memory_bytes(nothing) <= psutil.virtual_memory().total


WITHIN = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, resource.RLIM_INFINITY))
import numpy as np
from qcattn.backends import Aer
from qcattn.encodings import OneHot
from qcattn.errors import TooLarge
from qcattn.preparations import Amplitude
from qcattn.records import check_bytes
for take in (
    lambda: check_bytes(3 * 2**30, "a state"),
    lambda: Aer(device="CPU")(Amplitude()(OneHot()(np.zeros(27)), beta=1.0), 10),
):
    try:
        take()
    except TooLarge as error:
        print(type(error).__name__, "2,147,483,648" in str(error) or "4 GiB" in str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.skipif(psutil.virtual_memory().total < 6 * GIB, reason="the machine itself is smaller")
def test_dense_states_and_drawing_keep_to_the_limit_of_the_address_space():
    """A state of 2 GiB, or 3 GiB, where 4 GiB are allowed: both want more than half of them."""
    done = subprocess.run(
        [sys.executable, "-c", WITHIN], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.stdout.split("\n")[:2] == ["TooLarge True"] * 2, done.stdout + done.stderr


GROUPS = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def container():
    """A real control group of 1.5 GB, where one may be made."""
    lines = Path("/proc/self/cgroup").read_text().splitlines() if GROUPS.is_dir() else []
    own = [line.split(":", 2)[2] for line in lines if line.split(":")[1] == "memory"]
    if not own:
        pytest.skip("no control groups of version 1 here")
    folder = GROUPS / own[0].lstrip("/") / f"qcattn-{Path('/proc/self').resolve().name}"
    try:
        folder.mkdir()
        (folder / "memory.limit_in_bytes").write_text(str(1500 * 2**20))
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield folder
    folder.rmdir()


def test_a_container_is_not_killed_by_a_state_that_it_cannot_hold(container):
    code = "from qcattn.machine import memory_bytes; print(memory_bytes())"
    enter = f'echo $$ > {container}/cgroup.procs; exec "$0" -c "{code}"'
    done = subprocess.run(
        ["bash", "-c", enter, sys.executable], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == 1500 * 2**20

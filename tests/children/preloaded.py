"""Command lines of qcattn, each in a process of its own that begins with qcattn imported.

Importing takes longer than most of the commands that a test gives. One process imports once, and
forks for each line, so that each still has streams, a time limit and an end of its own.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import NamedTuple


class Ended(NamedTuple):
    """How a command ended: its exit code, below 0 for a signal, and what it wrote."""

    code: int
    stdout: str
    stderr: str


def ended(lines, folder, seconds=50):
    """How each of several command lines ends in that folder.

    Args:
        lines: Of each the arguments, texts or bytes.
        folder: Where they are run, one after the other.
        seconds: After so many a command is ended by SIGALRM.
    """
    given = json.dumps([[os.fsdecode(part) for part in line] for line in lines])
    done = subprocess.run([sys.executable, __file__, str(seconds)], input=given, cwd=folder,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Ended(*one) for one in json.loads(done.stdout)]


def _forked(line, seconds):
    """How one line ends, in a process that is a copy of this one."""
    from qcattn.cli import main

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            signal.alarm(seconds)
            os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
            sys.argv[1:] = line
            main()  # ends the process
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return code, *texts


if __name__ == "__main__":
    import qcattn.cli.run
    import qcattn.experiment
    import qcattn.sweeps  # noqa: F401

    print(json.dumps([_forked(line, int(sys.argv[1])) for line in json.load(sys.stdin)]))

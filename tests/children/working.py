"""Functions that other processes call, for tests: those find them by the path of Python alone."""

import os
import signal
import time

from qcattn.apart import apart
from qcattn.encodings import Binary
from qcattn.errors import DoesNotFit
from qcattn.forecast import Forecast, announce
from qcattn.preparations import QSVT
from qcattn.progress import tell


def counted(number):
    for i in range(number):
        tell(i, number, "counting")
        yield i, os.getpid()


def refusing():
    yield 1
    raise DoesNotFit("no")


def dying():
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


def printing():
    print("between")
    os.write(1, b"the frames")
    yield 1


def forking(number):
    for step in range(number):
        os.fork()
        yield step


def leaving():
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    yield pid


def held_up(seconds=600):
    """As Aer does: no other thread of Python runs meanwhile, and no signal is heard."""
    import ctypes

    yield os.getpid()
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


def once(_):
    yield os.getpid()


def nested():
    yield {os.getpid(), *(pid for _, pid in apart(counted, 2))}


def prepared():
    yield QSVT(error=1e-3)(Binary()([0.0, 1.0, 2.0]), beta=1.0)


def processes(_):
    """How many processes a call takes part in, this one included."""
    return len({os.getpid(), *(pid for _, pid in apart(counted, 2))})


def warning():
    announce("counting", Forecast(120.0), ["a clock is quicker"])
    yield 1

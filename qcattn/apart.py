"""Work in a process of its own, which Ctrl-C ends at once.

Aer, a transpiler and a linear solver hold the thread that calls them, for minutes if need be, and
Python hears no signal until they are done. Where such work is foreseen to take longer than
`WORTH`, it is done by a child process. The child is a new interpreter that imports what it needs
and nothing else: a script needs no ``if __name__ == "__main__":`` for it, and a notebook or a
program from standard input does as well.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeVar

from qcattn.errors import Died, TakesLong
from qcattn.machine import peak_bytes
from qcattn.progress import hearing, tell

__all__ = ["PROCESS", "WORTH", "apart", "most_held", "serve"]

T = TypeVar("T")

#: Seconds of work from which on a process of its own is worth the second that it takes to start.
WORTH = 2.0
#: Bytes that such a process holds before it begins.
PROCESS = 2**28
#: Seconds between two looks whether Ctrl-C was pressed (where that does not wake a process).
_LOOK = 0.1
_CHILD = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer)\n"
_CHILD += "from qcattn.apart import serve; serve()"
#: Whether this process is such a child itself, which is ended from outside.
_inside = False
#: The most bytes that a child has held.
_held = 0


def apart(
    function: Callable[..., Iterator[T]],
    *args: Any,
    waiting: Callable[[float], None] | None = None,
) -> Iterator[T]:
    """Yield what a function yields in a process of its own.

    The numbers are those of a call in this process. What is told of the progress there is heard
    here, and warnings come here too. Ctrl-C ends the child at once, and so does whatever else ends
    the iteration. Where the function or its arguments are not to be had in another process (a class
    that was written in a notebook), and in a process that is such a child, or a worker, itself, it
    is called here.

    Args:
        function: A function of a module, which yields.
        *args: The arguments of the function, pickled.
        waiting: A function that is called several times a second with the seconds since the child
            last yielded.

    Raises:
        Died: If the child is killed.
        Exception: What the function raises there.

    Example:
        >>> def count(number):
        ...     yield from range(number)
        >>> list(apart(count, 3))
        [0, 1, 2]
    """
    ended_from_outside = _inside or multiprocessing.parent_process() is not None
    if ended_from_outside or not sys.executable or hasattr(sys, "frozen"):
        return function(*args)
    try:
        payload = pickle.dumps((function, args))
    except Exception:  # a class may refuse to be pickled in any way
        return function(*args)
    return _of_child(payload, function, args, waiting or (lambda seconds: None))


def most_held() -> int:
    """The most bytes that any finished child process of this one has held."""
    return _held


def _of_child(
    payload: bytes,
    function: Callable[..., Iterator[T]],
    args: tuple[Any, ...],
    waiting: Callable[[float], None],
) -> Iterator[T]:
    global _held
    child = _started()
    frames: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    assert child.stdin is not None and child.stdout is not None
    threads = [
        threading.Thread(target=_hand_over, args=(child.stdin, payload), daemon=True),
        threading.Thread(target=_listen, args=(child.stdout, frames), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        since = time.monotonic()
        while True:
            try:
                kind, value = frames.get(timeout=_LOOK)
            except queue.Empty:
                waiting(time.monotonic() - since)
                continue
            if kind == "yielded":
                yield value
                since = time.monotonic()
            elif kind == "told":
                tell(*value)
            elif kind == "warned":
                warnings.warn(value, stacklevel=3)
            elif kind == "raised":
                raise value
            elif kind == "unknown here":
                yield from function(*args)
                return
            elif kind == "done":
                _held = max(_held, value)
                return
            else:
                code = child.wait()
                raise Died(
                    f"the process that worked on this ended with code {code} before it was done; "
                    "it was killed or ran out of memory",
                    code,
                )
    finally:
        _end(child)
        for thread in threads:
            thread.join()
        with child, contextlib.suppress(BrokenPipeError):
            child.stdin.close()


def _started() -> subprocess.Popen[bytes]:
    """A child process that waits for work; Ctrl-C in a terminal is left to this process."""
    group: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A copy. A child that begins shares the memory of this process (vfork), and a thread that
        # changes the environment would pull it from under it: "Bad address".
        env=os.environ.copy(),
        **group,
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill a child, and with it what the code that it ran has started and left behind."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def _hand_over(pipe: IO[bytes], payload: bytes) -> None:
    """Send the work; the pipe stays open, so that the child sees when this process is gone."""
    with contextlib.suppress(OSError, ValueError):
        pickle.dump(list(sys.path), pipe)
        pickle.dump(payload, pipe)
        pipe.flush()


def _listen(pipe: IO[bytes], frames: queue.SimpleQueue[tuple[str, Any]]) -> None:
    """Hand on what a child says, and that it says no more."""
    try:
        while True:
            frames.put(pickle.load(pipe))
    except Exception:  # a child that is killed may leave half a frame, in which anything may stand
        frames.put(("gone", None))


def serve() -> None:
    """Act as the child: call what standard input names, and write what that yields."""
    global _inside
    _inside = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever prints must not come between
    lock, own = threading.Lock(), os.getpid()

    def say(kind: str, value: Any = None) -> None:
        if os.getpid() != own:
            # Code under test forked and came back in both: the copy must not do the same work
            # again, and fork in its turn.
            os._exit(1)
        frame = pickle.dumps((kind, value))
        with lock:
            out.write(frame)
            out.flush()

    def warn(message: Warning | str, category: type[Warning], *place: Any) -> None:
        say("warned", message if isinstance(message, Warning) else category(message))

    warnings.simplefilter("always", TakesLong)
    warnings.showwarning = warn  # type: ignore[assignment]
    payload = pickle.load(sys.stdin.buffer)
    _end_with_parent()
    try:
        function, args = pickle.loads(payload)
    except Exception:  # the class of an argument is known in the other process alone
        say("unknown here")
        return
    try:
        with hearing(lambda *told: say("told", told)):
            for value in function(*args):
                say("yielded", value)
    except Exception as error:
        say("raised", _portable(error))
    else:
        say("done", peak_bytes())


def _portable(error: Exception) -> Exception:
    """An error as it can be raised in another process."""
    try:
        again = pickle.loads(pickle.dumps(error))
    except Exception:
        again = None
    return error if type(again) is type(error) else RuntimeError(f"{type(error).__name__}: {error}")


def _end_with_parent() -> None:
    """End this process when the one that started it is gone."""

    def wait() -> None:
        while os.read(0, 1):  # nothing comes any more but the end
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    if sys.platform == "linux":
        import ctypes

        # Aer holds the interpreter, and with it the thread that waits: the kernel sees to it.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)

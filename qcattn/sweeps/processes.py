"""Worker processes that are started again when they die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any

from qcattn.arguments import whole_number

__all__ = ["Processes"]

#: What makes the libraries of a worker keep to one thread.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


class Processes(Executor):
    """A `ProcessPoolExecutor` (spawn) whose dead workers are replaced.

    When a worker dies, what was being worked on fails with `BrokenProcessPool`, as everywhere; but
    the next `submit` starts new workers. Workers keep to one thread each, leave Ctrl-C to the
    process that started them, and end when that is gone, killed or not. A worker begins by
    importing the script that started it, so the script must be a file, and must do its work under
    ``if __name__ == "__main__":``.

    Args:
        workers: How many, 1 or more.

    Raises:
        ValueError: If it is no whole number, 1 or more.
        RuntimeError: From `submit`, if a worker ends before it could be given anything to do.

    Example:
        >>> with Processes(1) as workers:
        ...     workers.submit(abs, -3).result()
        3
    """

    def __init__(self, workers: int) -> None:
        self.workers = whole_number(workers, "workers")
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called by a worker; see `concurrent.futures.Executor.submit`."""
        if self._pool is not None:
            try:
                with _quiet_and_single():
                    return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._started()
        with _quiet_and_single():
            return self._pool.submit(fn, *args, **kwargs)

    def _started(self) -> ProcessPoolExecutor:
        """New workers, one of which was seen to do something."""
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.workers, context, initializer=_end_with_parent)
        with _quiet_and_single():
            first = pool.submit(os.getpid)
        try:
            first.result()
        except BrokenProcessPool as error:
            pool.shutdown(wait=True, cancel_futures=True)
            raise RuntimeError(_why_not_started()) from error
        return pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers when they are done; see `concurrent.futures.Executor.shutdown`."""
        if self._pool is not None:
            self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def kill(self) -> None:
        """End the workers now, whatever they are doing."""
        if self._pool is None:
            return
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            with suppress(ValueError, OSError):
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def _why_not_started() -> str:
    """What is likely to have ended a worker that did nothing yet, and the cure."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    said = "a worker process ended before it could be given anything to do; "
    if script is not None and not os.path.exists(script):
        return said + (
            f"it begins by importing the script that started it, which is {script!r} and no file. "
            "Save the script to a file and run that"
        )
    return said + (
        "it begins by importing the script that started it, which must do its work under "
        '`if __name__ == "__main__":`. If it does, the machine may be out of memory or processes'
    )


def _end_with_parent() -> None:
    """End this process when the one that started it is gone; its pipes would not tell."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _quiet_and_single() -> Iterator[None]:
    """What a process inherits that is started inside: one thread, no Ctrl-C, and no SIGHUP."""
    # Started with the first process otherwise, it would let Ctrl-C through to that one.
    resource_tracker.ensure_running()
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    mask = getattr(signal, "pthread_sigmask", None)
    blocked = mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP}) if mask else None
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, blocked)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

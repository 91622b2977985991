"""Worker processes that are started again when they die."""

from __future__ import annotations

import multiprocessing
import os
import signal
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
    process that started them, and end when that is gone, killed or not. A script that uses it needs
    ``if __name__ == "__main__":``.

    Args:
        workers: How many, 1 or more.

    Raises:
        ValueError: If it is no whole number, 1 or more.

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
        with _quiet_and_single():
            if self._pool is not None:
                try:
                    return self._pool.submit(fn, *args, **kwargs)
                except BrokenProcessPool:
                    self._pool.shutdown(wait=False, cancel_futures=True)
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_end_with_parent)
            return self._pool.submit(fn, *args, **kwargs)

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
    """What a process inherits that is started inside: one thread, and no Ctrl-C."""
    # Started with the first process otherwise, it would let Ctrl-C through to that one.
    resource_tracker.ensure_running()
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    mask = getattr(signal, "pthread_sigmask", None)
    blocked = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
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

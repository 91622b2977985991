"""Worker processes that are started again when they die."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from qcattn.arguments import whole_number

__all__ = ["Processes", "share_out"]

T = TypeVar("T")

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
        workers: The number of worker processes, 1 or more.

    Raises:
        ValueError: If it is not a whole number, 1 or more.
        RuntimeError: If a worker ends before `submit` could give it anything to do.

    Example:
        >>> with Processes(1) as workers:
        ...     workers.submit(abs, -3).result()
        3
    """

    def __init__(self, workers: int) -> None:
        self.workers = whole_number(workers, "workers")
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let a worker call a function; see `concurrent.futures.Executor.submit`."""
        if self._pool is not None:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False, cancel_futures=True)
        return self._started().submit(fn, *args, **kwargs)

    def begin(self) -> list[Future[int]]:
        """Start all workers without waiting for them.

        Returns:
            One future for each worker, done when the worker has started; it raises
            `BrokenProcessPool` if the worker did not start.
        """
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.workers, context, initializer=_end_with_parent)
        self._pool = pool  # from here on `kill` ends them
        with _quiet_and_single():
            return [pool.submit(os.getpid) for _ in range(self.workers)]

    def _started(self) -> ProcessPoolExecutor:
        """New workers, one of which was seen to do something."""
        first, pool = self.begin()[0], self._pool
        assert pool is not None
        try:
            first.result()
        except BrokenProcessPool as error:
            self._pool = None
            pool.shutdown(wait=True, cancel_futures=True)
            raise RuntimeError(_why_not_started()) from error
        return pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers once they are done; see `concurrent.futures.Executor.shutdown`."""
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


def share_out(
    function: Callable[..., T],
    tasks: Sequence[tuple[Any, ...]],
    workers: int,
    *,
    here: Callable[[int], T],
    found: dict[int, T],
    waiting: Callable[[], None] = lambda: None,
) -> None:
    """Call a function for each task, here and in worker processes at the same time.

    Each takes the next task as soon as it is free. This process is one of those that work, so that
    a few short tasks wait for no other process to start. Tasks that are not to be had in another
    process are all done here.

    Args:
        function: A function of a module; the workers call it.
        tasks: The arguments of each call, pickled.
        workers: The number of processes that work, this process among them; 1 or more.
        here: A function that does the task of that place in this process.
        found: A dictionary that takes the answer of each place; when `share_out` raises, it holds
            the answers that were there by then.
        waiting: A function that is called several times a second when there is no more to do here.

    Raises:
        Exception: What a call raises, here or in a worker.
        RuntimeError: If a worker cannot be started; see `Processes`.

    Example:
        >>> found = {}
        >>> share_out(abs, [(-3,), (4,)], 1, here=lambda place: place, found=found)
        >>> found
        {0: 0, 1: 1}
    """
    left, failed = deque(range(len(tasks))), deque[BaseException]()
    helpers = min(workers, len(tasks)) - 1 if _portable(function, tasks) else 0
    pool = Processes(max(1, helpers))

    def help_out(begun: Future[int]) -> None:
        try:
            begun.result()  # it takes a second to start, and takes no task before
        except BrokenProcessPool as error:
            unborn = RuntimeError(_why_not_started())
            unborn.__cause__ = error
            failed.append(unborn)
            return
        try:
            while left:
                place = left.popleft()
                found[place] = pool.submit(function, *tasks[place]).result()
        except IndexError:  # another one took the last task
            return
        except BaseException as error:  # raised below, in the thread that hears Ctrl-C
            failed.append(error)

    threads: list[threading.Thread] = []
    try:
        # Here: a process that starts takes the environment, which threads must not change.
        for begun in pool.begin() if helpers else ():
            threads.append(threading.Thread(target=help_out, args=(begun,), daemon=True))
            threads[-1].start()
        while left and not failed:
            try:
                place = left.popleft()
            except IndexError:
                break
            found[place] = here(place)
        while len(found) < len(tasks) and not failed:
            waiting()
            time.sleep(0.05)
    finally:
        left.clear()
        for thread in threads:
            while thread.is_alive():  # one may be about to start a worker again
                pool.kill()
                thread.join(0.05)
        pool.kill()
    if len(found) < len(tasks):
        raise failed[0]


def _portable(*things: Any) -> bool:
    """Whether another process may have these."""
    try:
        pickle.dumps(things)
    except Exception:  # a class may refuse to be pickled in any way
        return False
    return True


def _why_not_started() -> str:
    """What is likely to have ended a worker that did nothing yet, and the cure."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    said = "a worker process ended before it could be given anything to do; "
    if script is not None and not os.path.exists(script):
        return said + (
            f"it begins by importing the script that started it, which is {script!r}, not a file; "
            "save the script to a file and run that"
        )
    return said + (
        "it begins by importing the script that started it, which must do its work under "
        '`if __name__ == "__main__":`; if it does, the machine may be out of memory or processes'
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

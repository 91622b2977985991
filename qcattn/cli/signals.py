"""SIGTERM and SIGHUP, which schedulers, ``timeout`` and a closed terminal send, act as Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["heed_signals", "undisturbed"]

_STOPS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


def heed_signals() -> None:
    """Let each signal raise `KeyboardInterrupt`, except one that a shell has set aside."""
    for one in _STOPS:
        if signal.getsignal(one) == signal.SIG_DFL:
            signal.signal(one, signal.default_int_handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Run a block that no signal interrupts; signals that come meanwhile are dropped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, signal.SIG_IGN) for one in _STOPS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

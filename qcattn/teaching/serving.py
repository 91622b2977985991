"""The server at work: a socket, an address that is printed, and the end by Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress

from qcattn.teaching.lessons import Lesson
from qcattn.teaching.server import page_server

__all__ = ["serve_page"]


def serve_page(
    lesson: Lesson, *, host: str, port: int, opened: bool, tell: Callable[[str], object]
) -> None:
    """Serve a lesson until Ctrl-C.

    Args:
        lesson: The steps.
        host: The address to serve on.
        port: The number of the port; 0 for a free one.
        opened: Whether a browser is opened.
        tell: A function that is told the address, once the page can be had there.

    Raises:
        OSError: If the address cannot be had.
        ImportError: If starlette or uvicorn is missing.
    """
    import uvicorn

    application = page_server(lesson, host=host)
    with _socket(host, port) as taken:
        name = f"[{host}]" if ":" in host else host
        _, free, *_ = taken.getsockname()
        address = f"http://{name}:{free}/"
        taken.listen(128)
        tell(f"The page is at {address} until Ctrl-C.")
        if not _is_this_machine(host):
            tell(_warning(host, free))
        if opened:
            webbrowser.open(address)
        config = uvicorn.Config(
            application, log_level="warning", lifespan="off", timeout_keep_alive=30
        )
        with suppress(KeyboardInterrupt):  # which is how a page is ended
            uvicorn.Server(config).run(sockets=[taken])


def _is_this_machine(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _warning(host: str, port: int) -> str:
    """Who else can open the page, and by which address where it is served on all of them."""
    words = (
        "Everybody who reaches this machine over the network can open the page and have it draw; "
        "there is no password."
    )
    if host == "0.0.0.0" and (own := _own_address()):
        words += f" They open http://{own}:{port}/."
    return words


def _own_address() -> str | None:
    """The address by which other machines reach this one; nothing is sent to find it."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))  # of the addresses that belong to nobody (RFC 5737)
        return str(asked.getsockname()[0])
    return None


def _socket(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = next(
            iter(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        )
    except OSError as error:
        raise _no_address(host) from error
    taken = socket.socket(family, kind, protocol)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise _no_address(host) from error
        raise OSError(
            error.errno,
            f"{host} port {port} is not available ({error.strerror}); choose another `--port`, or "
            "leave it out",
        ) from error
    return taken


def _no_address(host: str) -> OSError:
    return OSError(
        errno.EADDRNOTAVAIL,
        f"`--host` is {host!r}, which is not an address of this machine; leave it out, or name "
        "one of this machine, such as 0.0.0.0 for all that it has",
    )

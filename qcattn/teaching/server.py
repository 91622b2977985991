"""The server of the page: stateless, bounded, and deaf to other pages.

Every answer follows from its request alone, so that one server serves a class, and a student's
page goes on when the server was started anew. Circuits are drawn one at a time, in a thread; so
many requests may wait, and the next one is told so (429). A request whose Host is not this server,
or that another page sent (Origin), is refused (403): a page of somebody else's that a student has
open could otherwise make the machine draw.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from qcattn.parsing import parse_json
from qcattn.teaching.answers import answer_draw, answer_laws, answer_target
from qcattn.teaching.pieces import PAGE, lesson_document

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from qcattn.teaching.lessons import Lesson

__all__ = ["MOST_BYTES", "MOST_WAITING", "needed", "page_server"]

#: The most bytes of a request.
MOST_BYTES = 64 * 1024
#: The most requests that may wait or be drawn at once.
MOST_WAITING = 64
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class _Refused(Exception):
    """A request that gets no answer, with the status that says why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


def needed() -> None:
    """Refuse to serve without the packages that it needs.

    Raises:
        ImportError: If a package is missing; the message names the extra that brings it.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"the page is served by starlette and uvicorn, of which {error.name} is missing; "
            "install them with `pip install 'qcattn[teach]'`"
        ) from error


def page_server(
    lesson: Lesson, *, host: str = "127.0.0.1", most_waiting: int = MOST_WAITING
) -> Starlette:
    """The application that serves the page and its shots.

    Args:
        lesson: The steps that the page leads through.
        host: The address it is served on, whose name a request may give beside this machine's own.
        most_waiting: Requests that may wait or be drawn at once.

    Returns:
        ``GET /`` and its files, ``GET /lesson.json``, ``GET /target?setup=JSON``,
        ``GET /circuit?setup=JSON`` and ``POST /draw``; errors are ``{"error": words}``.

    Raises:
        ImportError: If starlette is missing; the extra is named.
    """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    lesson_json = json.dumps(lesson_document(lesson))
    one_at_a_time = asyncio.Semaphore(1)
    waiting = 0

    async def computed(function: Callable[[Any], dict[str, Any]], given: Any) -> dict[str, Any]:
        nonlocal waiting
        if waiting >= most_waiting:
            raise _Refused(
                429,
                f"as many requests as may wait, {waiting}, wait already; try again in a second, or "
                "draw fewer shots a second",
            )
        waiting += 1
        try:
            async with one_at_a_time:
                return await asyncio.to_thread(function, given)
        finally:
            waiting -= 1

    def guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Any:
        async def answer(request: Request) -> Response:
            try:
                _check_sender(request, host)
                response = await endpoint(request)
            except _Refused as refused:
                response = JSONResponse({"error": refused.words}, refused.status)
            except ValueError as error:
                response = JSONResponse({"error": str(error)}, 400)
            response.headers.update(_HEADERS)
            return response

        return answer

    async def draw(request: Request) -> Response:
        return JSONResponse(await computed(answer_draw, await _body(request)))

    async def circuit(request: Request) -> Response:
        return JSONResponse(await computed(answer_laws, _asked(request)))

    async def target(request: Request) -> Response:  # of a millisecond, which waits for no circuit
        return JSONResponse(answer_target(_asked(request)))

    async def lesson_of_page(request: Request) -> Response:
        return Response(lesson_json, media_type="application/json")

    def piece(name: str, kind: str) -> Any:
        content = (files("qcattn.teaching") / "page" / name).read_bytes()

        async def of_page(request: Request) -> Response:
            return Response(content, media_type=kind)

        return of_page

    return Starlette(
        routes=[
            Route("/draw", guarded(draw), methods=["POST"]),
            Route("/target", guarded(target)),
            Route("/circuit", guarded(circuit)),
            Route("/lesson.json", guarded(lesson_of_page)),
            Route("/", guarded(piece("index.html", PAGE["index.html"]))),
            *(Route(f"/{name}", guarded(piece(name, kind))) for name, kind in PAGE.items()),
        ]
    )


def _asked(request: Request) -> Any:
    """The setting that stands in an address."""
    text = request.query_params.get("setup", "")
    if len(text) > MOST_BYTES:
        raise _Refused(
            413, f"`setup` must be of at most {MOST_BYTES:,} characters, but is of {len(text):,}"
        )
    return _parsed(text.encode())


async def _body(request: Request) -> Any:
    """The JSON of a request, read no further than it may be long."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise _Refused(413, f"a request must be of at most {MOST_BYTES:,} bytes; send less")
    return _parsed(content)


def _parsed(content: bytes) -> Any:
    try:
        return parse_json(content)
    except ValueError as error:
        raise ValueError(f"the request cannot be read: {error}") from error


def _check_sender(request: Request, host: str) -> None:
    """Refuse a request that was meant for another host, or that a page of another one sent."""
    asked = request.headers.get("host", "")
    name = asked.rpartition(":")[0] if asked.rpartition(":")[2].isdigit() else asked
    if not _is_ours(name.strip("[]").lower(), host):
        raise _Refused(
            403, f"this server is not {asked[:80]!r}; open the address that `qcattn teach` printed"
        )
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() != f"{request.url.scheme}://{asked}".lower():
        raise _Refused(
            403, f"requests from {origin[:80]!r} are refused; open this server's own page"
        )


def _is_ours(name: str, host: str) -> bool:
    """Whether a name is this server's: an address cannot be bent to another machine by a name."""
    if name in ("localhost", "127.0.0.1", "::1", host.lower()):
        return True
    try:
        address = ipaddress.ip_address(host)
        asked = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_unspecified and asked.version == address.version

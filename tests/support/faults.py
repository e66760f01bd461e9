"""An RPC that fails as it is told to: a proxy on loopback between ape and a node.

A fault is told of every request of its methods and decides: forward it, drop it before or after the
node has it, rewrite the answer, or do something on the node first. Everything else passes.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Request = dict[str, Any]
Forward = Callable[[Request], dict[str, Any]]
Fault = Callable[[Request, Forward], dict[str, Any] | None]
"""Gives the answer to a request, or None to close the connection without one."""


@dataclass
class Proxy:
    """The proxy, its address, and what it is told to do, by method.

    Attributes
    ----------
    asked : every method that was asked for, in order.
    """

    url: str
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, request: Request, forward: Forward) -> dict[str, Any] | None:
        """The node's answer, or what a fault makes of it."""
        method = request["method"]
        self.asked.append(method)
        fault = self.faults.get(method)
        return forward(request) if fault is None else fault(request, forward)


@contextmanager
def proxy(node: str, path: str = "/") -> Iterator[Proxy]:
    """A proxy before a node, on a free loopback port, until the context ends."""

    def forward(request: Request) -> dict[str, Any]:
        body = json.dumps(request).encode()
        sent = urllib.request.Request(node, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(sent, timeout=30) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
        return found

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave in two writes, and the second waited 40 ms for the first's receipt.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = told.answer(request, forward)
            if found is None:
                self.close_connection = True
                return
            body = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told = Proxy(f"http://127.0.0.1:{server.server_port}{path}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- faults ------------------------------------------------------------------------------------


def at(k: int, fault: Fault) -> Fault:
    """A fault at the k-th request alone, counted from one."""
    return during(range(k, k + 1), fault)


def during(which: range, fault: Fault) -> Fault:
    """A fault at these requests alone, counted from one."""
    count = iter(range(1, 1 << 30))

    def counted(request: Request, forward: Forward) -> dict[str, Any] | None:
        return fault(request, forward) if next(count) in which else forward(request)

    return counted


def lost_request(_: Request, __: Forward) -> None:
    """The node never has it, and nobody answers."""


def lost_answer(request: Request, forward: Forward) -> None:
    """The node has it, and its answer is lost."""
    forward(request)


def swallowed(signed_hash: Callable[[str], str]) -> Fault:
    """The RPC says that it has a transaction, and gives it to no node."""

    def answer(request: Request, _: Forward) -> dict[str, Any]:
        return result(request, signed_hash(request["params"][0]))

    return answer


def slow(seconds: float) -> Fault:
    """The answer comes later than anyone waits for it."""

    def answer(request: Request, forward: Forward) -> dict[str, Any] | None:
        found = forward(request)
        time.sleep(seconds)
        return found

    return answer


def after(act: Callable[[], object]) -> Fault:
    """Something happens on the chain once the node has the request."""

    def answer(request: Request, forward: Forward) -> dict[str, Any]:
        found = forward(request)
        act()
        return found

    return answer


def before(act: Callable[[], object]) -> Fault:
    """Something happens on the chain before the node has the request."""

    def answer(request: Request, forward: Forward) -> dict[str, Any]:
        act()
        return forward(request)

    return answer


def refused(message: str) -> Fault:
    """The node answers with an error."""

    def answer(request: Request, _: Forward) -> dict[str, Any]:
        error = {"code": -32000, "message": message}
        return {"jsonrpc": "2.0", "id": request["id"], "error": error}

    return answer


def always(value: Any) -> Fault:
    """The same result, whatever the node would say."""

    def answer(request: Request, _: Forward) -> dict[str, Any]:
        return result(request, value)

    return answer


def result(request: Request, value: Any) -> dict[str, Any]:
    """A JSON-RPC answer."""
    return {"jsonrpc": "2.0", "id": request["id"], "result": value}

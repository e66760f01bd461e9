"""A hostile or broken node is refused in words, and its address is never said."""

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from eth_abi.abi import encode

from paramgen.edge import rpc
from paramgen.edge.rpc import MAX_SPANS, SPAN, RpcError, connect, pin
from paramgen.targets.calls import selector
from tests.support.nodes import CHAIN, TIME, Node, block_hash

TARGET = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
TOPIC = b"\x01" * 32
SECRET = "the-key-in-the-address"  # noqa: S105 - not one


def pinned(node, block=None):
    return pin(node.web3(), block)


def with_event(**changes):
    node = Node()
    node.emit(TARGET, [TOPIC], b"\x02" * 32)
    node.events[0].update(changes)
    return node


# --- one chain at one block ---------------------------------------------------------------------


def test_the_latest_block_is_pinned_with_its_hash_and_time():
    found = pinned(Node())
    assert (found.chain_id, found.genesis) == (CHAIN, block_hash(0))
    assert (found.block, found.block_hash, found.time) == (100, block_hash(100), TIME + 100)
    assert pinned(Node(), 7).block_hash == block_hash(7)


def test_a_block_that_is_not_there_or_is_another_is_refused():
    with pytest.raises(RpcError):
        pinned(Node(), 101)
    other = Node(
        tamper=lambda method, result: {**result, "number": "0x8"} if "Block" in method else result
    )
    with pytest.raises(RpcError, match="gives block 8 for block 7"):
        pinned(other, 7)


def test_a_reorganisation_while_reading_is_refused():
    node = Node()
    found = pinned(node)
    found.require_unmoved()
    node.tamper = lambda _, result: {**result, "hash": block_hash(100, "fork")}
    with pytest.raises(RpcError, match="block 100 changed while it was read"):
        found.require_unmoved()


@pytest.mark.parametrize(
    "answer",
    [None, {}, [], "0x", {"number": "0x64", "hash": "0x12", "timestamp": "0x1"},
     {"number": "soon", "hash": block_hash(1), "timestamp": "0x1"}],
)  # fmt: skip
def test_a_damaged_block_is_refused_in_words(answer):
    node = Node(tamper=lambda method, result: answer if "Block" in method else result)
    with pytest.raises(RpcError):
        pinned(node)


# --- getters ------------------------------------------------------------------------------------


def getter(answer):
    return Node(getters={(TARGET.lower(), selector("f(uint256)")): lambda _: answer})


def test_a_getter_is_asked_and_a_revert_is_no_answer():
    found = pinned(getter(encode(["uint256"], [7])))
    assert found.call(TARGET, "f(uint256)", ["uint256"], 1) == (7,)
    assert found.call(TARGET, "g(uint256)", ["uint256"], 1) is None


@pytest.mark.parametrize("answer", [b"", b"\x01", encode(["uint256"], [7]) + b"\0", b"\xff" * 32])
def test_what_the_abi_would_not_write_is_no_answer(answer):
    assert pinned(getter(answer)).call(TARGET, "f(uint256)", ["uint8"], 1) is None


# --- events -------------------------------------------------------------------------------------


def test_events_are_read_over_many_spans_in_the_order_of_the_chain():
    node = Node(height=5 * SPAN)
    for block in (4 * SPAN, 1, SPAN - 1, SPAN, SPAN):
        node.emit(TARGET, [TOPIC], bytes([block % 251]), block)
    logs = pinned(node).logs(TARGET, [TOPIC], 1)
    assert [log.block for log in logs] == [1, SPAN - 1, SPAN, SPAN, 4 * SPAN]
    assert [log.index for log in logs if log.block == SPAN] == [3, 4]
    assert [log.block for log in pinned(node).logs(TARGET, [TOPIC], SPAN)] == [SPAN, SPAN, 4 * SPAN]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"address": "0x" + "22" * 20}, "of another contract"),
        ({"topics": ["0x" + "03" * 32]}, "of another contract or kind"),
        ({"topics": []}, "of another contract or kind"),
        ({"blockNumber": hex(101)}, "outside those asked"),
        ({"blockNumber": hex(9)}, "outside those asked"),
        ({"blockHash": block_hash(50, "fork")}, "does not have"),
        ({"removed": True}, "damaged"),
        ({"data": "0xzz"}, "damaged"),
        ({"logIndex": None}, "damaged"),
        ({"address": "0x12"}, "damaged"),
    ],
)
def test_events_that_were_not_asked_for_are_refused(changes, why):
    node = with_event()
    given = [{**node.events[0], **changes}]
    node.tamper = lambda method, result: given if method == "eth_getLogs" else result
    with pytest.raises(RpcError, match=why):
        pinned(node).logs(TARGET, [TOPIC], 10)


def test_the_same_event_twice_is_refused():
    node = with_event()
    node.tamper = lambda method, result: result * 2 if method == "eth_getLogs" else result
    with pytest.raises(RpcError, match="same event twice"):
        pinned(node).logs(TARGET, [TOPIC], 10)


def test_more_events_or_blocks_than_any_honest_answer_are_refused(monkeypatch):
    monkeypatch.setattr(rpc, "MAX_LOGS", 2)
    node = Node()
    for _ in range(3):
        node.emit(TARGET, [TOPIC], b"")
    with pytest.raises(RpcError, match="more than 2 events"):
        pinned(node).logs(TARGET, [TOPIC], 10)
    with pytest.raises(RpcError, match="name a later --from-block"):
        pinned(Node(height=MAX_SPANS * SPAN + 2)).logs(TARGET, [TOPIC], 0)


def test_what_the_node_says_of_itself_is_cut_and_printable():
    node = with_event()
    node.tamper = lambda method, result: (
        ValueError("\x1b[2J" + "no " * 500) if method == "eth_getLogs" else result
    )
    with pytest.raises(RpcError) as error:
        pinned(node).logs(TARGET, [TOPIC], 10)
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 300


# --- over HTTP ----------------------------------------------------------------------------------


@contextmanager
def served(body, status=200, headers=()):
    """A server that gives everyone one answer; its address, which holds a key."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refused(url):
    with pytest.raises(RpcError) as error:
        pin(connect(url))
    assert SECRET not in str(error.value)
    assert "127.0.0.1" not in str(error.value)
    return str(error.value)


def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(rpc, "MAX_ANSWER", 1 << 20)
    with served(b"0" * (2 << 20)) as url:
        assert "more than 1 MiB" in refused(url)


def test_an_answer_that_drips_is_cut_off(monkeypatch):
    monkeypatch.setattr(rpc, "ANSWER_PATIENCE", -1)
    with served(json.dumps({"result": "0x1"}).encode()) as url:
        assert "takes more than" in refused(url)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b"\xff", b"[" * 200_000, b'{"result": 1, "error": 2}',
     b'{"result": {"a": [1]}}', b'{"error": 7}', b'{"result": null}'],
)  # fmt: skip
def test_what_is_no_answer_is_refused(body):
    with served(body) as url:
        refused(url)


def test_a_redirect_is_not_followed():
    with served(b"", 302, [("Location", "http://127.0.0.1:1/")]) as url:
        assert "HTTP 302" in refused(url)


def test_a_node_that_is_not_there_is_named_by_what_went_wrong_alone():
    with served(b"") as url:
        gone = url
    assert "does not answer" in refused(gone)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1", "127.0.0.1:8545"])
def test_an_address_of_another_kind_is_refused(url):
    with pytest.raises(RpcError, match="begins with http"):
        connect(url)

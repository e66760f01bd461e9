"""Keeps an RPC's credentials out of messages, logs and reports.

Providers carry a key in the address: as user and password, as a part of the path, or as a query.
Libraries put the address, or its path alone, into the errors that they raise.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
_SHORTEST = 4
"""Characters of what is hidden wherever it stands; shorter pieces are words by themselves."""

_URL = re.compile(r"\b(?:https?|wss?)://[^\s'\"<>)\]]*[^\s'\"<>)\].,;:]")
_PATH = re.compile(r"(?<=with url: )\S+")
"""How urllib3 names what it could not get, without the host."""


def redactor(addresses: Iterable[str]) -> Callable[[str], str]:
    """A function that hides what is secret in these addresses, and the secret part of any other.

    Parameters
    ----------
    addresses : of RPCs; only scheme, host and port of each may be shown.
    """
    secrets = {secret for address in addresses for secret in _secrets(address)}
    longest_first = sorted(secrets, key=len, reverse=True)

    def redact(text: str) -> str:
        shown = _PATH.sub(HIDDEN, _URL.sub(lambda found: _shown(found.group()), text))
        for secret in longest_first:
            shown = shown.replace(secret, HIDDEN)
        return shown

    return redact


class Redacting(logging.Filter):
    """Redacts the records of a handler."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the redacted message in place of the record's."""
        record.msg, record.args = self._redact(record.getMessage()), ()
        return True


def _secrets(address: str) -> set[str]:
    """User, password, path and query, as written and decoded; a bare `/` is none."""
    parts = urlsplit(address)
    pieces = {parts.username, parts.password, parts.query, parts.path.rstrip("/")}
    written = {piece for piece in pieces if piece}
    both = written | {unquote(piece) for piece in written}
    return {piece for piece in both if len(piece) >= _SHORTEST}


def _shown(url: str) -> str:
    """Scheme, host and port."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return HIDDEN
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")

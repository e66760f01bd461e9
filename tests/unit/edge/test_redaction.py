"""Credentials of an RPC's address stay out of every text."""

import logging

import pytest
from requests.exceptions import ConnectionError as NoConnection

from paramgen.edge.redaction import Redacting, redactor

ADDRESS = "https://alice:p%40ssword@rpc.example.org:8443/v3/0123456789abcdef?token=sesame"
SECRETS = ("alice", "p%40ssword", "p@ssword", "0123456789abcdef", "sesame")


@pytest.mark.parametrize(
    "text",
    [
        f"cannot reach {ADDRESS}.",
        "Max retries exceeded with url: /v3/0123456789abcdef?token=sesame (Caused by …)",
        "401 for alice with p@ssword",
        "wss://alice:p%40ssword@rpc.example.org/v3/0123456789abcdef",
        "https://someone:else@another.example.org/0123456789abcdef",
    ],
)
def test_no_part_of_an_address_that_is_secret_is_shown(text):
    shown = redactor([ADDRESS])(text)
    assert not any(secret in shown for secret in SECRETS)


def test_scheme_host_and_port_are_shown():
    assert redactor([ADDRESS])(f"at {ADDRESS}") == "at https://rpc.example.org:8443"


def test_a_loopback_address_and_plain_words_stay_as_they_are():
    text = "step a/b at http://127.0.0.1:8545 answered: execution reverted"
    assert redactor(["http://127.0.0.1:8545", "http://u:p@127.0.0.1:8545/"])(text) == text


def test_records_of_a_library_are_redacted_with_their_arguments():
    record = logging.LogRecord("web3", 30, "", 0, "retrying %s: %s", (ADDRESS, "x"), None)
    assert Redacting(redactor([ADDRESS])).filter(record)
    assert record.getMessage() == "retrying https://rpc.example.org:8443: x"


def test_what_requests_says_of_a_lost_connection_is_redacted_even_of_an_unknown_address():
    error = NoConnection(
        "HTTPSConnectionPool(host='rpc.example.org', port=443): Max retries exceeded with url: "
        "/v3/0123456789abcdef (Caused by NewConnectionError('Failed'))"
    )
    assert "0123456789abcdef" not in redactor([])(str(error))

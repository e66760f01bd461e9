"""What every form of governance owes: round trip, same bytes, and no tampering unseen."""

import json
import re

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.targets.calls import Call, ProposalError, arguments, call
from paramgen.targets.envelope import Envelope
from paramgen.targets.governor import proposal_id
from paramgen.targets.governor_bravo import MAX_ACTIONS
from paramgen.targets.registry import FORMATS
from paramgen.targets.safe import checksum

CARRIER = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
STEWARD = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
ENVELOPE = Envelope(
    1, CARRIER, "Treasuries", "Lower the kink\n\n§ 1", 1_700_000_000, b"\x07" * 32, 9
)
CALLS = (
    call(STEWARD, "setPriceMoveLimit(uint256)", 50),
    call(STEWARD, "setGuardrails(uint256[],uint256[])", [1, 2], [3, 2**255]),
)

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: call("0x" + raw.hex(), "f()").to)
calls = st.lists(
    st.builds(Call, addresses, st.integers(0, 2**96), st.binary(max_size=96)),
    min_size=1, max_size=MAX_ACTIONS,
)  # fmt: skip
envelopes = st.builds(
    Envelope, st.integers(1, 2**53 - 1), addresses, st.text(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.integers(0, 2**40), st.binary(min_size=32, max_size=32), st.integers(0, 2**31),
)  # fmt: skip
every_format = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)


@every_format
@settings(max_examples=60, deadline=None)
@given(calls=calls, envelope=envelopes)
def test_what_is_written_is_read_back_whole(form, calls, envelope):
    data = form.write(calls, envelope)
    carried = form.read(data)
    assert carried.calls == tuple(calls)
    assert (carried.chain_id, carried.carrier) == (envelope.chain_id, envelope.carrier)
    if form.carries_description:
        assert carried.description == envelope.description
    assert form.write(calls, envelope) == data


@every_format
@pytest.mark.parametrize("other", "07f")
def test_no_digit_of_a_file_changes_unseen(form, other):
    whole = form.write(CALLS, ENVELOPE)
    text, honest = whole.decode(), form.read(whole)
    for at in [found.start() for found in re.finditer(r"[0-9a-f]", text)][::7]:
        changed = (text[:at] + other + text[at + 1 :]).encode()
        if changed == whole:
            continue
        try:
            carried = form.read(changed)
        except ProposalError:
            continue
        # What a batch does not commit to: the builder's name of it, and when it was made.
        before, after = json.loads(whole), json.loads(changed)
        differing = {key for key in before if before[key] != after.get(key)}
        assert carried != honest or differing == {"meta"}, text[max(0, at - 40) : at + 5]


@every_format
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"format": 1, "format": 2}',
        b'{"actions": []}',
    ],
)
def test_what_is_no_proposal_is_refused_in_words(form, data):
    with pytest.raises(ProposalError):
        form.read(data)


@every_format
def test_an_empty_proposal_is_not_written(form):
    with pytest.raises(ProposalError, match="nothing to propose"):
        form.write((), ENVELOPE)


@pytest.mark.parametrize("name", ["governor", "governor-bravo", "timelock"])
def test_words_beside_the_calldata_have_to_say_the_same(name):
    form = FORMATS[name]
    document = json.loads(form.write(CALLS, ENVELOPE))
    document["actions"][0]["to"] = CARRIER
    with pytest.raises(ProposalError, match="contradicts its own calldata in actions"):
        form.read(json.dumps(document).encode())


def test_a_governor_bravo_takes_ten_actions_and_no_more():
    form = FORMATS["governor-bravo"]
    assert len(form.read(form.write(CALLS * 5, ENVELOPE)).calls) == MAX_ACTIONS
    with pytest.raises(ProposalError, match="at most 10 actions, this needs 12"):
        form.write(CALLS * 6, ENVELOPE)


def test_a_signature_beside_its_arguments_reads_as_the_whole_calldata():
    form = FORMATS["governor-bravo"]
    document = json.loads(form.write(CALLS[:1], ENVELOPE))
    signed = call(
        CARRIER, "propose(address[],uint256[],string[],bytes[],string)", [STEWARD], [0],
        ["setPriceMoveLimit(uint256)"], [encode(["uint256"], [50])], ENVELOPE.description,
    )  # fmt: skip
    document["calldata"] = "0x" + signed.data.hex()
    assert form.read(json.dumps(document).encode()).calls == CALLS[:1]


def test_a_governors_id_commits_to_the_description():
    first, second = (proposal_id(CALLS, text) for text in ("a", "b"))
    assert first != second


@pytest.mark.parametrize("extra", [b"\x00", b"\x00" * 32])
def test_calldata_with_something_appended_is_no_call_of_ours(extra):
    signature = "setPriceMoveLimit(uint256)"
    honest = call(STEWARD, signature, 50)
    assert arguments(honest, signature) == (50,)
    assert arguments(Call(STEWARD, 0, honest.data + extra), signature) is None
    assert arguments(Call(STEWARD, 0, honest.data[:-1]), signature) is None


def test_an_array_that_claims_more_than_there_is_is_refused_at_once():
    # The plugin that every test runs under makes the shared decoder read zeros past the end.
    signature = "setGuardrails(uint256[],uint256[])"
    honest = call(STEWARD, signature, [1], [2])
    data = bytearray(honest.data)
    at = honest.data.index((1).to_bytes(32), 4)
    data[at : at + 32] = (1 << 200).to_bytes(32)
    assert arguments(Call(STEWARD, 0, bytes(data)), signature) is None


def test_a_batch_that_names_a_method_beside_its_data_is_refused():
    form = FORMATS["safe"]
    document = json.loads(form.write(CALLS, ENVELOPE))
    document["transactions"][0]["contractMethod"] = {"name": "other", "inputs": []}
    document["meta"]["checksum"] = checksum(document)
    with pytest.raises(ProposalError, match="names a method beside its data"):
        form.read(json.dumps(document).encode())

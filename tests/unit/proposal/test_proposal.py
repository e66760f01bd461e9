"""A proposal follows from book, plan and request alone, and no part of it can be changed unseen."""

import hashlib
import json
import re
from dataclasses import replace

import pytest
import yaml
from eth_utils.address import to_checksum_address

from paramgen.difference import PARAMETER_IDS, difference
from paramgen.mirror.guardrails import Guardrail
from paramgen.plan import make_plan
from paramgen.proposal.actions import (
    APPLY_BATCH,
    SET_GUARDRAILS,
    SET_PRICE_MOVE_LIMIT,
    actions_of,
)
from paramgen.proposal.document import MANIFEST, REPORT, TEXT, Request, files_of
from paramgen.proposal.verify import verify
from paramgen.targets.calls import ProposalError, arguments, selector
from paramgen.targets.registry import FORMATS
from tests.support.artefacts import sample_artefact, signed
from tests.support.proposals import forged
from tests.support.states import FRESH, STEWARD, state_of, token

CARRIER = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
REQUEST = Request(
    "Lower the LTV of treasuries", "Depth has halved.", CARRIER, 1_900_000_000, 1_700_000_000, 60
)
every_format = pytest.mark.parametrize("name", FORMATS)


def wanted(**integers):
    return sample_artefact(3, **({"ltv": 7_900} | integers))


def assumed():
    return make_plan(wanted(), state_of(sample_artefact(3))).assumes


def left(artefact, plan):
    return difference(artefact, plan.assumes)


def proposal(name="safe", artefact=None, request=REQUEST):
    return files_of(artefact or wanted(), assumed(), request, FORMATS[name])


@every_format
def test_what_was_written_is_verified_from_its_files_and_the_book_alone(name):
    files = proposal(name)
    assert set(files) == {TEXT, REPORT, MANIFEST, FORMATS[name].file}
    assert verify(files, wanted()) == ()
    assert proposal(name) == files


def test_the_batch_carries_the_plans_state_hash_the_artefact_and_the_deadline():
    artefact = wanted()
    plan = make_plan(artefact, state_of(sample_artefact(3)))
    calls = actions_of(artefact, plan.assumes, left(artefact, plan), REQUEST.deadline)
    (batch, state_hash, deadline, artefact_hash) = arguments(calls[-1], APPLY_BATCH)
    assert "0x" + state_hash.hex() == plan.assumes.state_hash
    assert "0x" + artefact_hash.hex() == artefact["hash"]
    assert deadline == REQUEST.deadline
    assert [row[0] for row in batch] == sorted(row[0] for row in batch)
    assert {call.to for call in calls} == {STEWARD}


def test_guardrails_and_the_limit_come_before_the_batch_that_needs_them():
    state = replace(state_of(sample_artefact(3)), guardrails={}, price_move_limit=10)
    artefact = wanted()
    plan = make_plan(artefact, state)
    calls = actions_of(artefact, plan.assumes, left(artefact, plan), REQUEST.deadline)
    heads = [call.data[:4] for call in calls]
    signatures = (SET_GUARDRAILS, SET_PRICE_MOVE_LIMIT, APPLY_BATCH)
    assert heads == [selector(signature) for signature in signatures]
    ids, _ = arguments(calls[0], SET_GUARDRAILS)
    assert set(ids) == set(PARAMETER_IDS.values())


def test_another_book_is_told_field_by_field():
    told = verify(proposal(), wanted(ltv=7_800))
    found = {each.where: (each.proposed, each.compiled) for each in told}
    ltv = [where for where in found if where.endswith(".ltv")]
    assert len(ltv) == 3
    assert {found[where] for where in ltv} == {("79 %", "78 %")}
    assert any("artefact hash" in where for where in found)
    assert f"{MANIFEST}: artefact" in found


def changed(files, name, old, new):
    assert old in files[name], (name, old)
    return {**files, name: files[name].replace(old, new, 1)}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TEXT, b"79 |", b"78 |"),
        (TEXT, b"Depth has halved", b"Depth has doubled"),
        (REPORT, b"</h1>", b"!</h1>"),
        ("safe.json", b'"chainId": "31337"', b'"chainId": "1"'),
        (MANIFEST, b'"deadline":1900000000', b'"deadline":1900000001'),
        (MANIFEST, b'"chain_id":31337', b'"chain_id":1'),
        (MANIFEST, b"Depth has halved", b"Depth has doubled"),
        (MANIFEST, STEWARD.encode(), CARRIER.encode()),
        (MANIFEST, CARRIER.encode(), STEWARD.encode()),
    ],
)
def test_tampering_with_one_part_is_caught(file, old, new):
    files = proposal()
    assert verify(changed(files, file, old, new), wanted())


@every_format
def test_a_digit_of_the_calldata_is_caught_and_named(name):
    files = proposal(name)
    form = FORMATS[name]
    carried = form.read(files[form.file])
    data = bytearray(carried.calls[-1].data)
    at = data.index((1_900_000_000).to_bytes(32))
    data[at + 31] ^= 1
    calls = (*carried.calls[:-1], replace(carried.calls[-1], data=bytes(data)))
    forged = files_with(files, form, calls)
    where = {each.where for each in verify(forged, wanted())}
    assert f"{form.file}: call {len(calls)}: deadline" in where


def files_with(files, form, calls):
    return forged(files, form, calls, REQUEST)


@every_format
def test_another_target_and_a_call_more_are_caught_and_named(name):
    files, form = proposal(name), FORMATS[name]
    calls = form.read(files[form.file]).calls
    moved = files_with(files, form, (*calls[:-1], replace(calls[-1], to=CARRIER)))
    told = {(each.where.rpartition(" ")[2], each.proposed) for each in verify(moved, wanted())}
    assert ("to", CARRIER) in told
    more = files_with(files, form, (*calls, calls[0]))
    assert any(each.where == f"{form.file}: calls" for each in verify(more, wanted()))


def test_the_order_of_calls_is_part_of_a_proposal():
    state = replace(state_of(sample_artefact(3)), price_move_limit=10)
    artefact, form = wanted(), FORMATS["safe"]
    files = files_of(artefact, make_plan(artefact, state).assumes, REQUEST, form)
    calls = form.read(files[form.file]).calls
    assert len(calls) == 2
    assert verify(files, artefact) == ()
    assert verify(files_with(files, form, calls[::-1]), artefact)


def test_a_governors_description_commits_to_the_whole_text():
    files, form = proposal("governor"), FORMATS["governor"]
    assert hashlib.sha256(files[TEXT]).hexdigest() in form.read(files[form.file]).description


@pytest.mark.parametrize("missing", [TEXT, REPORT, "safe.json"])
def test_a_file_too_few_or_too_many_is_caught(missing):
    files = proposal()
    few = {name: data for name, data in files.items() if name != missing}
    assert [each.where for each in verify(few, wanted())] == [missing]
    many = {**files, "execute-me.json": b"{}"}
    assert [each.where for each in verify(many, wanted())] == ["execute-me.json"]


def test_without_a_manifest_nothing_can_be_told():
    files = proposal()
    del files[MANIFEST]
    with pytest.raises(ProposalError, match="there is no manifest"):
        verify(files, wanted())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), ["safe"]),
        (("format",), "nonsense"),
        (("schema",), "paramgen/proposal/9"),
        (("request", "deadline"), "soon"),
        (("request", "title"), 7),
        (("request", "carrier"), "0x12"),
        (("assumes",), {}),
        (("assumes", "chain_id"), "one"),
        (("assumes", "markets", "asset-0", "words"), {}),
        (("assumes", "markets", "asset-0", "words", "rate"), "0x1" + "0" * 64),
        (("assumes", "markets", "asset-0", "address"), "0x00"),
    ],
)
def test_a_hostile_manifest_is_refused_in_words(path, value):
    files = proposal()
    document = json.loads(files[MANIFEST])
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ProposalError):
        verify({**files, MANIFEST: json.dumps(document).encode()}, wanted())


def test_what_the_chain_would_refuse_of_anyone_is_not_proposed():
    with pytest.raises(ProposalError, match="OutsideEnvelope"):
        proposal(artefact=wanted(liquidation_threshold=9_600, liquidation_bonus=0))
    with pytest.raises(ProposalError, match="DecayLiquidates"):
        proposal(artefact=wanted(ltv=8_500))


def test_nothing_to_change_and_nothing_deployed_are_no_proposals():
    same = sample_artefact(3)
    with pytest.raises(ProposalError, match="nothing to propose"):
        files_of(same, make_plan(same, state_of(same)).assumes, REQUEST, FORMATS["safe"])
    with pytest.raises(ProposalError, match="Deploy and list first"):
        files_of(same, make_plan(same, FRESH).assumes, REQUEST, FORMATS["safe"])


def test_a_because_cannot_break_out_of_its_cell():
    artefact = wanted()
    found = artefact["markets"]["asset-0"]["parameters"]["ltv"]
    found["because"] = "a | b\n\n## Approved\n"
    text = proposal(artefact=signed(artefact))[TEXT].decode()
    assert "\n## Approved" not in text
    assert r"a \| b ## Approved" in text


def test_every_field_that_changes_stands_in_the_text_with_its_because():
    text = proposal()[TEXT].decode()
    for asset in ("asset-0", "asset-1", "asset-2"):
        assert re.search(rf"\| {asset} \| ltv \| [\d.]+ \| 79 \| % \|", text)
        assert f"| {asset} | ltv | ltv! |" in text


def test_the_front_matter_is_yaml_that_keeps_addresses_and_hashes_as_text():
    hostile = replace(REQUEST, title='Say "yes": all\\ of #1')
    text = proposal(request=hostile)[TEXT].decode()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["title"] == hostile.title
    assert front["steward"] == STEWARD
    assert front["artefact"] == wanted()["hash"]
    assert f"1. `applyBatch` of `{STEWARD}`" in text


def declaring(artefact, **tokens):
    """The artefact with the book's own addresses of its tokens."""
    for asset, address in tokens.items():
        market = artefact["markets"][asset.replace("_", "-")]
        market["deployments"] = {"ethereum:mainnet": {"token": address}}
    return signed(artefact)


def test_two_assets_whose_addresses_were_exchanged_are_caught():
    honest = declaring(wanted(), asset_0=token(0), asset_1=token(1).upper().replace("X", "x"))
    assert verify(proposal(artefact=honest), honest) == ()
    exchanged = declaring(wanted(), asset_0=token(1), asset_1=token(0))
    told = {each.where for each in verify(proposal(artefact=exchanged), exchanged)}
    assert told == {f"{MANIFEST}: address of {asset}" for asset in ("asset-0", "asset-1")}


def test_calls_are_told_by_the_names_of_assets_whatever_the_case_of_their_addresses():
    state = state_of(sample_artefact(3))
    address = to_checksum_address("0x" + "ab" * 20)
    market = replace(state.market("asset-0"), standing=replace(
        state.market("asset-0").standing, address=address))  # fmt: skip
    moved = replace(state, markets={**state.markets, "asset-0": market})
    plan = make_plan(wanted(), moved)
    text = files_of(wanted(), plan.assumes, REQUEST, FORMATS["safe"])[TEXT].decode()
    assert "| asset-0.collateral | `0x" in text
    assert "abab.collateral" not in text


def test_settings_are_written_as_a_person_reads_them():
    state = replace(state_of(sample_artefact(3)), price_move_limit=10)
    ltv = PARAMETER_IDS["ltv"]
    half = replace(Guardrail.unpack(state.guardrails[ltv]), maximum=5_000).pack()
    state = replace(state, guardrails={ltv: half})
    files = files_of(wanted(), make_plan(wanted(), state).assumes, REQUEST, FORMATS["safe"])
    text, page = files[TEXT].decode(), files[REPORT].decode()
    assert re.search(r"\| ltv \| before \| [\d.]+ \| 50 \| % \| [\d.]+ % \|", text)
    assert "| kink | before |" not in text
    assert re.search(r"\| ltv \| after \| [\d.]+ \| [\d.]+ \| % \| [\d.]+ % \|", text)
    assert "Price move limit: 10 → 50 bp." in text
    assert "Guardrails that change" in page
    assert "How far a batch may move a live price" in page


@pytest.mark.parametrize(
    ("assets", "said"),
    [(1, "What 1 market would run on, beside what it runs on."),
     (3, "What 3 markets would run on, beside what they run on.")],
)  # fmt: skip
def test_the_page_says_how_many_markets_change(assets, said):
    artefact = sample_artefact(assets, ltv=7_900)
    plan = make_plan(artefact, state_of(sample_artefact(assets)))
    assert said in files_of(artefact, plan.assumes, REQUEST, FORMATS["safe"])[REPORT].decode()


def test_the_page_of_settings_alone_counts_no_markets():
    state = replace(state_of(sample_artefact(1)), price_move_limit=10)
    plan = make_plan(sample_artefact(1), state)
    page = files_of(sample_artefact(1), plan.assumes, REQUEST, FORMATS["safe"])[REPORT].decode()
    assert "What the steward's settings would be" in page or "steward&#39;s settings" in page


def test_the_report_draws_a_rate_that_changes():
    with_rate = proposal(artefact=wanted(kink=8 * 10**17))[REPORT].decode()
    assert with_rate.count("data:image/svg+xml") == 3
    assert proposal()[REPORT].decode().count("data:image/svg+xml") == 0

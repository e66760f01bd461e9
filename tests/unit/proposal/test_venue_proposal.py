"""A venue's proposal follows from book and request alone; no part of it can be changed unseen."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from paramgen.proposal.document import MANIFEST, REPORT, TEXT, Request
from paramgen.proposal.venue import (
    VALUES,
    Standing,
    read_standing,
    standing_document,
    target_of,
    venue_files,
)
from paramgen.proposal.verify import verify
from paramgen.targets.calls import Call, ProposalError
from paramgen.targets.registry import FORMATS, VENUES
from tests.support.artefacts import sample_artefact, signed
from tests.support.proposals import forged
from tests.support.stub_venues import holding
from tests.support.venues import EXECUTOR, MARKETS

CARRIER = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
REQUEST = Request("List treasuries", "As compiled.", CARRIER, 0, 1_700_000_000, 60)
NAME = "house"
SETTLED = {"ltv": 7_900, "liquidation_bonus": 400, "supply_cap": 10_000_000}
every_venue = pytest.mark.parametrize("kind", VENUES)


def artefact(kind="comet", *, assets=1, entries=None, **integers):
    """An artefact whose assets are listed on a venue; `entries` change one asset's entry each."""
    document = sample_artefact(assets, **(SETTLED | integers))
    for index, market in enumerate(document["markets"].values()):
        change = (entries or {}).get(index, {})
        entry = {"kind": kind, "chain_id": 1} | MARKETS[kind] | change
        market["venues"] = {NAME: {"market": entry}}
        market["beside"]["morpho_lltv"] = "0.77"
    return signed(document)


def proposal(kind="comet", form="safe", request=REQUEST, **changes):
    return venue_files(artefact(kind, **changes), NAME, request, FORMATS[form])


@every_venue
@pytest.mark.parametrize("form", FORMATS)
def test_every_venue_goes_by_every_form_and_is_verified_from_the_book_alone(kind, form):
    files = proposal(kind, form)
    assert set(files) == {TEXT, REPORT, MANIFEST, VALUES, FORMATS[form].file}
    assert verify(files, artefact(kind)) == ()
    assert proposal(kind, form) == files


@every_venue
def test_the_text_names_every_value_with_its_unit(kind):
    files = proposal(kind)
    text, values = files[TEXT].decode(), json.loads(files[VALUES])["values"]
    assert values
    rows = text.partition("## Diff")[2]
    for each in values:
        unit = VENUES[kind].units[each["name"]].name
        assert f"| {each['name']} | " in rows
        if unit:
            assert f"| {unit} |" in rows
    assert "## Motivation" in text
    assert "kink!" in text


@every_venue
def test_a_curve_is_drawn_and_its_error_is_said_where_the_venue_sets_one(kind):
    files = proposal(kind)
    drawn = [each for each in json.loads(files[VALUES])["curves"].values() if each]
    assert files[REPORT].decode().count("data:image/svg+xml") == len(drawn)
    assert files[TEXT].decode().count("stated bound") == len(drawn)
    for each in drawn:
        assert float(each["above_compiled_bp_at_most"]) <= float(each["stated_bound_bp"])


def rewritten(files, form, calls):
    return forged(files, form, calls, REQUEST)


@every_venue
@pytest.mark.parametrize("name", FORMATS)
def test_one_bit_of_a_call_is_caught(kind, name):
    form, files = FORMATS[name], proposal(kind, name)
    calls = form.read(files[form.file]).calls
    data = bytearray(calls[0].data)
    data[-1] ^= 1
    forged = rewritten(files, form, (replace(calls[0], data=bytes(data)), *calls[1:]))
    told = verify(forged, artefact(kind))
    assert any(each.where.startswith(f"{form.file}: call 1: ") for each in told)


@every_venue
def test_another_target_order_and_number_of_calls_are_caught_and_named(kind):
    form, files = FORMATS["governor"], proposal(kind, "governor")
    calls = form.read(files[form.file]).calls
    moved = rewritten(files, form, (Call(CARRIER, 0, calls[0].data), *calls[1:]))
    assert any(e.where.endswith("call 1: to") for e in verify(moved, artefact(kind)))
    more = rewritten(files, form, (*calls, calls[0]))
    assert any(e.where == "governor.json: calls" for e in verify(more, artefact(kind)))
    if len(calls) > 1:
        turned = rewritten(files, form, calls[::-1])
        assert any("call 1" in e.where for e in verify(turned, artefact(kind)))


def test_a_digit_is_told_by_the_venues_own_name_and_both_values():
    told = verify(proposal(), artefact(ltv=7_800))
    found = {each.where: (each.proposed, each.compiled) for each in told}
    (where,) = [each for each in found if "borrowCollateralFactor" in each]
    assert where.startswith("safe.json: call 5: borrowCollateralFactor of 0x")
    assert found[where] == (
        "790000000000000000 1e-18 = 79 %", "780000000000000000 1e-18 = 78 %",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TEXT, b"| 79 % |", b"| 78 % |"),
        (TEXT, b"As compiled", b"As desired"),
        (REPORT, b"</h1>", b"!</h1>"),
        ("safe.json", b'"chainId": "1"', b'"chainId": "10"'),
        (VALUES, b'"chain_id": 1', b'"chain_id": 10'),
        (VALUES, b"790000000000000000", b"780000000000000000"),
        (VALUES, b"{", b"{]"),
        (MANIFEST, b'"chain_id":1', b'"chain_id":2'),
        (MANIFEST, b'"venue":"comet"', b'"venue":"euler"'),
        (MANIFEST, b'"target":"house"', b'"target":"home"'),
        (MANIFEST, CARRIER.encode(), EXECUTOR.encode()),
    ],
)
def test_tampering_with_one_part_is_caught(file, old, new):
    files = proposal()
    assert old in files[file], (file, old)
    assert verify({**files, file: files[file].replace(old, new, 1)}, artefact())


def test_a_proposal_for_another_chain_is_told_by_its_chain():
    told = verify(proposal(), artefact(entries={0: {"chain_id": 8453}}))
    assert ("safe.json: chain id", "1", "8453") in {
        (each.where, each.proposed, each.compiled) for each in told
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", "nonsense"), ("target", 7), ("request", {}), ("venue", None), ("extra", 1)],
)
def test_a_hostile_manifest_is_refused_in_words_or_told_as_different(key, value):
    files = proposal()
    document = json.loads(files[MANIFEST]) | {key: value}
    forged = {**files, MANIFEST: json.dumps(document).encode()}
    with suppress(ProposalError):
        assert verify(forged, artefact())


def test_a_target_that_no_asset_names_is_refused_with_those_that_are():
    with pytest.raises(
        ProposalError, match="no asset of the book is listed on 'hose': it has house"
    ):
        target_of(artefact(), "hose")
    with pytest.raises(ProposalError, match="it has none"):
        target_of(sample_artefact(1), NAME)


def test_one_name_is_one_venue_on_one_chain():
    torn = artefact(assets=2, entries={1: {"chain_id": 10}})
    with pytest.raises(ProposalError, match="not one venue: asset-0 on comet of chain 1; asset-1"):
        target_of(torn, NAME)


def test_several_assets_make_one_proposal_with_rows_side_by_side():
    other = {1: {"collateral": EXECUTOR}}
    files = proposal("aave-config-engine", assets=2, entries=other)
    calls = FORMATS["safe"].read(files["safe.json"]).calls
    assert len(calls) == 3
    assert verify(files, artefact("aave-config-engine", assets=2, entries=other)) == ()


def test_assets_that_want_one_reserves_rates_differently_are_refused():
    document = artefact("aave-config-engine", assets=2, entries={1: {"collateral": EXECUTOR}})
    document["markets"]["asset-1"]["parameters"]["kink"]["integer"] = str(8 * 10**17)
    with pytest.raises(ProposalError, match="assets disagree on optimalUsageRatio"):
        venue_files(signed(document), NAME, REQUEST, FORMATS["safe"])


def test_a_damaged_entry_is_refused_in_words():
    document = artefact()
    document["markets"]["asset-0"]["venues"][NAME]["market"]["chain_id"] = "one"
    with pytest.raises(ProposalError, match="asset-0 has a damaged entry for house"):
        target_of(signed(document), NAME)


def test_fraxlends_rate_contract_is_deployed_before_with_the_input_that_is_said():
    files = proposal("fraxlend")
    (creation,) = json.loads(files[VALUES])["creations"]
    assert creation["constructor_arguments"] in files[TEXT].decode()


# --- what stands ----------------------------------------------------------------------------------

LEAVING_OUT = ("aave-config-engine", "aave-risk-steward", "euler")
KEPT, NOT_SENT, SENT = "unchanged, kept", "unchanged, not sent", "unchanged, sent again"
NOTES = {
    "aave-config-engine": {KEPT, NOT_SENT},
    "aave-risk-steward": {KEPT, NOT_SENT},
    "comet": {SENT},
    "euler": {NOT_SENT, SENT},
    "fraxlend": {NOT_SENT},
    "risk-oracle": {SENT},
}


def standing(document, **changes):
    """What a chain would be found to hold where all stands but the `changes`."""
    target = target_of(document, NAME)
    (placed,) = target.placed
    stub = holding(target.venue.name, placed.market, placed.settings, **changes)
    present = target.venue.present(placed.settings, placed.market, stub)
    return Standing(1, "0x" + "aa" * 32, 77, "0x" + "bb" * 32, present)


def one_moved(kind):
    """The artefact, what stands, and the name of the one value that does not."""
    document = artefact(kind)
    settings = target_of(document, NAME).settings
    name = next(each.name for each in settings if isinstance(each.value, int))
    changed = next(each.value for each in settings if each.name == name) - 1
    return document, standing(document, **{name: changed}), name


def files_over(document, found):
    return venue_files(document, NAME, REQUEST, FORMATS["safe"], found)


@pytest.mark.parametrize("kind", NOTES)
def test_a_proposal_over_what_stands_says_before_and_after_and_is_verified(kind):
    document, found, name = one_moved(kind)
    files = files_over(document, found)
    assert verify(files, document) == ()
    assert files_over(document, found) == files
    text = files[TEXT].decode()
    assert "read at block 77 (`0x" + "bb" * 32 in text
    (row,) = [line for line in text.splitlines() if f"| {name} | " in line and "|---" not in line
              and line.count("|") > 8 and "unchanged" not in line][:1]  # fmt: skip
    before, after = (cell.strip() for cell in row.split("|")[3:5])
    assert (int(before), int(after)) == (int(after) - 1, int(before) + 1)
    notes = {line.split("|")[-2].strip() for line in text.splitlines() if "unchanged" in line}
    assert notes == NOTES[kind]
    assert "as read at block 77" in files[REPORT].decode()


@pytest.mark.parametrize("kind", LEAVING_OUT)
def test_what_stands_is_left_out_of_the_calls_and_the_artefact_still_decides_the_rest(kind):
    document, found, name = one_moved(kind)
    venue, form = VENUES[kind], FORMATS["safe"]
    calls = form.read(files_over(document, found)[form.file]).calls
    told = [each for call in calls for each in venue.tell(call)]
    everything = form.read(proposal(kind)[form.file]).calls
    assert len(calls) < len(everything)
    wanted = {each.name: each.value for each in target_of(document, NAME).settings}
    assert {each.name: each.value for each in told}[name] == wanted[name]
    for each in told:
        assert each.value in (None, wanted[each.name])


def test_a_rate_contract_like_the_one_that_stands_is_not_deployed_again():
    document, found, _ = one_moved("fraxlend")
    assert json.loads(proposal("fraxlend")[VALUES])["creations"]
    assert json.loads(files_over(document, found)[VALUES])["creations"] == []


@every_venue
def test_nothing_is_proposed_where_everything_stands(kind):
    document = artefact(kind)
    with pytest.raises(ProposalError, match="nothing to propose: house holds every value"):
        files_over(document, standing(document))


def test_without_a_chain_the_page_says_that_what_stands_before_is_unknown():
    files = proposal()
    assert "What stands before is unknown" in files[TEXT].decode()
    assert "unknown: no chain was read" in files[REPORT].decode()
    assert "assumes" not in json.loads(files[MANIFEST])


def test_what_stands_on_another_chain_is_refused():
    document, found, _ = one_moved("comet")
    with pytest.raises(ProposalError, match="is on chain 1; what stands was read on chain 5"):
        files_over(document, replace(found, chain_id=5))


@every_venue
def test_what_stands_is_read_back_from_the_manifest_as_it_was(kind):
    document = artefact(kind)
    found = standing(document, **{"eMode.label": "7"})
    written = json.loads(json.dumps(standing_document(found)))
    assert read_standing(written, VENUES[kind]) == found


@pytest.mark.parametrize(
    "change",
    [{"block": "x"}, {"values": 7}, {"values": [7]}, {"genesis": "aa"}, {"extra": 1},
     {"values": [{"of": ["0x"], "name": "nonsense", "value": "7"}]},
     {"values": [{"of": 7, "name": "borrowKink", "value": "7"}]},
     {"values": [{"of": ["0x"], "name": "borrowKink", "value": 7}]}],
)  # fmt: skip
def test_damage_to_what_stands_in_a_manifest_is_refused_in_words(change):
    document, found, _ = one_moved("comet")
    files = files_over(document, found)
    manifest = json.loads(files[MANIFEST])
    manifest["assumes"] |= change
    with pytest.raises(ProposalError):
        verify({**files, MANIFEST: json.dumps(manifest).encode()}, document)


@pytest.mark.parametrize("kind", LEAVING_OUT)
def test_a_value_that_is_said_to_stand_and_sent_is_caught(kind):
    """Somebody changes the manifest so that a value would be left out: the calls still have it."""
    document, found, name = one_moved(kind)
    files = files_over(document, found)
    manifest = json.loads(files[MANIFEST])
    wanted = {each.name: each.value for each in target_of(document, NAME).settings}
    for each in manifest["assumes"]["values"]:
        if each["name"] == name:
            each["value"] = str(wanted[name])
    assert verify({**files, MANIFEST: json.dumps(manifest).encode()}, document)

"""What a person gets wrong in a book, and what they are told, with file and line."""

from __future__ import annotations

import hashlib
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.book.resolve import find_input
from paramgen.edge import load
from paramgen.edge.load import load_book
from paramgen.errors import InvalidInputError
from tests.support.books import BOOK, HISTORY, HISTORY_SHA256, POLICY, line_of, swap, write_book

BILL = "  bill:\n    name: Tokenised"
NOTE = "  note:\n"
MIX = "  mix:\n"


def problems_of(folder, book=BOOK, policy=POLICY, history=HISTORY):
    """Problems as (file, line, field, value, bound, hint); the folder's own name is left out."""
    with pytest.raises(InvalidInputError) as raised:
        load_book(write_book(folder, book, policy, history))
    return [
        (
            problem.place.file.replace(f"{folder}/", ""),
            problem.place.line,
            problem.field,
            problem.value,
            problem.bound.replace(f"{folder}/", ""),
            problem.hint,
        )
        for problem in raised.value.problems
    ]


def only_problem(folder, **texts):
    (problem,) = problems_of(folder, **texts)
    return problem


def in_book(old, new, after=""):
    """Break the book once, in the first place from `after` on; return it and the line."""
    start = BOOK.index(after) if after else 0
    assert old in BOOK[start:], old
    broken = BOOK[:start] + BOOK[start:].replace(old, new, 1)
    return broken, line_of(BOOK, old, after) + (len(old) - len(old.lstrip("\n")))


# What is loaded -----------------------------------------------------------------------------------


def test_a_valid_book_loads_with_its_hashes_histories_lines_and_evidence(tmp_path):
    path = write_book(tmp_path)
    loaded = load_book(path)
    assert [(item.role, item.file) for item in loaded.inputs] == [
        ("book", "book.yaml"),
        ("policy", "policy.yaml"),
        ("evidence:bill-prices", "evidence/bill.csv"),
    ]
    assert loaded.inputs[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.inputs[2].sha256 == HISTORY_SHA256
    assert loaded.histories["bill-prices"].prices.tolist() == [100.0, 100.01, 100.03, 100.04]
    where = loaded.lines["assets.bill.liquidity.routes.pool.depth"]
    assert (where.file, where.line) == (str(path), line_of(BOOK, "depth: 2 000 000"))
    assert loaded.lines["policy.rates"].line == line_of(POLICY, "rates: {")


def test_an_input_rests_on_the_evidence_of_the_nearest_section_around_it(tmp_path):
    loaded = load_book(write_book(tmp_path))
    evidence = {
        "assets.bill.credit.pd": "report",
        "assets.note.credit.pd": "guess",
        "curve.par_yields.1.5M": "report",
        "curve.par_yields.1Y": "guess",
    }
    assert {path: find_input(loaded.book, path).evidence for path in evidence} == evidence
    assert find_input(loaded.policy, "confidence").evidence == "policy"


def test_a_given_policy_stands_in_for_the_one_the_book_names(tmp_path):
    (tmp_path / "a").mkdir()
    book = write_book(tmp_path / "a")
    other = tmp_path / "other.yaml"
    other.write_text(swap(POLICY, "Small policy", "Another policy"))
    loaded = load_book(book, policy=other)
    assert loaded.policy.name == "Another policy"
    assert loaded.inputs[1].file == str(other)


# Quantities ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [".nan", "NaN", ".inf", "-.inf", "inf", "Infinity", "true", "yes", "1e-3", "0x1", "1,5 %",
     "1 / 3", "٣ %", "", "%", "1 bp bp", "--1", "1 % 2"],
)  # fmt: skip
def test_what_is_no_decimal_is_no_number(tmp_path, text):
    book, line = in_book("pd: 1 bp", f"pd: '{text}'")
    file, at, field, value, bound, _ = only_problem(tmp_path, book=book)
    assert (file, at, field, value) == ("book.yaml", line, "assets.bill.credit.pd", text)
    assert bound == 'must be a fraction such as "25 bp", "4.8 %" or "0.048".'


@pytest.mark.parametrize(
    "case",
    [
        ("lgd: 30 %", "lgd: 40", "credit.lgd", "40", "must lie in [0, 1].",
         'Did you mean "40 %"?'),
        ("lgd: 30 %", "lgd: {value: 40, note: x}", "credit.lgd", "40", "must lie in [0, 1].",
         'Did you mean "40 %"?'),
        ("lgd: 30 %", 'lgd: "1.4"', "credit.lgd", "1.4", "must lie in [0, 1].",
         'Did you mean "1.4 %"?'),
        ("lgd: 30 %", "lgd: 140 %", "credit.lgd", "140 %", "must lie in [0, 1].", ""),
        ("lgd: 30 %", "lgd: -1 %", "credit.lgd", "-1 %", "must lie in [0, 1].", ""),
        ("lgd: 30 %", "lgd: 1 d", "credit.lgd", "1 d",
         'is of another kind; must be a fraction such as "25 bp", "4.8 %" or "0.048".', ""),
        ("risk_free: 4.8 %/y", "risk_free: 4.8 %", "risk_free", "4.8 %",
         'is of another kind; must be a rate such as "4.8 %/y" or "25 bp/y".', ""),
        ("issuance: 20 000 000 USD", "issuance: 20 000 000", "issuance", "20 000 000",
         'has no unit; must be money such as "8 000 000 USD".', ""),
        ("time: 7 d", "time: -7 d", "liquidity.routes.dealer.time", "-7 d", "must be ≥ 0 s.", ""),
        ("volatility: 6 %/y", "volatility: 600 %/y", "market.volatility", "600 %/y",
         "must lie in [0 %/y, 500 %/y].", ""),
        ("lgd: 30 %", "lgd: [30 %]", "credit.lgd", "", "must be one quantity, not a list.", ""),
        ("lgd: 30 %", "lgd: {note: x}", "credit.lgd", "", "needs a value.",
         "Write it as in {value: …, evidence: …}."),
    ],
)  # fmt: skip
def test_a_quantity_out_of_bounds_is_shown_with_field_bound_and_hint(tmp_path, case):
    old, new, field, value, bound, hint = case
    book, line = in_book(old, new, NOTE)
    wanted = ("book.yaml", line, f"assets.note.{field}", value, bound, hint)
    assert only_problem(tmp_path, book=book) == wanted


def test_a_negative_depth_is_told_what_depth_means(tmp_path):
    book, line = in_book("depth: 2 000 000 USD", "depth: -2 000 000 USD")
    assert only_problem(tmp_path, book=book) == (
        "book.yaml", line, "assets.bill.liquidity.routes.pool.depth", "-2 000 000 USD",
        "must be ≥ 0 USD.",
        "Depth is the active liquidity at the spot tick, not TVL; see docs/evidence.md#depth.",
    )  # fmt: skip


def test_a_threshold_above_one_is_refused_in_the_policy_too(tmp_path):
    policy = swap(POLICY, "confidence: 99 %", "confidence: 1.99")
    line = line_of(POLICY, "confidence: 99 %")
    assert only_problem(tmp_path, policy=policy) == (
        "policy.yaml", line, "confidence", "1.99", "must lie in [0, 1].", 'Did you mean "1.99 %"?',
    )  # fmt: skip


# Shape --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        ("      pd: 35 bp", "      pdd: 35 bp", "credit.pdd", "35 bp", "is not a known key.",
         'Did you mean "pd"?'),
        ("    jurisdiction: sg", "    juristiction: sg", "juristiction", "sg",
         "is not a known key.", 'Did you mean "jurisdiction"?'),
        ("kind: negotiated", "kind: negociated", "liquidity.routes.dealer.kind", "negociated",
         "must be one of 'amm', 'clob', 'redemption', 'negotiated'.",
         'Did you mean "negotiated"?'),
        ("stressed: 12 %", "stressed: 2 %", "liquidity.routes.dealer", "",
         "has a stressed discount below the normal one.", ""),
        ("class: corporate-note", "class: corporate", "class", "corporate", None,
         'Did you mean "corporate-note"?'),
        ("price_as_of: 2025-12-30", "price_as_of: 30.12.2025", "oracle.price_as_of", "30.12.2025",
         "must be a date or time, such as 2025-12-31 or 2025-12-31T16:00:00Z.", ""),
        ("    risk_free: 4.8 %/y", "    risk_free: 4.8 %/y\n    decimals: 1.5", "decimals", "1.5",
         "must be a whole number, such as 12.", ""),
        ("    risk_free: 4.8 %/y", "    risk_free: 4.8 %/y\n    decimals: 19", "decimals", "19",
         "must be at most 18.", ""),
        ("heartbeat: 1 d", "heartbeat: 1 d\n        calender: business",
         "oracle.primary.calender", "business", "is not a known key.",
         'Did you mean "calendar"?'),
        ("time: 7 d", "times: 7 d", "liquidity.routes.dealer.times", "7 d",
         "is not a known key.", 'Did you mean "time"?'),
        ("lgd: 30 %", "lgd: {value: 30 %, evidense: guess}", "credit.lgd.evidense", "guess",
         "is not a known key.", 'Did you mean "evidence"?'),
        ("    credit:\n      evidence: guess\n      pd: 35 bp\n      lgd: 30 %",
         "    credit: 35 bp", "credit", "35 bp", "must be a mapping of keys to values.", ""),
    ],
)  # fmt: skip
def test_a_wrong_shape_names_the_key_and_the_nearest_known_one(tmp_path, case):
    old, new, field, value, bound, hint = case
    book, _ = in_book(old, new, NOTE)
    found = {problem[2]: problem for problem in problems_of(tmp_path, book=book)}
    _, line, _, shown, said, advised = found[f"assets.note.{field}"]
    assert shown == value
    assert said == (bound or said)
    assert advised == hint
    key = field.rpartition(".")[2] if shown else field.rpartition(".")[2] + ":"
    assert line == line_of(book, key, NOTE)


def test_a_missing_key_stands_on_the_line_of_the_section_that_lacks_it(tmp_path):
    book, _ = in_book("          discount: 5 %\n", "", NOTE)
    assert only_problem(tmp_path, book=book) == (
        "book.yaml", line_of(book, "dealer:"), "assets.note.liquidity.routes.dealer.discount", "",
        "is required.", "",
    )  # fmt: skip


def test_an_identifier_is_told_its_form(tmp_path):
    book, line = in_book("  vault:\n", "  The_Vault:\n")
    found = problems_of(tmp_path, book=book)
    assert (
        "book.yaml", line, "counterparties.The_Vault", "The_Vault",
        'must be lower-case words joined by hyphens, such as "sg-short-note".', "",
    ) in found  # fmt: skip


def test_a_bad_sha256_and_a_bad_address_are_told_their_form(tmp_path):
    book = swap(BOOK, HISTORY_SHA256, "ABC")
    book = swap(book, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5a")
    found = {problem[2]: problem[4] for problem in problems_of(tmp_path, book=book)}
    assert found["sources.bill-prices.sha256"] == "must be 64 lower-case hexadecimal digits."
    address = found["assets.mix.deployments.ethereum:mainnet.token"]
    assert address == "must be 0x and 40 hexadecimal digits."


def test_a_mistyped_address_fails_its_checksum(tmp_path):
    book, line = in_book("F3E94C9b9A0", "F3E94c9b9A0")
    _, at, field, _, bound, hint = only_problem(tmp_path, book=book)
    assert (at, field) == (line, "assets.mix.deployments.ethereum:mainnet.token")
    assert bound == "has a wrong checksum."
    assert "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" in hint


# References ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        ("evidence: guess, note", "evidence: gues, note", "", "curve.par_yields.1Y.evidence",
         "gues", "names no source of the book.", 'Did you mean "guess"?'),
        ("evidence: guess\n", "evidence: gues\n", NOTE, "assets.note.credit.evidence", "gues",
         "names no source of the book.", 'Did you mean "guess"?'),
        ("counterparties: [vault]", "counterparties: [volt]", BILL,
         "assets.bill.counterparties.0", "volt", "names no counterparty of the book.",
         'Did you mean "vault"?'),
        ("counterparties: [vault]", "counterparties: [vault, vault]", BILL,
         "assets.bill.counterparties.1", "vault", "is listed twice.", ""),
        ("jurisdiction: sg", "jurisdiction: hk", NOTE, "assets.note.jurisdiction", "hk",
         "names no jurisdiction of the book.", "Known: sg."),
        ("asset: bill", "asset: bil", MIX, "assets.mix.basket.members.0.asset", "bil",
         "names no asset of the book.", 'Did you mean "bill"?'),
        ("asset: bill", "asset: mix", MIX, "assets.mix.basket", "mix", "is a basket of itself.",
         "A basket's members are other assets, whose own baskets do not lead back to it."),
        ("weight: 60 %", "weight: 61 %", MIX, "assets.mix.basket.members", "101 %",
         "must have weights that sum to 100 %.", ""),
        ("history: bill-prices", "history: bill-price", BILL, "assets.bill.market.history",
         "bill-price", "names no history of the book.", 'Did you mean "bill-prices"?'),
        ("history: bill-prices", "history: report", BILL, "assets.bill.market.history",
         "report", "names no history of the book.", "Known: bill-prices."),
        ("circulating: 20 000 000 USD", "circulating: 20 000 001 USD", NOTE,
         "assets.note.circulating", "20 000 001 USD",
         "must not exceed the issuance, 20 000 000 USD.", ""),
        ("as_of: 2025-06-30", "as_of: 2026-01-01", "  report:", "sources.report.as_of",
         "2026-01-01T00:00:00+00:00",
         "must not be after the book's as_of, 2025-12-31T00:00:00+00:00.", ""),
        ("price_as_of: 2025-12-30", "price_as_of: 2026-12-30", NOTE,
         "assets.note.oracle.price_as_of", "2026-12-30T00:00:00+00:00",
         "must not be after the book's as_of, 2025-12-31T00:00:00+00:00.", ""),
    ],
)  # fmt: skip
def test_what_names_nothing_or_contradicts_itself_is_refused_on_its_line(tmp_path, case):
    old, new, after, field, value, bound, hint = case
    book, line = in_book(old, new, after)
    at = line if field.rpartition(".")[2] not in ("basket", "members") else line_of(
        book, field.rpartition(".")[2] + ":", after
    )  # fmt: skip
    assert only_problem(tmp_path, book=book) == ("book.yaml", at, field, value, bound, hint)


def test_a_cycle_of_baskets_is_found_however_long(tmp_path):
    inner = "    structure: {correlation: 15 %, overcollateral: 0 %, reserve: 0 %}\n"
    inner += "    basket:\n      members:\n        - {asset: mix, weight: 50 %}\n"
    inner += "        - {asset: bill, weight: 50 %}\n"
    credit = "    credit:\n      evidence: guess\n      pd: 35 bp\n      lgd: 30 %\n"
    book, _ = in_book(credit, inner, NOTE)
    found = problems_of(tmp_path, book=book)
    assert [problem[2] for problem in found] == ["assets.note.basket", "assets.mix.basket"]


def test_an_input_without_any_evidence_is_named(tmp_path):
    book = swap(BOOK, "evidence: report\nsources", "sources")
    for section in ("curve:", "  vault:", "  sg:", "  bill:", "  mix:"):
        indent = " " * (len(section) - len(section.lstrip()) + 2)
        book = swap(book, f"\n{section}\n", f"\n{section}\n{indent}evidence: report\n")
    found = problems_of(tmp_path, book=book)
    assert all(problem[4] == "rests on no evidence." for problem in found)
    fields = {problem[2] for problem in found}
    assert "assets.note.issuance" in fields
    assert "assets.note.credit.pd" not in fields
    assert all(field.startswith("assets.note.") for field in fields)


# Policy -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        ("basket: 4 %/y", "cash: 4 %/y", "volatility_priors",
         "must have a prior for the class basket, which mix has.", ""),
        ("  ltv: {", "  ltw: {", "guardrails.ltw", "is no field under guardrails.",
         'Did you mean "ltv"?'),
        ("86 %, 91.5 %", "91.5 %, 86 %", "enabled_lltvs.5",
         "must ascend strictly and stay below 100 %.", ""),
        ("91.5 %]", "100 %]", "enabled_lltvs.5", "must ascend strictly and stay below 100 %.", ""),
        ("3333333333333333333333333333333333333333", "2222222222222222222222222222222222222222",
         "roles.ethereum:mainnet",
         "must be held by three different accounts, none of them zero.", ""),
        ("largest_slippage: 5 %", "largest_slippage: {value: 5 %, evidence: gues}",
         "liquidation.largest_slippage.evidence", "names no source of the book.",
         'Did you mean "guess"?'),
        ("ltv: {minimum: 0 %", "ltv: {minimum: 0 d", "guardrails.ltv.minimum",
         "must be in the field's own unit, % or bp.", ""),
        ("decay: chord", "decay: cord", "oracle.decay",
         "must be one of 'chord', 'tangent' or 'joint'.", 'Did you mean "chord"?'),
        ("call_gas: 100000", "call_gas: 1000", "oracle.call_gas", "must be at least 30000.", ""),
    ],
)  # fmt: skip
def test_a_policy_that_does_not_fit_its_book_is_refused(tmp_path, case):
    old, new, field, bound, hint = case
    found = {p[2]: p for p in problems_of(tmp_path, policy=swap(POLICY, old, new))}
    assert found[field][0] == "policy.yaml"
    assert found[field][4:] == (bound, hint)


def test_a_field_without_a_guardrail_is_named(tmp_path):
    policy = re.sub(r"  kink: .*\n", "", POLICY)
    assert only_problem(tmp_path, policy=policy)[2:] == (
        "guardrails", "", "must guard every field; it lacks kink.", "",
    )  # fmt: skip


# Files --------------------------------------------------------------------------------------------


def test_a_missing_book_is_named(tmp_path):
    write_book(tmp_path)
    with pytest.raises(InvalidInputError, match=r'does not exist. Did you mean "book.yaml"\?'):
        load_book(tmp_path / "boo.yaml")


def test_a_folder_is_no_book(tmp_path):
    with pytest.raises(InvalidInputError, match="is not a file"):
        load_book(tmp_path)


def test_a_missing_policy_is_named_on_the_line_that_names_it(tmp_path):
    book, line = in_book("policy: policy.yaml", "policy: polcy.yaml")
    assert only_problem(tmp_path, book=book) == (
        "book.yaml", line, "policy", "polcy.yaml", "polcy.yaml does not exist.",
        'Did you mean "policy.yaml"?',
    )  # fmt: skip


def test_a_missing_evidence_file_is_named_with_the_nearest_one(tmp_path):
    book, line = in_book("file: evidence/bill.csv", "file: evidence/bil.csv")
    assert only_problem(tmp_path, book=book) == (
        "book.yaml", line, "sources.bill-prices.file", "evidence/bil.csv",
        "evidence/bil.csv does not exist.", 'Did you mean "bill.csv"?',
    )  # fmt: skip


def test_a_wrong_hash_names_the_right_one(tmp_path):
    history = HISTORY + "1700345600,100.05\n"
    real = hashlib.sha256(history.encode()).hexdigest()
    assert only_problem(tmp_path, history=history) == (
        "book.yaml", line_of(BOOK, "sha256:"), "sources.bill-prices.sha256", HISTORY_SHA256,
        "is not the sha256 of evidence/bill.csv.",
        f"The file's is {real}; write that if the change is meant.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["../bill.csv", "/etc/passwd", "evidence/../../x", "C:/x", "evidence\\bill.csv", "."]
)
def test_files_outside_the_folder_of_the_book_are_refused(tmp_path, name):
    book, line = in_book("file: evidence/bill.csv", f"file: '{name}'")
    (tmp_path / "bill.csv").write_text(HISTORY)
    (tmp_path / "in").mkdir()
    _, at, field, value, bound, _ = only_problem(tmp_path / "in", book=book)
    assert (at, field, value) == (line, "sources.bill-prices.file", name)
    assert bound in (
        "must name a file inside the book's folder, relative to it.",
        f"{tmp_path / 'in'} is not a file.",
    )


@pytest.mark.parametrize("what", ["file: evidence/bill.csv", "policy: policy.yaml"])
def test_a_symbolic_link_does_not_lead_out_of_the_folder(tmp_path, what):
    book, line = in_book(what, f"{what.partition(':')[0]}: link")
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "outside").write_text(HISTORY)
    (folder / "link").symlink_to(tmp_path / "outside")
    found = only_problem(folder, book=book)
    assert found[1] == line
    assert found[4] == "must name a file inside the book's folder, relative to it."


def test_a_loop_of_symbolic_links_is_no_file_inside_the_folder(tmp_path):
    book, line = in_book("policy: policy.yaml", "policy: loop")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    found = only_problem(tmp_path, book=book)
    assert found[1] == line
    assert found[4] == "must name a file inside the book's folder, relative to it."


def test_a_pipe_is_no_file(tmp_path):
    book, line = in_book("policy: policy.yaml", "policy: pipe")
    os.mkfifo(tmp_path / "pipe")
    assert only_problem(tmp_path, book=book)[1:5] == (line, "policy", "pipe", "pipe is not a file.")


def test_evidence_has_a_largest_size(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "MAX_EVIDENCE_BYTES", 10)
    assert only_problem(tmp_path)[4] == "evidence/bill.csv must have at most 10 bytes."


def test_an_unpinned_file_is_refused(tmp_path):
    book, _ = in_book(f"    sha256: {HISTORY_SHA256}\n", "")
    found = problems_of(tmp_path, book=book)
    assert found[0][2:5] == (
        "sources.bill-prices", "", "needs file and sha256 together: a file is pinned by its hash.",
    )  # fmt: skip


# All at once --------------------------------------------------------------------------------------


def test_every_fault_of_book_policy_references_and_files_is_told_in_one_run(tmp_path):
    book = BOOK
    for old, new in [
        ("depth: 2 000 000 USD", "depth: -2 000 000 USD"),
        ("pd: 35 bp", "pd: .nan"),
        ("lgd: 30 %", 'lgd: "1.4"'),
        ("      fee: 10 bp", "      fee: true"),
        ("asset: note", "asset: nota"),
        ("counterparties: [vault]", "counterparties: [volt]"),
        ("    name: Singapore\n", "    name: Singapore\n    name: Singapur\n"),
        ("  3M: 4.3 %/y", "  3M: &x 4.3 %/y"),
        ("time: 7 d", "time:"),
    ]:
        book = swap(book, old, new)
    book = swap(book, HISTORY_SHA256, "0" * 64)
    policy = swap(POLICY, "confidence: 99 %", "confidence: 99")
    found = problems_of(tmp_path, book, policy)
    wanted = {
        ("book.yaml", "sources.bill-prices.sha256", "0" * 64),
        ("book.yaml", "curve.par_yields.3M", "&x"),
        ("book.yaml", "jurisdictions.sg.name", ""),
        ("book.yaml", "assets.bill.liquidity.routes.pool.depth", "-2 000 000 USD"),
        ("book.yaml", "assets.bill.counterparties.0", "volt"),
        ("book.yaml", "assets.note.credit.pd", ".nan"),
        ("book.yaml", "assets.note.credit.lgd", "1.4"),
        ("book.yaml", "assets.note.liquidity.routes.dealer.time", ""),
        ("book.yaml", "assets.mix.basket.members.1.asset", "nota"),
        ("book.yaml", "assets.mix.liquidity.routes.issuer.fee", "true"),
        ("policy.yaml", "confidence", "99"),
    }
    assert {(problem[0], problem[2], problem[3]) for problem in found} == wanted
    assert len(found) == len(wanted)
    keys = {"sha256": "sha256:", "3M": "3M: ", "depth": "depth:", "pd": "pd: .nan"}
    for file, line, field, *_ in found:
        key = keys.get(field.rpartition(".")[2])
        assert key is None or file != "book.yaml" or line == line_of(book, key)
    assert [problem[:2] for problem in found] == sorted(problem[:2] for problem in found)


def test_the_message_counts_the_problems_and_says_that_nothing_was_written(tmp_path):
    book = swap(BOOK, "depth: 2 000 000 USD", "depth: -2 000 000 USD")
    with pytest.raises(InvalidInputError) as raised:
        load_book(write_book(tmp_path, book))
    line = line_of(book, "depth:")
    assert str(raised.value) == (
        f'{tmp_path}/book.yaml:{line}  assets.bill.liquidity.routes.pool.depth = "-2 000 000 USD"\n'
        "    must be ≥ 0 USD. Depth is the active liquidity at the spot tick, not TVL; "
        "see docs/evidence.md#depth.\n1 problem; nothing was written."
    )


ROWS = BOOK.splitlines()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(ROWS) - 1), st.sampled_from(["drop", "null", "list", "deeper", "nan"]))
def test_no_single_broken_line_makes_loading_fail_otherwise_than_with_problems(
    tmp_path_factory, index, how
):
    row = ROWS[index]
    key = row.partition(":")[0]
    broken = {
        "drop": [],
        "null": [f"{key}:"],
        "list": [f"{key}: [1, 2]"],
        "deeper": [f"{key}: {{a: {{b: c}}}}"],
        "nan": [f"{key}: .nan"],
    }[how]
    text = "\n".join([*ROWS[:index], *broken, *ROWS[index + 1 :]]) + "\n"
    path = write_book(tmp_path_factory.mktemp("book"), text)
    problems = ()
    try:
        load_book(path)
    except InvalidInputError as error:
        problems = error.problems
    assert all(problem.place.file and problem.field and problem.bound for problem in problems)

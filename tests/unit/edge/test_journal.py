"""The report of a run is true at every moment of it."""

import json

import pytest

from paramgen.edge.fate import Fate, Status
from paramgen.edge.journal import SCHEMA, Journal

LANDED = Fate(Status.LANDED, "0xaa", 7, "0xbb")


@pytest.fixture
def journal(tmp_path):
    found = Journal(tmp_path / "report.json", {"chain_id": 1})
    found.expect(["steward", "batch"])
    return found


def on_disk(journal):
    return json.loads(journal.path.read_text())


def test_what_has_not_been_sent_is_on_disk_as_not_sent_before_anything_is(journal):
    document = on_disk(journal)
    assert (document["schema"], document["status"]) == (SCHEMA, "incomplete")
    assert [step["status"] for step in document["steps"]] == ["not sent", "not sent"]
    assert not journal.has_sent


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.NOT_SENT])
def test_every_status_is_on_disk_as_soon_as_it_is_known(journal, status):
    journal.note("steward", Fate(status, "0xaa", 7), 3)
    first, second = on_disk(journal)["steps"]
    assert (first["status"], first["transaction"], first["nonce"]) == (status.value, "0xaa", 3)
    assert second["status"] == "not sent"
    assert journal.has_sent


def test_what_an_earlier_run_sent_is_not_said_to_be_this_ones(journal):
    journal.note("steward", LANDED, 3, earlier=True)
    journal.note("batch", LANDED, 4)
    assert [entry.step for entry in journal.sent] == ["batch"]


def test_a_report_names_how_the_run_ended_and_keeps_its_steps(journal):
    journal.note("steward", LANDED, 3)
    journal.close("incomplete", "the RPC failed")
    document = on_disk(journal)
    assert (document["status"], document["error"]) == ("incomplete", "the RPC failed")
    assert document["chain_id"] == 1
    assert document["steps"][0]["block"] == 7


def test_notes_and_errors_are_redacted_before_they_are_written(journal):
    journal.redact = lambda text: text.replace("sesame", "***")
    journal.remark("steward", "open sesame")
    journal.note("batch", LANDED, 4, note="sesame")
    journal.close("incomplete", "sesame")
    assert "sesame" not in journal.path.read_text()


def test_nothing_is_left_beside_the_report(journal):
    journal.close("applied")
    assert [found.name for found in journal.path.parent.iterdir()] == ["report.json"]

"""What a workflow may do: pinned actions, least permissions, secrets in no command."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")

pytestmark = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def jobs(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())["jobs"]


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job["steps"]]


def test_every_action_is_pinned_by_its_hash(path):
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_one_action_has_one_hash_in_all_workflows(path):
    every = {action for p in WORKFLOWS for s in steps(p) if (action := s.get("uses"))}
    names = [action.partition("@")[0] for action in every]
    assert len(names) == len(set(names))
    assert {s["uses"] for s in steps(path) if "uses" in s} <= every


def test_reading_is_all_that_is_permitted_unless_a_job_records(path):
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    writing = {name for name, job in jobs(path).items() if job.get("permissions")}
    assert writing <= {"record"}
    for name in writing:
        assert jobs(path)[name]["permissions"] == {"contents": "write"}
        assert "secrets." not in str(jobs(path)[name])


def test_no_command_is_put_together_from_an_expression(path):
    """An expression in a command is text that an author of a pull request may choose."""
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


def test_secrets_are_given_to_single_steps_by_their_environment(path):
    for name, job in jobs(path).items():
        outside = {**job, "steps": [{**s, "env": None} for s in job["steps"]]}
        assert "secrets." not in str(outside), name


def test_the_key_is_given_to_a_job_that_waits_for_approval(path):
    for job in jobs(path).values():
        if "KEYSTORE" in str(job) or "PASSPHRASE" in str(job):
            assert job["environment"] == "sepolia"


def test_no_workflow_runs_another_s_code_with_our_secrets(path):
    assert "pull_request_target" not in path.read_text()


def test_what_a_step_runs_exists(path):
    for step in steps(path):
        for script in re.findall(r"(?:tools/ci|\.ci)/[\w.]+", step.get("run", "")):
            assert (ROOT / script).stat().st_mode & 0o100, script

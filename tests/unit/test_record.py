"""What a deployment leaves is offered on a branch of its own, and nothing else is."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "ci" / "record.sh"
FILE = "ethereum-sepolia.json"


def git(folder, *arguments):
    done = subprocess.run(  # noqa: S603
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments],  # noqa: S607
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    """A clone of a repository that already records one deployment."""
    first, bare, clone = tmp_path / "first", tmp_path / "bare", tmp_path / "clone"
    (first / "deployments").mkdir(parents=True)
    (first / "deployments" / FILE).write_text("before\n")
    git(first, "init", "--quiet", "--initial-branch=main")
    git(first, "add", ".")
    git(first, "commit", "--quiet", "--message=first")
    git(tmp_path, "clone", "--quiet", "--bare", str(first), str(bare))
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    return clone


def record(checkout, text):
    left = checkout.parent / "applied"
    left.mkdir()
    (left / FILE).write_text(text)
    environment = {**os.environ, "DEPLOYED": str(left), "BRANCH": "deployments/7"}
    subprocess.run([str(SCRIPT)], cwd=checkout, env=environment, check=True)  # noqa: S603
    return git(checkout.parent / "bare", "branch", "--format=%(refname:short)").split()


def test_what_was_deployed_is_pushed_to_a_branch_and_main_stays(checkout):
    assert record(checkout, "after\n") == ["deployments/7", "main"]
    bare = checkout.parent / "bare"
    assert git(bare, "show", f"deployments/7:deployments/{FILE}") == "after"
    assert git(bare, "show", f"main:deployments/{FILE}") == "before"
    assert git(bare, "diff", "--name-only", "main", "deployments/7") == f"deployments/{FILE}"


def test_nothing_is_pushed_where_nothing_changed(checkout):
    assert record(checkout, "before\n") == ["main"]

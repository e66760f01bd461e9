"""The worked proposal is what its commands give, byte for byte, and its batch lands."""

from paramgen.targets.calls import call
from paramgen.targets.registry import FORMATS
from tests.e2e.worked_example import BOOK, FOLDER, chain, contents, propose, write_book
from tests.support.houses import ACCEPT, hand_over


def test_the_worked_proposal_is_made_anew_byte_for_byte_and_lands(tmp_path):
    with chain(tmp_path) as (workshop, web3, safe, voting):
        made = tmp_path / "made"
        propose(workshop, made, write_book(made), safe.address, voting)
        assert contents(made) == contents(FOLDER), "python -m tests.e2e.worked_example"

        steward = hand_over(web3, workshop.deployments, safe.address)
        safe.execute([call(steward, ACCEPT)])
        safe.execute(FORMATS["safe"].read((FOLDER / "safe" / "safe.json").read_bytes()).calls)
        where = ("--network", "ethereum:local:foundry", "--deployments",
                 str(workshop.deployments.parent))  # fmt: skip
        assert workshop.paramgen("plan", "--book", str(BOOK), *where).code == 0

"""What holds for every test: no property is timed, and no contract is older than its sources."""

import pytest
from hypothesis import settings

# On a busy machine a property takes as long as it takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def project():
    import ape  # noqa: PLC0415 - most tests do without it, and it takes seconds to import

    from paramgen.edge.bytecode import compiled  # noqa: PLC0415

    return compiled(ape.project)

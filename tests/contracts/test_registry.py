"""The registry of collateral words: one writer, exact decoding, a flag that outlives batches."""

import ape
import pytest

from paramgen.encode import COLLATERAL_FIELDS, Word, pack

FROZEN = 1 << 176
FROZEN_ON, FROZEN_OFF = True, False
ASSET = "0x00000000000000000000000000000000000A55E7"
VALUES = {
    "ltv": 8_100,
    "liquidation_threshold": 8_600,
    "liquidation_bonus": 450,
    "supply_cap": 2**64 - 1,
    "debt_ceiling": 1,
}
GETTERS = {
    "ltv": "ltv",
    "liquidation_threshold": "liquidationThreshold",
    "liquidation_bonus": "bonus",
    "supply_cap": "supplyCap",
    "debt_ceiling": "debtCeiling",
}


@pytest.fixture(scope="module")
def writer(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def registry(project, writer):
    return writer.deploy(project.ParameterRegistry, writer)


def test_every_field_reads_back_from_where_the_table_puts_it(registry, writer):
    registry.setCollateral([ASSET], [pack(Word.COLLATERAL, VALUES)], sender=writer)
    assert {field.name for field in COLLATERAL_FIELDS} == set(GETTERS)
    for name, getter in GETTERS.items():
        assert getattr(registry, getter)(ASSET) == VALUES[name]
    decoded = registry.collateral(ASSET)
    assert [getattr(decoded, getter) for getter in GETTERS.values()] == list(VALUES.values())
    assert decoded.frozen is False


def test_the_frozen_flag_outlives_a_change_of_parameters_and_the_other_way_round(registry, writer):
    word = pack(Word.COLLATERAL, VALUES)
    registry.setFrozen(ASSET, FROZEN_ON, sender=writer)
    registry.setCollateral([ASSET], [word], sender=writer)
    assert registry.collateralWord(ASSET) == word | FROZEN
    assert registry.isFrozen(ASSET)
    registry.setFrozen(ASSET, FROZEN_OFF, sender=writer)
    assert registry.collateralWord(ASSET) == word


def test_only_the_steward_writes(registry, accounts):
    stranger = accounts[1]
    with ape.reverts(registry.NotSteward):
        registry.setCollateral([ASSET], [1], sender=stranger)
    with ape.reverts(registry.NotSteward):
        registry.setFrozen(ASSET, FROZEN_ON, sender=stranger)


def test_a_word_for_every_asset_and_no_more(registry, writer):
    with ape.reverts(registry.LengthMismatch):
        registry.setCollateral([ASSET], [1, 2], sender=writer)

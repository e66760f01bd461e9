"""What venues are called with is what their own published interfaces have."""

import json

import pytest

from paramgen.targets import aave, morpho
from paramgen.targets.aave_engine import RATES
from paramgen.targets.calls import selector
from tests.support.solidity import PACKAGES, selectors

ORIGIN = "@aave-dao/aave-v3-origin"
ENGINE = f"{ORIGIN}/src/contracts/extensions/v3-config-engine/IAaveV3ConfigEngine.sol"
STRATEGY = f"{ORIGIN}/src/contracts/interfaces/IDefaultInterestRateStrategyV2.sol"
MORPHO = "@morpho-org/morpho-blue/src/interfaces/IMorpho.sol"
SETTERS = (aave.EMODES, aave.NEW_EMODES, aave.COLLATERALS, RATES, aave.CAP_UPDATES)


@pytest.mark.parametrize("setter", SETTERS, ids=lambda setter: setter.signature.partition("(")[0])
def test_the_engine_of_the_package_has_the_function_and_its_struct(setter):
    assert selectors(ENGINE, "IAaveV3ConfigEngine")[setter.signature] == (
        selector(setter.signature).hex()
    )


@pytest.mark.parametrize("setter", SETTERS, ids=lambda setter: setter.signature.partition("(")[0])
def test_the_structs_fields_stand_in_the_order_that_is_written(setter):
    source = (PACKAGES / ENGINE).read_text("utf-8")
    structs = {
        "updateEModeCategories": "EModeCategoryUpdate",
        "createEModeCategories": "EModeCategoryCreation",
        "updateCollateralSide": "CollateralUpdate",
        "updateRateStrategies": "InterestRateInputData",
        "updateCaps": "CapsUpdate",
    }
    struct = structs[setter.signature.partition("(")[0]]
    body = source.partition(f"struct {struct} {{")[2].partition("}")[0]
    lines = [line.partition(";")[0].split() for line in body.splitlines() if ";" in line]
    fields = [words[-1] for words in lines]
    wanted = [name.partition(".")[2] or name for name in setter.names]
    assert fields[-len(wanted) :] == wanted


def test_the_package_is_the_one_whose_struct_has_a_debt_ceiling():
    package = json.loads((PACKAGES / ORIGIN / "package.json").read_text("utf-8"))
    assert package["version"] == "3.6.0"
    assert "debtCeiling" in aave.COLLATERAL


def test_the_engines_flags_are_those_of_the_package():
    flags = (PACKAGES / ENGINE).with_name("EngineFlags.sol").read_text("utf-8")
    assert "KEEP_CURRENT = type(uint256).max - 42;" in flags
    assert "KEEP_CURRENT_STRING = 'KEEP_CURRENT_STRING';" in flags


def test_morpho_has_the_function_and_its_struct():
    (setter,) = morpho.SETTERS
    assert selectors(MORPHO, "IMorpho")[setter.signature] == selector(setter.signature).hex()

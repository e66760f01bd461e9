"""The Transaction Builder's checksum, by its own published vector."""

from paramgen.targets.safe import checksum, digest

ADDRESS = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
UPSTREAM = {
    # safe-global, tx-builder, src/lib/checksum.test.ts
    "version": "1.0",
    "chainId": "4",
    "createdAt": 1646321521061,
    "meta": {
        "name": "test batch file",
        "txBuilderVersion": "1.4.0",
        "checksum": "",
        "createdFromSafeAddress": "0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa",
        "createdFromOwnerAddress": ADDRESS,
    },
    "transactions": [
        {
            "to": ADDRESS,
            "value": "0",
            "contractMethod": {
                "inputs": [
                    {"internalType": "address", "name": "paramAddress", "type": "address"},
                ],
                "name": "testAddress",
                "payable": False,
            },
            "contractInputsValues": {"paramAddress": ADDRESS},
        },
        {
            "to": ADDRESS,
            "value": "0",
            "contractMethod": {
                "inputs": [{"internalType": "bool", "name": "paramBool", "type": "bool"}],
                "name": "testBool",
                "payable": False,
            },
            "contractInputsValues": {"paramAddress": "", "paramBool": "false"},
        },
        {
            "to": ADDRESS,
            "value": "2000000000000000000",
            "data": "0x42f4579000000000000000000000000049d4450977e2c95362c13d3a31a09311e0ea26a6",
        },
    ],
}
VECTOR = "0x4ecbfd364aa6759983915644e73f8bd411e85a2dc306f252a387c2728c4db64c"


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return value


def test_the_published_vector_comes_out():
    # Upstream hashes this file with the empty checksum in it.
    assert digest(UPSTREAM) == VECTOR


def test_the_order_of_keys_does_not_matter_and_that_of_transactions_does():
    assert digest(reversed_keys(UPSTREAM)) == VECTOR
    swapped = {**UPSTREAM, "transactions": UPSTREAM["transactions"][::-1]}
    assert digest(swapped) != VECTOR


def test_the_name_is_free_and_a_checksum_is_left_out_of_its_own():
    renamed = {**UPSTREAM, "meta": {**UPSTREAM["meta"], "name": "another", "checksum": "0x12"}}
    assert checksum(renamed) == checksum(UPSTREAM)

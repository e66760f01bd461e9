#!/bin/sh
# Applies a reviewed plan, then reads everything back in a process of its own.
#
#   NETWORK   ape's network, such as ethereum:sepolia; its endpoint is named in ape-config.yaml
#   OUT       the folder that review.sh left: artefact.json and plan.json are applied as they stand
#   ACCOUNT   name of the account that sends
#   KEYSTORE  its encrypted key, the JSON itself, from the environment alone
#   APE_ACCOUNTS_<ACCOUNT>_PASSPHRASE  what opens it, likewise
#   MOCKS     not empty: mock what the book gives no address for
#   CONFIRMATIONS  blocks on top of a transaction before it counts; unset: the network's usual
#   DEPLOYED  folder of the networks' deployments; unset: deployments
#
# The encrypted key lives in a folder that only this user can read and that goes when the script
# ends; nothing decrypts it but ape, in memory. Exit code 0: applied and read back.
set -eu

: "${NETWORK:?such as ethereum:sepolia}" "${OUT:?the folder of the review}" "${ACCOUNT:?a name}"
: "${KEYSTORE:?the encrypted key of $ACCOUNT}"

umask 077
APE_DATA_FOLDER=$(mktemp -d)
export APE_DATA_FOLDER
trap 'rm -rf "$APE_DATA_FOLDER"' EXIT
trap 'exit 130' INT TERM
mkdir "$APE_DATA_FOLDER/accounts"
printf '%s' "$KEYSTORE" > "$APE_DATA_FOLDER/accounts/$ACCOUNT.json"
unset KEYSTORE

update() {
    ape run update_params --network "$NETWORK:node" --artefact "$OUT/artefact.json" \
        --account "$ACCOUNT" --output "$OUT" ${MOCKS:+--mocks} \
        --deployments "${DEPLOYED:-deployments}" --json "$@"
}

update --plan "$OUT/plan.json" --yes \
    ${CONFIRMATIONS:+--confirmations "$CONFIRMATIONS"} > "$OUT/applied.json"
update --dry-run > "$OUT/read-back.json"
python tools/ci/summary.py "$OUT" --applied

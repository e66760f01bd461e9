#!/bin/sh
# What a change of parameters is reviewed by: the book checked and compiled, what it would change on
# the network, the change made on a copy of the network, and a page for people. Sends nothing.
#
#   BOOK     the book
#   NETWORK  ape's network, such as ethereum:sepolia; its endpoint is named in ape-config.yaml
#   OUT      folder in which everything is left
#   SENDER   address that applies it on the copy, without its key; unset: the policy's governor
#   MOCKS    not empty: mock what the book gives no address for
#   DEPLOYED  folder of the networks' deployments; unset: deployments
#
# Without an endpoint (a pull request from elsewhere has no secrets) it ends after compiling, and
# says so. Exit code 0: reviewed; anything else: a step failed, and what it said is the last thing.
set -eu

: "${BOOK:?the book to review}" "${NETWORK:?such as ethereum:sepolia}" "${OUT:?a folder}"
mkdir -p "$OUT"

paramgen check "$BOOK"
paramgen compile "$BOOK" --output "$OUT"

if [ -z "${SEPOLIA_RPC_URL:-}" ]; then
    echo "No endpoint in SEPOLIA_RPC_URL: nothing was compared with $NETWORK." >&2
    exit 0
fi

update() {
    ape run update_params --artefact "$OUT/artefact.json" ${MOCKS:+--mocks} \
        --deployments "${DEPLOYED:-deployments}" --json "$@"
}

update --network "$NETWORK:node" --dry-run --output "$OUT" \
    --save-plan "$OUT/plan.json" --page "$OUT/report.html" > "$OUT/planned.json"
update --network "$NETWORK-fork:foundry" --yes --output "$OUT/rehearsal" \
    ${SENDER:+--account "$SENDER"} > "$OUT/rehearsed.json"
python tools/ci/summary.py "$OUT"

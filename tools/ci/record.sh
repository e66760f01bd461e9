#!/bin/sh
# Offers what was deployed for review: the deployments file, committed to a branch of its own.
#
#   DEPLOYED  folder with the networks' deployments, as deploy.sh left it
#   BRANCH       the branch that is made and pushed
set -eu

: "${DEPLOYED:?a folder}" "${BRANCH:?a name}"

mkdir -p deployments
cp "$DEPLOYED"/*.json deployments/
git add deployments
if git diff --cached --quiet; then
    echo "The deployments are as they were."
    exit 0
fi
git switch --create "$BRANCH"
git -c user.name=paramgen -c user.email=paramgen@users.noreply.invalid \
    commit --quiet --message "Record what was deployed"
git push --quiet origin "$BRANCH"

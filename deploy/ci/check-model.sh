#!/bin/sh
# check-model.sh <commit>: checks every model whose spec or trainer changed since the commit: its file, its policy on all past
# cycles, and a dry cycle over few days. Exit code 0: well; 1: an error; 2: a dry cycle was rejected or failed its gates.
# A dry cycle that few days cannot decide (3) is told and lets the change through: the real cycle decides.
#
#   RATCHET            the command (ratchet)
#   RATCHET_DRY_DAYS   days of data of the dry cycle (60)
#   RATCHET_DRY_AS_OF  their end (as late as labels are mature)
#
# `ratchet backtest` reads the ledger of production: RATCHET_STORE_URI, TEMPORAL_ADDRESS and the store's credentials name it.
set -eu
. "$(dirname "$0")/changed-models.sh"
ratchet=${RATCHET:-ratchet}
base=${1:?expected the commit that the change is compared with}

check_model() {
  $ratchet lint --file "$1" && $ratchet backtest --file "$1" --if-any --as ci || return 1
  dry=0
  $ratchet dry-run --file "$1" --days "${RATCHET_DRY_DAYS:-60}" ${RATCHET_DRY_AS_OF:+--as-of "$RATCHET_DRY_AS_OF"} || dry=$?
  if [ "$dry" = 3 ]; then
    echo "$1: the dry cycle is inconclusive over so few days; the real cycle decides"
    return 0
  fi
  return "$dry"
}

for_changed_models "$base" check_model

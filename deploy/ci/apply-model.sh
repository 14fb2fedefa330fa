#!/bin/sh
# apply-model.sh <commit before> <commit>: puts every model that changed between the two in force, and waits for a cycle of it.
# Exit code, the worst of all models: 0 promoted, 2 rejected or failed gates, 3 inconclusive, 1 an error. Run again for the
# same commit it asks for nothing new: it waits for, or tells the end of, the same cycle.
#
#   RATCHET       the command (ratchet)
#   RATCHET_WAIT  how long to wait for each cycle, people included (6h); after that the code is 1 and the cycle goes on
set -eu
. "$(dirname "$0")/changed-models.sh"
ratchet=${RATCHET:-ratchet}
base=${1:?expected the commit before}
commit=${2:?expected the commit that is applied}

apply_model() {
  applied=$($ratchet apply --file "$1" --as ci --output json) || return 1
  name=$(printf '%s' "$applied" | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).model') || return 1
  $ratchet trigger "$name" --wait --commit "$commit" --as ci --timeout "${RATCHET_WAIT:-6h}"
}

for_changed_models "$base" apply_model

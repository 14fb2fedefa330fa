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

models=$(models_changed_since "$base")
if [ -z "$models" ]; then
  echo "no model changed since $base"
  exit 0
fi
code=0
for model in $models; do
  echo "== $model"
  status=0
  if applied=$($ratchet apply --file "$model" --as ci --output json); then
    name=$(printf '%s' "$applied" | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).model')
    $ratchet trigger "$name" --wait --commit "$commit" --as ci --timeout "${RATCHET_WAIT:-6h}" || status=$?
  else
    status=1
  fi
  code=$(worse "$code" "$status")
done
exit "$code"

#!/bin/sh
# Makes the namespace and Ratchet's search attributes. Done twice, changes nothing. The server is named by TEMPORAL_ADDRESS.
set -eu
namespace=${TEMPORAL_NAMESPACE:-default}
tries=60
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo "no Temporal server answers at $TEMPORAL_ADDRESS" >&2; exit 1; }
  sleep 1
done
temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 \
  || temporal operator namespace create --namespace "$namespace" --retention 720h
for name in RatchetModel RatchetStage RatchetVerdict RatchetTrigger; do
  temporal operator search-attribute create --namespace "$namespace" --name "$name" --type Keyword
done

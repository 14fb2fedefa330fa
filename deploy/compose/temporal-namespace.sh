#!/bin/sh
# Makes the namespace and Ratchet's search attributes. Done twice, changes nothing. The server is named by TEMPORAL_ADDRESS.
set -eu
namespace=${TEMPORAL_NAMESPACE:-default}

patiently() { # patiently <command>: until it goes through, a minute at most; then with its words
  tries=60
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { "$@"; return; }
    sleep 1
  done
}

patiently temporal operator cluster health
temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 \
  || temporal operator namespace create --namespace "$namespace" --retention 720h
for name in RatchetModel RatchetStage RatchetVerdict RatchetTrigger; do
  # A new namespace is known to every part of the server only some seconds later.
  patiently temporal operator search-attribute create --namespace "$namespace" --name "$name" --type Keyword
done

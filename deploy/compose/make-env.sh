#!/bin/sh
# Writes .env with random passwords, once: an existing one is left alone, for the databases know its passwords.
set -eu
cd "$(dirname "$0")/../.."
if [ -e .env ]; then
  echo ".env is there already: nothing was written"
  exit 0
fi
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
{
  for name in POSTGRES_PASSWORD TEMPORAL_DB_PASSWORD MLFLOW_DB_PASSWORD S3_SECRET_KEY; do
    echo "$name=$(secret)"
  done
  echo 'S3_ACCESS_KEY=ratchet'
} >.env
echo 'wrote .env with random passwords; keep a copy of it with your backups, and out of git'

#!/bin/sh
# Whether docker-compose.yml says something that the client understands, without a .env of one's own.
set -eu
cd "$(dirname "$0")/../.."
for name in POSTGRES_PASSWORD TEMPORAL_DB_PASSWORD MLFLOW_DB_PASSWORD S3_ACCESS_KEY S3_SECRET_KEY; do
  export "$name=not-used"
done
exec docker compose --env-file /dev/null --file docker-compose.yml --profile cli config --quiet

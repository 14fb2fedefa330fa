#!/bin/sh
# Makes or raises the tables of the Temporal server; its tool carries the schema of its own version. Done twice, changes nothing.
# The databases are named by SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD; TEMPORAL_SQL_TOOL names the tool elsewhere.
set -eu
tool=${TEMPORAL_SQL_TOOL:-temporal-sql-tool}
export SQL_PLUGIN=postgres12
raise() { # raise <database> <schema>
  # Fails where the version is known already; what counts is that the update after it goes through.
  "$tool" --database "$1" setup-schema --version 0.0 || true
  "$tool" --database "$1" update-schema --schema-name "postgresql/v12/$2"
}
raise temporal temporal
raise temporal_visibility visibility

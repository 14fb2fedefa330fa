#!/bin/sh
# Makes the databases and their users; the image of Postgres runs it at its first start. The server is named by PG*.
set -eu
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username postgres --dbname postgres <<'SQL'
\getenv temporal TEMPORAL_DB_PASSWORD
\getenv mlflow MLFLOW_DB_PASSWORD
create role temporal login password :'temporal';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create role mlflow login password :'mlflow';
create database mlflow owner mlflow;
SQL

#!/usr/bin/env bash
# Runs once, on an empty volume: one database and one login each for Airflow and for reporting.
set -euo pipefail
secret() { cat "/run/secrets/$1"; }

psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres \
  -v airflow="$(secret airflow_db_password)" -v publisher="$(secret publisher_password)" <<'SQL'
create role airflow login password :'airflow';
create role mutasi_publisher login createrole password :'publisher';
create database airflow owner airflow encoding 'UTF8' template template0;
create database reporting owner mutasi_publisher encoding 'UTF8' template template0;
revoke connect on database airflow from public;
SQL

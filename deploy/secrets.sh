#!/usr/bin/env bash
# Makes the secrets of docker-compose.yml below ./secrets: random, each once; what is there stays. Nothing has a default.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets

random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
once() { [ -s "secrets/$1" ] || { printf '%s' "$2" > "secrets/$1"; echo "made secrets/$1"; }; }

for name in postgres_password airflow_db_password publisher_password jwt_secret api_secret_key admin_password \
            pseudonym_key redis_password simpeg_password; do
  once "$name" "$(random)"
done
[ "$(wc -c < secrets/jwt_secret)" -ge 128 ] || printf '%s' "$(random)$(random)" > secrets/jwt_secret
once fernet_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
once airflow_url "postgresql+psycopg2://airflow:$(cat secrets/airflow_db_password)@postgres:5432/airflow"
once reporting_url "postgresql://mutasi_publisher:$(cat secrets/publisher_password)@postgres:5432/reporting"
once redis_url "redis://:$(cat secrets/redis_password)@redis:6379/0"
once celery_result_url "db+postgresql://airflow:$(cat secrets/airflow_db_password)@postgres:5432/airflow"
once connections.json '{}'

# Each container sees the files it is given, whatever user it runs as; on this machine the closed folder keeps others out.
chmod 0700 secrets
chmod 0444 secrets/*
echo "The administrator's first password stands in secrets/admin_password; agencies' connections go into secrets/connections.json."

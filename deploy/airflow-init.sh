#!/usr/bin/env bash
# Runs before the others start, also after an upgrade: migrates Airflow's metadata and makes the first administrator once.
set -euo pipefail
airflow db migrate
if ! airflow users list --output plain | grep -qw admin; then
  # On the command line it is seen in this container alone, which ends here.
  airflow users create --role Admin --username admin --firstname Admin --lastname Mutasi --email admin@example.invalid \
    --password "$(cat /run/secrets/admin_password)"
fi

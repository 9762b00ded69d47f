#!/usr/bin/env bash
# Backs up a home (MUTASI_HOME): everything that cannot be computed again, in one archive, while no refresh writes.
#   deploy/backup.sh HOME TARGET.tar.gz
set -euo pipefail
home=$1 target=$2
umask 077
mkdir -p "$home/state"
# The lock of the warehouse: a refresh that wants to build waits, one that builds is waited for. Landing writes whole files.
exec 9>>"$home/state/warehouse.lock"
flock --wait 1800 9 || { echo "A refresh has held the warehouse for half an hour; nothing was backed up." >&2; exit 1; }
# Left out: what a refresh makes anew (the warehouse), scratch, Airflow's own files, and keys, which are kept elsewhere.
tar --create --gzip --file "$target.part" --directory "$home" \
  --exclude=./warehouse --exclude=./tmp --exclude=./airflow --exclude=./numba --exclude=./bench \
  --exclude=./state/warehouse.lock --exclude='./state/*.key' --exclude='./state/up.json' .
tar --list --gzip --file "$target.part" > /dev/null
mv "$target.part" "$target"
echo "$(tar --list --gzip --file "$target" | wc -l) files and folders in $target"

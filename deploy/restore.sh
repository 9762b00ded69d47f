#!/usr/bin/env bash
# Restores a home from an archive of backup.sh into an empty folder; the next refresh builds the warehouse from it.
#   deploy/restore.sh ARCHIVE.tar.gz HOME
set -euo pipefail
archive=$1 home=$2
umask 077
mkdir -p "$home"
[ -z "$(ls -A "$home")" ] || { echo "$home is not empty: move it away first." >&2; exit 1; }
tar --extract --gzip --file "$archive" --directory "$home" --preserve-permissions
chmod 0700 "$home"
echo "Restored to $home. Now run nightly_refresh."

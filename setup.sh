#!/usr/bin/env bash
# Creates the virtual environment: needs Python 3.11 to 3.13 and a package index, nothing else.
set -euo pipefail
venv=$1

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Mutasi needs Python 3.11, 3.12 or 3.13 and found none; install one, or name it: make run PYTHON=/path/to/python" >&2
  exit 1
}

python=$(find_python)
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  echo "     setup  creating $venv with $("$python" --version)"
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "Python has no venv module here; on Debian or Ubuntu: apt-get install python$version-venv" >&2
    exit 1
  fi
fi
echo "     setup  installing the pinned requirements (the first time takes a minute or two)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
VIRTUAL_ENV=$venv "$venv/bin/uv" pip install --quiet --compile-bytecode --requirement requirements.txt
VIRTUAL_ENV=$venv "$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --editable .
"$venv/bin/python" -m compileall -q plugins  # not every machine lets Python keep what it compiles
touch "$venv/.installed"

#!/usr/bin/env bash
# Installs what asks the API by its description (from the Python package index) into the folder VENV, unless it is there.
#
#   fuzz.sh VENV
set -euo pipefail
venv=${1:?usage: fuzz.sh VENV}
mkdir -p "$(dirname "$venv")"
# Two tests may come at once.
exec 9> "$venv.lock"
flock 9
wanted="schemathesis==4.32.5"
# A folder that was moved holds programs that do not start.
if [ "$(cat "$venv/installed" 2>/dev/null)" = "$wanted" ] && "$venv/bin/python" -c 'import schemathesis' 2>/dev/null; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
# shellcheck disable=SC2086
"$venv/bin/pip" install --quiet --disable-pip-version-check $wanted
printf '%s' "$wanted" > "$venv/installed"

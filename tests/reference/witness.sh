#!/usr/bin/env bash
# Installs a witness that is not ours (aics-witness, from the Python package index) into the folder VENV, unless it is there.
#
#   witness.sh VENV
set -euo pipefail
venv=${1:?usage: witness.sh VENV}
mkdir -p "$(dirname "$venv")"
# Two tests may come at once.
exec 9> "$venv.lock"
flock 9
wanted="aics-witness==0.1.0 aics-tlog==0.2.1"
# A folder that was moved holds programs that do not start.
if [ "$(cat "$venv/installed" 2>/dev/null)" = "$wanted" ] && "$venv/bin/aics-tlog" --help > /dev/null 2>&1; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
# It says that it needs Python 3.12; it runs on Debian 12's 3.11 as well, which these tests show.
# shellcheck disable=SC2086
"$venv/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python $wanted
printf '%s' "$wanted" > "$venv/installed"

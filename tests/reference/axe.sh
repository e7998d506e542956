#!/usr/bin/env bash
# Fetches axe-core, which looks for what keeps people out of a page, into FOLDER, unless it is there: the package of the Python
# index carries the one file that browsers need, without the hundred megabytes around it.
#
#   axe.sh FOLDER
set -euo pipefail
folder=${1:?usage: axe.sh FOLDER}
mkdir -p "$(dirname "$folder")"
# Two tests may come at once.
exec 9> "$folder.lock"
flock 9
wanted="axe-playwright-python==0.1.8"
if [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
rm -rf "$folder" "$folder.venv"
python3 -m venv "$folder.venv"
"$folder.venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder.part" "$wanted"
mkdir "$folder"
mv "$folder.part/axe_playwright_python/axe.min.js" "$folder/"
rm -rf "$folder.part" "$folder.venv"
printf '%s' "$wanted" > "$folder/installed"

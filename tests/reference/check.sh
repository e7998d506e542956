#!/bin/sh
# Checks the log in a bundle with the Go reference implementation, as Debian packages it (golang-go,
# golang-golang-x-mod-dev). No network, nothing is written beside the build cache.
#
#   check.sh BUNDLE [VKEY]      VKEY: the log's verifier key; without it the one in BUNDLE/policy
set -eu
here=$(dirname "$0")
[ $# -ge 1 ] || { echo "usage: $0 BUNDLE [VKEY]" >&2; exit 2; }
vkey=${2:-$(awk '$1 == "log" { print $2; exit }' "$1/policy")}
GO111MODULE=off GOPATH=/usr/share/gocode GOTOOLCHAIN=local
GOCACHE=${GOCACHE:-${TMPDIR:-/tmp}/exhibit-go-cache-$(id -u)}
export GO111MODULE GOPATH GOTOOLCHAIN GOCACHE
exec go run "$here/check.go" "$1" "$vkey"

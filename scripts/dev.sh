#!/bin/sh
# Sets up the development environment, then runs a command of it: sh scripts/dev.sh pytest -k audit
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

setup_environment dev
setup_assets
[ $# -gt 0 ] || exit 0
PATH=$PWD/.venv/bin:$PATH
export PATH
exec "$@"

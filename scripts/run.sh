#!/bin/sh
# Sets up what is missing, then serves from ./data, unless MODELKEEP_DATA_DIR or data_dir in modelkeep.toml names
# another folder. Arguments go to `modelkeep serve`.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

setup_environment server
setup_assets
if [ -z "${MODELKEEP_DATA_DIR:-}" ] && ! grep -qs '^data_dir' modelkeep.toml; then
    MODELKEEP_DATA_DIR=$PWD/data
    export MODELKEEP_DATA_DIR
fi
exec .venv/bin/modelkeep serve "$@"

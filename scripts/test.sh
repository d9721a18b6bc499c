#!/bin/sh
# Sets up everything the tests need, then runs them all on two workers. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

if is_debian_root && ! find_python >/dev/null; then
    apt_install python3 python3-venv
fi
setup_environment dev
setup_assets
setup_test_machine
# Hundreds of processes load the same modules here: they are compiled once.
unset PYTHONDONTWRITEBYTECODE
# A worker that is done takes of what another still has before it: some tests take a minute, most a hundredth of a second.
exec .venv/bin/python -m pytest -n "${WORKERS:-2}" --dist worksteal "$@"

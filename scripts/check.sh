#!/bin/sh
# Everything that can be checked without running the product. Runs all checks, then says which failed.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

setup_environment dev
setup_assets || exit 1
PATH=$PWD/.venv/bin:$PATH
export PATH
failed=''
output=$(mktemp)
trap 'rm -f "$output"' EXIT

step() { # name command...
    name=$1
    shift
    if "$@" >"$output" 2>&1; then
        printf 'ok      %s\n' "$name"
    else
        printf 'FAILED  %s\n' "$name"
        sed 's/^/        /' "$output"
        failed="$failed
        $name"
    fi
}

parse_with_dash() {
    for script in scripts/*.sh; do
        dash -n "$script" || return 1
    done
}

step "lint (ruff check)" ruff check --quiet .
step "format (ruff format)" ruff format --check --quiet .
step "types (mypy)" mypy
step "imports (import-linter)" lint-imports --no-cache
step "dependencies (deptry)" deptry --no-ansi src
step "sizes of files, functions, templates" python scripts/size_caps.py
step "shell scripts (shellcheck)" shellcheck --external-sources scripts/*.sh .ci/run
if command -v dash >/dev/null 2>&1; then
    step "shell scripts (dash -n)" parse_with_dash
fi
step "lock files and requirements agree" sh scripts/lock.sh --check
step "generated reference pages are current" python -m modelkeep_server.operate.docs --check

[ -z "$failed" ] || die "
Not passed:$failed"
say "All checks passed."

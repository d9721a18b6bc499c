#!/bin/sh
# Mends what the linter can mend safely, then formats. Called by `make format`.
set -eu
ruff check --quiet --fix --exit-zero .
ruff format --quiet .

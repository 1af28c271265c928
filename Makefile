# Everything a newcomer needs. `make demo` and `make test` set up a fresh Debian 12 or 13 by themselves (as root).

.NOTPARALLEL:
.PHONY: help demo test lint bench bench-dns setup lab-kernel lock clean
.DEFAULT_GOAL := help

BIN := .venv/bin

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 18

# `exec`: Ctrl-C and SIGTERM reach the demo itself, so that it can clean up.
demo:  ## run the virtual clinic; DURATION=60 stops it after 60 seconds
	@.ci/setup runtime
	@exec $(BIN)/clinicgate demo $(if $(DURATION),--duration $(DURATION))

test:  ## run all tests; ARGS="tests/ruleset -k parse" runs some
	@.ci/setup test
	@exec $(BIN)/python -m pytest $(ARGS)

lint:  ## ruff, mypy --strict, import-linter, the architecture test
	@.ci/setup test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench:  ## measure what the README promises about speed
	@.ci/setup test
	@exec $(BIN)/python -m tests.bench $(ARGS)

bench-dns:  ## measure the resolver beside unbound and dnsmasq, and its block lists
	@.ci/setup test
	@exec $(BIN)/python -m tests.bench.dns $(ARGS)

setup:  ## Debian packages, .venv and the locked dependencies, and nothing else
	@.ci/setup test

lab-kernel:  ## build a kernel with VLANs and flow offload for the tests that need it (10 minutes, once)
	@.ci/lab-kernel

# Needs `uv` (pip install uv) and the network. The locks hold for Python 3.11 to 3.13, x86_64 and aarch64.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --group build --quiet
lock:  ## renew requirements.lock and requirements-dev.lock from pyproject.toml
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## remove the virtual environment and what the tools left
	rm -rf .venv .cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# `make run` and `make test` need Python 3.11 or newer, pip and make; everything else is installed below this folder.
# Settings: README.md. Another Python: `make run PYTHON=python3.12`. Arguments for pytest: `make test ARGS="-k stream"`.

PYTHON ?= python3
ARGS ?=
# Files side by side; most of the time goes to processes that start and end.
TESTS := $(or $(ARGS),--numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 15)
UV_VERSION := 0.13.8

# Everything here starts many processes, which would each compile all of our code.
unexport PYTHONDONTWRITEBYTECODE

UV := .tools/uv-$(UV_VERSION)/bin/uv
VENV_PYTHON := .venv/bin/python
# Of the two locks the development one holds all of the other, so an environment that has it serves for both.
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev
# uv does not read pip's settings, so it is told the two without which a machine behind a mirror reaches nothing.
MIRROR = UV_SYSTEM_CERTS=1 UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$( \
	$(PYTHON) -m pip config get global.index-url 2> /dev/null)}}"
SYNC = $(MIRROR) $(UV) pip sync --quiet --python $(VENV_PYTHON) --require-hashes --compile-bytecode
COMPILE = $(MIRROR) $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11
EXEC := $(VENV_PYTHON) -m evoserver.local --die-with-parent exec --

.DEFAULT_GOAL := run
.PHONY: run test check check-locks lock install install-dev bench faults clean
.SUFFIXES:

run: install ## start everything; Ctrl-C stops it
	@exec $(VENV_PYTHON) -m evoserver.local --die-with-parent run

test: install-dev ## run the tests on engines of their own
	@exec $(EXEC) $(VENV_PYTHON) -m pytest $(TESTS)

bench: .venv-bench/.installed ## measure; ARGS="fanout --quick", names are in docs/benchmarks.md
	@exec .venv-bench/bin/python -m benchmarks $(ARGS)

faults: install-dev ## look for a lost event, for SECONDS=600; SEED=7 does again what a run with that seed did
	@exec $(EXEC) $(VENV_PYTHON) -m tests.history --walk --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

check: install-dev check-locks ## everything that can be checked without running the tests
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports --no-cache
	$(EXEC) sh -c '$(VENV_PYTHON) manage.py makemigrations --check --dry-run && \
		$(VENV_PYTHON) manage.py check --fail-level WARNING --database default'

check-locks: $(UV)
	@for lock in requirements requirements-dev requirements-bench; do \
		copy="$$(mktemp)" && cp $$lock.txt "$$copy" && \
		$(COMPILE) $$lock.in --output-file "$$copy" > /dev/null && \
		{ diff -u $$lock.txt "$$copy" || { echo "$$lock.txt is not what $$lock.in says: run make lock" >&2; false; }; }; \
		state=$$?; rm -f "$$copy"; [ $$state = 0 ] || exit 1; \
	done

lock: $(UV) ## pin the newest versions that the .in files allow
	$(COMPILE) --upgrade requirements.in --output-file requirements.txt
	$(COMPILE) --upgrade requirements-dev.in --output-file requirements-dev.txt
	$(COMPILE) --upgrade requirements-bench.in --output-file requirements-bench.txt

install: $(RUN_STAMP)

install-dev: $(DEV_STAMP)

clean: ## remove what was installed and cached; the data folder stays
	rm -rf .venv .venv-bench .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_STAMP): requirements.txt | $(VENV_PYTHON)
	@lock=requirements.txt; [ ! -e $(DEV_STAMP) ] || lock=requirements-dev.txt; \
	echo "Installing $$lock" && $(SYNC) $$lock
	@touch $@

$(DEV_STAMP): requirements-dev.txt | $(VENV_PYTHON)
	@echo "Installing requirements-dev.txt"
	@$(SYNC) requirements-dev.txt
	@touch $(RUN_STAMP) $@

# The servers that ours is compared with are not for the environment that serves.
.venv-bench/.installed: requirements-bench.txt | $(UV)
	@echo "Installing requirements-bench.txt"
	@$(UV) venv --quiet --clear --no-python-downloads --python "$$(command -v $(PYTHON))" .venv-bench
	@$(MIRROR) $(UV) pip sync --quiet --python .venv-bench/bin/python --require-hashes --compile-bytecode requirements-bench.txt
	@touch $@

$(VENV_PYTHON): | $(UV)
	@$(UV) venv --quiet --clear --no-python-downloads --python "$$(command -v $(PYTHON))" .venv

$(UV):
	@command -v "$(PYTHON)" > /dev/null || { echo "evoserver: there is no $(PYTHON); name another with make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evoserver: $$($(PYTHON) --version) is too old; Python 3.11 or newer is needed, name it with make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m pip --version > /dev/null || { echo "evoserver: $(PYTHON) has no pip; on Debian: apt install python3-pip" >&2; exit 1; }
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action ignore --upgrade \
		--target .tools/uv-$(UV_VERSION) uv==$(UV_VERSION)

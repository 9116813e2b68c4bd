# The two commands of a fresh clone are `make demo` and `make test`; each installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := agent cloud_stub hardware demo tests
CLOUD_PORT ?= 8400
AGENT_PORT ?= 8401
BROKER_PORT ?= 8402
CAMERA ?= emulated:garden
FOLDER ?= var/demo
# Half of a program's start would be compiling, where Python is told to write no bytecode or may not write beside it.
INSTALL = pip install --quiet --compile-bytecode --python $(BIN)/python
COMPILE = $(BIN)/python -m compileall -q agent cloud_stub hardware demo
# A home that cannot be written (a container under another user id) leaves uv without its cache, not without its work.
UV = $(BIN)/uv $$(cache=$$($(BIN)/uv cache dir) && mkdir -p "$$cache" 2>/dev/null && test -w "$$cache" || echo --no-cache)

.PHONY: setup setup-test person gpio packages demo test lint format bench soak properties rules mutants api-examples lock translations clean

setup: $(VENV)/.run-installed
setup-test: $(VENV)/.test-installed

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Veilleur needs Python 3.11 or newer; found $$($(PYTHON) --version). Say which with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making the environment $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

$(VENV)/.run-installed: requirements/run.txt pyproject.toml | $(BIN)/uv
	@echo "Installing into $(VENV) what Veilleur runs on (about 500 MB) ..."
	@$(UV) $(INSTALL) --require-hashes -r requirements/run.txt
	@$(UV) $(INSTALL) --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/.test-installed: requirements/test.txt pyproject.toml | $(BIN)/uv
	@echo "Installing into $(VENV) what the tests run on (about 800 MB in all) ..."
	@$(UV) $(INSTALL) --require-hashes -r requirements/test.txt
	@$(UV) $(INSTALL) --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@ $(VENV)/.run-installed

# What only some modules need: the person model's runtime, and GPIO pins.
person gpio: setup
	@$(UV) $(INSTALL) --require-hashes -r requirements/$@.txt

# Debian packages that the tests run as real peers; the demo needs none of them.
packages:
	@tests/install-packages

demo: setup
	@$(BIN)/python -m demo --cloud-port $(CLOUD_PORT) --agent-port $(AGENT_PORT) --broker-port $(BROKER_PORT) --camera '$(CAMERA)' --folder '$(FOLDER)'

# The tests wait for a disk most of all: each of thousands syncs small files, which memory does at once.
IN_MEMORY = $(shell test "$$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)" -gt 2000000 2>/dev/null && echo TMPDIR=/dev/shm)
test: setup-test packages
	@$(IN_MEMORY) $(BIN)/pytest -n $(shell expr $$(nproc) + 1) --dist loadfile $(TESTS)

lint: setup-test
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup-test
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

bench: setup-test packages
	@$(BIN)/python -m tests.bench

# Kernel FAT, exFAT and V4L2 test cameras in a small guest; needs QEMU, busybox-static and a kernel package from apt.
soak: setup-test packages
	@$(BIN)/python -m tests.soak

# What `make test` proves on a few lives and examples, on many: thousands of owners' lives, and every call of the API.
LIVES ?= 2000
properties: setup-test
	@VEILLEUR_LIVES=$(LIVES) $(BIN)/pytest -q tests/properties/test_owner_life.py

# Proves every rule of the three vendors, and writes docs/rules_proved.md: which test proves which.
TABLE_OF_PROOFS := tests/rules/test_every_rule_has_a_test.py::test_the_table_of_proofs_names_the_tests_that_there_are
rules: setup-test
	@mkdir -p build
	@$(BIN)/pytest -q -n auto --dist loadfile --junitxml build/rules.xml tests/rules --deselect $(TABLE_OF_PROOFS)
	@$(BIN)/python -m tests.rules.write_proofs build/rules.xml

# Makes each rule's key or function wrong in turn: a test of the rule must fail. Writes docs/rules_mutants.md.
mutants: setup-test
	@mkdir -p build
	@$(BIN)/python -m tests.rules.run_mutations build/mutants.json || true
	@$(BIN)/python -m tests.rules.write_mutants build/mutants.json

api-examples: setup-test
	@VEILLEUR_API_EXAMPLES=100 $(BIN)/pytest -q -n auto --timeout 0 tests/web/test_schemathesis.py

# Writes the hashed requirements from pyproject.toml; no index address stands in them.
lock: | $(BIN)/uv
	@$(UV) pip compile --quiet pyproject.toml --extra agent --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/agent.txt
	@$(UV) pip compile --quiet pyproject.toml --extra agent --extra cloud --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/run.txt
	@$(UV) pip compile --quiet pyproject.toml --extra agent --extra cloud --extra person --extra gpio --extra test --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/test.txt
	@$(UV) pip compile --quiet pyproject.toml --extra person --constraint requirements/test.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/person.txt
	@$(UV) pip compile --quiet pyproject.toml --extra gpio --constraint requirements/test.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/gpio.txt

# Compiles the French tables after an edit; each babel.cfg says how to take new sentences from the sources.
translations: setup
	@$(BIN)/pybabel -q compile -D messages -d cloud_stub/web/translations
	@$(BIN)/pybabel -q compile -D diagnostics -d agent/web/translations

clean:
	rm -rf $(VENV) var build *.egg-info

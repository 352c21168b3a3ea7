# The only commands a newcomer needs:
#
#   make demo                a town, a #9 on a simulated handset, and what follows, until Ctrl-C
#     FRESH=1                forget what an earlier demo has left: another town, other passwords
#     NEW_PASSWORD=1         give the operator another password (the first one is printed at the first run only)
#     ONCE=1                 end after the timeline, with 0 if everybody was rung and texted once
#     PORT=8000 SIM_PORT=8080 DATABASE_URL=postgresql://…   (the database only from this line, never the environment)
#   make test                the whole suite, on SQLite and PostgreSQL; ARGS="tests/rules -k keypress" for a part
#                            ARGS=--hypothesis-profile=deep for twenty times as many examples; WORKERS=2
#   make check               ruff, mypy, import rules, bandit, then the tests: what CI runs
#   make audit               bandit over our code, pip-audit over the locked packages; ADVISORIES=all.zip: OSV's file
#   make bench               from the keypress to the last carrier request, then the figures and rosters of a county
#     ARGS=--alarms          the alarm only, beside a plain client; ARGS=--figures; ARGS=--rosters
#   make faults              every fault done to real processes, 20 times each; ARGS="--runs 5 --only Redis --jobs 1"
#   make simulate SEEDS=100  nights of faults on a virtual clock, by their seeds; ARGS="--seed 7 --shrink"
#   make nights              how soon a second household would be coming, by a model of people; ARGS="--seed 2"
#   make upkeep-days         days of numbers that are tested and mended, on a virtual clock; ARGS="--days 60 --villages 4"
#   make mutants             small faults put into the core, one at a time: which of them do the tests not notice?
#     ARGS=--named           those that a review has found by hand; ARGS="--most 200 --seed 12" for a larger sample
#   make soak                a storm of 200 alarms, then one a second for 10 minutes; ARGS="--minutes 2"
#   make histories           hostile histories of enrolments, recounted at every level; ARGS="--to 2000 --minutes 15"
#   make office              our exports opened and saved by LibreOffice, and imported again: nothing may change
#   make fuzz                lists drawn by lot, with merges, looks and wounds, for a minute; ARGS="--minutes 60"
#   make migration m="…"     a migration of what the models have and the last one does not
#   make lock                the newest packages that pyproject.toml allows -> requirements*.lock
#   make bare                both commands in a Debian with nothing in it, three ways; as root, some 30 minutes
#     STEPS=demo             the demo only, and what is told of missing packages: five minutes; WAYS="user root-srv"
#   make screenshots         README's pictures, from a demo of its own
#   make firefox             the board, a household and the changes in Debian's Firefox (apt-get install firefox-esr)
#   make setup, make clean

PYTHON3 ?= python3
BIN := .venv/bin
# When make is killed, the demo goes with it.
LEASH := $(shell command -v setpriv >/dev/null && echo setpriv --pdeathsig TERM --)

# Every start of a process compiles our modules anew where it may not keep them: a third of a second each.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check lint audit bench faults upgrade-drill promotion-drill simulate nights upkeep-days mutants histories soak fuzz office migration lock bare screenshots firefox setup setup-runtime system clean

demo: setup-runtime
	@$(LEASH) $(BIN)/python -m joint_defense.demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT)) \
	  $(if $(SIM_PORT),--sim-port $(SIM_PORT)) $(if $(NEW_PASSWORD),--new-password) \
	  $(if $(FRESH),--fresh) \
	  $(if $(findstring command,$(origin DATABASE_URL)),--database-url '$(DATABASE_URL)')

# More than the cores of a small machine: half of a journey's time it waits for telephones, and so does a browser's walk.
# Each has servers of its own; which tests stay together: tests/support/dealing.py.
WORKERS ?= 5
test: setup system
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

check: lint test

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.audit code

audit: setup
	@$(BIN)/python -m tools.audit $(if $(ADVISORIES),--advisories $(ADVISORIES)) $(ARGS)

bench: setup
	@$(BIN)/python -m tools.bench $(ARGS)

SEEDS ?= 20
simulate: setup
	@$(BIN)/python -m tools.simulate --seeds $(SEEDS) $(ARGS)

nights: setup
	@$(BIN)/python -m tools.nights $(ARGS)

upkeep-days: setup
	@$(BIN)/python -m tools.upkeep_days $(ARGS)

mutants: setup
	@$(BIN)/python -m tools.mutants $(ARGS)

histories: setup
	@$(BIN)/python -m tools.histories $(ARGS)

soak: setup
	@$(BIN)/python -m tools.bench.soak $(ARGS)

office: setup
	@$(BIN)/python -m tools.office_round_trip $(ARGS)

fuzz: setup
	@$(BIN)/python -m tools.fuzz_lists $(ARGS)

faults: setup
	@$(BIN)/python -m tools.faults $(ARGS)

# The last release's data and processes to this one and back, and a standby's promotion, each under a stream of alarms.
upgrade-drill: setup
	@$(BIN)/python -m tools.under_alarms upgrade $(ARGS)

promotion-drill: setup
	@$(BIN)/python -m tools.under_alarms promotion $(ARGS)

# Before anything has landed: rm migrations/versions/0001*; make migration m="the roster and the alarm"
migration: setup
	@test -n "$(m)" || { echo 'say what it is: make migration m="duty hours"' >&2; exit 1; }
	@mkdir -p var && rm -f var/migration.sqlite*
	@$(BIN)/python -c "from config.migrations import upgrade; upgrade('sqlite:///var/migration.sqlite')"
	@$(BIN)/alembic -x database_url=sqlite:///var/migration.sqlite revision --autogenerate -m "$(m)" \
	  --rev-id $$(printf %04d $$(($$(ls migrations/versions | grep -c '^[0-9].*\.py$$') + 1)))
	@rm -f var/migration.sqlite*

# One lock for every Python from 3.11.0 up, on x86-64 and aarch64; the last two lines try each of them.
COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links
LOCKED = --require-hashes -r requirements.lock -r requirements-dev.lock
lock: setup
	@echo uv | $(COMPILE) --output-file requirements-uv.lock -
	@$(COMPILE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --output-file requirements-dev.lock --group dev --constraints requirements.lock
	@set -e; for version in 3.11 3.12 3.13; do for machine in x86_64 aarch64; do \
	  $(BIN)/uv pip install --quiet --dry-run --target var/none --only-binary :all: --python-version $$version \
	    --python-platform $$machine-manylinux_2_28 $(LOCKED); done; done

setup:
	@$(PYTHON3) -I config/tools/setup_venv.py requirements.lock requirements-dev.lock

setup-runtime:
	@$(PYTHON3) -I config/tools/setup_venv.py requirements.lock

# What .venv cannot hold: a browser, a shared library.
system:
	@$(PYTHON3) -I config/tools/system_packages.py tests

screenshots: setup system
	@$(BIN)/python -m tools.screenshots

# Not a part of `make test`: docs/testing.md says why.
firefox: setup
	@WITH_FIREFOX=1 $(BIN)/pytest -n 0 tests/journeys/browser/test_in_firefox.py

# Both commands on a machine that has nothing: docs/testing.md. Root only; WAYS="user root-srv root-home" STEPS=demo
bare:
	@$(PYTHON3) -I tools/bare.py $(WAYS) $(if $(filter demo,$(STEPS)),--without-tests)

clean:
	rm -rf .venv var test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

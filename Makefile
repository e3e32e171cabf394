# Everything starts here. `make lab up` is the main job: install, build, boot, click.

SHELL := /bin/sh
ROOT  := $(shell [ "$$(id -u)" = 0 ] || echo sudo -E)
LAB   := $(ROOT) .venv/bin/lab
# A topology: a file, or the name of a shipped one. Empty is the default lab.
TOPOLOGY ?=
C_SOURCES = $(shell find orchestrator -name '*.[ch]')
# Where `make test-pythons` runs. Empty is every Python that pyproject.toml names.
PYTHONS ?=
# With `make test`: how many processes test side by side, each with labs of its own. Empty is one.
PROCESSES ?=
# How many faults `make soak` tries, and the seed that repeats its choices.
N ?= 200
SEED ?= 1
# Of `make fuzz`: which inputs (tests/fuzz/kinds), and how many of each kind.
KIND ?= all
COUNT ?= 200000

# Where this is set Python compiles all of ours anew for each command: a second of its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab up down status test test-pythons test-newest test-netem test-sanitized lint lock bench bench-links bench-visits bench-flaps bench-scale soak fuzz figures format clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

lab: ## Install what a lab needs, start Docker if none answers, build the images
	@$(ROOT) tools/install

up: lab ## Boot a lab (TOPOLOGY=…) and make the first visit
	@$(LAB) up $(TOPOLOGY) --visit

status: ## Say how the running lab is
	@$(LAB) status

down: ## Remove everything the lab made
	@$(LAB) down

test: lab .venv/dev ## Run all tests: unit, golden, errors, end to end
	@$(ROOT) .venv/bin/python -m pytest $(if $(PROCESSES),-n $(PROCESSES))

test-pythons: .venv/dev ## Run the tests that boot no lab on each Python that we support
	@$(ROOT) tools/test-units $(PYTHONS)

test-newest: .venv/dev ## Run them with the newest of every dependency, not what the lock has
	@$(ROOT) tools/test-units newest

lock: .venv/bin/uv ## Pin the newest of every dependency in constraints.txt
	@tools/lock

test-netem: lab .venv/dev ## Run the link tests in a kernel that has netem (user-mode Linux)
	@$(ROOT) tools/test-netem

test-sanitized: lab .venv/dev ## Run the tests of our C programs on builds that ASan and UBSan watch
	@$(ROOT) tools/test-sanitized

lint: .venv/dev ## Check style, types, the direction of imports, and our C
	@.venv/bin/ruff check orchestrator tests tools hatch_build.py
	@.venv/bin/ruff format --check -q orchestrator tests tools hatch_build.py
	@.venv/bin/clang-format --dry-run --Werror $(C_SOURCES)
	@cppcheck -q --std=c11 --enable=warning,style,performance,portability --error-exitcode=1 \
		--suppressions-list=.cppcheck $(filter %.c,$(C_SOURCES))
	@.venv/bin/python -m tools.lint_c
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: .venv/dev ## Format the sources
	@.venv/bin/ruff check -q --fix orchestrator tests tools hatch_build.py
	@.venv/bin/ruff format orchestrator tests tools hatch_build.py
	@.venv/bin/clang-format -i $(C_SOURCES)

bench-links: lab .venv/dev ## Measure links: delay, rate, loss, throughput, on what the kernel offers
	@$(ROOT) .venv/bin/python -m tests.bench.links

bench: lab .venv/dev ## Measure: time to ready, memory, check, overhead of a visit; graphs up to 200 ASes
	@$(ROOT) .venv/bin/python -m tests.bench

bench-visits: lab .venv/dev ## Measure what a visit costs: [LAB=one that runs [TREE=another checkout, in turns]]
	@$(ROOT) .venv/bin/python -m tests.bench.visiting $(LAB) $(TREE)

bench-flaps: lab .venv/dev ## Count sessions that end on a busy machine, before and after: [SECONDS=180] [LAB=one that runs]
	@$(ROOT) .venv/bin/python -m tests.bench.flaps $(or $(SECONDS),180) $(LAB)

bench-scale: lab .venv/dev ## Measure graphs of 50, 100, 200 and 1,000 ASes, and how they grow
	@$(ROOT) .venv/bin/python -m tests.bench.scale 50 100 200 1000

soak: lab .venv/dev ## Break a lab N=200 times, with SEED=1, and visit: it must heal, and be told truly
	@$(ROOT) .venv/bin/python -m tests.bench.soak $(N) $(SEED)

fuzz: .venv/dev ## Try 200,000 inputs that nobody meant of each kind (KIND=, COUNT=, SEED=1)
	@$(ROOT) .venv/bin/python -m tests.fuzz $(KIND) $(COUNT) $(SEED)

figures: lab .venv/dev ## Draw the README's failover picture from two studies, run now
	@$(ROOT) .venv/bin/python -m tests.bench.failover_figure

clean: ## Remove what was built here; labs and images stay
	@$(ROOT) rm -rf .venv build dist .mypy_cache .ruff_cache .import_linter_cache

# `make lab` makes the environment; what only tests and lint need is added here.
# The HAR's validator comes from npm; the console is typed at in tmux; cppcheck reads our C.
.venv/dev: pyproject.toml constraints.txt | .venv/installed
	@command -v npm >/dev/null || $(ROOT) apt-get -q install -y --no-install-recommends npm
	@command -v tmux >/dev/null || $(ROOT) apt-get -q install -y --no-install-recommends tmux
	@command -v cppcheck >/dev/null || $(ROOT) apt-get -q install -y --no-install-recommends cppcheck
	@$(ROOT) tools/pip-install -e '.[dev]'
	@$(ROOT) touch $@

# Not by way of .venv/dev where it is there: what that would install may be what the lock forbids.
.venv/bin/uv:
	@$(MAKE) .venv/dev

.venv/installed:
	@$(ROOT) tools/install

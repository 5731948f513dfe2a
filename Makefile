# Every command a person or a workflow runs. `make help` lists them.
# The environment is .venv: what requirements.txt pins, and requirements-tools.txt for tests; built or repaired when needed.

PYTHON ?= python3
STACK ?= prod
BIN := .venv/bin
OPS := $(BIN)/python -m ops
# A Python that is asked for is the one that is used; otherwise an environment keeps the one that it has.
ENVIRONMENT := $(PYTHON) -m ops.setup $(if $(filter file,$(origin PYTHON)),,--this-python)

.DEFAULT_GOAL := help
.PHONY: help program tools setup preview plan report test branches quick lint format policy engine plugin provider local emulators sql advisories golden docs schema lock \
        release-schema drift gauntlet mutants fuzz bench clean diff difference comment notes workflows cloud-preview \
        release release-plan release-apply verify drift-report

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

program:
	@$(ENVIRONMENT) program

tools:
	@$(ENVIRONMENT) tools

setup: tools ## Build the environment with everything that tests and tools need

preview: program ## Plan STACK offline: every resource, archive and contract
	@$(OPS) plan --stack $(STACK)

plan: preview

report: program ## Write a page of STACK to build/report.html, with build/difference.json where it is
	@$(OPS) report --stack $(STACK) $(if $(wildcard build/difference.json),--diff build/difference.json)

test: tools ## Run every test that this machine can run
	@$(BIN)/python -m pytest -n auto --dist loadfile

branches: tools ## Run every test, and fail where they reach too little of the model, readers or policies
	@$(BIN)/python -m pytest -n auto --dist loadfile -p tests.branches

quick: tools ## Run the tests that need no emulator, engine or browser
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not engine and not emulator and not browser and not slow"

lint: tools ## Check style, types and dead code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/vulture
	@$(BIN)/mypy
	@for folder in $(filter-out functions/shared/,$(wildcard functions/*/)); do \
		MYPYPATH=functions:$$folder $(BIN)/mypy --no-error-summary $$folder || exit 1; \
	done

format: tools ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

policy: tools ## Run the policy pack over the offline plan
	@$(OPS) policy --stack $(STACK)

engine: tools ## Run the tests on the real Pulumi engine (needs the pulumi CLI)
	@$(BIN)/python -m pytest -m engine

GCP := $(shell sed -n 's/^pulumi-gcp==\([^ ]*\).*/\1/p' requirements.txt)

plugin: ## Download the provider that the lock names (needs the pulumi CLI)
	@pulumi plugin install resource gcp v$(GCP)

# On PATH, or where the CLI keeps what it downloaded.
provider: export PATH := $(PATH):$(or $(PULUMI_HOME),$(HOME)/.pulumi)/plugins/resource-gcp-v$(GCP)
provider: tools ## Compare programs, policies and our model with the real provider (needs pulumi-resource-gcp)
	@$(BIN)/python -m pytest -m plugin

local: tools ## Run the whole pipeline of STACK on this machine, or play DAY on it
	@$(OPS) local --stack $(STACK) $${DAY:+--replay "$$DAY"}

emulators: tools ## Run the tests on the Firestore and Pub/Sub emulators
	@$(BIN)/python -m pytest -m emulator

ANALYZER := .cache/googlesql/env

$(ANALYZER)/ready: tests/analysis/sql/requirements.lock
	@$(PYTHON) -m venv --clear $(ANALYZER)
	@if $(ANALYZER)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<; then touch $@; \
	else echo "Google's analyzer cannot be had here, so SQL is held against this project's own reader only."; fi

sql: tools $(ANALYZER)/ready ## Hold every SQL of the project and a corpus against Google's own analyzer
	@$(BIN)/python -m pytest tests/analysis/sql

ADVISORIES := .cache/advisories/env

$(ADVISORIES)/ready: tests/advisories/requirements.lock
	@$(PYTHON) -m venv --clear $(ADVISORIES)
	@$(ADVISORIES)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

advisories: $(ADVISORIES)/ready ## Ask whether an advisory is published for anything pinned (needs the network)
	@$(PYTHON) -m tests.advisories $(ADVISORIES)/bin/pip-audit requirements.txt requirements-tools.txt functions/requirements.lock

golden: program ## Rewrite the golden inventory; review it as a diff
	@$(OPS) golden

docs: tools ## Rewrite the generated pages of docs/
	@$(OPS) docs

schema: program ## Rewrite pipeline.schema.json
	@$(OPS) schema

lock: tools ## Pin everything again with hashes
	@$(OPS) lock --environment

release-schema: program ## Record the schemas of schemas/ as released
	@$(OPS) release-schema

drift: program ## Compare the cloud with the state (needs the pulumi CLI and credentials)
	@$(OPS) drift --stack $(STACK)

diff: program ## Compare the plans of BASE and HEAD (HEAD: the files as they are now)
	@$(OPS) diff "$${BASE:-main}" "$${HEAD:-WORKTREE}" --stack $(STACK) || [ $$? -eq 3 ]

notes: program ## Print release notes from BASE to HEAD
	@$(OPS) diff "$${BASE:?}" "$${HEAD:-WORKTREE}" --stack $(STACK) --notes || [ $$? -eq 3 ]

difference: program ## Write what differs between BASE and HEAD to build/difference.json
	@mkdir -p build
	@$(OPS) diff "$${BASE:?}" "$${HEAD:?}" --stack $(STACK) --format json > build/difference.json || [ $$? -eq 3 ]

comment: ## Write build/difference.json, which nobody vouches for, as build/comment.md
	@$(PYTHON) -m ops diff --from build/difference.json --format markdown > build/comment.md || [ -s build/comment.md ]

workflows: ## Check the workflows (needs Go)
	@go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

cloud-preview: tools ## Preview STACK against the cloud (needs the pulumi CLI and credentials)
	@pulumi preview --non-interactive --stack $(STACK) --diff --refresh --policy-pack policies

release: tools ## Release HEAD, or COMMIT: plan, ask, apply that plan, verify
	@$(OPS) release --stack $(STACK) $${COMMIT:+--to "$$COMMIT"}

release-plan: tools ## Write the plan of HEAD, or COMMIT, and its notes to build/release
	@$(OPS) release --stack $(STACK) $${COMMIT:+--to "$$COMMIT"} --prepare build/release

release-apply: tools ## Apply the plan in build/release and no other, then verify
	@$(OPS) release --stack $(STACK) --apply build/release --yes

verify: tools ## Check that what runs is what was released (needs credentials)
	@$(OPS) verify --stack $(STACK)

drift-report: tools ## Write what differs in the cloud to build/drift/drift.txt
	@mkdir -p build/drift
	@$(OPS) drift --stack $(STACK) > build/drift/drift.txt || [ $$? -eq 3 ]

gauntlet: tools ## Judge generated mistakes in copies of the project (SAMPLE of each kind, PARTS)
	@$(BIN)/python -m tests.gauntlet $(PARTS) --sample $(or $(SAMPLE),40)

MUTANTS := .cache/mutants/env

$(MUTANTS)/ready: tests/mutants/requirements.lock
	@$(PYTHON) -m venv --clear $(MUTANTS)
	@$(MUTANTS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r $<
	@touch $@

mutants: tools $(MUTANTS)/ready ## Change our own rules and engine, and look which changes no test sees (SAMPLE of each group, GROUPS)
	@$(BIN)/python -m tests.mutants $(MUTANTS)/bin/python $(GROUPS) --sample $(or $(SAMPLE),100)

fuzz: tools ## Give 100,000 bad inputs to everything that reads text from outside
	@$(BIN)/python -m tests.fuzz --inputs $(or $(INPUTS),100000)

bench: tools ## Measure, print every figure, and write them to docs/figures.md
	@$(BIN)/python -m bench --record

clean: ## Remove everything that was built
	@rm -rf .venv .cache build .mypy_cache .ruff_cache .pytest_cache .hypothesis

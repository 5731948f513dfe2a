# Every command a person or a workflow runs. `make help` lists them.
# The environment is .venv, built from the locks; nothing outside this folder is written.

PYTHON ?= python3
STACK ?= prod
BIN := .venv/bin
OPS := $(BIN)/python -m ops

.DEFAULT_GOAL := help
.PHONY: help setup preview plan test quick lint format policy engine emulators golden docs schema lock \
        release-schema drift bench clean diff difference comment notes workflows cloud-preview \
        release release-plan release-apply verify drift-report

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

.venv/program: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=/path/to/python" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/tools: requirements-dev.lock .venv/program
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: .venv/tools ## Build the environment with everything that tests and tools need

preview: .venv/program ## Plan STACK offline: every resource, archive and contract
	@$(OPS) plan --stack $(STACK)

plan: preview

test: .venv/tools ## Run every test that this machine can run
	@$(BIN)/python -m pytest -n auto --dist loadfile

quick: .venv/tools ## Run the tests that need no emulator, engine or browser
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not engine and not emulator and not slow"

lint: .venv/tools ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@for folder in $(filter-out functions/shared/,$(wildcard functions/*/)); do \
		MYPYPATH=functions:$$folder $(BIN)/mypy --no-error-summary $$folder || exit 1; \
	done

format: .venv/tools ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

policy: .venv/tools ## Run the policy pack over the offline plan
	@$(OPS) policy --stack $(STACK)

engine: .venv/tools ## Run the tests on the real Pulumi engine (needs the pulumi CLI)
	@$(BIN)/python -m pytest -m engine -rs

emulators: .venv/tools ## Run the tests on the Firestore and Pub/Sub emulators
	@$(BIN)/python -m pytest -m emulator -rs

golden: .venv/program ## Rewrite the golden inventory; review it as a diff
	@$(OPS) golden

docs: .venv/tools ## Rewrite the generated pages of docs/
	@$(OPS) docs

schema: .venv/program ## Rewrite pipeline.schema.json
	@$(OPS) schema

COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-strip-extras --python-version 3.11
FREE := sed -i -E "s/ ; python_full_version < '3.14' and / ; /; s/ ; python_full_version < '3.14'//"

lock: .venv/tools ## Pin everything again with hashes
	@$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	@$(COMPILE) pyproject.toml -c requirements-dev.lock -o requirements.lock
	@$(FREE) requirements.lock requirements-dev.lock
	@$(OPS) lock

release-schema: .venv/program ## Record the schemas of schemas/ as released
	@$(OPS) release-schema

drift: .venv/program ## Compare the cloud with the state (needs the pulumi CLI and credentials)
	@$(OPS) drift --stack $(STACK)

diff: .venv/program ## Compare the plans of BASE and HEAD (HEAD: the files as they are now)
	@$(OPS) diff "$${BASE:-main}" "$${HEAD:-WORKTREE}" --stack $(STACK) || [ $$? -eq 3 ]

notes: .venv/program ## Print release notes from BASE to HEAD
	@$(OPS) diff "$${BASE:?}" "$${HEAD:-WORKTREE}" --stack $(STACK) --notes || [ $$? -eq 3 ]

difference: .venv/program ## Write what differs between BASE and HEAD to build/difference.json
	@mkdir -p build
	@$(OPS) diff "$${BASE:?}" "$${HEAD:?}" --stack $(STACK) --format json > build/difference.json || [ $$? -eq 3 ]

comment: ## Write build/difference.json, which nobody vouches for, as build/comment.md
	@$(PYTHON) -m ops diff --from build/difference.json --format markdown > build/comment.md || [ -s build/comment.md ]

workflows: ## Check the workflows (needs Go)
	@go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

cloud-preview: .venv/tools ## Preview STACK against the cloud (needs the pulumi CLI and credentials)
	@pulumi preview --non-interactive --stack $(STACK) --diff --refresh --policy-pack policies

release: .venv/tools ## Release HEAD, or COMMIT: plan, ask, apply that plan, verify
	@$(OPS) release --stack $(STACK) $${COMMIT:+--to "$$COMMIT"}

release-plan: .venv/tools ## Write the plan of HEAD, or COMMIT, and its notes to build/release
	@$(OPS) release --stack $(STACK) $${COMMIT:+--to "$$COMMIT"} --prepare build/release

release-apply: .venv/tools ## Apply the plan in build/release and no other, then verify
	@$(OPS) release --stack $(STACK) --apply build/release --yes

verify: .venv/tools ## Check that what runs is what was released (needs credentials)
	@$(OPS) verify --stack $(STACK)

drift-report: .venv/tools ## Write what differs in the cloud to build/drift/drift.txt
	@mkdir -p build/drift
	@$(OPS) drift --stack $(STACK) > build/drift/drift.txt || [ $$? -eq 3 ]

bench: .venv/tools ## Measure, and print tables
	@$(BIN)/python -m bench

clean: ## Remove everything that was built
	@rm -rf .venv .cache build .mypy_cache .ruff_cache .pytest_cache .hypothesis

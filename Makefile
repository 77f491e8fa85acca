# Touchline. `make` alone lists the targets.
#
# Everything runs in .venv, which requirements/bootstrap.sh makes and keeps at what the lock files
# say. It speaks on stderr only, so `make -s run ARGS="--json"` is a program's stdout and no more.

ARGS ?=
bootstrap := @sh requirements/bootstrap.sh
bin := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check dashboards-check lock bench faults ninety format clean

help: ## List the targets (ARGS="..." passes options on to run, test, bench, ...)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Everything on this machine, with simulated customers: touchline up --demo
	$(bootstrap) run && exec $(bin)/touchline up --demo $(ARGS)

test: ## Run the tests, with embedded services
	$(bootstrap) dev && exec $(bin)/python -m pytest $(ARGS)

check: ## Format, lint, types, import direction, lock files and container files, changing nothing
	$(bootstrap) dev
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo
	$(bin)/python requirements/lock.py --check
	$(bin)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(bin)/hadolint Dockerfile

dashboards-check: ## Ask every query of the dashboards, and every rule, of a live flow
	$(bootstrap) dev && exec $(bin)/python -m dashboards.prove $(ARGS)

faults: ## Break a running flow in every way we know, and judge what is left (ARGS="--quick")
	$(bootstrap) dev && exec $(bin)/python -m tests.faults $(ARGS)

ninety: ## Ninety days of 10,000 customers against an oracle that recomputes everything
	$(bootstrap) dev && exec $(bin)/python -m tests.oracle.ninety_days $(ARGS)

format: ## Format the code and mend what ruff can mend
	$(bootstrap) dev
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

lock: ## Write requirements/*.lock anew (ARGS="--upgrade" takes newer versions)
	$(bootstrap) dev
	$(bin)/python requirements/lock.py $(ARGS)

bench: ## Measure throughput, latency and memory on this machine
	$(bootstrap) dev && exec $(bin)/python -m benchmarks $(ARGS)

clean: ## Remove .venv and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

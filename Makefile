# Activarium's few commands. `make` goes from a fresh clone to a report, `make test` checks it.

STUDY ?= config/config.yaml
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
HOUSE := $(notdir $(basename $(wildcard workflow/scripts/activarium/activations/[a-z]*.py)))
SNAKEMAKE := ACTIVARIUM_BELOW_MAKE=1 $(BIN)/snakemake
ACTIVARIUM := PYTHONPATH=workflow/scripts $(BIN)/python -m activarium

.PHONY: report-from-scratch report profiles check unlock test test-all lint docs lock

# The study, from what is there to the report.
report-from-scratch: $(VENV)/ready
	@$(ACTIVARIUM) report-path $(STUDY) > /dev/null
	@$(SNAKEMAKE) --cores $(CORES) --configfile $(STUDY) || $(ACTIVARIUM) explain-stop
	@$(ACTIVARIUM) report-path $(STUDY)

# Tables to report again, without training whatever has changed.
report: $(VENV)/ready
	@$(ACTIVARIUM) report-path $(STUDY) > /dev/null
	@$(SNAKEMAKE) --cores $(CORES) --configfile $(STUDY) --allowed-rules all certify numerics claims profiles compare describe figure report
	@$(ACTIVARIUM) report-path $(STUDY)

# Every built-in activation certified, into results/profiles, and claims about them settled.
profiles: $(VENV)/ready
	@$(BIN)/snakemake --cores $(CORES) $(HOUSE:%=results/profiles/%.json) \
		$(HOUSE:%=results/profiles/%.numerics.json) results/profiles/claims.json \
		--configfile $(STUDY)

# Read every file of the study's runs, also where its tables are there already.
check: $(VENV)/ready
	@$(ACTIVARIUM) check-runs $(STUDY)

# After an execution was killed; refused while another one lives.
unlock: $(VENV)/ready
	@$(ACTIVARIUM) check-idle
	@$(BIN)/snakemake --unlock --configfile $(STUDY)

test: $(VENV)/ready-to-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

test-all: $(VENV)/ready-to-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/snakemake --lint

# The tables of keys in config/README.md, from the schema.
docs: $(VENV)/ready
	@PYTHONPATH=workflow/scripts $(BIN)/python -m activarium.study.key_tables config/schema.yaml config/README.md

# The locked environments; a changed lock is installed over the old one.
$(VENV)/ready: requirements.txt
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh workflow/envs/venv.sh
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

# New locks; versions already locked stay unless LOCK=--upgrade. The environment for --sdm conda
# takes its versions from the first one.
COMPILE := uv pip compile $(LOCK) --universal --python-version 3.11 --no-annotate
ENVIRONMENT := workflow/envs/activarium.yaml
lock:
	$(COMPILE) --extra train -o requirements.txt pyproject.toml
	$(COMPILE) --extra train --extra test -c requirements.txt -o requirements-test.txt pyproject.toml
	@sed -i '/- pip:/q' $(ENVIRONMENT)
	@sed '/^#/d; s/.*/      - "&"/' requirements.txt >> $(ENVIRONMENT)

# The only commands to learn: make help
SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
.PHONY: help install check test nf-test test-faults test-cohort demo images bench requirements clean

NEXTFLOW := tools/nextflow/nextflow
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# certificates that the machine trusts, also those of a proxy between it and the package index
export UV_SYSTEM_CERTS := true
# a Python 3.12 or newer that answers (a pyenv shim may be on PATH and fail)
PYTHON = $(shell for p in python3.13 python3.12 python3 "$$HOME"/.pyenv/versions/3.1[23]*/bin/python; do \
	"$$p" -c 'import sys, venv; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null && { command -v "$$p"; break; }; done)
RESULTS ?= results/demo
PROFILE ?= local

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: .venv/installed tools/nextflow/lib/installed ## set up .venv and Nextflow (once)

.venv/installed: containers/requirements-dev.txt containers/requirements-uv.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.12 or 3.13 found; install one (Debian 13: apt-get install python3-venv)" >&2; exit 2; }
	test -x .uv/bin/uv || { "$(PYTHON)" -m venv .uv && .uv/bin/pip install -q --require-hashes -r containers/requirements-uv.txt; }
	test -x $(BIN)/python || .uv/bin/uv venv -q --python "$(PYTHON)" .venv
	.uv/bin/uv pip sync -q --compile-bytecode --require-hashes --python $(BIN)/python containers/requirements-dev.txt
	.uv/bin/uv pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e .
	NUMBA_CACHE_DIR=$(CURDIR)/.venv/numba MPLCONFIGDIR=$(CURDIR)/.venv/matplotlib $(BIN)/python containers/warm_up.py
	touch $@

tools/nextflow/lib/installed: tools/nextflow/pom.xml
	mkdir -p $(@D)
	if found=$$(command -v nextflow) && $(NEXTFLOW) -version >/dev/null 2>&1; then echo "Nextflow: $$found"; \
	else mvn -q -B -f tools/nextflow/pom.xml dependency:copy-dependencies -DoutputDirectory=lib; fi
	touch $@

# Nextflow hashes bin/ but not the package: changed code starts afresh
demo: install demo/cohort/samplesheet.csv ## simulate a small cohort with planted truth and run it: see results/demo/report.html
	code=$$(cat $$(git ls-files -co --exclude-standard src assets/genes) | sha256sum); \
	resume=$$(cmp -s <(echo "$$code") demo/code && echo -resume || true); echo "$$code" > demo/code; \
	$(NEXTFLOW) run . -profile demo,$(PROFILE) $$resume --outdir $(RESULTS)
	@echo "report: $(RESULTS)/report.html"

demo/cohort/samplesheet.csv: $(wildcard src/sscite/simulate/*) bin/simulate_cohort.py bin/simulate_reference.py | install
	rm -rf demo
	$(BIN)/python bin/simulate_reference.py --output demo/reference/model.pkl
	$(BIN)/python bin/simulate_cohort.py --outdir demo/cohort

test-cohort: install ## simulate the cohort of -profile test again (assets/test)
	$(BIN)/python bin/simulate_cohort.py --outdir assets/test --cells 400 --genes 600 --donors HD=3,SRC=3 --kidney 2 --lung 0 --no-stages --depth 800 --empties 0.6 --seed 16
	$(BIN)/python bin/simulate_reference.py --output assets/test/model.pkl --cells 32 --genes 600
	sed -i '/^SSc against/d' assets/test/contrasts.csv
	rm -rf assets/test/truth

check: install ## lint, types, and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: install ## every test that this machine can run; what is skipped is said
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not pipeline and not faults"
	$(BIN)/python -m pytest -q -m pipeline

test-faults: install ## kill runs and tasks, compare platforms (up to 50 minutes on two cores)
	$(BIN)/python -m pytest -q -m faults

NF_TESTS ?= modules tests/nf_test
nf-test: install ## the tests of the processes and of the pipeline, where nf-test is on PATH; NF_TESTS=modules/demux for those of a step group
	@command -v nf-test >/dev/null || { echo "note: nf-test is not on PATH; the tests of the processes are skipped"; exit 0; }; \
	PATH="$(CURDIR)/tools/nextflow:$$PATH" NUMBA_CACHE_DIR="$(CURDIR)/.venv/numba" nf-test test $(NF_TESTS) | tee >(cat >&2) \
	| grep 'Executed [1-9]' >/dev/null || { echo "error: a test of a process failed, or nf-test found none (it ends with 0 then)" >&2; exit 1; }

images: ## build the container image, tagged by the hash of what goes into it
	containers/build.sh

bench: install ## every peer comparison; tables on standard output
	for script in benchmarks/*.py; do $(BIN)/python $$script; done

requirements: .uv/bin/uv ## resolve the newest versions that pyproject.toml allows, with hashes
	.uv/bin/uv pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-header --no-annotate -q --upgrade -o containers/requirements.txt
	.uv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.12 --generate-hashes --no-header --no-annotate -q --upgrade -c containers/requirements.txt -o containers/requirements-dev.txt
	echo uv | .uv/bin/uv pip compile - --universal --python-version 3.12 --generate-hashes --no-header --no-annotate -q --upgrade -o containers/requirements-uv.txt

.uv/bin/uv: .venv/installed

clean: ## remove what runs left: work folders, logs, results
	rm -rf work .nextflow* results demo

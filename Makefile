# `make help` lists what one can type. Needs Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
PY := .venv/bin/python
SEEDS ?=
MODEL ?=
RECIPE ?=
SETTINGS := HF_HUB_DISABLE_TELEMETRY=1 PYTHONHASHSEED=0 PYTHONWARNINGS=ignore::FutureWarning
# What is stored, or compared with what is stored, is computed on the CPU
ON_CPU := $(SETTINGS) CUDA_VISIBLE_DEVICES=
# Two workers of one thread each: at this size faster than one of two threads, and the same bits
PYTEST := $(ON_CPU) OMP_NUM_THREADS=1 $(PY) -m pytest -n 2

.PHONY: help setup lab test reproduce regenerate models map trials family rlhf bench peer jupyter lint clean

help: ## Say what one can type
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "make %-12s %s\n", $$1, $$2}'

setup: .venv/ready ## Make .venv and install what is pinned

.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11; run make PYTHON=python3.12, say."; exit 1; }
	@echo "Setting up .venv (once; a few minutes)"
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.txt)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

lab: setup ## Run the core labs, show before/after, verdict and report
	@$(SETTINGS) $(PY) -m lab_utils lab $(if $(MODEL),--model "$(MODEL)") $(if $(RECIPE),--recipe "$(RECIPE)")

test: setup ## Unit tests, structure tests, and every lab against its stored outputs
	@MPLBACKEND=agg $(PYTEST) --dist loadfile tests
	@$(PYTEST) -p no:python --nbval --nbval-current-env --nbval-cell-timeout=900 --nbval-kernel-startup-timeout=300 --nbval-sanitize-with tests/nbval.cfg notebooks

reproduce: setup ## The core result once a seed (ten of them): make reproduce SEEDS="0 1 2"
	@$(SETTINGS) $(PY) -m lab_utils reproduce $(if $(SEEDS),--seeds $(SEEDS))

regenerate: setup ## Rewrite the stored outputs of every lab
	@$(ON_CPU) $(PY) -m lab_utils regenerate

models: setup ## Rebuild the embedded models from their grammar
	@$(ON_CPU) $(PY) -m lab_utils.pretraining

map: setup ## Train once a cell of lab 5's map, about an hour; goes on where it stopped
	@$(ON_CPU) $(PY) -m lab_utils.sweep

trials: setup ## Make and diagnose the failing runs for lab 5's rules, about two hours; goes on where it stopped
	@$(ON_CPU) $(PY) -m lab_utils.trials

family: setup ## Compare preference methods for lab 7, about two hours; goes on where it stopped
	@$(ON_CPU) $(PY) -m lab_utils.comparison

rlhf: setup ## Use the same pairs as DPO and as RLHF for lab 8, a good hour; goes on where it stopped
	@$(ON_CPU) $(PY) -m lab_utils.ways

bench: setup ## Time training beside TRL, a plain loop and LLaMA-Factory (after make peer), about an hour; goes on where it stopped
	@$(ON_CPU) $(PY) -m lab_utils.bench

# LLaMA-Factory imports torchaudio, which has no build for this torch; an empty module does, as text needs none of it.
# torchvision comes along built for torch with CUDA, and transformers fails on it; without it text trains all the same
peer: ## Install LLaMA-Factory for the bench, in an environment of its own
	@$(PYTHON) -m venv .venv-llamafactory
	@.venv-llamafactory/bin/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.txt)" llamafactory==0.9.5
	@rm -rf .venv-llamafactory/lib/python3*/site-packages/torchaudio* .venv-llamafactory/lib/python3*/site-packages/torchvision*
	@for site in .venv-llamafactory/lib/python3*/site-packages; do mkdir $$site/torchaudio && touch $$site/torchaudio/__init__.py; done

jupyter: setup ## Open the labs in JupyterLab
	@$(SETTINGS) $(PY) -m jupyterlab notebooks

lint: setup ## Check code and notebooks with ruff
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

clean: ## Remove runs and both environments
	rm -rf runs .venv .venv-llamafactory

# `make demo` and `make test` do all set-up themselves, from Python 3.11–3.12 and Node ≥ 20.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROOFS := .toolchain/proofs
FORGE := npx --no-install forge
# Ours first; Morpho Blue pins the other.
SOLC_VERSIONS := 0.8.34 0.8.19
# Morpho Blue with the compiler that it pins; the tests deploy its bytecode.
MORPHO := .build/morpho/out/Morpho.sol/Morpho.json
# Aave V3 with its ConfigEngine; what else the pool needs is compiled with it.
AAVE := .build/aave/out/AaveV3ConfigEngine.sol/AaveV3ConfigEngine.json
# Faults tried in each group of contracts, drawn at random with this seed.
FAULTS ?= 60
SEED ?= 1
SHELL := /bin/sh

.PHONY: help setup demo venues test bench check lint forge fault-matrix mutate gas gas-accept schema format clean prove analyse deep

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .toolchain/ready ## Python, Node packages and the compiler, all from the locks

.toolchain/ready: requirements-bootstrap.txt requirements-dev.txt requirements-proofs.txt package-lock.json .npmrc tools/solc.cjs tools/require.py tools/link.py
	$(PYTHON) tools/require.py
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements-dev.txt
	$(PYTHON) -m venv --clear $(PROOFS)
	$(BIN)/uv pip sync --quiet --require-hashes --only-binary :all: --python $(PROOFS)/bin/python requirements-proofs.txt
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/python tools/link.py $(SOLC_VERSIONS)
	touch $@

demo: setup ## the main job: compile the example book and apply it on the embedded chain
	$(BIN)/ape run update_params --yes

$(MORPHO): package-lock.json foundry.toml | setup
	FOUNDRY_PROFILE=morpho $(FORGE) build --quiet node_modules/@morpho-org/morpho-blue/src/Morpho.sol
	touch $@

$(AAVE): package-lock.json foundry.toml tests/aave/Executor.sol tests/aave/AavePool.sol | setup
	FOUNDRY_PROFILE=aave $(FORGE) build --quiet tests/aave/Executor.sol tests/aave/AavePool.sol \
		node_modules/@aave-dao/aave-v3-origin/src/contracts/helpers/AaveProtocolDataProvider.sol \
		node_modules/@aave-dao/aave-v3-origin/src/contracts/extensions/v3-config-engine/AaveV3ConfigEngine.sol
	touch $@

venues: setup $(MORPHO) $(AAVE) ## compile the real protocols that docs/real-protocols.md runs on

# What numba keeps of a kernel does not know of a change in a module that it calls.
.cache/kernels: paramgen/model/wide.py paramgen/model/amm_compiled.py paramgen/mirror/compiled.py paramgen/backtest/replay.py
	find paramgen -name '*.nb[ic]' -delete
	mkdir -p $(@D) && touch $@

test: setup lint $(MORPHO) $(AAVE) .cache/kernels ## everything that has to hold
	$(FORGE) test
	FOUNDRY_PROFILE=aave $(FORGE) test
	$(BIN)/python tools/gas.py
	$(BIN)/python -m pytest tests --ignore=tests/unit --ignore=tests/properties
	$(BIN)/python -m pytest tests/unit tests/properties --numprocesses auto
	$(BIN)/python tools/prove.py
	$(BIN)/python tools/analyse.py

bench: setup .cache/kernels ## speed as ratios in one run, written to docs/benchmarks.md
	$(BIN)/python -m benchmarks.run --write docs/benchmarks.md

prove: setup ## halmos on the contracts, z3 on the integer lemmas; none run, or one not finished, fails
	$(BIN)/python tools/prove.py

analyse: setup ## slither on the Foundry project, each finding with its reason
	$(BIN)/python tools/analyse.py

deep: setup $(MORPHO) ## the long forms: fuzz, invariants, comparisons, proofs, planted faults, mutants
	FOUNDRY_PROFILE=deep $(FORGE) test
	COMPARISONS=5000000 $(BIN)/python -m pytest tests/differential -s
	$(BIN)/python tools/prove.py
	$(BIN)/python tools/prove.py --planted
	$(MAKE) mutate

check: setup lint .cache/kernels ## the quick loop
	$(BIN)/python -m pytest tests/unit tests/properties --numprocesses auto

lint: setup ## style, types, the one-way flow, Solidity
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	npx --no-install solhint --max-warnings 0 'contracts/**/*.sol'

gas: setup ## the gas table beside its bounds, peers and snapshot
	$(BIN)/python tools/gas.py

gas-accept: setup ## make what is measured the snapshot and docs/gas.md
	$(BIN)/python tools/gas.py --accept

forge: setup $(MORPHO) ## fuzz, invariants and the fault matrix on the contracts
	$(FORGE) test
	FOUNDRY_PROFILE=aave $(FORGE) test

fault-matrix: setup ## run the fault matrix and write docs/fault-matrix.md
	$(BIN)/python tools/fault_matrix.py

mutate: setup $(MORPHO) ## the mutation score, written to docs/mutation.md; FAULTS=all tries every mutant
	$(BIN)/python tools/mutation/run.py --jobs 2 --sample $(FAULTS) --seed $(SEED) --write docs/mutation.md

schema: setup ## the JSON Schemas of book and policy, anew
	$(BIN)/python tools/schema.py

format: setup ## rewrite in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove everything that set-up and tests made
	rm -rf .venv node_modules .toolchain .build .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Every target works on a fresh clone: what it needs beyond Rust, Python 3.11, Node 20 and make is installed below .cache/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
TOOLS := .cache/tools
export DOWNBEAT_NATS_SERVER ?= $(CURDIR)/$(TOOLS)/bin/nats-server
export DOWNBEAT_JUDGE_PYTHON ?= $(CURDIR)/$(TOOLS)/bin/python
BINARIES := -p downbeat -p downbeat-coordinator -p downbeat-scheduler -p downbeat-worker -p downbeat-metadata-projector -p downbeat-gateway
# How the programs come to be; `true` where they are there already. Built for themselves, much of what they use is compiled anew, with fewer features.
BUILD ?= cargo build --locked --bins

.PHONY: help console demo dev local test judge sim mutants upgrade check fmt bench fuzz build tools deny products sdk chart image sbom

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

# The console is built where its sources and Node are, and only when something of it has changed. Without Node all else works: a gateway that
# was built without the console says how to get it.
CONSOLE := services/gateway/console
CONSOLE_PAGE := $(if $(wildcard $(CONSOLE)/package.json),$(if $(shell command -v npm),$(CONSOLE)/dist/index.html))
CONSOLE_SOURCES := $(shell find $(CONSOLE) \( -name node_modules -o -name dist -o -name e2e \) -prune -o -type f -print 2>/dev/null)
console: $(CONSOLE_PAGE) ## Build the console, which gateways that are built afterwards have inside
	@$(if $(CONSOLE_PAGE),true,echo "the console is not built: that needs Node 20 (npm); everything else goes on without it")

$(CONSOLE)/dist/index.html: $(CONSOLE)/node_modules/.package-lock.json $(CONSOLE_SOURCES)
	cd $(CONSOLE) && npm run build
	touch $@

$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json
	cd $(CONSOLE) && npm ci --no-audit --no-fund
	touch $@

build: console ## Build every program (dev profile)
	$(BUILD) $(BINARIES)

demo: console ## Build, start everything in one process, run a real pipeline on real data, show the result
	$(BUILD) -p downbeat
	./deploy/demo.sh target/debug/downbeat

dev: console ## Start everything in one process, with examples for the console, and stay
	$(BUILD) -p downbeat
	./deploy/dev.sh target/debug/downbeat

local: build tools ## Start the services as separate processes over a real NATS server and stay
	./deploy/local/up.sh target/debug $(DOWNBEAT_NATS_SERVER)

test: console tools ## Build and run every test
	cargo build --locked --workspace --all-targets
	cargo test --locked --workspace --doc --quiet
	$(PYTHON) integration-tests/run-tests.py

judge: export DOWNBEAT_JUDGE_EXPRESSIONS ?= 20000
judge: export DOWNBEAT_JUDGE_CRONS ?= 5000
judge: export DOWNBEAT_JUDGE_DOCUMENTS ?= 20000
judge: tools ## Compare verdicts with the official offline validator; prints the agreement
	cargo test --locked -p downbeat-integration-tests --test judge -- --nocapture --test-threads 1

SEEDS ?= 200000
SEED ?=
COMMIT ?=
sim: ## Simulate SEEDS=200000 seeds (release profile), or one with its whole trace: SEED=N
	cargo build --locked --release -p downbeat-integration-tests --bin downbeat-sim
	target/release/downbeat-sim $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

mutants: ## Plant each known bug into a copy and require that the simulator finds it
	integration-tests/sim-mutants.sh

upgrade: build tools ## The version before (built from git; COMMIT=... for another) beside this one, and back
	integration-tests/upgrade.sh $(COMMIT)

check: ## Formatting, lints, documentation
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

fmt: ## Format the code
	cargo fmt --all

bench: console tools ## Measure against the budgets (release profile); prints a table
	cargo build --locked --release --bins $(BINARIES) -p downbeat-integration-tests
	target/release/downbeat-bench
	cargo bench --locked -p downbeat-dialect --bench dialect
	cargo bench --locked -p downbeat-domain --bench core
	cargo bench --locked -p downbeat-scheduler --bench schedules
	cargo bench --locked -p downbeat-metadata-projector --bench fold
	cargo bench --locked -p downbeat-metadata-projector --bench savings
	cargo bench --locked -p downbeat-metadata-projector --bench answers
	cargo bench --locked -p downbeat-metadata-projector --bench scale

RUNS ?= 10000000
fuzz: ## Fuzz documents, expressions and crons (RUNS=10000000 each) and keep what was learned
	for target in document expression cron; do crates/dialect/fuzz/run.sh $$target $(RUNS); done

SDK := $(TOOLS)/sdk
sdk: tools ## Write what the SDKs have from proto/, check their types, run their tests
	cargo build --locked --bins -p downbeat
	$(SDK)/python/bin/python sdk/generate.py
	cd sdk/python && $(CURDIR)/$(SDK)/python/bin/python -m mypy
	cd sdk/python && $(CURDIR)/$(SDK)/python/bin/python ../with_downbeat.py $(CURDIR)/$(SDK)/python/bin/python -m pytest
	cd sdk/typescript && $(CURDIR)/$(SDK)/python/bin/python ../with_downbeat.py npm test --silent

chart: build tools ## Write values.yaml, tables, dashboards, alerts and golden files of the Helm chart anew, then check it
	$(TOOLS)/helm/bin/python -B helm/check.py --write
	$(TOOLS)/helm/bin/python -B helm/check.py --programs target/debug --nats-server $(DOWNBEAT_NATS_SERVER)
	$(TOOLS)/helm/bin/python -B helm/check_run.py --programs target/debug --nats-server $(DOWNBEAT_NATS_SERVER)
	$(TOOLS)/helm/bin/python -B deploy/check_compose.py --programs target/debug --nats-server $(DOWNBEAT_NATS_SERVER)

IMAGE ?= downbeat:0.1.0
image: ## Build the image with all programs (IMAGE=downbeat:0.1.0); needs an engine for containers
	docker build --file deploy/Dockerfile --tag $(IMAGE) .

sbom: ## Write what the programs are made of to target/sbom.cdx.json (CycloneDX)
	mkdir -p target
	cargo metadata --locked --format-version 1 --filter-platform x86_64-unknown-linux-gnu | $(PYTHON) deploy/sbom.py > target/sbom.cdx.json

deny: ## Licences and sources of the dependencies (installs cargo-deny)
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check licenses bans sources

# Products of others that are too large for every run of the tests.
products: build tools .cache/products/airflow/ready .cache/products/prefect/ready ## Test against a real Airflow and a real Prefect (installs both)
	cargo test --locked -p downbeat-worker --test airflow --test prefect -- --nocapture
	cargo test --locked -p downbeat-integration-tests --test one_graph -- --nocapture

.cache/products/airflow/ready: PACKAGE := apache-airflow==3.1.8 apache-airflow-providers-openlineage==2.20.3 \
	apache-airflow-providers-common-sql==2.4.0 apache-airflow-providers-postgres==7.1.1
.cache/products/prefect/ready: PACKAGE := prefect==3.9.1
.cache/products/%/ready:
	rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet $(PACKAGE)
	touch $@

tools: $(TOOLS)/ready $(TOOLS)/nats-cli $(TOOLS)/postgres $(TOOLS)/openssh $(TOOLS)/ferretdb $(TOOLS)/kafka $(TOOLS)/collector $(TOOLS)/azurite-server $(TOOLS)/orchestra/ready \
	$(TOOLS)/openapi/ready $(TOOLS)/mcp/ready $(TOOLS)/helm/ready $(TOOLS)/sdk/python/ready $(TOOLS)/sdk/typescript/ready

$(TOOLS)/ready: deploy/tools.txt
	@echo "installing test tools into $(TOOLS)"
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet -r deploy/tools.txt
	touch $@

# The official clients of the API, what checks the document of the API, and what checks the chart, in environments of their own.
$(TOOLS)/orchestra/ready $(TOOLS)/openapi/ready $(TOOLS)/helm/ready: $(TOOLS)/%/ready: deploy/%.txt
	@echo "installing $(<F) into $(@D)"
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet -r $<
	touch $@

# The official client of the Model Context Protocol.
$(TOOLS)/mcp/ready: deploy/mcp.txt
	@echo "installing the client of the Model Context Protocol into $(@D)"
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet -r deploy/mcp.txt
	touch $@

# What the SDKs are generated and tested with; Node looks for packages beside the sources.
$(TOOLS)/sdk/python/ready: sdk/python/pyproject.toml
	@echo "installing what the SDK for Python is tested with into $(@D)"
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --editable 'sdk/python[dev]'
	touch $@

$(TOOLS)/sdk/typescript/ready: sdk/typescript/package.json
	@echo "installing what the SDK for TypeScript is tested with into $(@D)"
	rm -rf $(@D) && mkdir -p $(@D) && cp sdk/typescript/package.json $(@D)
	npm install --silent --no-audit --no-fund --no-package-lock --prefix $(@D)
	ln -sfn $(CURDIR)/$(@D)/node_modules sdk/typescript/node_modules
	touch $@

# The nats CLI, which one test publishes with, comes as source in Go only: where it cannot be had, that test says that it was skipped.
NATS_CLI := github.com/nats-io/natscli/nats@v0.5.0
$(TOOLS)/nats-cli: $(TOOLS)/ready
	@if GOBIN=$(CURDIR)/$(TOOLS)/bin go install $(NATS_CLI); then echo $(NATS_CLI) > $@; else echo absent > $@; fi

# PostgreSQL comes with the machine: where it is, or that it cannot be had. Distributions keep its programs beside `pg_config` or below /usr/lib.
$(TOOLS)/postgres: $(TOOLS)/ready
	@for folder in "$$(dirname "$$(readlink -f "$$(command -v postgres || true)")")" "$$(pg_config --bindir 2>/dev/null || true)" \
		$$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do \
		if [ -x "$$folder/postgres" ] && [ -x "$$folder/initdb" ]; then echo "$$folder" > $@; exit 0; fi; done; echo absent > $@

# Microsoft's emulator of Azure's storage, for Node 10 and later.
AZURITE := azurite@3.35.0
$(TOOLS)/azurite-server: $(TOOLS)/ready
	@if npm install --silent --no-audit --no-fund --prefix $(TOOLS)/azurite $(AZURITE); \
		then echo $(CURDIR)/$(TOOLS)/azurite/node_modules/.bin/azurite-blob > $@; else echo absent > $@; fi

# OpenSSH, MariaDB, ClickHouse and Prometheus: where they are, or that they cannot be had.
$(TOOLS)/openssh: $(TOOLS)/ready deploy/servers.sh
	@deploy/servers.sh $(CURDIR)/$(TOOLS)

# FerretDB, which the tests of MONGODB ask.
$(TOOLS)/ferretdb: $(TOOLS)/ready deploy/ferretdb.sh
	@deploy/ferretdb.sh $(CURDIR)/$(TOOLS)

# Apache Kafka, which the test of KAFKA asks.
$(TOOLS)/kafka: $(TOOLS)/ready deploy/kafka.sh
	@deploy/kafka.sh $(CURDIR)/$(TOOLS)

# A collector of OpenTelemetry, which the test of traces lets all services tell.
$(TOOLS)/collector: $(TOOLS)/ready deploy/collector.sh deploy/collector/main.go deploy/collector/go.mod
	@deploy/collector.sh $(CURDIR)/$(TOOLS)

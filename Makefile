# Every target works from a fresh clone and sets up what it lacks. `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export CGO_ENABLED := 1

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TAGS := osusergo netgo sqlite_omit_load_extension
LDFLAGS := -s -w -X github.com/latchkey/latchkey/backend/internal/app.Version=$(VERSION)
ifeq ($(shell uname -s),Linux)
LDFLAGS += -linkmode external -extldflags "-static"
endif

LOCK := frontend/node_modules/.package-lock.json
INDEX := backend/internal/spa/dist/index.html
LINT := scripts/tools/bin/golangci-lint
CONTRACT := scripts/tools/bin/contract
OAPI := scripts/tools/bin/oapi-codegen
OGEN := scripts/tools/bin/ogen
API_LOCK := openapi/node_modules/.package-lock.json
WEB_SOURCES := $(shell find frontend/src frontend/public frontend/scripts -type f ! -name '*.test.ts*' 2>/dev/null) \
	$(wildcard frontend/*.json frontend/*.ts frontend/*.html)

## Use it

demo: build ## Start Latchkey with the emulator on this machine and print what to click (KEEP=1 keeps the data)
	@scripts/demo

run: build ## Start Latchkey alone, set up by LATCHKEY_… variables
	@scripts/run

build: $(INDEX) binaries ## Build backend/bin/latchkey (with the front end inside) and backend/bin/emulator

## Check it

test: ## Run everything: lint, drift, Go on both databases, front end, browser (what CI runs)
	@scripts/test

check: ## Run in seconds what concerns the files you changed
	@scripts/check

bench: build ## Measure against the targets, as ratios within one run (BENCH=regexp picks some)
	@scripts/bench

soak: ## Run the long seeded tests (SEED=number repeats a run, TIME=10m sets how long)
	@scripts/soak

test-go: ## Run the Go tests with the race detector, on SQLite and then on PostgreSQL
	@scripts/test go

test-web: ## Lint, type-check and unit-test the front end
	@scripts/test web

test-e2e: build ## Run the tests of browser and TypeScript client against the real binary and the emulator
	@scripts/test e2e

clients: tools $(OGEN) $(API_LOCK) ## Generate a client with each of the usual generators, and compile it
	@scripts/clients

lint: tools $(LOCK) ## Lint everything
	@scripts/test lint

drift: ## Fail when a generated file or a go.mod is not what generating gives
	@scripts/test drift

## Change it

generate: $(CONTRACT) $(OAPI) $(LOCK) $(API_LOCK) ## Write openapi/*.json from the handlers, and from that both clients and the front end's types
	$(CONTRACT) -source backend/internal -out openapi
	npm --prefix frontend run --silent generate
	npm --prefix openapi run --silent generate
	cd openapi/latchkey && ../../$(OAPI) -config oapi-codegen.yaml ../openapi-3.0.json

fmt: tools $(LOCK) ## Format everything
	cd backend && ../$(LINT) fmt ./...
	gofmt -w openapi scripts/tools/contract
	npm --prefix frontend run --silent format -- --log-level warn

setup: ## Install what this machine lacks (Debian, Ubuntu) or say what that is
	@scripts/setup

tools: $(LINT) $(CONTRACT) $(OAPI) ## Build the pinned Go tools

clean: ## Delete what was built
	rm -rf backend/bin frontend/dist openapi/typescript/dist openapi/typescript/.build scripts/tools/bin .build .demo
	find backend/internal/spa/dist -mindepth 1 ! -name .keep -delete

help: ## List the targets
	@awk -F ':.*## ' '/^## /{printf "\n%s\n", substr($$0, 4)} /^[a-z0-9-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo run build test check bench soak test-go test-web test-e2e clients lint drift generate fmt setup tools clean help binaries

# Files that the targets above need.

$(LOCK) $(API_LOCK) openapi/examples/azure-node/node_modules/.package-lock.json: %/node_modules/.package-lock.json: %/package-lock.json
	@scripts/setup node
	npm ci --prefix $* --no-audit --no-fund
	@touch $@

frontend/dist/index.html: $(LOCK) $(WEB_SOURCES)
	npm --prefix frontend run build
	@touch $@

$(INDEX): frontend/dist/index.html
	find backend/internal/spa/dist -mindepth 1 ! -name .keep -delete
	cp -R frontend/dist/. backend/internal/spa/dist/

# Go itself knows what has changed: a second build takes a second.
binaries:
	@scripts/setup go
	cd backend && go build -trimpath -tags "$(TAGS)" -ldflags '$(LDFLAGS)' -o bin/ ./cmd/latchkey ./cmd/emulator

$(LINT) $(OAPI) $(OGEN): scripts/tools/go.mod
	@scripts/setup go
	cd scripts/tools && GOWORK=off GOBIN="$$PWD/bin" go install "$$(GOWORK=off go list -f '{{.ImportPath}}' tool | grep '/$(@F)$$')"
	@touch $@

$(CONTRACT): scripts/tools/go.mod $(wildcard scripts/tools/contract/*.go)
	@scripts/setup go
	cd scripts/tools && GOWORK=off go build -o bin/contract ./contract

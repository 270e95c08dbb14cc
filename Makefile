# The two commands are `make demo` and `make test`. Both install what is missing where apt is there, and share one
# build of RocksDB (about ten minutes the first time on two cores, seconds afterwards through ccache).

CARGO ?= cargo
ROWS ?= 2000

.PHONY: demo test build check prerequisites help

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: build ## a node, two simulated carriers and a sample batch; ends with a table and the audit (ROWS=2000)
	./target/release/carrack demo --rows $(ROWS)

test: prerequisites ## all tests
	$(CARGO) test --release --workspace

build: prerequisites ## carrack, smscsim, smsload in target/release
	$(CARGO) build --release --workspace --bins

check: prerequisites ## format, lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings

prerequisites:
	@.ci/prerequisites

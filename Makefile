# The two commands are `make demo` and `make test`. Both install what is missing where apt is there, and share one
# build of RocksDB (about ten minutes the first time on two cores, seconds afterwards through ccache).

CARGO ?= cargo
ROWS ?= 2000

.PHONY: demo test interop build check prerequisites help

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: build ## a node, two simulated carriers and a sample batch; ends with a table and the audit (ROWS=2000)
	./target/release/carrack demo --rows $(ROWS)

test: prerequisites ## all tests
	$(CARGO) test --release --workspace

interop: prerequisites ## the tests of the traps, and docs/interop.md from what they say
	$(CARGO) test --release --workspace --no-fail-fast -- $(foreach tens,0 1 2 3 4,$(foreach ones,0 1 2 3 4 5 6 7 8 9,t$(tens)$(ones)_)) 2>&1 | tee target/interop.log
	.ci/interop_table target/interop.log > docs/interop.md

build: prerequisites ## carrack, smscsim, smsload in target/release
	$(CARGO) build --release --workspace --bins

check: prerequisites ## format, lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings

prerequisites:
	@.ci/prerequisites

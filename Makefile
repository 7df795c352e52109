# One command to see it, one to test it. `make` alone lists what there is.

CARGO ?= cargo
NPM ?= npm --no-fund --no-audit --loglevel=error

.PHONY: help run dev test crash fuzz bench bench-large bench-binaries fmt console check rust-tests console-tests browser-tests release clean

help:
	@echo "make run     install what is missing, build, and start the demo shop"
	@echo "make dev     gateway and console with hot reload"
	@echo "make test    everything that CI runs"
	@echo "make crash   the process killed 200 times under load, on each database, and the power cut as often"
	@echo "make fuzz    each connector's parser under a fuzzer, for a minute"
	@echo "make bench   throughput and latency, written to benches/results/"
	@echo "make bench-large  the same with 1,000,000 messages stored"
	@echo "make fmt     format Rust, and the lints that mend themselves"
	@echo "make release an optimised binary in target/release/onethread"

run: console
	$(CARGO) build --bin onethread
	exec ./target/debug/onethread demo

dev: console/node_modules
	./scripts/dev

console: console/dist/index.html

console/node_modules: console/package.json console/package-lock.json
	@./scripts/need node
	cd console && $(NPM) ci
	@touch console/node_modules

CONSOLE_SOURCES := $(shell find console/src console/index.html console/vite.config.ts console/public -type f 2>/dev/null)

console/dist/index.html: console/node_modules $(CONSOLE_SOURCES)
	cd console && $(NPM) run build
	@touch console/dist/index.html

test: check rust-tests console-tests browser-tests
	@./scripts/summary

check: console
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

rust-tests: console
	@./scripts/need nextest postgres
	$(CARGO) nextest run --workspace --locked
	$(CARGO) test --workspace --doc --locked --quiet
	$(CARGO) run --quiet --locked --bin onethread -- intents test

console-tests: console/node_modules
	cd console && $(NPM) run check && $(NPM) test

browser-tests: console
	@./scripts/need chromium
	$(CARGO) build --locked --bin onethread
	cd tests/browser && $(NPM) ci && node --test --test-concurrency=1

# The long form of a test that `make test` runs short; its figures are printed.
crash: console
	@./scripts/need nextest postgres
	ONETHREAD_CRASHES=$${ONETHREAD_CRASHES:-200} $(CARGO) nextest run --locked --test crash --no-capture

# The instruments work with the stable compiler; the sanitizers, which do not, have little to find without unsafe code.
fuzz:
	@./scripts/need fuzz
	for channel in telegram discord facebook zalo webchat; do \
	  mkdir -p fuzz/corpus/$$channel; \
	  $(CARGO) fuzz run --sanitizer none $$channel fuzz/corpus/$$channel connectors/samples/$$channel -- \
	    -max_total_time=$${FUZZ_SECONDS:-60} -max_len=1048576 -rss_limit_mb=512 -timeout=5 || exit 1; \
	done

bench: bench-binaries
	./target/release/onethread-bench $(BENCH)

bench-large: bench-binaries
	./target/release/onethread-bench $(BENCH) large

bench-binaries:
	@./scripts/need node
	$(CARGO) build --release --locked --bins --package onethread --package onethread-bench

release: console
	$(CARGO) build --release --locked --bin onethread

fmt:
	$(CARGO) fmt --all

clean:
	rm -rf console/dist console/node_modules tests/browser/node_modules
	$(CARGO) clean

# `make demo` and `make test` do all the set-up that they need.

CARGO ?= cargo

.PHONY: demo test unit check bench fuzz siege soak monkey truth doctor kernels wifi bare rehearsal pictures snapshots packages install-tools install-package-tools install-test-tools

demo: install-tools
	@scripts/demo

test: install-test-tools
	@scripts/test

# What needs no root, no display and no namespace: under a minute.
unit:
	@scripts/unit

# The fast part of `make test`: format, lints, documentation, dependencies.
check:
	@scripts/check

# Every figure against its peer in the same run, a line each; needs root.
bench: install-test-tools
	@scripts/bench

# Any bytes to every parser, a quarter of an hour each: what breaks one ends it, and names the input.
fuzz:
	@scripts/fuzz

# Half an hour of every attack on the privileged service at once: others are answered, and it does not grow.
siege: install-test-tools
	@$(CARGO) build --release --bins
	@CI=true PATHSCOPE_SIEGE_SECONDS=1800 $(CARGO) test --release --test helper -- siege

# Ten minutes of a thousand connections that come and go: memory, descriptors and threads stay flat, nothing is missed.
soak: install-test-tools
	@PATHSCOPE_SOAK_SECONDS=600 $(CARGO) test --release --test soak -- --nocapture

# An hour of random clicks and keys, the same for the same PATHSCOPE_MONKEY_SEED: at the real window on hundreds of
# connections, and at a window on recorded streams whose panels are held against each other meanwhile.
monkey: install-test-tools
	@$(CARGO) build --release --bins
	@CI=true PATHSCOPE_MONKEY_S=$${PATHSCOPE_MONKEY_S:-3600} \
		$(CARGO) test --release --test monkey --test one_truth -- --nocapture monkey

# Twenty rounds of every cell of the matrix and half an hour of healthy traffic, against the receiving application's own
# gaps; hours. PATHSCOPE_TRUTH_CELL=lan.keys takes the cells with this in their names.
truth: install-test-tools
	@PATHSCOPE_TRUTH_ROUNDS=20 PATHSCOPE_TRUTH_HEALTHY_S=1800 \
		$(CARGO) test --release --test truth -- --nocapture

# The laboratory of faults: what the doctor says of each fault and of hosts that are well, and whether its commands mend;
# some minutes. PATHSCOPE_DOCTOR_CASES=WORD plays the cases with this in their names.
doctor: install-test-tools
	@PATHSCOPE_DOCTOR_CASES=$${PATHSCOPE_DOCTOR_CASES:-all} $(CARGO) test --test doctor -- --nocapture

# What matters on Debian's kernels from 6.1 to the newest, each in a guest under emulation; an hour. Prints the README's table.
kernels: install-test-tools
	@scripts/install kernels
	@scripts/kernels
	@scripts/wifi

# A part of it: a real Wi-Fi interface in a guest, held against iw, case by case; ten minutes.
wifi: install-tools
	@scripts/install kernels
	@scripts/wifi

# `make demo` and `make test` on a bare Debian 12 and 13: nothing there but what the install step brings. Hours, and needs root.
bare:
	@scripts/bare

# Three minutes of present mode by keys alone through every scenario, a picture every ten seconds in target/rehearsal.
rehearsal: install-test-tools
	@$(CARGO) build --release --bins
	@PATHSCOPE_REHEARSAL_SECONDS=180 $(CARGO) test --release --test rehearsal -- --nocapture keys

# The README's pictures, made by the program itself.
pictures: install-test-tools
	@scripts/pictures

# The pictures that the tests compare with, made anew after a change that is meant.
snapshots:
	@UPDATE_SNAPSHOTS=1 $(CARGO) test --test snapshots

# A .deb, an RPM and what makepkg takes, in target/packages.
packages: install-package-tools
	@packaging/build

install-tools:
	@scripts/install run

install-package-tools:
	@scripts/install packages

install-test-tools:
	@scripts/install test

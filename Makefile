# `make demo` and `make test` do all the set-up that they need.

CARGO ?= cargo

.PHONY: demo test check bench pictures install-tools install-test-tools

demo: install-tools
	@scripts/demo

test: install-test-tools
	@scripts/test

# The fast part of `make test`: format, lints, documentation.
check:
	@scripts/check

# CPU of one complete sample against `ss -tMniH`, in the same run; needs root.
bench: install-tools
	@$(CARGO) bench --no-default-features --bench sample

# The README's pictures, made by the program itself.
pictures: install-test-tools
	@scripts/pictures

install-tools:
	@scripts/install run

install-test-tools:
	@scripts/install test

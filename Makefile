# The short face of the build. Each target first makes sure that what it needs is there
# (DEPS=none never installs anything); the work itself is done by CMake presets and scripts/.
.PHONY: help run serve demo check soak bench asan tsan clang fuzz format install clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

prefix ?= /usr/local

help:
	@echo 'make run      build, serve a disk image through the filedisk miniport, copy it out, compare'
	@echo 'make serve    the same disk, served until Ctrl-C'
	@echo 'make demo     a lost request: found, explained, replayed from its seed'
	@echo 'make check    build and run the tests with 500 seeds (about 5 minutes)'
	@echo 'make soak     10,000 seeds of the storm, all mutants, the storm under ThreadSanitizer'
	@echo 'make bench    cost of a request beside the bare cost of its callbacks'
	@echo 'make asan     the tests under AddressSanitizer and UBSan'
	@echo 'make tsan     the stress tests under ThreadSanitizer'
	@echo 'make clang    compile everything with clang as well'
	@echo 'make fuzz     run the fuzz targets for a while'
	@echo 'make format   lay out the source with clang-format'
	@echo 'make install  install under prefix=$(prefix) (DESTDIR is honoured)'
	@echo 'make clean    remove what was built'

run:
	@./scripts/run.sh

serve:
	@./scripts/serve.sh

demo:
	@./scripts/demo.sh

check:
	@./scripts/check.sh

soak:
	@./scripts/soak.sh

bench:
	@./scripts/bench.sh

asan:
	@./scripts/sanitize.sh asan

tsan:
	@./scripts/sanitize.sh tsan

clang:
	@./scripts/build.sh clang

fuzz:
	@./scripts/fuzz.sh

format:
	@./scripts/format.sh

install:
	@./scripts/build.sh dev
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(prefix)"

clean:
	rm -rf build build-asan build-tsan build-clang build-fuzz

.PHONY: build check setup test clean

build: setup
	swift build -c release

setup:
	@sh scripts/setup

# What CI runs: formatting, sizes, a build in which warnings are errors, every test.
test: setup check
	swift build -c release --build-tests
	swift test -c release --skip-build

check:
	sh scripts/check-sizes

clean:
	rm -rf .build demo

.PHONY: build setup test check demo install uninstall clean

PREFIX ?= /usr
DESTDIR ?=
# Where the unit, its user and its folders are described to systemd.
SYSTEMD ?= $(DESTDIR)/usr/lib

build: setup
	swift build -c release

setup:
	@sh scripts/setup

# What CI runs: formatting, sizes, the unit, a build in which warnings are errors, every test.
test: setup check
	sh scripts/build-strictly --build-tests
	swift test -c release --skip-build

check:
	swift format lint --strict -r Sources Tests Package.swift
	sh scripts/check-sizes
	sh scripts/check-unit

# Makes a sample model, drops it into the inbox of a real daemon, and shows what comes back.
demo: build
	sh scripts/demo

install: build
	install -D -m 0755 .build/release/espalier $(DESTDIR)$(PREFIX)/bin/espalier
	sed 's#/usr/bin/espalier#$(PREFIX)/bin/espalier#' systemd/espalier.service > .build/espalier.service
	install -D -m 0644 .build/espalier.service $(SYSTEMD)/systemd/system/espalier.service
	install -D -m 0644 systemd/espalier.sysusers $(SYSTEMD)/sysusers.d/espalier.conf
	install -D -m 0644 systemd/espalier.tmpfiles $(SYSTEMD)/tmpfiles.d/espalier.conf

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/espalier
	rm -f $(SYSTEMD)/systemd/system/espalier.service
	rm -f $(SYSTEMD)/sysusers.d/espalier.conf $(SYSTEMD)/tmpfiles.d/espalier.conf

clean:
	rm -rf .build demo

.PHONY: build setup test check couplings demo install install-files uninstall deb clean

PREFIX ?= /usr/local
DESTDIR ?=
# The program that is installed; the package brings one with the Swift library linked in.
PROGRAM ?= .build/release/espalier
SHARE = $(PREFIX)/share
# systemd looks here too for units, users and folders of what is not part of the system.
SYSTEMD = $(PREFIX)/lib
BASH_COMPLETIONS ?= $(SHARE)/bash-completion/completions
ZSH_COMPLETIONS ?= $(SHARE)/zsh/site-functions
FISH_COMPLETIONS ?= $(SHARE)/fish/vendor_completions.d
UNITS = espalier.service espalier@.service espalier-once.service espalier-once.path espalier-once.timer
DOCUMENTS = CHANGELOG.md CONTRIBUTING.md

build: setup
	swift build -c release

setup:
	@sh scripts/setup

# What CI runs: formatting, sizes, the unit, a build in which warnings are errors, every test.
test: setup check
	sh scripts/build-strictly --build-tests
	swift test -c release --skip-build

check:
	swift format lint --strict -r Sources Tests Benchmarks Package.swift
	sh scripts/check-sizes
	sh scripts/check-unit

# The coupling rules against many more random networks than `make test` takes.
couplings: setup
	ESPALIER_GRAPHS=$${ESPALIER_GRAPHS:-3000} swift test -c release --filter CouplingPropertyTests

# Makes a sample model, drops it into the inbox of a real daemon, and shows what comes back.
demo: build
	sh scripts/demo

install: build install-files
	@[ -n "$(DESTDIR)" ] || echo "installed; next, as root:" \
		"systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload &&" \
		"systemctl enable --now espalier"

# Places everything without building; DESTDIR is put in front of every path, and appears in no file.
install-files:
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/espalier
	@for unit in $(UNITS) user/espalier.service; do \
		case $$unit in user/*) folder=$(SYSTEMD)/systemd/user ;; *) folder=$(SYSTEMD)/systemd/system ;; esac; \
		mkdir -p $(DESTDIR)$$folder && \
		sed 's#/usr/bin/espalier#$(PREFIX)/bin/espalier#; s#/usr/share/doc#$(SHARE)/doc#' systemd/$$unit \
			>$(DESTDIR)$$folder/$${unit#user/} || exit 1; \
	done
	install -D -m 0644 systemd/espalier.sysusers $(DESTDIR)$(SYSTEMD)/sysusers.d/espalier.conf
	install -D -m 0644 systemd/espalier.tmpfiles $(DESTDIR)$(SYSTEMD)/tmpfiles.d/espalier.conf
	@[ -e $(DESTDIR)/etc/espalier/espalier.yaml ] || { mkdir -p $(DESTDIR)/etc/espalier && \
		sh scripts/configuration-example <Docs/configuration.md >$(DESTDIR)/etc/espalier/espalier.yaml; }
	@mkdir -p $(DESTDIR)$(SHARE)/man/man1 $(DESTDIR)$(SHARE)/man/man5
	sh scripts/help-to-man $(PROGRAM) >$(DESTDIR)$(SHARE)/man/man1/espalier.1
	sh scripts/markdown-to-man espalier.yaml 5 "$$($(PROGRAM) --version)" "settings of the Espalier daemon" \
		<Docs/configuration.md >$(DESTDIR)$(SHARE)/man/man5/espalier.yaml.5
	sh scripts/markdown-to-man espalier-spec 5 "$$($(PROGRAM) --version)" "what is asked of one compression" \
		<Docs/spec.md >$(DESTDIR)$(SHARE)/man/man5/espalier-spec.5
	@mkdir -p $(DESTDIR)$(BASH_COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	# The file is read, not run: without its first line, which names an interpreter.
	$(PROGRAM) --generate-completion-script bash | sed 1d >$(DESTDIR)$(BASH_COMPLETIONS)/espalier
	$(PROGRAM) --generate-completion-script zsh >$(DESTDIR)$(ZSH_COMPLETIONS)/_espalier
	$(PROGRAM) --generate-completion-script fish >$(DESTDIR)$(FISH_COMPLETIONS)/espalier.fish
	@mkdir -p $(DESTDIR)$(SHARE)/doc/espalier
	install -m 0644 $(DOCUMENTS) $(DESTDIR)$(SHARE)/doc/espalier
	cp -R Docs/. examples $(DESTDIR)$(SHARE)/doc/espalier/
	# The pages lie beside the README there.
	sed 's#](Docs/#](#g' README.md >$(DESTDIR)$(SHARE)/doc/espalier/README.md

# Takes away what install placed; settings, drops, state and deliveries stay.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/espalier
	rm -f $(addprefix $(DESTDIR)$(SYSTEMD)/systemd/system/,$(UNITS))
	rm -f $(DESTDIR)$(SYSTEMD)/systemd/user/espalier.service
	rm -f $(DESTDIR)$(SYSTEMD)/sysusers.d/espalier.conf $(DESTDIR)$(SYSTEMD)/tmpfiles.d/espalier.conf
	rm -f $(DESTDIR)$(SHARE)/man/man1/espalier.1 $(DESTDIR)$(SHARE)/man/man5/espalier.yaml.5
	rm -f $(DESTDIR)$(SHARE)/man/man5/espalier-spec.5
	rm -f $(DESTDIR)$(BASH_COMPLETIONS)/espalier $(DESTDIR)$(ZSH_COMPLETIONS)/_espalier
	rm -f $(DESTDIR)$(FISH_COMPLETIONS)/espalier.fish
	rm -rf $(DESTDIR)$(SHARE)/doc/espalier
	@[ -n "$(DESTDIR)" ] || echo "left: /etc/espalier and /var/spool/espalier"

# A Debian package that needs no Swift: .build/package/espalier_VERSION_ARCHITECTURE.deb
deb: setup
	sh scripts/build-deb

clean:
	rm -rf .build demo

# SPDX-License-Identifier: Apache-2.0
# verigress.  `make help` lists what can be made; V=1 shows the commands.
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say     = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# Variants of one tree: plain, san (ASan and UBSan), fuzz (libFuzzer), clock
# (a daemon whose time may run faster; tests only).
VARIANT ?= plain
O       := build/$(VARIANT)

CC       ?= gcc
CLANG    ?= clang
BPFTOOL  ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PKGS     := libbpf libevent libevent_pthreads libunbound libcrypto yaml-0.1 libseccomp libcap-ng ldns
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Werror
CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DVG_VERSION='"$(VERSION)"' -Iuser -Iinclude -I$(O)/.. $(CPP_$(VARIANT))
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fno-common -fcf-protection
LINKHARD := -pie -Wl,-z,relro,-z,now
# _FORTIFY_SOURCE hides errors from ASan; the san and fuzz builds go without.
FLAGS_plain := $(HARDEN)
FLAGS_clock := $(HARDEN)
FLAGS_san   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
FLAGS_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -O1
LINK_plain  := $(LINKHARD)
LINK_clock  := $(LINKHARD)
LINK_san    := -fsanitize=address,undefined
LINK_fuzz   := -fsanitize=fuzzer,address,undefined
CPP_clock   := -DVG_TEST_CLOCK
ifeq ($(VARIANT),fuzz)
override CC := $(CLANG)
WARN := -Wall -Wextra
endif
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(WARN) $(FLAGS_$(VARIANT)) $(PKG_CFLAGS)
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread

# Everything under user/ but the two mains is one archive, from which the
# programs, the unit tests and the fuzzers link what they use.
SRCS  := $(sort $(shell find user -name '*.c'))
MAINS := user/daemon/main.c user/cli/main.c
OBJS  := $(patsubst %.c,$(O)/%.o,$(filter-out $(MAINS),$(SRCS)))
LIB   := $(O)/libverigress.a
BPF   := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
SKELS := $(BPF:%=build/skel/%.skel.h)
UNITS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ  := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS := $(patsubst tests/tools/%.c,$(O)/tools/%,$(wildcard tests/tools/*.c))
MAN   := $(patsubst deploy/man/%.in,build/man/%,$(wildcard deploy/man/*.in))

.PHONY: all
all: need-build $(O)/verigressd $(O)/verigress $(MAN) ## build the programs and man pages

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables: V=1 (show commands), DESTDIR=, PREFIX=$(PREFIX)"

.PHONY: deps need-build
deps: ## install the Debian packages for building and testing (root)
	$(Q)deploy/deps.sh install test
need-build:
	$(Q)deploy/deps.sh need build

.PHONY: check
check: need-build ## unit tests under ASan and UBSan, style; no root, seconds
	$(Q)$(MAKE) --no-print-directory VARIANT=san units
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/run.sh check

.PHONY: test
test: ## everything, as root; installs what it needs first
	$(Q)deploy/deps.sh install test
	$(Q)$(MAKE) --no-print-directory test-build
	$(Q)tests/run.sh all

.PHONY: test-build
test-build: ## build all that the tests run
	$(Q)$(MAKE) --no-print-directory all tools
	$(Q)$(MAKE) --no-print-directory VARIANT=san units
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	$(Q)$(MAKE) --no-print-directory VARIANT=clock programs tools

.PHONY: demo
demo: ## a dangling name, before and after, in a minute; as root
	$(Q)deploy/deps.sh install demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/net/demo.sh

.PHONY: fuzz
fuzz: ## every fuzzer for FUZZ_SECONDS (default 600) each
	$(Q)deploy/deps.sh install test
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	$(Q)tests/fuzz/run.sh $(or $(FUZZ_SECONDS),600)

.PHONY: lint fmt
lint: ## shellcheck and style rules
	$(Q)tests/style/run.sh
fmt: ## format the C sources
	$(Q)git ls-files '*.c' '*.h' | grep -vE '^(vmlinux|tests/style/samples)/' | xargs clang-format -i

.PHONY: programs units fuzzers tools
programs: $(O)/verigressd $(O)/verigress
units: $(UNITS)
fuzzers: $(FUZZ)
tools: $(TOOLS)

.PHONY: install
install: all ## install below DESTDIR and PREFIX
	$(Q)VERSION=$(VERSION) PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' deploy/install.sh $(O)

.PHONY: clean
clean: ## remove build/
	$(Q)rm -rf build

# ---- BPF --------------------------------------------------------------------
build/skel/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) include/verigress/abi.h vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) -target bpf -mcpu=v2 -g -O2 -std=gnu11 -Wall -Wextra -Werror \
		-Iinclude -Ivmlinux -Ibpf -I/usr/include -c $< -o $@.raw
	$(Q)$(BPFTOOL) gen object $@ $@.raw

build/skel/%.skel.h: build/skel/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# ---- user space -------------------------------------------------------------
$(O)/%.o: %.c | $(SKELS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(LIB): $(OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/verigressd: $(O)/user/daemon/main.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_$(VARIANT)) -o $@ $^ $(PKG_LIBS)

$(O)/verigress: $(O)/user/cli/main.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_$(VARIANT)) -o $@ $^ $(PKG_LIBS)

$(O)/unit/%: $(O)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_$(VARIANT)) -o $@ $^ $(PKG_LIBS) -lcmocka

$(O)/fuzz/%: $(O)/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_$(VARIANT)) -o $@ $^ $(PKG_LIBS)

# Small programs of the tests: clients, servers, witnesses.
$(O)/tools/%: $(O)/tests/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK_$(VARIANT)) -o $@ $^ $(PKG_LIBS)

build/man/%: deploy/man/%.in deploy/man/make.sh
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)VERSION=$(VERSION) deploy/man/make.sh $< > $@

-include $(shell find $(O) -name '*.d' 2>/dev/null)

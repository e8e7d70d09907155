# Corduroy's build. The targets a person uses are listed by `make help`.
#   CC=gcc|clang   SAN=address|undefined|thread   V=1   PREFIX=/usr/local   DESTDIR=
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
SAN ?=
VARIANT := $(if $(SAN),-$(SAN))$(if $(filter clang%,$(notdir $(CC))),-clang)$(if $(MUTATION_BUILD),-mutation)
BUILD ?= build$(VARIANT)
VERSION := 0.1.0

PACKAGES := libevent libcrypto jansson zlib liblz4 libzstd
CFLAGS_BASE := -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wconversion -Wshadow \
  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wno-missing-field-initializers \
  -fno-strict-aliasing -fno-common -fstack-protector-strong -I. \
  -DCORDUROY_VERSION='"$(VERSION)"' -MMD -MP
ifeq ($(SAN),)
CFLAGS_BASE += -D_FORTIFY_SOURCE=2 -fPIE
LDFLAGS_BASE := -pie -Wl,-z,relro,-z,now
endif
ifneq ($(SAN),)
CFLAGS_BASE += -O1
endif
ifeq ($(SAN),address)
CFLAGS_BASE += -fsanitize=address -fno-omit-frame-pointer
LDFLAGS_BASE := -fsanitize=address
endif
ifeq ($(SAN),undefined)
CFLAGS_BASE += -fsanitize=undefined -fno-sanitize-recover=all
LDFLAGS_BASE := -fsanitize=undefined
endif
ifeq ($(SAN),thread)
CFLAGS_BASE += -fsanitize=thread
LDFLAGS_BASE := -fsanitize=thread
endif
ifeq ($(SAN),fuzz)
CFLAGS_BASE += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_BASE := -fsanitize=address,undefined
endif
ifneq ($(MUTATION_BUILD),)
CFLAGS_BASE += -DCORDUROY_MUTATIONS
endif
CFLAGS_ALL = $(CFLAGS_BASE) $(shell pkg-config --cflags $(PACKAGES)) $(CFLAGS)
LIBS = $(shell pkg-config --libs $(PACKAGES)) -levent_pthreads -lsnappy -lzookeeper_mt -lpthread -lm

# Every folder that holds the product's code. A file pair is one noun; main.c is a program.
DIRS := common proto proto/gen proto/cluster controller broker broker/net broker/api broker/log \
  broker/replica broker/zk broker/group broker/control
SRC := $(filter-out broker/main.c,$(wildcard $(addsuffix /*.c,$(DIRS))))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libcorduroy.a
TESTLIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c tests/gen/*.c) \
  $(filter-out tests/sim/sim_main.c,$(wildcard tests/sim/*.c)))
TESTLIB := $(BUILD)/libtest.a
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
PROGRAMS := $(if $(wildcard broker/main.c),$(BUILD)/corduroy-broker) $(if $(wildcard cli/main.c),$(BUILD)/corduroy)

Q := $(if $(V),,@)

all: $(PROGRAMS) $(LIB)

help:
	@sed -n 's/^## //p' Makefile

## make                 the broker and the command: build/corduroy-broker, build/corduroy
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  cc    $<")
	$(Q)$(CC) $(CFLAGS_ALL) -MF $(@:.o=.d.new) -c $< -o $@
	$(Q)mv -f $(@:.o=.d.new) $(@:.o=.d)  # whole or not at all: an interrupted compiler leaves it empty

$(LIB): $(OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(OBJ)

$(TESTLIB): $(TESTLIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(TESTLIB_OBJ)

$(BUILD)/corduroy-broker: $(BUILD)/broker/main.o $(LIB)
	$(if $(V),,@echo "  link  $@")
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS)

CLI_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard cli/*.c))
$(BUILD)/corduroy: $(CLI_OBJ) $(LIB)
	$(if $(V),,@echo "  link  $@")
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $(CLI_OBJ) $(LIB) $(LIBS) -lrdkafka

TEST_LIBS = $(shell pkg-config --libs check)

# ---- tests -------------------------------------------------------------------------------------
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(TESTLIB) $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  link  $@")
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $< $(TESTLIB) $(LIB) $(LIBS) $(TEST_LIBS)

.SECONDARY:

## make unit            the unit tests (Check); UNIT_ONLY=test_x for one
unit: $(if $(UNIT_ONLY),$(BUILD)/unit/$(UNIT_ONLY),$(UNIT))
	@tests/tools/run-unit $^

## make fuzz            every tests/fuzz/fuzz_*.c for FUZZ_SECONDS (3) each, with clang's libFuzzer
FUZZ_SECONDS ?= 3
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_ONLY ?= $(FUZZ)
FUZZ_BUILD := build-fuzz-clang
fuzz:
	@$(MAKE) --no-print-directory CC=clang SAN=fuzz BUILD=$(FUZZ_BUILD) $(FUZZ_ONLY:%=$(FUZZ_BUILD)/fuzz/%)
	@tests/tools/run-fuzz $(FUZZ_SECONDS) $(FUZZ_ONLY:%=$(FUZZ_BUILD)/fuzz/%)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(TESTLIB) $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  link  $@")
	$(Q)$(CC) -fsanitize=fuzzer $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $< $(TESTLIB) $(LIB) $(LIBS) $(TEST_LIBS)

# ---- generated code ----------------------------------------------------------------------------

## make proto           regenerate proto/gen and tests/gen from proto/schema
proto:
	$(Q)python3 -B proto/tools/gen.py proto/schema proto/gen tests/gen

## make proto-check     fails when what is committed is not what the schemas say
proto-check:
	@python3 -B proto/tools/check.py proto/schema proto/gen tests/gen
	@python3 -B proto/tools/test_tools.py
	@tests/tools/compare-schemas

ZK_CHECK := $(patsubst tests/zk/%.c,$(BUILD)/zk/%,$(wildcard tests/zk/test_*.c))
$(BUILD)/zk/%: $(BUILD)/tests/zk/%.o $(TESTLIB) $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  link  $@")
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $< $(TESTLIB) $(LIB) $(LIBS) $(shell pkg-config --libs check)

## make mutations       each rule that can be switched off is missed by the simulation (MUTATION_BUILD=1)
MUTATIONS := truncate-to-high-watermark ack-before-sync join-by-log-end no-epoch-check-on-push \
  no-incarnation-check resume-old-epoch read-without-sync replay-past-truncation \
  confirm-own-logs-only empty-for-missing answer-before-commit load-to-high-watermark \
  take-any-generation block-without-version elect-outside-isr count-committed-isr \
  trust-any-disk keep-cut-producers
MUTATION_SEEDS ?= 1-400
mutations: $(BUILD)/sim
	@failed=0; for m in $(MUTATIONS); do \
	  if $(BUILD)/sim --mutation $$m --seeds $(MUTATION_SEEDS) >$(BUILD)/mutation.log 2>&1; then echo "mutation $$m: caught"; \
	  else echo "mutation $$m: NOT caught"; failed=$$((failed + 1)); fi; \
	done; echo "$$(($(words $(MUTATIONS)) - failed)) passed, $$failed failed"; [ $$failed = 0 ]

## make zk-check        the ZooKeeper adapter against a real server (ZK_CHECK_PORT=21200)
zk-check: $(ZK_CHECK)
	@tests/zk/run $(ZK_CHECK)

## make sim SEEDS=1000   simulated clusters: as many seeds, then every named scenario
SEEDS ?= 200
SCENARIO_SEEDS ?= 3
$(BUILD)/sim: $(BUILD)/tests/sim/sim_main.o $(TESTLIB) $(LIB)
	$(if $(V),,@echo "  link  $@")
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $< $(TESTLIB) $(LIB) $(LIBS)
sim: $(BUILD)/sim
	@ASAN_OPTIONS=$${ASAN_OPTIONS:-detect_leaks=0} $(BUILD)/sim --seeds 1-$(SEEDS)
	@[ "$(SCENARIO_SEEDS)" = 0 ] || ASAN_OPTIONS=$${ASAN_OPTIONS:-detect_leaks=0} $(BUILD)/sim --scenarios --seeds 1-$(SCENARIO_SEEDS)

## make cluster-check   real brokers, real ZooKeeper, faults under load (ROUNDS: part of a case's name)
ROUNDS ?=
cluster-check: all
	@CORDUROY_BUILD=$(BUILD) tests/cluster/run $(ROUNDS)

## make clients-check   kcat, Java, Spring Boot, Python, Go, Node, old tools, what Kafka answers (CLIENTS: some of kcat same python go node java spring oldtools dump)
CLIENTS ?=
clients-check: all
	@tests/clients/run $(CLIENTS)

## make bench           start, memory, processor time, pauses: measured and printed (BENCH: some of them)
BENCH ?=
bench: all
	@CORDUROY_BUILD=$(BUILD) tests/bench/run $(BENCH)

## make layering        dependencies between folders point one way
layering:
	@tests/tools/layering

## make readme-check    the APIs, settings and defaults that the documents list are those of the code
readme-check:
	@tests/tools/compare-readme

## make format          clang-format in place; format-check fails on a difference
FORMATTED = $(shell git ls-files '*.c' '*.h' | grep -v -E '^(proto|tests)/gen/')
format:
	@clang-format -i $(FORMATTED)
format-check:
	@clang-format --dry-run -Werror $(FORMATTED)

## make check           what to run before a push, some minutes: all that needs no cluster
check: layering readme-check format-check proto-check unit sim
	@$(MAKE) --no-print-directory fuzz

## make install         broker, command, settings, systemd unit under DESTDIR (PREFIX=/usr/local)
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(SYSCONFDIR)/corduroy $(DESTDIR)$(UNITDIR) \
	  $(DESTDIR)$(PREFIX)/share/doc/corduroy
	install -m 755 $(BUILD)/corduroy-broker $(BUILD)/corduroy $(DESTDIR)$(PREFIX)/bin
	[ -e $(DESTDIR)$(SYSCONFDIR)/corduroy/broker.properties ] || \
	  install -m 644 deploy/broker.properties $(DESTDIR)$(SYSCONFDIR)/corduroy/broker.properties
	sed 's|@PREFIX@|$(PREFIX)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' deploy/corduroy-broker.service \
	  > $(DESTDIR)$(UNITDIR)/corduroy-broker.service
	chmod 644 $(DESTDIR)$(UNITDIR)/corduroy-broker.service
	install -m 644 README.md LICENSE deploy/broker.properties $(DESTDIR)$(PREFIX)/share/doc/corduroy
	install -m 644 deploy/README.md $(DESTDIR)$(PREFIX)/share/doc/corduroy/deployment.md
	cp -r deploy/zookeeper $(DESTDIR)$(PREFIX)/share/doc/corduroy

clean:
	rm -rf build build-*

## make tidy            clang-tidy over the product's code (some minutes)
tidy: compile_commands.json
	@printf '%s\n' $(filter-out proto/gen/%,$(SRC)) | xargs -P 2 -n 4 clang-tidy -p . --quiet

## make compile_commands.json   for editors
compile_commands.json: Makefile
	@python3 tests/tools/compile-commands "$(CC)" "$(CFLAGS_ALL)" $(SRC) > $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: mutations tidy all help unit sim zk-check cluster-check clients-check bench install proto proto-check fuzz layering readme-check format format-check check clean

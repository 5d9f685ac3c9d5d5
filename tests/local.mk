include tests/unit/local.mk
include tests/fuzz/local.mk

# Server tests are Python: build/check runs them.
EXTRA_DIST += $(wildcard $(srcdir)/tests/httpd/*.py \
                         $(srcdir)/tests/httpd/pytest.ini \
                         $(srcdir)/tests/httpd/harness/*.py \
                         $(srcdir)/tests/httpd/clients/* \
                         $(srcdir)/tests/httpd/faults/*.c \
                         $(srcdir)/tests/httpd/modules/*.c \
                         $(srcdir)/tests/httpd/asan/*.c)
EXTRA_DIST += tests/clients/hoba tests/clients/mutual

# Two of the benchmark's programs need the library.
check_PROGRAMS += tests/bench/lookup tests/bench/mutual
tests_bench_lookup_SOURCES  = tests/bench/lookup.c
tests_bench_lookup_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/modules/credentials
tests_bench_lookup_LDADD    = libindex.la libcred.la libpassword.la \
                              libauthscheme.la $(APR_LIBS) $(CRYPTO_LIBS)
tests_bench_mutual_SOURCES  = tests/bench/mutual.c
tests_bench_mutual_LDADD    = libauthscheme.la $(APR_LIBS) $(CRYPTO_LIBS)

# tests/bench/run is started by hand, and by build/check for a moment.
EXTRA_DIST += tests/bench/run tests/bench/timing \
              $(wildcard $(srcdir)/tests/bench/*.py $(srcdir)/tests/bench/*.c)

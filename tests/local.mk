include tests/unit/local.mk
include tests/fuzz/local.mk

# Server tests are Python: build/check runs them.
EXTRA_DIST += $(wildcard $(srcdir)/tests/httpd/*.py \
                         $(srcdir)/tests/httpd/pytest.ini \
                         $(srcdir)/tests/httpd/harness/*.py \
                         $(srcdir)/tests/httpd/clients/* \
                         $(srcdir)/tests/httpd/modules/*.c \
                         $(srcdir)/tests/httpd/asan/*.c)
EXTRA_DIST += tests/clients/hoba

# tests/bench/run is started by hand, and by build/check for a moment.
EXTRA_DIST += tests/bench/run \
              $(wildcard $(srcdir)/tests/bench/*.py $(srcdir)/tests/bench/*.c)

include tests/unit/local.mk

# Server tests are Python: build/check runs them.
EXTRA_DIST += $(wildcard $(srcdir)/tests/httpd/*.py \
                         $(srcdir)/tests/httpd/pytest.ini \
                         $(srcdir)/tests/httpd/harness/*.py \
                         $(srcdir)/tests/httpd/modules/*.c \
                         $(srcdir)/tests/httpd/asan/*.c)

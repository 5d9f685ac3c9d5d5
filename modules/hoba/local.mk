# The protocol without the server: unit tests link it too.
noinst_LTLIBRARIES += libhoba.la
libhoba_la_SOURCES = \
    modules/hoba/hoba.c modules/hoba/hoba.h \
    modules/hoba/session.c modules/hoba/session.h
libhoba_la_LIBADD = libauthscheme.la

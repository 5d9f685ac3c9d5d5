# The protocol without the server: unit tests link it too.
noinst_LTLIBRARIES += libmutual.la
libmutual_la_SOURCES = \
    modules/mutual/exchange.c modules/mutual/exchange.h \
    modules/mutual/message.c modules/mutual/message.h \
    modules/mutual/sid.c modules/mutual/sid.h

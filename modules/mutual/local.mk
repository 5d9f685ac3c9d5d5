# The protocol without the server: unit tests link it too.
noinst_LTLIBRARIES += libmutual.la
libmutual_la_SOURCES = \
    modules/mutual/exchange.c modules/mutual/exchange.h \
    modules/mutual/message.c modules/mutual/message.h \
    modules/mutual/sid.c modules/mutual/sid.h

mod_LTLIBRARIES += mod_authscheme_mutual.la
mod_authscheme_mutual_la_SOURCES = \
    modules/mutual/mod_authscheme_mutual.c modules/mutual/glue.h \
    modules/mutual/answer.c modules/mutual/user.c \
    modules/mutual/host.c modules/mutual/control.c
mod_authscheme_mutual_la_LIBADD  = libmutual.la libauthscheme.la $(SSL_LIBS) \
                                   $(CRYPTO_LIBS)
mod_authscheme_mutual_la_LDFLAGS = $(MODULE_LDFLAGS)

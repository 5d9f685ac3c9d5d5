# The protocol without the server: unit tests link it too.
noinst_LTLIBRARIES += libhoba.la
libhoba_la_SOURCES = \
    modules/hoba/hoba.c modules/hoba/hoba.h \
    modules/hoba/session.c modules/hoba/session.h

mod_LTLIBRARIES += mod_authscheme_hoba.la
mod_authscheme_hoba_la_SOURCES = \
    modules/hoba/mod_authscheme_hoba.c modules/hoba/glue.h \
    modules/hoba/answer.c modules/hoba/endpoints.c \
    modules/hoba/invite.c modules/hoba/register.c
mod_authscheme_hoba_la_LIBADD  = libhoba.la libauthscheme.la $(CRYPTO_LIBS) \
                                 $(JANSSON_LIBS)
mod_authscheme_hoba_la_LDFLAGS = $(MODULE_LDFLAGS)

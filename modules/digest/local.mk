# The protocol without the server: unit tests link it too.
noinst_LTLIBRARIES += libdigest.la
libdigest_la_SOURCES = modules/digest/digest.c modules/digest/digest.h

mod_LTLIBRARIES += mod_authscheme_digest.la
mod_authscheme_digest_la_SOURCES = \
    modules/digest/mod_authscheme_digest.c modules/digest/glue.h \
    modules/digest/answer.c modules/digest/user.c \
    modules/digest/body.c modules/digest/info.c
mod_authscheme_digest_la_LIBADD  = libdigest.la libauthscheme.la $(CRYPTO_LIBS)
mod_authscheme_digest_la_LDFLAGS = $(MODULE_LDFLAGS)

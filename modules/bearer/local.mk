# The protocol without the server: unit tests and fuzz targets link it too.
noinst_LTLIBRARIES += libbearer.la
libbearer_la_SOURCES = \
    modules/bearer/bearer_claims.c modules/bearer/bearer_claims.h \
    modules/bearer/bearer_issuer.c modules/bearer/bearer_issuer.h \
    modules/bearer/bearer_keys.c modules/bearer/bearer_keys.h \
    modules/bearer/bearer_path.c modules/bearer/bearer_path.h
libbearer_la_LIBADD = $(JANSSON_LIBS) -lm

mod_LTLIBRARIES += mod_authscheme_bearer.la
mod_authscheme_bearer_la_SOURCES = \
    modules/bearer/mod_authscheme_bearer.c modules/bearer/glue.h \
    modules/bearer/jwt.c modules/bearer/stored.c
mod_authscheme_bearer_la_LIBADD  = libbearer.la libjose.la libauthscheme.la \
                                   $(JANSSON_LIBS) $(CRYPTO_LIBS)
mod_authscheme_bearer_la_LDFLAGS = $(MODULE_LDFLAGS)

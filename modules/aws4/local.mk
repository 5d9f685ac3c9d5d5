# The protocol without the server: unit tests link it too.
noinst_LTLIBRARIES += libaws4.la
libaws4_la_SOURCES = \
    modules/aws4/canonical.c modules/aws4/canonical.h \
    modules/aws4/credentials.c modules/aws4/credentials.h \
    modules/aws4/date.c modules/aws4/date.h \
    modules/aws4/fault.c modules/aws4/fault.h \
    modules/aws4/key_cache.c modules/aws4/key_cache.h \
    modules/aws4/sign.c modules/aws4/sign.h \
    modules/aws4/uri.c modules/aws4/uri.h \
    modules/aws4/verify.c modules/aws4/verify.h

# Bodies without the server.
noinst_LTLIBRARIES += libaws4body.la
libaws4body_la_SOURCES = \
    modules/aws4/checksum.c modules/aws4/checksum.h \
    modules/aws4/chunked.c modules/aws4/chunked.h \
    modules/aws4/payload.c modules/aws4/payload.h

mod_LTLIBRARIES += mod_authscheme_aws4.la
mod_authscheme_aws4_la_SOURCES = \
    modules/aws4/mod_authscheme_aws4.c modules/aws4/glue.h \
    modules/aws4/answer.c modules/aws4/key.c \
    modules/aws4/body.c modules/aws4/error.c
mod_authscheme_aws4_la_LIBADD  = libaws4.la libaws4body.la libauthscheme.la \
                                 $(CRYPTO_LIBS)
mod_authscheme_aws4_la_LDFLAGS = $(MODULE_LDFLAGS)

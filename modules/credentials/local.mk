# The file's index without the server: unit tests link it too.
noinst_LTLIBRARIES += libindex.la
libindex_la_SOURCES = modules/credentials/index.c modules/credentials/index.h

mod_LTLIBRARIES += mod_authscheme_credentials.la
mod_authscheme_credentials_la_SOURCES = \
    modules/credentials/mod_authscheme_credentials.c \
    modules/credentials/credentials.h modules/credentials/dbd.c \
    modules/credentials/file.c modules/credentials/basic.c
mod_authscheme_credentials_la_LIBADD  = libindex.la libcred.la libpassword.la libauthscheme.la $(CRYPTO_LIBS)
mod_authscheme_credentials_la_LDFLAGS = $(MODULE_LDFLAGS)

dist_pkgdata_DATA = modules/credentials/schema.sql

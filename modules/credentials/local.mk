mod_LTLIBRARIES += mod_authscheme_credentials.la
mod_authscheme_credentials_la_SOURCES = \
    modules/credentials/mod_authscheme_credentials.c \
    modules/credentials/credentials.h modules/credentials/dbd.c \
    modules/credentials/basic.c
mod_authscheme_credentials_la_LIBADD  = libcred.la libpassword.la libauthscheme.la $(CRYPTO_LIBS)
mod_authscheme_credentials_la_LDFLAGS = $(MODULE_LDFLAGS)

dist_pkgdata_DATA = modules/credentials/schema.sql

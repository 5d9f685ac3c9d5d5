mod_LTLIBRARIES += mod_authscheme.la
mod_authscheme_la_SOURCES = modules/core/mod_authscheme.c
mod_authscheme_la_LIBADD  = libauthscheme.la $(CRYPTO_LIBS)
mod_authscheme_la_LDFLAGS = $(MODULE_LDFLAGS)

mod_LTLIBRARIES += mod_authscheme.la
mod_authscheme_la_SOURCES = \
    modules/core/mod_authscheme.c modules/core/core.h \
    modules/core/list.c modules/core/dispatch.c modules/core/challenge.c modules/core/host.c \
    modules/core/optional.c modules/core/info.c \
    modules/core/authz.c modules/core/identity.c modules/core/verdict.c \
    modules/core/secrets.c modules/core/state.c modules/core/table.c \
    modules/core/table.h modules/core/segment.c modules/core/segment.h \
    modules/core/sessions.c modules/core/session_table.c \
    modules/core/session_table.h \
    modules/core/costly.c modules/core/cache.c modules/core/cache.h \
    modules/core/turns.c modules/core/turns.h modules/core/lock.h
mod_authscheme_la_LIBADD  = libauthscheme.la $(CRYPTO_LIBS)
mod_authscheme_la_LDFLAGS = $(MODULE_LDFLAGS)

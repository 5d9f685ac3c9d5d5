# The command-line tool.
bin_PROGRAMS += htauth
htauth_SOURCES = \
    modules/htauth/htauth.c modules/htauth/htauth.h \
    modules/htauth/options.c modules/htauth/store.c \
    modules/htauth/file.c modules/htauth/dbd.c \
    modules/htauth/terminal.c modules/htauth/names.c \
    modules/htauth/output.c \
    modules/htauth/init.c modules/htauth/user.c \
    modules/htauth/token.c modules/htauth/aws4.c modules/htauth/hoba.c \
    modules/htauth/import.c modules/htauth/lines.c modules/htauth/lines.h \
    modules/htauth/list.c modules/htauth/remove.c \
    modules/htauth/state.c
htauth_CPPFLAGS = $(AM_CPPFLAGS) $(UTF8PROC_CFLAGS)
htauth_LDADD = libcred.la libpassword.la libauthscheme.la $(JANSSON_LIBS) \
               $(UTF8PROC_LIBS) $(APR_LIBS) $(CRYPTO_LIBS)

# The schema as a C string, without its comments.
modules/htauth/schema.inc: $(srcdir)/modules/credentials/schema.sql
	$(AM_V_GEN)$(MKDIR_P) modules/htauth && \
	{ echo 'static const char schema[] ='; \
	  sed -e 's/--.*//' -e '/^ *$$/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' \
	      $(srcdir)/modules/credentials/schema.sql; echo ';'; } >$@.tmp && \
	mv $@.tmp $@
modules/htauth/htauth-dbd.$(OBJEXT): modules/htauth/schema.inc
BUILT_SOURCES += modules/htauth/schema.inc
CLEANFILES    += modules/htauth/schema.inc

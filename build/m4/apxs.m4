# AUTHSCHEME_APXS - what apxs says of the httpd to build for.
# httpd's and APR's headers come in as system headers: their warnings are not ours.
AC_DEFUN([AUTHSCHEME_APXS], [
    APR_CONFIG=$($APXS -q APR_CONFIG)
    APU_CONFIG=$($APXS -q APU_CONFIG)
    HTTPD_INCLUDEDIR=$($APXS -q INCLUDEDIR)
    HTTPD_LIBEXECDIR=$($APXS -q LIBEXECDIR)
    HTTPD_CPPFLAGS="-isystem $HTTPD_INCLUDEDIR -isystem $($APR_CONFIG --includedir) -isystem $($APU_CONFIG --includedir) $($APR_CONFIG --cppflags) $($APXS -q EXTRA_CPPFLAGS)"
    HTTPD_CFLAGS="$($APXS -q CFLAGS) $($APXS -q EXTRA_CFLAGS) $($APXS -q NOTEST_CFLAGS)"
    HTTPD_LDFLAGS="$($APXS -q LDFLAGS)"
    APR_LIBS="$($APU_CONFIG --link-ld) $($APR_CONFIG --link-ld --libs)"
    AC_SUBST([HTTPD_INCLUDEDIR])
    AC_SUBST([HTTPD_LIBEXECDIR])
    AC_SUBST([HTTPD_CPPFLAGS])
    AC_SUBST([HTTPD_CFLAGS])
    AC_SUBST([HTTPD_LDFLAGS])
    AC_SUBST([APR_LIBS])
])

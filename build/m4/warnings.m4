# AUTHSCHEME_WARNINGS - the warnings that this project builds without.
AC_DEFUN([AUTHSCHEME_WARNINGS], [
    WARN_CFLAGS="-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
    AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
    AC_SUBST([WARN_CFLAGS])
])

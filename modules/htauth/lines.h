/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * lines.h - lines of the files that htpasswd, htdigest and lighttpd know.
 *
 *     htpasswd = user ":" hash [ ":" anything ]
 *     htdigest = user ":" realm ":" [ algorithm "=" ] hex [ ":" userhash ]
 *
 * Without a name, 32 digits are MD5 and 64 are SHA-256.
 */
#ifndef HT_LINES_H
#define HT_LINES_H

#include "authscheme_span.h"

#define HT_LINE_MAX 16384 /* octets */

typedef struct ht_line {
    as_span user;
    as_span realm;         /* htdigest */
    const char *algorithm; /* htdigest: "MD5", "SHA-256", "SHA-512-256" */
    as_span value;         /* a hash of crypt(3), or H(A1) in lower case */
} ht_line;

/* Takes the next line without its end; 0 if there is none. */
int ht_line_next(as_span *line, as_span *rest);

/* Whether there is anything but white space or a comment. */
int ht_line_is_empty(as_span line);

/* NULL, or why the line can't be taken: never any of its hash. */
const char *ht_line_htpasswd(ht_line *parsed, as_span line);
const char *ht_line_htdigest(ht_line *parsed, as_span line, apr_pool_t *pool);

#endif

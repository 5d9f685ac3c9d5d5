/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * cred.h - the lines of a credential file, and the words that the store has for
 * kinds and states of records. File, database and htauth share them.
 *
 *     file   = "authscheme-credentials 1" *( LF line ) [ LF ]
 *     line   = *" " [ "#" anything ] | KIND 1*" " ID *( 1*" " NAME "=" value )
 *     value  = bare | <"> *( any character but <"> and \ | \" | \\ ) <">
 *     bare   = one or more characters but blank, <"> and \, not # at first
 *
 * ID is a value, too; a bare one holds no "=". All is UTF-8 without control
 * characters, a line at most AS_CRED_LINE_MAX octets. A CR before the LF is
 * passed over.
 */
#ifndef AS_CRED_H
#define AS_CRED_H

#include "authscheme_cred.h"

#define AS_CRED_HEADER "authscheme-credentials 1"
#define AS_CRED_LINE_MAX 16384

/* ---- words ----------------------------------------------------------- */

const char *as_cred_kind_name(as_cred_kind kind);

/* AS_CRED_KINDS if that is no kind. */
as_cred_kind as_cred_kind_find(as_span name);

const char *as_cred_state_name(as_cred_state state);

/* 1, or 0 if that is no state. */
int as_cred_state_find(as_cred_state *state, as_span name);

/* Whether a value of this kind stands in base64url where all is text. */
int as_cred_is_binary(as_cred_kind kind);

/* ---- lines ----------------------------------------------------------- */

/* Takes the next line, without its LF. 0 at the end. All that take a line pass
 * over a CR at its end. */
int as_cred_take_line(as_span *line, as_span *rest);

/* Whether it is what a file begins with. */
int as_cred_is_header(as_span line);

/* Whether it is more than blanks and a comment. */
int as_cred_is_record(as_span line);

/*
 * The record of a line, in pool. NULL, or what is wrong with it, in pool and
 * without the value, which is secret.
 */
const char *as_cred_read(as_cred *cred, as_span line, apr_pool_t *pool);

/* The line of a record that as_cred_check() finds nothing wrong with, without
 * LF. Reads as the same record, but for fractions of seconds of `created` and
 * `expires`, which are dropped. */
const char *as_cred_write(const as_cred *cred, apr_pool_t *pool);

/* NULL, or what is wrong with a record for its kind, in pool and without the
 * value. */
const char *as_cred_check(const as_cred *cred, apr_pool_t *pool);

/* ---- without copies, for who reads a million lines ------------------- */

typedef enum as_cred_field {
    AS_CRED_ID, /* has no name in the line */
    AS_CRED_REALM,
    AS_CRED_PLACE,
    AS_CRED_ALGORITHM,
    AS_CRED_USER,
    AS_CRED_VALUE,
    AS_CRED_LABEL,
    AS_CRED_SCOPE,
    AS_CRED_STATE,
    AS_CRED_CREATED,
    AS_CRED_EXPIRES,
    AS_CRED_NOT_BEFORE,
    AS_CRED_FIELDS
} as_cred_field;

/* A line taken apart. A quoted text is without its quotes, but with its
 * backslashes: equal texts are equal in this form, too. */
typedef struct as_cred_line {
    as_cred_kind kind;
    as_span text[AS_CRED_FIELDS]; /* empty where the line is silent */
    int escaped;                  /* bit 1 << field: it has backslashes */
    as_cred_state state;
    apr_time_t created, expires, not_before;
    const char *about; /* the name of the field that is wrong, or NULL */
} as_cred_line;

/*
 * NULL, or what is wrong as constant text. Finds wrong what as_cred_read()
 * does, except for a Mutual verifier that is not in its group: to know that
 * takes too long for a whole file. `scratch` is used for HOBA keys only.
 */
const char *as_cred_scan(as_cred_line *line, as_span text,
                         apr_pool_t *scratch);

/* That for people: `why` with the field's name. */
const char *as_cred_explain(const as_cred_line *line, const char *why,
                            apr_pool_t *pool);

/* The record of a line that was scanned, in pool. */
void as_cred_of_line(as_cred *cred, const as_cred_line *line,
                     apr_pool_t *pool);

/* A text as it stands in as_cred_line; *out is `text` itself or in pool. */
as_span as_cred_escape(as_span text, apr_pool_t *pool);

#endif

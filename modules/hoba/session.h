/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * session.h - the cookie that stands for a HOBA signature.
 *
 *     kid "." issued "." expires "." mac
 *
 * Times are decimal microseconds. The MAC covers origin and realm as well, so
 * that a cookie is good nowhere else. Nothing is kept on the server: who gets
 * a cookie looks the key up again and compares `issued` with its logout mark,
 * which ends every session of a key at once.
 */
#ifndef HOBA_SESSION_H
#define HOBA_SESSION_H

#include "apr_errno.h"
#include "apr_time.h"
#include "authscheme_span.h"

typedef struct hoba_session {
    as_span kid;
    apr_time_t issued;
    apr_time_t expires;
} hoba_session;

/* How often a cookie of that name is in a Cookie field; *value is the first. */
int hoba_cookie_find(as_span *value, as_span field, const char *name);

/* The value of the cookie, or NULL if it can't be sealed. */
const char *hoba_session_make(apr_pool_t *pool, as_span key,
                              const hoba_session *session, as_span origin,
                              as_span realm);

/* Whether value is a session sealed with this key for this origin and realm.
 * APR_EINVAL if not; its times are for the caller to judge. */
apr_status_t hoba_session_open(hoba_session *session, as_span value,
                               as_span key, as_span origin, as_span realm,
                               apr_pool_t *pool);

#endif

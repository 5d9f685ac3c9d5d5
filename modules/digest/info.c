/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the server says after a right answer: that it knows the password as
 * well (rspauth), and which nonce to go on with when this one is nearly over.
 * It goes out with every status, for neon and serf check it. With auth-int,
 * rspauth would hash what is sent after it: then there is none.
 */
#include "httpd.h"

#include "glue.h"
#include "secret.h"

/* libsoup takes it; all others wait for "stale". */
static const char *next_nonce(request_rec *r, const digest_try *t)
{
    apr_time_t lifetime = apr_time_from_sec((apr_time_t)t->conf.lifetime);
    const char *nonce;

    if (r->request_time < t->issued + lifetime - lifetime / 10)
        return "";
    nonce = digest_nonce(r);
    return nonce ? apr_pstrcat(r->pool, ", nextnonce=\"", nonce, "\"", NULL)
                 : "";
}

void digest_confirm(request_rec *r, const as_attempt *attempt)
{
    digest_try *t = attempt->data;
    const digest_answer *a = &t->answer;
    const char *field = r->proxyreq == PROXYREQ_PROXY
                            ? "Proxy-Authentication-Info"
                            : "Authentication-Info";
    char rspauth[AS_DIGEST_HEX_MAX + 1];
    as_span none = { "", 0 };
    apr_status_t rv = digest_response(rspauth, a, as_span_of(t->key), none,
                                      none);

    as_wipe(t->key, sizeof(t->key));
    if (rv != APR_SUCCESS || t->with_body)
        return;
    apr_table_setn(r->err_headers_out, field,
                   apr_psprintf(r->pool, "rspauth=\"%s\", cnonce=\"%.*s\", "
                                "nc=%.*s, qop=auth%s", rspauth,
                                (int)a->cnonce_sent.len, a->cnonce_sent.at,
                                (int)a->nc.len, a->nc.at, next_nonce(r, t)));
}

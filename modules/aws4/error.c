/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Refusals as S3 words them. Its clients show their users what stands in Code
 * and Message, and without XML tell them of an unknown error.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_protocol.h"
#include "util_filter.h"

#include "glue.h"

#define SINK "AUTHSCHEME_AWS4_SINK"

static const char *document(request_rec *r, const char *code,
                            const char *message, const char *more)
{
    const char *id = apr_table_get(r->subprocess_env, "UNIQUE_ID");

    return apr_pstrcat(
        r->pool, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>",
        code, "</Code><Message>", ap_escape_html(r->pool, message),
        "</Message>", more, "<Resource>",
        ap_escape_html(r->pool, ap_os_escape_path(r->pool, r->uri, 1)),
        "</Resource><RequestId>", id ? ap_escape_html(r->pool, id) : "-",
        "</RequestId></Error>\n", NULL);
}

/* What a handler may have said of an answer that is not sent. */
static void forget_content(request_rec *r)
{
    static const char *const names[] = {
        "Content-Encoding", "Content-Length", "Content-Range", "Content-MD5",
        "ETag", "Last-Modified", "Accept-Ranges", "Location"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        apr_table_unset(r->headers_out, names[i]);
}

/* A handler whose body is refused may answer, too: nobody hears it. */
static apr_status_t sink(ap_filter_t *f, apr_bucket_brigade *bb)
{
    (void)f;
    apr_brigade_cleanup(bb);
    return APR_SUCCESS;
}

void aws4_register_error(void)
{
    ap_register_output_filter(SINK, sink, NULL, AP_FTYPE_PROTOCOL);
}

void aws4_send_error(request_rec *r, int status, const char *code,
                     const char *message, const char *more)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);
    const char *text = document(r, code, message, more);

    r->status = status;
    r->status_line = NULL;
    forget_content(r);
    ap_set_content_type(r, "application/xml");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    if (!r->header_only)
        apr_brigade_puts(bb, NULL, NULL, text);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, bb);
    ap_add_output_filter(SINK, NULL, r, r->connection);
}

/* ---- refusals -------------------------------------------------------- */

static const char *code_of(const as_attempt *attempt, int status)
{
    const aws4_try *t = attempt->data;

    if (attempt->problem == AS_UNAUTHORIZED || !t)
        return "AccessDenied";
    if (status == HTTP_SERVICE_UNAVAILABLE)
        return "ServiceUnavailable";
    if (status == HTTP_INTERNAL_SERVER_ERROR)
        return "InternalError";
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE)
        return "EntityTooLarge";
    if (attempt->problem == AS_UNKNOWN || attempt->problem == AS_DISABLED
        || (attempt->problem == AS_EXPIRED && t->fault == AWS4_MISMATCH))
        return "InvalidAccessKeyId";
    return t->fault == AWS4_OK ? "AccessDenied"
                               : aws4_fault_about(t->fault)->code;
}

/* The clients mend their clocks by these. */
static const char *times(request_rec *r, const aws4_try *t)
{
    apr_time_exp_t now;

    if (!t || t->fault != AWS4_SKEWED)
        return "";
    apr_time_exp_gmt(&now, r->request_time);
    return apr_psprintf(r->pool, "<RequestTime>%.*s</RequestTime><ServerTime>"
                        "%04d-%02d-%02dT%02d:%02d:%02dZ</ServerTime>"
                        "<MaxAllowedSkewMilliseconds>%d000"
                        "</MaxAllowedSkewMilliseconds>",
                        (int)t->checked.date.len,
                        t->checked.date.at ? t->checked.date.at : "",
                        now.tm_year + 1900, now.tm_mon + 1, now.tm_mday,
                        now.tm_hour, now.tm_min, now.tm_sec, t->conf.skew);
}

/* What is wrong with the request itself its sender may know; of keys and
 * signatures he is told what S3 tells. */
static const char *message_of(const as_attempt *attempt, const char *code)
{
    static const struct {
        const char *code, *message;
    } rows[] = {
        { "SignatureDoesNotMatch", "The signature does not match: check the "
                                   "secret, and what changes requests on "
                                   "their way (proxies)." },
        { "InvalidAccessKeyId", "There is no such access key here, or it is "
                                "not to be used any more." },
        { "AccessDenied", "Access denied." },
        { "ServiceUnavailable", "The server can not check this just now." },
        { "InternalError", "The server has a fault of its own." },
        { "EntityTooLarge", "The body is larger than this server reads before "
                            "it can check a signature: send its hash in "
                            "x-amz-content-sha256." },
    };
    const aws4_try *t = attempt->data;
    apr_size_t i;

    if (t && t->fault != AWS4_OK && t->fault != AWS4_MISMATCH
        && t->fault != AWS4_BROKEN
        && (attempt->verdict == AS_DENIED
            || attempt->verdict == AS_CONTRADICTORY))
        return attempt->reason;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strcmp(rows[i].code, code))
            return rows[i].message;
    return "The request is not as it should be.";
}

int aws4_answer(request_rec *r, const as_attempt *attempt, int status)
{
    const char *code = code_of(attempt, status);

    if (!aws4_conf_of(r).xml)
        return 0;
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE)
        r->connection->keepalive = AP_CONN_CLOSE; /* or all of it is read */
    aws4_discard_body(r);
    aws4_send_error(r, status, code, message_of(attempt, code),
                    times(r, attempt->data));
    return 1;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The body of a signed request, verified while it streams to the handler. The
 * head says what it must hash to, or that it comes in chunks with signatures of
 * their own. The handler gets what has come, but for the last octets: those,
 * and the end, only when all of it held. So a file that is written anew is
 * never finished with a wrong body.
 *
 * httpd's own filter reads the framing (Content-Length, Transfer-Encoding) at
 * its first read. Those fields describe the chunks, and the handler must see
 * what is in them: so we read once before we change them, or the rest of the
 * body would be taken for the next request.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "util_filter.h"
#include "util_varbuf.h"

#include "glue.h"

APLOG_USE_MODULE(authscheme_aws4);

#define FILTER "AUTHSCHEME_AWS4_BODY"
#define PIECE 8192 /* octets that are asked for at once */

static const ap_filter_rec_t *filter;

typedef struct body_guard {
    aws4_chunked *chunked;  /* or NULL: */
    aws4_sum sum;           /* of a plain body */
    apr_bucket_brigade *early; /* was read before the handler, as it came */
    apr_bucket_brigade *ready; /* for the handler */
    apr_bucket_brigade *held;  /* the last of what has come; of chunks, */
    char last;                 /* which may be small and many: one octet */
    int has_last;
    int is_reading; /* httpd's filter is at work below */
    int is_done;
    apr_status_t failed;
} body_guard;

/* ---- refusing -------------------------------------------------------- */

static const struct {
    int status;
    const char *code, *why;
} faults[] = {
    [AWS4_BODY_INCOMPLETE] = { HTTP_BAD_REQUEST, "IncompleteBody",
                               "the body ended early" },
    [AWS4_BODY_MALFORMED] = { HTTP_BAD_REQUEST, "IncompleteBody",
                              "the chunks of the body are malformed" },
    [AWS4_BODY_SIGNATURE] = { HTTP_FORBIDDEN, "SignatureDoesNotMatch",
                              "the signature of a chunk or trailer is wrong" },
    [AWS4_BODY_TRAILER] = { HTTP_BAD_REQUEST, "MalformedTrailerError",
                            "the trailers are not those that were named" },
    [AWS4_BODY_CHECKSUM] = { HTTP_BAD_REQUEST, "BadDigest",
                             "a checksum in the trailers is wrong" },
    [AWS4_BODY_LENGTH] = { HTTP_BAD_REQUEST, "IncompleteBody",
                           "the body has not the decoded length" },
    [AWS4_BODY_UNSUPPORTED] = { HTTP_NOT_IMPLEMENTED, "NotImplemented",
                                "a kind of body that is not implemented" },
    [AWS4_BODY_FAILED] = { HTTP_INTERNAL_SERVER_ERROR, "InternalError",
                           "OpenSSL failed" },
};

/* Whether a handler, or httpd, answers already: such a one reads the body only
 * to be rid of it. */
static int is_answering(request_rec *r)
{
    const ap_filter_rec_t *text = ap_get_output_filter_handle("OLD_WRITE");
    const ap_filter_t *f;

    if (r->eos_sent || r->bytes_sent || !ap_is_HTTP_SUCCESS(r->status))
        return 1;
    for (f = r->output_filters; f && f->frec != text; f = f->next)
        ;
    return f != NULL;
}

/* The request was granted by its head and is refused by its body: one line of
 * the core's shape, and an answer in the place of the handler's. */
static apr_status_t refuse(body_guard *body, request_rec *r, int status,
                           const char *code, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "authscheme: refused status=%d scheme=AWS4-HMAC-SHA256 "
                  "problem=invalid user=%s uri=\"%s\": %s", status,
                  r->user ? ap_escape_logitem(r->pool, r->user) : "-",
                  ap_escape_logitem(r->pool, r->uri), why);
    r->connection->keepalive = AP_CONN_CLOSE;
    if (is_answering(r))
        return body->failed = APR_EGENERAL;
    aws4_send_error(r, status, code, why, "");
    return body->failed = AP_FILTER_ERROR;
}

static apr_status_t refuse_fault(body_guard *body, request_rec *r,
                                 aws4_body_fault fault)
{
    return refuse(body, r, faults[fault].status, faults[fault].code,
                  faults[fault].why);
}

/* ---- verifying ------------------------------------------------------- */

/* What was held is not the last any more. */
static void release(body_guard *body)
{
    if (body->has_last)
        apr_brigade_write(body->ready, NULL, NULL, &body->last, 1);
    body->has_last = 0;
    APR_BRIGADE_CONCAT(body->ready, body->held);
}

/* The data of chunks, put together: a bucket for each would cost far more. */
static apr_status_t take_chunked(body_guard *body, request_rec *r, as_span in)
{
    while (in.len) {
        as_span data;
        aws4_body_fault fault = aws4_chunked_feed(body->chunked, &in, &data);

        if (fault != AWS4_BODY_GOOD)
            return refuse_fault(body, r, fault);
        if (!data.len)
            continue;
        release(body);
        if (data.len > 1)
            apr_brigade_write(body->ready, NULL, NULL, data.at, data.len - 1);
        body->last = data.at[data.len - 1];
        body->has_last = 1;
    }
    return APR_SUCCESS;
}

/* A bucket of a plain body goes on as it is. */
static apr_status_t take_plain(body_guard *body, request_rec *r, apr_bucket *e,
                               as_span in)
{
    if (!in.len)
        return APR_SUCCESS;
    if (!aws4_sum_update(&body->sum, in))
        return refuse_fault(body, r, AWS4_BODY_FAILED);
    release(body);
    apr_bucket_setaside(e, r->pool); /* it stays longer than this call */
    APR_BUCKET_REMOVE(e);
    APR_BRIGADE_INSERT_TAIL(body->held, e);
    return APR_SUCCESS;
}

static apr_status_t check_end(body_guard *body, request_rec *r)
{
    aws4_body_fault fault;

    if (body->chunked) {
        fault = aws4_chunked_end(body->chunked);
        return fault == AWS4_BODY_GOOD ? APR_SUCCESS
                                       : refuse_fault(body, r, fault);
    }
    if (aws4_sum_finish(&body->sum))
        return APR_SUCCESS;
    return refuse(body, r, HTTP_BAD_REQUEST, "XAmzContentSHA256Mismatch",
                  "the body has another hash than x-amz-content-sha256");
}

/* A handler has refused already, and the client holds its body back for a
 * 100 Continue: httpd reads none then, and says that it is at its end. */
static int is_unread(const request_rec *r)
{
    return r->expecting_100 && !ap_is_HTTP_SUCCESS(r->status);
}

static apr_status_t take_end(body_guard *body, request_rec *r)
{
    apr_status_t rv = is_unread(r) ? APR_SUCCESS : check_end(body, r);

    if (rv != APR_SUCCESS)
        return rv;
    release(body);
    APR_BRIGADE_INSERT_TAIL(body->ready,
                            apr_bucket_eos_create(body->ready->bucket_alloc));
    body->is_done = 1;
    return APR_SUCCESS;
}

static apr_status_t take(body_guard *body, request_rec *r,
                         apr_bucket_brigade *in)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(in) && !body->is_done) {
        apr_bucket *e = APR_BRIGADE_FIRST(in);
        const char *octets;
        apr_size_t len;

        if (APR_BUCKET_IS_EOS(e)) {
            rv = take_end(body, r);
        }
        else if (!APR_BUCKET_IS_METADATA(e)) {
            rv = apr_bucket_read(e, &octets, &len, APR_BLOCK_READ);
            if (rv == APR_SUCCESS)
                rv = body->chunked
                         ? take_chunked(body, r, (as_span){ octets, len })
                         : take_plain(body, r, e, (as_span){ octets, len });
        }
        if (e == APR_BRIGADE_FIRST(in))
            apr_bucket_delete(e);
    }
    return rv;
}

/* ---- the filter ------------------------------------------------------ */

static apr_status_t fill(body_guard *body, ap_filter_t *f,
                         apr_read_type_e block)
{
    apr_bucket_brigade *in = body->early;
    apr_status_t rv = APR_SUCCESS;

    if (APR_BRIGADE_EMPTY(in)) {
        body->is_reading = 1;
        rv = ap_get_brigade(f->next, in, AP_MODE_READBYTES, block, PIECE);
        body->is_reading = 0;
    }
    if (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(in))
        rv = block == APR_NONBLOCK_READ ? APR_EAGAIN : APR_EOF;
    if (rv == APR_SUCCESS)
        rv = take(body, f->r, in);
    return rv;
}

static apr_status_t hand_on(apr_bucket_brigade *out, body_guard *body,
                            apr_off_t most)
{
    apr_bucket *end, *e;
    apr_status_t rv = apr_brigade_partition(body->ready, most, &end);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE)
        return rv;
    if (end != APR_BRIGADE_SENTINEL(body->ready) && APR_BUCKET_IS_EOS(end))
        end = APR_BUCKET_NEXT(end);
    while ((e = APR_BRIGADE_FIRST(body->ready)) != end) {
        APR_BUCKET_REMOVE(e);
        APR_BRIGADE_INSERT_TAIL(out, e);
    }
    return APR_SUCCESS;
}

/* Nobody gets at a body in another way: it would not be verified. But httpd's
 * filter reads HTTP's trailers, behind the last chunk, from the top. */
static apr_status_t give(ap_filter_t *f, apr_bucket_brigade *out,
                         ap_input_mode_t mode, apr_read_type_e block,
                         apr_off_t most)
{
    body_guard *body = f->ctx;
    apr_status_t rv = body->failed;

    if (body->is_reading)
        return ap_get_brigade(f->next, out, mode, block, most);
    if (mode != AP_MODE_READBYTES)
        return mode == AP_MODE_INIT ? APR_SUCCESS : APR_ENOTIMPL;
    while (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(body->ready)
           && !body->is_done)
        rv = fill(body, f, block);
    if (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(body->ready))
        APR_BRIGADE_INSERT_TAIL(out,
                                apr_bucket_eos_create(out->bucket_alloc));
    return rv == APR_SUCCESS ? hand_on(out, body, most) : rv;
}

void aws4_discard_body(request_rec *r)
{
    ap_filter_t *f, *next;

    for (f = r->input_filters; f; f = next) {
        next = f->next;
        if (f->frec == filter)
            ap_remove_input_filter(f);
    }
    if (r->expecting_100)
        r->connection->keepalive = AP_CONN_CLOSE;
    else
        ap_discard_request_body(r);
}

void aws4_register_body(void)
{
    filter = ap_register_input_filter(FILTER, give, NULL,
                                      AP_FTYPE_PROTOCOL - 1);
}

static body_guard *make(request_rec *r)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    body_guard *body = apr_pcalloc(r->pool, sizeof(*body));

    body->early = apr_brigade_create(r->pool, alloc);
    body->ready = apr_brigade_create(r->pool, alloc);
    body->held = apr_brigade_create(r->pool, alloc);
    return body;
}

static int has_filter(const request_rec *r, const body_guard *body)
{
    const ap_filter_t *f = r->input_filters;

    while (f && f->ctx != body)
        f = f->next;
    return f != NULL;
}

/* Redirects begin with the filters of the protocol, and are to find it, too.
 * The request may be a redirected one already, from a place that is open to
 * all: then its handler reads through other filters than the first would. */
static void install(body_guard *body, request_rec *r)
{
    for (; r; r = r->main ? r->main : r->prev) {
        ap_filter_t *f;

        if (has_filter(r, body))
            continue;
        f = ap_add_input_filter(FILTER, body, r, r->connection);
        if (f->next == r->proto_input_filters)
            r->proto_input_filters = f;
    }
}

/* ---- aws-chunked ----------------------------------------------------- */

/* Makes httpd read the framing. Gets what has come already, waits for nothing
 * and sends no 100 Continue. */
static apr_status_t prime(body_guard *body, request_rec *r)
{
    apr_status_t rv = ap_get_brigade(r->proto_input_filters, body->early,
                                     AP_MODE_READBYTES, APR_NONBLOCK_READ,
                                     PIECE);

    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

static const char *without_aws_chunked(apr_pool_t *pool, const char *value)
{
    const char *kept = NULL;
    char *rest = apr_pstrdup(pool, value), *word;

    while ((word = apr_strtok(rest, ", \t", &rest)) != NULL)
        if (ap_cstr_casecmp(word, "aws-chunked"))
            kept = kept ? apr_pstrcat(pool, kept, ", ", word, NULL) : word;
    return kept;
}

static void describe_content(request_rec *r, apr_uint64_t length)
{
    const char *value = apr_table_get(r->headers_in, "Content-Encoding");
    const char *kept = value ? without_aws_chunked(r->pool, value) : NULL;

    apr_table_unset(r->headers_in, "Content-Encoding");
    if (kept)
        apr_table_setn(r->headers_in, "Content-Encoding", kept);
    apr_table_unset(r->headers_in, "Transfer-Encoding");
    apr_table_unset(r->headers_in, "X-Amz-Trailer");
    apr_table_unset(r->headers_in, "X-Amz-Decoded-Content-Length");
    apr_table_unset(r->headers_in, "X-Amz-Content-Sha256");
    apr_table_setn(r->headers_in, "Content-Length",
                   apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, length));
}

as_verdict aws4_guard_chunks(request_rec *r, as_attempt *attempt,
                             const aws4_chunked_terms *terms)
{
    request_rec *first = aws4_initial(r);
    body_guard *body = make(first);
    apr_status_t rv;

    body->chunked = aws4_chunked_make(terms, first->pool);
    if (aws4_chunked_fault(body->chunked) != AWS4_BODY_GOOD)
        return as_contradict(attempt, "the fields that describe the chunks of "
                                      "the body are wrong");
    rv = prime(body, first);
    if (rv != APR_SUCCESS) {
        attempt->status = rv;
        return as_contradict(attempt, "the body can't be read");
    }
    describe_content(first, terms->length);
    install(body, r);
    return AS_GRANTED;
}

/* ---- a plain body ---------------------------------------------------- */

as_verdict aws4_guard_hash(request_rec *r, as_attempt *attempt, as_span hash)
{
    request_rec *first = aws4_initial(r);
    body_guard *body = make(first);

    if (!aws4_sum_begin(&body->sum, hash, first->pool))
        return as_break(attempt, "OpenSSL can not hash the body");
    install(body, r);
    return AS_GRANTED;
}

/* ---- a body whose hash is signed and not named ----------------------- */

static as_verdict unreadable(as_attempt *attempt, apr_status_t rv)
{
    if (rv == AP_FILTER_ERROR)
        attempt->status = rv;
    if (rv == APR_ENOSPC || rv == AP_FILTER_ERROR)
        return as_oversize(attempt, "the body is larger than Aws4BodyLimit or "
                                    "LimitRequestBody");
    attempt->status = rv;
    return as_contradict(attempt, "the body broke off");
}

/* Puts the pieces together: there may be one for each octet, and a bucket for
 * each would cost far more. */
static apr_status_t append(struct ap_varbuf *text, apr_bucket_brigade *in,
                           apr_size_t limit, int *is_end)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !*is_end && !APR_BRIGADE_EMPTY(in)) {
        apr_bucket *e = APR_BRIGADE_FIRST(in);
        const char *octets;
        apr_size_t len = 0;

        *is_end = APR_BUCKET_IS_EOS(e);
        if (!APR_BUCKET_IS_METADATA(e))
            rv = apr_bucket_read(e, &octets, &len, APR_BLOCK_READ);
        if (rv == APR_SUCCESS && len > limit - text->strlen)
            rv = APR_ENOSPC;
        if (rv == APR_SUCCESS && len)
            ap_varbuf_strmemcat(text, octets, (int)len);
        apr_bucket_delete(e);
    }
    return rv;
}

static apr_status_t read_all(struct ap_varbuf *text, request_rec *r,
                             apr_size_t limit)
{
    apr_bucket_brigade *in = apr_brigade_create(r->pool,
                                                r->connection->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;
    int is_end = 0;

    ap_varbuf_init(r->pool, text, 0);
    text->strlen = 0;
    while (rv == APR_SUCCESS && !is_end) {
        rv = ap_get_brigade(r->proto_input_filters, in, AP_MODE_READBYTES,
                            APR_BLOCK_READ, PIECE);
        if (rv == APR_SUCCESS)
            rv = APR_BRIGADE_EMPTY(in) ? APR_EOF
                                       : append(text, in, limit, &is_end);
    }
    apr_brigade_destroy(in);
    return rv;
}

static void keep(body_guard *body, as_span text, apr_pool_t *pool)
{
    apr_bucket_alloc_t *alloc = body->ready->bucket_alloc;

    if (text.len)
        APR_BRIGADE_INSERT_TAIL(body->ready, apr_bucket_pool_create(
                                    text.at, text.len, pool, alloc));
    APR_BRIGADE_INSERT_TAIL(body->ready, apr_bucket_eos_create(alloc));
    body->is_done = 1;
}

as_verdict aws4_hash_body(unsigned char hash[AS_SHA256_LEN], request_rec *r,
                          int limit, as_attempt *attempt)
{
    request_rec *first = aws4_initial(r);
    body_guard *body = make(first);
    struct ap_varbuf text;
    apr_status_t rv = read_all(&text, first, (apr_size_t)limit);

    if (rv != APR_SUCCESS)
        return unreadable(attempt, rv);
    if (as_sha256(hash, (as_span){ text.buf, text.strlen }) != APR_SUCCESS)
        return as_break(attempt, "OpenSSL can not hash the body");
    keep(body, (as_span){ text.buf, text.strlen }, first->pool);
    install(body, r);
    return AS_GRANTED;
}

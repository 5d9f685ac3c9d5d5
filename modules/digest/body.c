/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The hash of a request's body, for qop=auth-int. It is part of the proof, so
 * all of the body is read before anybody is let in: up to a size into memory,
 * then into a temporary file, and no further than DigestBodyLimit. An input
 * filter gives it to the handler, octet for octet.
 */
#include "httpd.h"
#include "http_protocol.h"
#include "apr_file_io.h"
#include "apr_strings.h"
#include "util_filter.h"

#include "glue.h"

#define IN_MEMORY 65536 /* octets */
#define PIECE 8192
#define FILTER "AUTHSCHEME_DIGEST_BODY"

/* What was read for a client's request. */
typedef struct digest_body {
    request_rec *r;           /* whose input it is */
    apr_bucket_brigade *kept; /* and that is for the handler, with its end */
    apr_file_t *file;         /* where it is too large for memory, or NULL */
    apr_off_t len;
    as_digest_sum *sum;
    char hex[AS_DIGEST_HEX_MAX + 1]; /* or "": not known */
} digest_body;

/* ---- giving it to the handler ---------------------------------------- */

/* Moves up to `most` octets, and the end if it is reached. */
static apr_status_t hand_on(apr_bucket_brigade *out, apr_bucket_brigade *kept,
                            apr_off_t most, int is_copy)
{
    apr_bucket *end, *e;
    apr_status_t rv = apr_brigade_partition(kept, most, &end);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE)
        return rv;
    if (end != APR_BRIGADE_SENTINEL(kept) && APR_BUCKET_IS_EOS(end))
        end = APR_BUCKET_NEXT(end);
    while ((e = APR_BRIGADE_FIRST(kept)) != end && !is_copy) {
        APR_BUCKET_REMOVE(e);
        APR_BRIGADE_INSERT_TAIL(out, e);
    }
    for (; is_copy && e != end; e = APR_BUCKET_NEXT(e)) {
        apr_bucket *copy;

        rv = apr_bucket_copy(e, &copy);
        if (rv != APR_SUCCESS)
            return rv;
        APR_BRIGADE_INSERT_TAIL(out, copy);
    }
    return APR_SUCCESS;
}

static apr_status_t give(ap_filter_t *f, apr_bucket_brigade *out,
                         ap_input_mode_t mode, apr_read_type_e block,
                         apr_off_t most)
{
    apr_bucket_brigade *kept = f->ctx;

    if (APR_BRIGADE_EMPTY(kept))
        return ap_get_brigade(f->next, out, mode, block, most);
    switch (mode) {
    case AP_MODE_READBYTES:
        return hand_on(out, kept, most, 0);
    case AP_MODE_SPECULATIVE:
        return hand_on(out, kept, most, 1);
    case AP_MODE_GETLINE:
        return apr_brigade_split_line(out, kept, block, HUGE_STRING_LEN);
    case AP_MODE_EXHAUSTIVE:
        APR_BRIGADE_CONCAT(out, kept);
        return APR_SUCCESS;
    case AP_MODE_EATCRLF:
    case AP_MODE_INIT:
    default:
        return APR_SUCCESS;
    }
}

void digest_register_body(void)
{
    ap_register_input_filter(FILTER, give, NULL, AP_FTYPE_PROTOCOL - 1);
}

/* ---- reading --------------------------------------------------------- */

/* It has no name any more when it is used, so that nothing is left behind. */
static apr_status_t open_file(digest_body *body)
{
    apr_pool_t *pool = body->r->pool;
    const char *folder;
    char *name;
    apr_status_t rv = apr_temp_dir_get(&folder, pool);

    if (rv != APR_SUCCESS)
        return rv;
    name = apr_pstrcat(pool, folder, "/authscheme-body-XXXXXX", NULL);
    rv = apr_file_mktemp(&body->file, name,
                         APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE
                             | APR_FOPEN_EXCL | APR_FOPEN_BINARY, pool);
    return rv == APR_SUCCESS ? apr_file_remove(name, pool) : rv;
}

static apr_status_t write_kept(digest_body *body)
{
    apr_bucket *e;
    apr_status_t rv = open_file(body);

    while (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(body->kept)) {
        const char *octets;
        apr_size_t len;

        e = APR_BRIGADE_FIRST(body->kept);
        rv = apr_bucket_read(e, &octets, &len, APR_BLOCK_READ);
        if (rv == APR_SUCCESS)
            rv = apr_file_write_full(body->file, octets, len, NULL);
        apr_bucket_delete(e);
    }
    return rv;
}

static apr_status_t keep(digest_body *body, const char *octets, apr_size_t len)
{
    apr_status_t rv = APR_SUCCESS;

    body->len += (apr_off_t)len;
    if (!as_digest_sum_add(body->sum, (as_span){ octets, len }))
        return APR_EGENERAL;
    if (!body->file && body->len <= IN_MEMORY)
        return apr_brigade_write(body->kept, NULL, NULL, octets, len);
    if (!body->file)
        rv = write_kept(body);
    return rv == APR_SUCCESS
               ? apr_file_write_full(body->file, octets, len, NULL) : rv;
}

/* A brigade of the request. *is_end with the last one; APR_ENOSPC beyond the
 * limit. */
static apr_status_t take(digest_body *body, apr_bucket_brigade *in,
                         apr_off_t limit, int *is_end)
{
    apr_bucket *e;
    apr_status_t rv = APR_SUCCESS;

    for (e = APR_BRIGADE_FIRST(in);
         rv == APR_SUCCESS && e != APR_BRIGADE_SENTINEL(in) && !*is_end;
         e = APR_BUCKET_NEXT(e)) {
        const char *octets;
        apr_size_t len;

        if (APR_BUCKET_IS_EOS(e))
            *is_end = 1;
        if (APR_BUCKET_IS_METADATA(e))
            continue;
        rv = apr_bucket_read(e, &octets, &len, APR_BLOCK_READ);
        if (rv == APR_SUCCESS && body->len + (apr_off_t)len > limit)
            rv = APR_ENOSPC;
        if (rv == APR_SUCCESS)
            rv = keep(body, octets, len);
    }
    return rv;
}

static apr_status_t read_all(digest_body *body, apr_off_t limit)
{
    request_rec *r = body->r;
    apr_bucket_brigade *in = apr_brigade_create(r->pool,
                                                r->connection->bucket_alloc);
    apr_status_t rv;
    int is_end = 0;

    do {
        rv = ap_get_brigade(r->input_filters, in, AP_MODE_READBYTES,
                            APR_BLOCK_READ, PIECE);
        if (rv == APR_SUCCESS)
            rv = take(body, in, limit, &is_end);
        apr_brigade_cleanup(in);
    } while (rv == APR_SUCCESS && !is_end);
    apr_brigade_destroy(in);
    return rv;
}

/* Redirects begin with the filters of the protocol, and are to find it, too:
 * directly above those, and one of them. */
static void put_back(digest_body *body)
{
    request_rec *r = body->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    ap_filter_t *f;

    if (body->file)
        apr_brigade_insert_file(body->kept, body->file, 0, body->len, r->pool);
    APR_BRIGADE_INSERT_TAIL(body->kept, apr_bucket_eos_create(alloc));
    f = ap_add_input_filter(FILTER, body->kept, r, r->connection);
    if (f->next == r->proto_input_filters)
        r->proto_input_filters = f;
}

/* ---- once for each client's request ---------------------------------- */

/* Subrequests have no body of their own. */
static request_rec *with_body(request_rec *r)
{
    while (r->main)
        r = r->main;
    return r;
}

/* Redirects have the body of the request that they come from, and it may have
 * been used up meanwhile: the hash is kept. */
static digest_body **place_of(request_rec *r)
{
    request_rec *first = r;
    digest_body **place;

    while (first->main || first->prev)
        first = first->main ? first->main : first->prev;
    place = ap_get_module_config(first->request_config,
                                 &authscheme_digest_module);
    if (!place) {
        place = apr_pcalloc(first->pool, sizeof(digest_body *));
        ap_set_module_config(first->request_config, &authscheme_digest_module,
                             place);
    }
    return place;
}

static digest_body *new_body(request_rec *r, const as_digest_alg *alg)
{
    digest_body *body = apr_pcalloc(r->pool, sizeof(*body));

    body->r = r;
    body->kept = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->sum = as_digest_sum_begin(alg, r->pool);
    return body;
}

static as_verdict say_unread(as_attempt *attempt, apr_status_t rv)
{
    if (rv == AP_FILTER_ERROR)
        attempt->status = rv;
    if (rv == APR_ENOSPC || rv == AP_FILTER_ERROR)
        return as_oversize(attempt, "the body is larger than DigestBodyLimit "
                                    "or LimitRequestBody");
    if (rv == APR_EGENERAL)
        return as_break(attempt, "OpenSSL can not hash the body");
    attempt->status = rv;
    return as_contradict(attempt, "the body broke off, or can't be kept");
}

as_verdict digest_hash_body(as_span *hash, digest_try *t, request_rec *r,
                            as_attempt *attempt)
{
    digest_body **place = place_of(r), *body = *place;
    apr_status_t rv;

    if (!body) {
        body = *place = new_body(with_body(r), t->answer.alg);
        rv = body->sum ? read_all(body, t->conf.body_limit) : APR_EGENERAL;
        if (rv == APR_SUCCESS
            && !as_digest_sum_end(body->hex, body->sum))
            rv = APR_EGENERAL;
        if (rv != APR_SUCCESS)
            return say_unread(attempt, rv);
        put_back(body);
    }
    if (!*body->hex)
        return as_contradict(attempt, "the body was not whole");
    *hash = as_span_of(body->hex);
    return AS_GRANTED;
}

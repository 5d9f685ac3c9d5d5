/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A signed request, judged in an order that costs a stranger's little: syntax,
 * dates and scope, whose key, the signature, and last what only who has the
 * key may know of it.
 *
 * What is signed is the request as the client sent it. Redirects and subrequests
 * are judged by that, too: and once the body is decoded, by the fields as they
 * were before.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_protocol.h"

#include "glue.h"

/* What is kept with the client's request, once its body was touched. */
typedef struct aws4_seen {
    const apr_table_t *headers; /* as they came */
    int is_guarded;             /* the body has its filter */
    int is_hashed;              /* the body was read, for its hash: */
    unsigned char sha256[AS_SHA256_LEN];
} aws4_seen;

/* ---- the client's own request ---------------------------------------- */

request_rec *aws4_initial(request_rec *r)
{
    while (r->main || r->prev)
        r = r->main ? r->main : r->prev;
    return r;
}

static aws4_seen *peek(const request_rec *first)
{
    return ap_get_module_config(first->request_config,
                                &authscheme_aws4_module);
}

static aws4_seen *seen_of(request_rec *first)
{
    aws4_seen *seen = peek(first);

    if (!seen) {
        seen = apr_pcalloc(first->pool, sizeof(*seen));
        seen->headers = apr_table_copy(first->pool, first->headers_in);
        ap_set_module_config(first->request_config, &authscheme_aws4_module,
                             seen);
    }
    return seen;
}

/* ap_request_has_body() denies that HEAD has one; scripts read it all the
 * same. */
static int has_body(const request_rec *first)
{
    const char *length = apr_table_get(first->headers_in, "Content-Length");
    apr_off_t len;

    return first->kept_body
           || apr_table_get(first->headers_in, "Transfer-Encoding")
           || (length && (!ap_parse_strict_length(&len, length) || len > 0));
}

static void take_message(aws4_try *t, request_rec *r)
{
    request_rec *first = aws4_initial(r);
    const aws4_seen *seen = peek(first);

    t->message.method = as_span_of(first->method);
    t->message.target = as_span_of(first->unparsed_uri);
    t->message.headers = seen ? seen->headers : first->headers_in;
}

static as_span query_of(as_span target)
{
    const char *mark = target.len ? memchr(target.at, '?', target.len) : NULL;

    if (!mark)
        return (as_span){ "", 0 };
    return (as_span){ mark + 1,
                      target.len - (apr_size_t)(mark + 1 - target.at) };
}

as_found aws4_find(request_rec *r)
{
    aws4_request_credentials sent;
    const char *why;
    as_span target = as_span_of(aws4_initial(r)->unparsed_uri);

    if (!target.at || (!strstr(target.at, "X-Amz-")
                       && !strstr(target.at, "AWSAccessKeyId=")))
        return AS_FOUND_NONE;
    return aws4_read_query(&sent, &why, query_of(target), r->pool)
                   == AWS4_NONE ? AS_FOUND_NONE : AS_FOUND_SENT;
}

/* ---- verdicts -------------------------------------------------------- */

/* A wrong signature is a wrong password; what is no request of the scheme at
 * all is a bad request. */
static as_verdict fail(aws4_try *t, as_attempt *attempt, aws4_fault fault,
                       as_problem problem, const char *why)
{
    int status = aws4_fault_about(fault)->status;

    t->fault = fault;
    if (fault == AWS4_BROKEN)
        return as_break(attempt, why);
    if (status == HTTP_BAD_REQUEST || status == HTTP_NOT_IMPLEMENTED)
        return as_contradict(attempt, why);
    return as_deny(attempt, problem, why);
}

static as_problem problem_of(aws4_fault fault)
{
    switch (fault) {
    case AWS4_SKEWED:
    case AWS4_NOT_YET:
    case AWS4_EXPIRED:
        return AS_EXPIRED;
    case AWS4_MISMATCH:
        return AS_INVALID;
    case AWS4_PAYLOAD_OPEN:
        return AS_INSECURE;
    case AWS4_UNSIGNED:
    case AWS4_SCOPE:
        return AS_UNACCEPTABLE;
    default:
        return AS_MALFORMED;
    }
}

static as_verdict check(aws4_try *t, as_attempt *attempt, aws4_fault fault,
                        const char *why)
{
    if (fault == AWS4_OK)
        return AS_GRANTED;
    if (fault == AWS4_UNSIGNED)
        attempt->detail = t->checked.header;
    return fail(t, attempt, fault, problem_of(fault),
                why ? why : aws4_fault_about(fault)->word);
}

/* ---- steps ----------------------------------------------------------- */

static as_verdict read_credentials(aws4_try *t, request_rec *r,
                                   const as_credentials *sent,
                                   as_attempt *attempt)
{
    const char *why = NULL;
    aws4_fault fault
        = sent ? aws4_read_header(&t->sent, &why, sent->raw, r->pool)
               : aws4_read_query(&t->sent, &why, query_of(t->message.target),
                                 r->pool);

    if (fault == AWS4_OK && t->sent.is_query && !t->conf.presigned) {
        t->fault = AWS4_QUERY_MALFORMED;
        return as_deny(attempt, AS_UNACCEPTABLE,
                       "a presigned URL, and Aws4Presigned is off");
    }
    return check(t, attempt, fault, why);
}

/* That a body was taken away is not seen if it was not signed: then a file
 * would be empty. The other methods can do without one. */
static int wants_body(const request_rec *first)
{
    return has_body(first) || first->method_number == M_PUT
           || first->method_number == M_POST
           || first->method_number == M_PATCH;
}

static aws4_policy policy_of(const aws4_try *t, request_rec *r)
{
    aws4_policy policy = { .skew = t->conf.skew,
                           .services = t->conf.services,
                           .regions = t->conf.regions,
                           .more_signed = aws4_more_signed };

    policy.allow_open = !wants_body(aws4_initial(r))
                        || t->conf.unsigned_payload == AWS4_ALWAYS
                        || (t->conf.unsigned_payload == AWS4_OVER_TLS
                            && as_is_tls(r));
    return policy;
}

/* The signature binds Host and no more of the server: keys may be another's,
 * too. */
static as_verdict check_host(aws4_try *t, request_rec *r, as_attempt *attempt)
{
    if (as_host_is_own(r))
        return AS_GRANTED;
    attempt->detail = r->hostname;
    return fail(t, attempt, AWS4_UNSIGNED, AS_UNACCEPTABLE,
                "the Host asked for is no ServerName or ServerAlias of this "
                "server");
}

/* A hash that is signed and not sent: the body must be read first, and is for
 * those alone whose key there is. */
static as_verdict hash_body(aws4_try *t, request_rec *r, as_attempt *attempt)
{
    request_rec *first = aws4_initial(r);
    aws4_seen *seen = seen_of(first);

    t->message.headers = seen->headers;
    t->message.body_sha256 = seen->sha256;
    if (seen->is_hashed)
        return AS_GRANTED;
    if (has_body(first) && !t->cred)
        return fail(t, attempt, AWS4_MISMATCH, AS_UNKNOWN,
                    "no such access key");
    if (aws4_hash_body(seen->sha256, r, t->conf.body_limit, attempt)
        != AS_GRANTED)
        return attempt->verdict;
    seen->is_hashed = 1;
    return AS_GRANTED;
}

static as_verdict check_signature(aws4_try *t, request_rec *r,
                                  as_attempt *attempt)
{
    aws4_fault fault = aws4_compare(&t->checked, &t->message, &t->sent, t->key,
                                    &t->policy, r->pool);

    if (fault == AWS4_OK && !t->cred)
        fault = AWS4_MISMATCH;
    if (fault == AWS4_OK)
        aws4_keep_key(t);
    if (fault != AWS4_MISMATCH)
        return check(t, attempt, fault, t->checked.why);
    attempt->detail = as_string(r->pool, t->sent.key_id);
    if (!t->cred)
        return fail(t, attempt, fault, AS_UNKNOWN, "no such access key");
    return fail(t, attempt, fault, AS_INVALID, "the signature is wrong");
}

/* Only who has the key is told. */
static as_verdict check_record(aws4_try *t, as_attempt *attempt)
{
    const as_cred *cred = t->cred;

    t->fault = AWS4_MISMATCH;
    if (cred->state == AS_CRED_PENDING)
        return as_deny(attempt, AS_DISABLED, "the key is not approved yet");
    if (cred->state != AS_CRED_ACTIVE)
        return as_deny(attempt, AS_DISABLED, "the key is disabled");
    if (cred->expires && cred->expires <= apr_time_now())
        return as_deny(attempt, AS_EXPIRED, "the key is expired");
    if (t->checked.signed_at < cred->not_before)
        return as_deny(attempt, AS_EXPIRED, "signed before the key was "
                                            "logged out");
    if (aws4_token(&t->message, &t->sent).at)
        return fail(t, attempt, AWS4_TOKEN, AS_UNACCEPTABLE,
                    "a session token, and the key has none");
    return AS_GRANTED;
}

/* ---- the body -------------------------------------------------------- */

static as_span header_of(const aws4_try *t, const char *name)
{
    return as_span_of(apr_table_get(t->message.headers, name));
}

static as_verdict guard_chunks(aws4_try *t, request_rec *r,
                               aws4_chunked_terms *terms, as_attempt *attempt)
{
    as_span length = header_of(t, "X-Amz-Decoded-Content-Length");

    if (!aws4_chunked_length(&terms->length, length))
        return as_contradict(attempt, "x-amz-decoded-content-length is missing "
                                      "or no number");
    terms->trailers = header_of(t, "X-Amz-Trailer");
    terms->date = as_string(r->pool, t->checked.date);
    terms->scope = as_string(r->pool, t->sent.scope);
    memcpy(terms->key, t->key, sizeof(terms->key));
    memcpy(terms->seed, t->sent.signature, sizeof(terms->seed));
    return aws4_guard_chunks(r, attempt, terms);
}

/* Whatever the payload line says, in the header or in the query, holds for the
 * body; also that there is none. */
static as_verdict guard(aws4_try *t, request_rec *r, as_attempt *attempt)
{
    request_rec *first = aws4_initial(r);
    as_span line = t->checked.payload.line;
    aws4_chunked_terms terms = { .kind = aws4_payload_kind_of(line) };
    as_verdict verdict = AS_GRANTED;
    aws4_seen *seen;

    if (t->checked.payload.body == AWS4_BODY_HIDDEN_HASH
        || t->checked.payload.body == AWS4_BODY_OPEN)
        return AS_GRANTED;
    if (terms.kind == AWS4_PAYLOAD_HASH && !has_body(first)
        && as_span_is_nocase(line, AWS4_EMPTY_SHA256))
        return AS_GRANTED;
    seen = seen_of(first);
    if (!seen->is_guarded)
        verdict = aws4_payload_is_chunked(terms.kind)
                      ? guard_chunks(t, r, &terms, attempt)
                      : aws4_guard_hash(r, attempt, line);
    as_wipe(terms.key, sizeof(terms.key));
    if (verdict == AS_GRANTED)
        seen->is_guarded = 1;
    t->fault = AWS4_PAYLOAD; /* if there is one */
    return verdict;
}

/* ---- all of it ------------------------------------------------------- */

static as_verdict judge(aws4_try *t, request_rec *r, as_attempt *attempt)
{
    as_verdict verdict = check_host(t, r, attempt);

    if (verdict == AS_GRANTED)
        verdict = aws4_find_key(t, r, attempt);
    if (verdict == AS_GRANTED
        && t->checked.payload.body == AWS4_BODY_HIDDEN_HASH)
        verdict = hash_body(t, r, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_signature(t, r, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_record(t, attempt);
    if (verdict == AS_GRANTED)
        verdict = guard(t, r, attempt);
    return verdict == AS_GRANTED ? as_grant(attempt, t->cred->user) : verdict;
}

as_verdict aws4_authenticate(request_rec *r, const as_credentials *sent,
                             as_attempt *attempt)
{
    aws4_try *t = apr_pcalloc(r->pool, sizeof(*t));
    as_verdict verdict;
    aws4_fault fault;

    attempt->data = t;
    t->conf = aws4_conf_of(r);
    if (r->proxyreq == PROXYREQ_PROXY)
        return as_forbid(attempt, AS_UNACCEPTABLE,
                         "AWS4-HMAC-SHA256 is not for forward proxies");
    take_message(t, r);
    if (read_credentials(t, r, sent, attempt) != AS_GRANTED)
        return attempt->verdict;
    t->policy = policy_of(t, r);
    fault = aws4_check(&t->checked, &t->message, &t->sent, r->request_time,
                       &t->policy, r->pool);
    verdict = check(t, attempt, fault, t->checked.why);
    if (verdict == AS_GRANTED)
        verdict = judge(t, r, attempt);
    as_wipe(t->key, sizeof(t->key));
    return verdict;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A machine of few states. Lines (of a chunk, after its data, of a trailer)
 * are collected, as they may come in pieces; data passes through.
 */
#include <stdlib.h>

#include "checksum.h"
#include "chunked.h"
#include "grammar.h"
#include "hex.h"

#define HEX_LEN (2 * AS_SHA256_LEN)

typedef enum body_state {
    AT_HEAD, /* of a chunk */
    IN_DATA,
    AFTER_DATA, /* at its CRLF */
    AT_TRAILER,
    AT_END
} body_state;

typedef struct trailer {
    const char *name;  /* lower case */
    const char *value; /* NULL until it came */
    aws4_checksum sum; /* without an algorithm if it is no checksum */
} trailer;

struct aws4_chunked {
    apr_pool_t *pool;
    aws4_payload_kind kind;
    aws4_body_fault fault;
    body_state state;

    char line[AWS4_TRAILER_MAX + 2]; /* what came of it, with its CRLF */
    apr_size_t line_len;

    apr_uint64_t length, given, verified; /* of data */
    apr_uint64_t left;                    /* in this chunk */

    unsigned char key[AS_SHA256_LEN];
    const char *context;     /* date and scope, each with its LF */
    EVP_MD_CTX *ctx;         /* of a chunk's data, or of the trailers */
    char *text;              /* room for a string to sign */
    apr_size_t text_size;
    char previous[HEX_LEN + 1];
    unsigned char claimed[AS_SHA256_LEN];
    int is_claimed; /* the trailer's signature came */

    trailer trailers[AWS4_TRAILERS_MAX]; /* sorted by name */
    int trailer_count;
};

static int has_signatures(const aws4_chunked *body)
{
    return body->kind != AWS4_PAYLOAD_UNSIGNED_TRAILER;
}

/* ---- signatures ------------------------------------------------------ */

/* The hash of what ctx was fed, as text; and ctx is as new. */
static int end_hash(char hex[HEX_LEN + 1], EVP_MD_CTX *ctx)
{
    unsigned char hash[AS_SHA256_LEN];
    int ok = EVP_DigestFinal_ex(ctx, hash, NULL) == 1
             && EVP_DigestInit_ex(ctx, NULL, NULL) == 1;

    if (ok)
        as_hex_put(hex, hash, sizeof(hash));
    return ok;
}

/* What was claimed must be the signature of the chain so far and of what ctx
 * was fed; it is the previous one from now on. */
static aws4_body_fault check_signature(aws4_chunked *body, const char *name,
                                       const char *more)
{
    unsigned char made[AS_SHA256_LEN];
    char hash[HEX_LEN + 1];
    as_span key = { (const char *)body->key, sizeof(body->key) }, text;
    int len;

    if (!end_hash(hash, body->ctx))
        return AWS4_BODY_FAILED;
    len = apr_snprintf(body->text, body->text_size, "%s\n%s%s\n%s%s", name,
                       body->context, body->previous, more, hash);
    text = (as_span){ body->text, (apr_size_t)len };
    if (as_hmac(made, key, &text, 1) != APR_SUCCESS)
        return AWS4_BODY_FAILED;
    as_hex_put(body->previous, made, sizeof(made));
    return CRYPTO_memcmp(made, body->claimed, sizeof(made))
               ? AWS4_BODY_SIGNATURE : AWS4_BODY_GOOD;
}

static aws4_body_fault check_chunk(aws4_chunked *body)
{
    aws4_body_fault fault;

    if (!has_signatures(body))
        return AWS4_BODY_GOOD;
    fault = check_signature(body, "AWS4-HMAC-SHA256-PAYLOAD",
                            AWS4_EMPTY_SHA256 "\n");
    if (!fault)
        body->verified = body->given;
    return fault;
}

/* Over the lines "name:value" LF, which are in order. */
static aws4_body_fault check_trailer_signature(aws4_chunked *body)
{
    int i, ok = 1;

    for (i = 0; ok && i < body->trailer_count; i++) {
        const trailer *t = &body->trailers[i];

        ok = EVP_DigestUpdate(body->ctx, t->name, strlen(t->name)) == 1
             && EVP_DigestUpdate(body->ctx, ":", 1) == 1
             && EVP_DigestUpdate(body->ctx, t->value, strlen(t->value)) == 1
             && EVP_DigestUpdate(body->ctx, "\n", 1) == 1;
    }
    return ok ? check_signature(body, "AWS4-HMAC-SHA256-TRAILER", "")
              : AWS4_BODY_FAILED;
}

/* ---- lines ----------------------------------------------------------- */

static void move_front(as_span *rest, apr_size_t len)
{
    rest->at += len;
    rest->len -= len;
}

/* 1*16HEXDIG */
static int take_size(apr_uint64_t *size, as_span *line)
{
    apr_size_t i;

    *size = 0;
    for (i = 0; i < line->len && as_hex_digit(line->at[i]) >= 0; i++)
        *size = *size << 4 | (apr_uint64_t)as_hex_digit(line->at[i]);
    move_front(line, i);
    return i >= 1 && i <= 16;
}

static int take_hash(aws4_chunked *body, as_span hex)
{
    return hex.len == HEX_LEN && as_hex_take(body->claimed, hex);
}

static int take_chunk_signature(aws4_chunked *body, as_span line)
{
    static const as_span name = { ";chunk-signature=", 17 };

    if (!has_signatures(body))
        return line.len == 0;
    if (line.len < name.len || memcmp(line.at, name.at, name.len) != 0)
        return 0;
    move_front(&line, name.len);
    return take_hash(body, line);
}

static aws4_body_fault use_head(aws4_chunked *body, as_span line)
{
    apr_uint64_t missing = body->length - body->given;

    if (!take_size(&body->left, &line) || !take_chunk_signature(body, line))
        return AWS4_BODY_MALFORMED;
    if (body->left > missing || (!body->left && missing))
        return AWS4_BODY_LENGTH;
    body->state = body->left ? IN_DATA : AT_TRAILER;
    return body->left ? AWS4_BODY_GOOD : check_chunk(body);
}

static aws4_body_fault use_data_end(aws4_chunked *body, as_span line)
{
    (void)line; /* has no room for anything */
    body->state = AT_HEAD;
    return check_chunk(body);
}

/* ---- trailers -------------------------------------------------------- */

static trailer *find_trailer(aws4_chunked *body, as_span name)
{
    int i;

    for (i = 0; i < body->trailer_count; i++)
        if (as_span_is_nocase(name, body->trailers[i].name))
            return &body->trailers[i];
    return NULL;
}

static as_span trim(as_span text)
{
    as_skip_blanks(&text);
    while (text.len && (text.at[text.len - 1] == ' '
                        || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static int has_controls(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if ((octet < 0x20 && octet != '\t') || octet == 0x7f)
            return 1;
    }
    return 0;
}

/* name ":" value; AWS' own examples have an LF before the CRLF. */
static int take_field(as_span *name, as_span *value, as_span line)
{
    if (line.at[line.len - 1] == '\n')
        line.len--;
    if (as_take_token(name, &line) != APR_SUCCESS || !line.len
        || *line.at != ':' || has_controls(line))
        return 0;
    move_front(&line, 1);
    *value = trim(line);
    return 1;
}

static int is_signature(const aws4_chunked *body, as_span name)
{
    return body->kind == AWS4_PAYLOAD_CHUNKED_TRAILER
           && as_span_is_nocase(name, "x-amz-trailer-signature");
}

static int have_all(const aws4_chunked *body)
{
    int i;

    for (i = 0; i < body->trailer_count; i++)
        if (!body->trailers[i].value)
            return 0;
    return body->is_claimed == (body->kind == AWS4_PAYLOAD_CHUNKED_TRAILER);
}

static int checksums_hold(aws4_chunked *body)
{
    int i, hold = 1;

    for (i = 0; hold && i < body->trailer_count; i++) {
        trailer *t = &body->trailers[i];

        hold = !t->sum.alg || aws4_checksum_is(&t->sum, as_span_of(t->value));
    }
    return hold;
}

static aws4_body_fault use_end(aws4_chunked *body)
{
    aws4_body_fault fault = AWS4_BODY_GOOD;

    if (!have_all(body))
        return AWS4_BODY_TRAILER;
    if (body->is_claimed)
        fault = check_trailer_signature(body);
    if (fault)
        return fault;
    if (!checksums_hold(body))
        return AWS4_BODY_CHECKSUM;
    body->verified = body->given;
    body->state = AT_END;
    return AWS4_BODY_GOOD;
}

/* The signature is the last of the trailers. */
static aws4_body_fault use_trailer(aws4_chunked *body, as_span line)
{
    as_span name, value;
    trailer *t;

    if (!line.len)
        return use_end(body);
    if (body->is_claimed || !take_field(&name, &value, line))
        return AWS4_BODY_TRAILER;
    if (is_signature(body, name)) {
        body->is_claimed = take_hash(body, value);
        return body->is_claimed ? AWS4_BODY_GOOD : AWS4_BODY_TRAILER;
    }
    t = find_trailer(body, name);
    if (!t || t->value)
        return AWS4_BODY_TRAILER;
    t->value = as_string(body->pool, value);
    return AWS4_BODY_GOOD;
}

/* ---- the machine ----------------------------------------------------- */

static const struct {
    apr_size_t most;
    aws4_body_fault misfit;
    int takes_lf; /* without a CR */
    aws4_body_fault (*use)(aws4_chunked *body, as_span line);
} lines[] = {
    [AT_HEAD] = { AWS4_HEAD_MAX, AWS4_BODY_MALFORMED, 0, use_head },
    [AFTER_DATA] = { 0, AWS4_BODY_MALFORMED, 0, use_data_end },
    [AT_TRAILER] = { AWS4_TRAILER_MAX, AWS4_BODY_TRAILER, 1, use_trailer },
};

/* Moves a line's octets up to an LF, or as many as may be, to body->line.
 * Whether there was an LF. */
static int collect(aws4_chunked *body, as_span *in)
{
    apr_size_t len = lines[body->state].most + 2 - body->line_len;
    const char *lf;

    if (len > in->len)
        len = in->len;
    lf = memchr(in->at, '\n', len);
    if (lf)
        len = (apr_size_t)(lf + 1 - in->at);
    memcpy(body->line + body->line_len, in->at, len);
    body->line_len += len;
    move_front(in, len);
    return lf != NULL;
}

static aws4_body_fault read_line(aws4_chunked *body, as_span *in)
{
    body_state state = body->state;
    int has_lf = collect(body, in);
    apr_size_t len = body->line_len;

    if (has_lf && len >= 2 && body->line[len - 2] == '\r') {
        body->line_len = 0;
        return lines[state].use(body, (as_span){ body->line, len - 2 });
    }
    if (len == lines[state].most + 2 || (has_lf && !lines[state].takes_lf))
        return lines[state].misfit;
    return AWS4_BODY_GOOD;
}

static int add_data(aws4_chunked *body, as_span data)
{
    int i, ok = !has_signatures(body)
                || EVP_DigestUpdate(body->ctx, data.at, data.len) == 1;

    for (i = 0; ok && i < body->trailer_count; i++)
        ok = !body->trailers[i].sum.alg
             || aws4_checksum_add(&body->trailers[i].sum, data);
    return ok;
}

static aws4_body_fault read_data(aws4_chunked *body, as_span *in, as_span *out)
{
    as_span data = *in;

    if (data.len > body->left)
        data.len = (apr_size_t)body->left;
    if (!add_data(body, data))
        return AWS4_BODY_FAILED;
    body->left -= data.len;
    body->given += data.len;
    if (!body->left)
        body->state = AFTER_DATA;
    move_front(in, data.len);
    *out = data;
    return AWS4_BODY_GOOD;
}

aws4_body_fault aws4_chunked_feed(aws4_chunked *body, as_span *in,
                                  as_span *out)
{
    *out = (as_span){ in->at, 0 };
    while (!body->fault && in->len && !out->len) {
        if (body->state == AT_END)
            body->fault = AWS4_BODY_MALFORMED;
        else if (body->state == IN_DATA)
            body->fault = read_data(body, in, out);
        else
            body->fault = read_line(body, in);
    }
    return body->fault;
}

int aws4_chunked_is_done(const aws4_chunked *body)
{
    return !body->fault && body->state == AT_END;
}

aws4_body_fault aws4_chunked_end(aws4_chunked *body)
{
    if (!body->fault && body->state != AT_END)
        body->fault = AWS4_BODY_INCOMPLETE;
    return body->fault;
}

aws4_body_fault aws4_chunked_fault(const aws4_chunked *body)
{
    return body->fault;
}

apr_uint64_t aws4_chunked_given(const aws4_chunked *body)
{
    return body->given;
}

apr_uint64_t aws4_chunked_verified(const aws4_chunked *body)
{
    return body->verified;
}

/* ---- the head's part ------------------------------------------------- */

int aws4_chunked_length(apr_uint64_t *length, as_span text)
{
    apr_size_t i;

    *length = 0;
    for (i = 0; i < text.len && apr_isdigit(text.at[i]); i++) {
        apr_uint64_t digit = (apr_uint64_t)(text.at[i] - '0');

        if (*length > (APR_INT64_MAX - digit) / 10)
            return 0;
        *length = *length * 10 + digit;
    }
    return text.len && i == text.len;
}

static const char *lower(apr_pool_t *pool, as_span name)
{
    char *copy = apr_pstrmemdup(pool, name.at, name.len), *at;

    for (at = copy; *at; at++)
        *at = (char)apr_tolower(*at);
    return copy;
}

static aws4_body_fault add_trailer(aws4_chunked *body, as_span name)
{
    const aws4_checksum_alg *alg = aws4_checksum_find(name);
    trailer *t = &body->trailers[body->trailer_count];

    if (body->trailer_count == AWS4_TRAILERS_MAX || find_trailer(body, name))
        return AWS4_BODY_TRAILER;
    t->name = lower(body->pool, name);
    body->trailer_count++;
    return alg && !aws4_checksum_begin(&t->sum, alg, body->pool)
               ? AWS4_BODY_FAILED : AWS4_BODY_GOOD;
}

/* #token, RFC 9110 section 5.6.1, empty elements included */
static aws4_body_fault add_trailers(aws4_chunked *body, as_span list)
{
    aws4_body_fault fault = AWS4_BODY_GOOD;
    as_span name;

    for (;; move_front(&list, 1)) {
        as_skip_blanks(&list);
        if (as_take_token(&name, &list) == APR_SUCCESS)
            fault = add_trailer(body, name);
        as_skip_blanks(&list);
        if (fault || !list.len)
            return fault;
        if (*list.at != ',')
            return AWS4_BODY_TRAILER;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const trailer *)a)->name, ((const trailer *)b)->name);
}

static aws4_body_fault begin_trailers(aws4_chunked *body, as_span list)
{
    aws4_body_fault fault = add_trailers(body, list);

    qsort(body->trailers, (size_t)body->trailer_count,
          sizeof(body->trailers[0]), by_name);
    if (fault || body->kind == AWS4_PAYLOAD_UNSIGNED_TRAILER)
        return fault;
    return (body->kind == AWS4_PAYLOAD_CHUNKED_TRAILER)
           == (body->trailer_count > 0) ? AWS4_BODY_GOOD : AWS4_BODY_TRAILER;
}

static apr_status_t clear(void *data)
{
    aws4_chunked *body = data;

    EVP_MD_CTX_free(body->ctx);
    as_wipe(body->key, sizeof(body->key));
    return APR_SUCCESS;
}

static int begin_signatures(aws4_chunked *body,
                            const aws4_chunked_terms *terms)
{
    body->context = apr_pstrcat(body->pool, terms->date, "\n", terms->scope,
                                "\n", NULL);
    body->text_size = strlen(body->context)
                      + sizeof("AWS4-HMAC-SHA256-PAYLOAD\n\n\n")
                      + (apr_size_t)3 * HEX_LEN;
    body->text = apr_palloc(body->pool, body->text_size);
    as_hex_put(body->previous, terms->seed, sizeof(terms->seed));
    memcpy(body->key, terms->key, sizeof(body->key));
    body->ctx = EVP_MD_CTX_new();
    return body->ctx && EVP_DigestInit_ex(body->ctx, as_sha256_md(), NULL)
                            == 1;
}

aws4_chunked *aws4_chunked_make(const aws4_chunked_terms *terms,
                                apr_pool_t *pool)
{
    aws4_chunked *body = apr_pcalloc(pool, sizeof(*body));

    body->pool = pool;
    body->kind = terms->kind;
    body->length = terms->length;
    if (!aws4_payload_is_chunked(body->kind)) {
        body->fault = AWS4_BODY_UNSUPPORTED;
        return body;
    }
    apr_pool_cleanup_register(pool, body, clear, apr_pool_cleanup_null);
    body->fault = begin_trailers(body, terms->trailers);
    if (!body->fault && has_signatures(body) && !begin_signatures(body, terms))
        body->fault = AWS4_BODY_FAILED;
    return body;
}

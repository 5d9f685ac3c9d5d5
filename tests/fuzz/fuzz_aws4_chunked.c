/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A stranger's aws-chunked body. The first line is what the head said: a digit
 * for the kind, x-amz-decoded-content-length, x-amz-trailer. However the rest
 * is cut, the same data comes out with the same verdict.
 */
#include "chunked.h"
#include "fuzz.h"

typedef struct outcome {
    aws4_body_fault fault;
    char *data;
    apr_size_t len;
} outcome;

/* AWS' example key on the day of its examples, of which the seeds are. */
static const aws4_chunked_terms example = {
    .date = "20130524T000000Z",
    .scope = "20130524/us-east-1/s3/aws4_request",
    .key = { 0xdb, 0xb8, 0x93, 0xac, 0xc0, 0x10, 0x96, 0x49,
             0x18, 0xf1, 0xfd, 0x43, 0x3a, 0xdd, 0x87, 0xc7,
             0x0e, 0x8b, 0x0d, 0xb6, 0xbe, 0x30, 0xc1, 0xfb,
             0xea, 0xfe, 0xfa, 0x5e, 0xc6, 0xba, 0x83, 0x78 },
    .seed = { 0x4f, 0x23, 0x2c, 0x43, 0x86, 0x84, 0x1e, 0xf7,
              0x35, 0x65, 0x57, 0x05, 0x26, 0x89, 0x65, 0xc4,
              0x4a, 0x0e, 0x46, 0x90, 0xba, 0xa4, 0xad, 0xea,
              0x15, 0x3f, 0x7d, 0xb9, 0xfa, 0x80, 0xa0, 0xa9 },
};

static as_span take_to(as_span *rest, char end)
{
    const char *at = memchr(rest->at, end, rest->len);
    as_span word = { rest->at, at ? (apr_size_t)(at - rest->at) : rest->len };
    apr_size_t used = word.len + (at != NULL);

    *rest = (as_span){ rest->at + used, rest->len - used };
    return word;
}

static int take_terms(aws4_chunked_terms *terms, as_span *rest)
{
    as_span line = take_to(rest, '\n'), word = take_to(&line, ' ');

    *terms = example;
    if (word.len != 1 || *word.at < '0' || *word.at > '7')
        return 0;
    terms->kind = (aws4_payload_kind)(*word.at - '0');
    word = take_to(&line, ' ');
    terms->trailers = line;
    return aws4_chunked_length(&terms->length, word);
}

static void feed(aws4_chunked *body, as_span piece, outcome *got)
{
    as_span rest = piece, out;

    while (rest.len && !aws4_chunked_feed(body, &rest, &out)) {
        REQUIRE(fuzz_within(out, piece) && fuzz_within(rest, piece));
        REQUIRE(out.len || !rest.len);
        memcpy(got->data + got->len, out.at, out.len);
        got->len += out.len;
        REQUIRE(aws4_chunked_given(body) == got->len);
        REQUIRE(aws4_chunked_verified(body) <= got->len);
    }
}

/* Pieces of 1 to `most` octets. */
static outcome run(const aws4_chunked_terms *terms, as_span text,
                   apr_size_t most, apr_pool_t *pool)
{
    outcome got = { AWS4_BODY_GOOD, apr_palloc(pool, text.len + 1), 0 };
    aws4_chunked *body = aws4_chunked_make(terms, pool);
    apr_size_t at, len, next = most;
    int is_done;

    for (at = 0; at < text.len; at += len) {
        len = next < text.len - at ? next : text.len - at;
        feed(body, (as_span){ text.at + at, len }, &got);
        next = next % most + 1;
    }
    is_done = aws4_chunked_is_done(body);
    got.fault = aws4_chunked_end(body);
    REQUIRE(is_done == !got.fault);
    REQUIRE(got.len <= terms->length);
    if (is_done)
        REQUIRE(got.len == terms->length
                && aws4_chunked_verified(body) == got.len);
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const apr_size_t cuts[] = { 1, 2, 3, 7, 61, 1031 };
    apr_pool_t *pool = fuzz_pool();
    as_span text = fuzz_span(data, size);
    aws4_chunked_terms terms;
    outcome whole;
    size_t i;

    if (!take_terms(&terms, &text))
        return 0;
    whole = run(&terms, text, text.len + 1, pool);
    for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        outcome cut = run(&terms, text, cuts[i], pool);

        REQUIRE(cut.fault == whole.fault && cut.len == whole.len);
        REQUIRE(!memcmp(cut.data, whole.data, cut.len));
    }
    return 0;
}

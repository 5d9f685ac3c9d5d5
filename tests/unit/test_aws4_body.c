/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Bodies of AWS4-HMAC-SHA256: AWS' published examples, what real clients sent,
 * bodies that were signed elsewhere, and as many that nobody may send; each cut
 * everywhere.
 */
#include "unit.h"
#include "load.h"

#include <openssl/hmac.h>

#include "checksum.h"
#include "chunked.h"
#include "hex.h"

static apr_pool_t *pool; /* of the test that runs */

static const char date[] = "20130524T000000Z";
static const char scope[] = "20130524/us-east-1/s3/aws4_request";

/* Of AWS' example secret on that day, by another implementation. */
static const char key[] =
    "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378";

/* Signatures of the published requests. */
static const char plain_seed[] =
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
static const char trailer_seed[] =
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

/* ---- checksums ------------------------------------------------------- */

static const struct {
    const char *name, *text, *value;
} sums[] = {
    { "crc32", "", "AAAAAA==" },
    { "crc32c", "", "AAAAAA==" },
    { "crc64nvme", "", "AAAAAAAAAAA=" },
    { "sha1", "", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=" },
    { "sha256", "", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" },
    { "crc32", "a", "6Le+Qw==" },
    { "crc32c", "a", "wdBDMA==" },
    { "crc64nvme", "a", "jC+ERbTL/Dw=" },
    { "sha1", "a", "hvfkN/qlp/zhXR3cuerq6jd2Z7g=" },
    { "sha256", "a", "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=" },
    { "crc32", "123456789", "y/Q5Jg==" },
    { "crc32c", "123456789", "4waSgw==" },
    { "crc64nvme", "123456789", "rosUhgp5mIg=" },
    { "sha1", "123456789", "98O8HYCOBHMq32eZZczDTKeuNEE=" },
    { "sha256", "123456789", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=" },
    { "crc32", "hello world", "DUoRhQ==" },
    { "crc32c", "hello world", "yZRlqg==" },
    { "crc64nvme", "hello world", "jSnVw/bqjr4=" },
    { "sha1", "hello world", "Kq5sNclPz7QV2+lfQIuc6R7oRu0=" },
    { "sha256", "hello world", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=" },
    { "crc32", "The quick brown fox jumps over the lazy dog", "QU+jOQ==" },
    { "crc32c", "The quick brown fox jumps over the lazy dog", "ImIEBA==" },
    { "crc64nvme", "The quick brown fox jumps over the lazy dog",
      "12xUBUlUwUM=" },
    { "sha1", "The quick brown fox jumps over the lazy dog",
      "L9ThxnotKPzthJ7hu3bnORuT6xI=" },
    { "sha256", "The quick brown fox jumps over the lazy dog",
      "16j7swfXgJRpypq8sAguT41WUeRtPNt2LQLQvzfJ5ZI=" },
};

static const aws4_checksum_alg *alg_of(const char *name)
{
    const char *header = apr_pstrcat(pool, "X-Amz-Checksum-", name, NULL);
    const aws4_checksum_alg *alg = aws4_checksum_find(as_span_of(header));

    assert_non_null(alg);
    return alg;
}

/* In two pieces. */
static int sum_is(const char *name, as_span text, apr_size_t cut,
                  const char *value)
{
    aws4_checksum sum;

    assert_true(aws4_checksum_begin(&sum, alg_of(name), pool));
    assert_true(aws4_checksum_add(&sum, (as_span){ text.at, cut }));
    assert_true(aws4_checksum_add(&sum, (as_span){ text.at + cut,
                                                   text.len - cut }));
    return aws4_checksum_is(&sum, as_span_of(value));
}

static void checksums(void **state)
{
    apr_size_t i, cut;

    pool = *state;
    for (i = 0; i < COUNT(sums); i++) {
        as_span text = exact(sums[i].text, strlen(sums[i].text));

        for (cut = 0; cut <= text.len; cut++)
            if (!sum_is(sums[i].name, text, cut, sums[i].value))
                fail_msg("%s of \"%s\" cut at %d", sums[i].name,
                         sums[i].text, (int)cut);
        free((char *)text.at);
    }
}

static void other_checksums(void **state)
{
    static const char *const values[] = {
        "", "y/Q5Jg=", "y/Q5Jg", "y/Q5Jh==", "y/Q5Jg== ", "Y/Q5Jg==",
        "y_Q5Jg==", "y/Q5Jg==y/Q5Jg==", "cbf43926", "Jjn0yw=="
    };
    static const char *const names[] = {
        "", "x-amz-checksum-", "x-amz-checksum-crc3", "x-amz-checksum-crc322",
        "x-amz-checksum-md5", "crc32", "x-amz-checksum-crc64"
    };
    apr_size_t i;

    pool = *state;
    assert_true(sum_is("crc32", as_span_of("123456789"), 0, "y/Q5Jg=="));
    for (i = 0; i < COUNT(values); i++)
        assert_false(sum_is("crc32", as_span_of("123456789"), 0, values[i]));
    for (i = 0; i < COUNT(names); i++)
        assert_null(aws4_checksum_find(as_span_of(names[i])));
}

/* ---- plain bodies ---------------------------------------------------- */

#define HELLO_HASH \
    "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"

static const struct {
    const char *value;
    aws4_payload_kind kind;
} kinds[] = {
    { NULL, AWS4_PAYLOAD_ABSENT },
    { HELLO_HASH, AWS4_PAYLOAD_HASH },
    { "B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9",
      AWS4_PAYLOAD_HASH },
    { "UNSIGNED-PAYLOAD", AWS4_PAYLOAD_UNSIGNED },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", AWS4_PAYLOAD_CHUNKED },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      AWS4_PAYLOAD_CHUNKED_TRAILER },
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER", AWS4_PAYLOAD_UNSIGNED_TRAILER },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", AWS4_PAYLOAD_UNSUPPORTED },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
      AWS4_PAYLOAD_UNSUPPORTED },
    { "STREAMING-UNSIGNED-PAYLOAD", AWS4_PAYLOAD_UNSUPPORTED },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILERS",
      AWS4_PAYLOAD_UNSUPPORTED },
    { "STREAMING-", AWS4_PAYLOAD_INVALID },
    { "", AWS4_PAYLOAD_INVALID },
    { "unsigned-payload", AWS4_PAYLOAD_INVALID },
    { "UNSIGNED-PAYLOAD ", AWS4_PAYLOAD_INVALID },
    { "streaming-unsigned-payload-trailer", AWS4_PAYLOAD_INVALID },
    { HELLO_HASH "0", AWS4_PAYLOAD_INVALID },
    { HELLO_HASH "00", AWS4_PAYLOAD_INVALID },
    { "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde",
      AWS4_PAYLOAD_INVALID },
    { "g94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
      AWS4_PAYLOAD_INVALID },
};

static void payload_kinds(void **state)
{
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(kinds); i++)
        if (aws4_payload_kind_of(as_span_of(kinds[i].value)) != kinds[i].kind)
            fail_msg("%s is of another kind", kinds[i].value);
}

static int hash_holds(const char *hash, const char *one, const char *two)
{
    aws4_sum payload;

    assert_true(aws4_sum_begin(&payload, as_span_of(hash), pool));
    assert_true(aws4_sum_update(&payload, as_span_of(one)));
    assert_true(aws4_sum_update(&payload, as_span_of(two)));
    return aws4_sum_finish(&payload);
}

static void payload_hashes(void **state)
{
    aws4_sum payload;

    pool = *state;
    assert_true(hash_holds(HELLO_HASH, "hello", " world"));
    assert_true(hash_holds(kinds[2].value, "", "hello world"));
    assert_false(hash_holds(HELLO_HASH, "hello", " worle"));
    assert_false(hash_holds(HELLO_HASH, "hello", " worl"));
    assert_false(hash_holds(HELLO_HASH, "hello world", "!"));
    assert_false(hash_holds(HELLO_HASH, "", ""));
    assert_false(aws4_sum_begin(&payload, as_span_of("UNSIGNED-PAYLOAD"),
                                    pool));
}

/* ---- framed bodies --------------------------------------------------- */

typedef struct result {
    aws4_body_fault fault;
    char *data;
    apr_size_t len;
} result;

static void take_octets(unsigned char *octets, const char *hex)
{
    assert_true(as_hex_take(octets, as_span_of(hex)));
}

static aws4_chunked_terms terms_of(aws4_payload_kind kind, apr_uint64_t length,
                                   const char *trailers)
{
    aws4_chunked_terms terms = { .kind = kind, .length = length,
                                 .trailers = as_span_of(trailers),
                                 .date = date, .scope = scope };

    take_octets(terms.key, key);
    take_octets(terms.seed, kind == AWS4_PAYLOAD_CHUNKED ? plain_seed
                                                         : trailer_seed);
    return terms;
}

static void feed(aws4_chunked *body, as_span piece, result *got)
{
    as_span rest = piece, out;

    while (rest.len && !aws4_chunked_feed(body, &rest, &out)) {
        assert_true(out.at >= piece.at && out.at + out.len <= rest.at);
        assert_true(out.len || !rest.len);
        memcpy(got->data + got->len, out.at, out.len);
        got->len += out.len;
        assert_true(aws4_chunked_given(body) == got->len);
        assert_true(aws4_chunked_verified(body) <= got->len);
    }
}

/* In pieces of these sizes, each in memory of its own. */
static result run(const aws4_chunked_terms *terms, as_span text,
                  apr_size_t first, apr_size_t other)
{
    apr_pool_t *own;
    aws4_chunked *body;
    result got = { AWS4_BODY_GOOD, malloc(text.len + 1), 0 };
    apr_size_t at, len;

    assert_int_equal(apr_pool_create(&own, pool), APR_SUCCESS);
    body = aws4_chunked_make(terms, own);
    for (at = 0; at < text.len; at += len) {
        apr_size_t most = at ? other : first;
        as_span piece;

        len = most < text.len - at ? most : text.len - at;
        piece = exact(text.at + at, len);
        feed(body, piece, &got);
        free((char *)piece.at);
    }
    got.fault = aws4_chunked_fault(body);
    assert_int_equal(aws4_chunked_is_done(body),
                     aws4_chunked_end(body) == AWS4_BODY_GOOD);
    if (!got.fault)
        got.fault = aws4_chunked_end(body);
    assert_int_equal(got.fault, aws4_chunked_fault(body));
    if (!got.fault)
        assert_true(aws4_chunked_verified(body) == got.len);
    apr_pool_destroy(own);
    return got;
}

static void assert_run(const aws4_chunked_terms *terms, as_span text,
                       apr_size_t first, apr_size_t other,
                       const result *wanted)
{
    result got = run(terms, text, first, other);

    if (got.fault != wanted->fault || got.len != wanted->len
        || memcmp(got.data, wanted->data, got.len) != 0)
        fail_msg("fault %d and %d octets if cut at %d, then every %d",
                 got.fault, (int)got.len, (int)first, (int)other);
    free(got.data);
}

static void try_cuts(const aws4_chunked_terms *terms, as_span text,
                     const result *wanted)
{
    apr_size_t cut;

    for (cut = 1; cut < text.len; cut++)
        assert_run(terms, text, cut, text.len, wanted);
    for (cut = 1; cut <= 3; cut++)
        assert_run(terms, text, cut, cut, wanted);
}

/* ---- published ------------------------------------------------------- */

#define MANY 66560

static as_span many(const char *one, const char *two, const char *rest)
{
    char *text = apr_palloc(pool, MANY + 2048), *at = text;

    at += apr_snprintf(at, 512, "10000;chunk-signature=%s\r\n", one);
    memset(at, 'a', 65536);
    at += 65536;
    at += apr_snprintf(at, 512, "\r\n400;chunk-signature=%s\r\n", two);
    memset(at, 'a', 1024);
    at += 1024;
    at += apr_snprintf(at, 1024, "\r\n0;chunk-signature=%s", rest);
    return (as_span){ text, (apr_size_t)(at - text) };
}

static void try_published(const aws4_chunked_terms *terms, as_span text)
{
    result got = run(terms, text, text.len, 1);
    apr_size_t cut;

    assert_int_equal(got.fault, AWS4_BODY_GOOD);
    assert_int_equal(got.len, MANY);
    assert_int_equal(strspn(got.data, "a") >= MANY, 1);
    assert_run(terms, text, 1, 1, &got);
    assert_run(terms, text, 8192, 8192, &got);
    for (cut = 1; cut < 200; cut++)
        assert_run(terms, text, cut, text.len, &got);
    for (cut = 65536; cut < 65536 + 200; cut++)
        assert_run(terms, text, cut, text.len, &got);
    for (cut = text.len - 400; cut < text.len; cut++)
        assert_run(terms, text, cut, text.len, &got);
    free(got.data);
}

static void published(void **state)
{
    aws4_chunked_terms terms = terms_of(AWS4_PAYLOAD_CHUNKED, MANY, "");
    as_span text;

    pool = *state;
    text = many(
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
        "\r\n\r\n");
    assert_int_equal(text.len, 66824);
    try_published(&terms, text);

    terms = terms_of(AWS4_PAYLOAD_CHUNKED_TRAILER, MANY,
                     "x-amz-checksum-crc32c");
    text = many(
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"
        "\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
        "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
        "\r\n\r\n");
    try_published(&terms, text);
}

/* One changed octet anywhere, also if it is one of data, is found. */
static void changed_octets(void **state)
{
    aws4_chunked_terms terms = terms_of(AWS4_PAYLOAD_CHUNKED, MANY, "");
    apr_size_t at;
    as_span text;

    pool = *state;
    text = many(
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
        "\r\n\r\n");
    for (at = 0; at < text.len; at += at % 65536 < 300 ? 1 : 1021) {
        char *copy = (char *)text.at + at, kept = *copy;
        result got;

        *copy ^= 1;
        got = run(&terms, text, text.len, 1);
        assert_int_not_equal(got.fault, AWS4_BODY_GOOD);
        free(got.data);
        *copy = kept;
    }
}

/* ---- rows ------------------------------------------------------------ */

#define SIGNED_1 \
    "7ca2bb6b96869a322ee00fa7347cadb82c8801d9e36e87e71086051b27939767"
#define SIGNED_2 \
    "6a6dbe3c43e8a41ea6e18b758cc86e2553625117f63d0f804e8580a84d5a06f6"
#define SIGNED_3 \
    "1d09bb110d01c60997979035aacafdaa28d459c880339c8e7060d5921d2b83df"
#define WITH ";chunk-signature="

/* Both signed bodies with trailers begin alike. */
#define TRAILER_CHUNKS                                                       \
    "5;chunk-signature="                                                     \
    "3b647985a995dfa3292d9c897b8fffd556415a69107f3b42e6807c37b33be989\r\n"   \
    "hello\r\n"                                                              \
    "6;chunk-signature="                                                     \
    "89bd7f2da3365b7c1d48fd895c1ae49a296ee1184c7893c7f532092249523468\r\n"   \
    " world\r\n"                                                             \
    "0;chunk-signature="                                                     \
    "4ff66d9690b4cb11c62ea187387bb277ea069ed43acb352bc72c1b84b10a1251\r\n"
#define TRAILER_SIGNED \
    "1a9c56965cbbcfd715b8fe9ba612a53a2cb4108b63a763860d4ba7be2cff8972"
#define CRC "x-amz-checksum-crc32"

enum { PLAIN, TRAILER, TWO_TRAILERS, OPEN };

/* "hello world" in two chunks. */
static const struct {
    aws4_payload_kind kind;
    const char *trailers, *text;
} bodies[] = {
    [PLAIN] = { AWS4_PAYLOAD_CHUNKED, "",
                "5" WITH SIGNED_1 "\r\nhello\r\n"
                "6" WITH SIGNED_2 "\r\n world\r\n"
                "0" WITH SIGNED_3 "\r\n\r\n" },
    [TRAILER] = { AWS4_PAYLOAD_CHUNKED_TRAILER, CRC,
                  TRAILER_CHUNKS CRC ":DUoRhQ==\r\n"
                  "x-amz-trailer-signature:" TRAILER_SIGNED "\r\n\r\n" },
    [TWO_TRAILERS] = {
        AWS4_PAYLOAD_CHUNKED_TRAILER, "x-amz-meta-b, X-Amz-Checksum-SHA256",
        TRAILER_CHUNKS
        "x-amz-checksum-sha256: "
        "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\r\n"
        "X-Amz-Meta-B:\t two  words \r\n"
        "x-amz-trailer-signature:"
        "a853cc89ac3c88a2d21c8470f432c24220b77498948271b50f1cd0ffae54a8ef"
        "\r\n\r\n" },
    [OPEN] = { AWS4_PAYLOAD_UNSIGNED_TRAILER, CRC,
               "5\r\nhello\r\n6\r\n world\r\n0\r\n" CRC ":DUoRhQ==\r\n\r\n" },
};

#define NINES "999999999999999999999999999999999999999999999999999999999999"
#define ZEROS "0000000000000000"

/* In body, the first `find` is replaced. Without a text to find, put stands
 * after the body. */
static const struct {
    int body;
    const char *find, *put;
    aws4_body_fault fault;
} rows[] = {
    { PLAIN, NULL, "", AWS4_BODY_GOOD },
    { TRAILER, NULL, "", AWS4_BODY_GOOD },
    { TWO_TRAILERS, NULL, "", AWS4_BODY_GOOD },
    { OPEN, NULL, "", AWS4_BODY_GOOD },
    { PLAIN, "7ca2bb6b", "7CA2BB6B", AWS4_BODY_GOOD },
    { OPEN, "5\r\n", "0000000000000005\r\n", AWS4_BODY_GOOD },
    { OPEN, "\r\n0\r\n", "\r\n" ZEROS "\r\n", AWS4_BODY_GOOD },
    { OPEN, "==\r\n", "==\n\r\n", AWS4_BODY_GOOD },
    { OPEN, CRC ":", "X-AMZ-Checksum-CRC32: \t ", AWS4_BODY_GOOD },
    { OPEN, "==\r\n", "==\t \r\n", AWS4_BODY_GOOD },
    { TRAILER, "==\r\n", "==\n\r\n", AWS4_BODY_GOOD },
    { TRAILER, "8972\r\n", "8972\n\r\n", AWS4_BODY_GOOD },

    /* what follows, what is missing */
    { PLAIN, NULL, "\r\n", AWS4_BODY_MALFORMED },
    { PLAIN, NULL, "0", AWS4_BODY_MALFORMED },
    { OPEN, NULL, "x", AWS4_BODY_MALFORMED },
    { OPEN, NULL, "0\r\n\r\n", AWS4_BODY_MALFORMED },
    { TRAILER, NULL, "\n", AWS4_BODY_MALFORMED },
    { PLAIN, "0" WITH SIGNED_3 "\r\n\r\n", "", AWS4_BODY_INCOMPLETE },
    { PLAIN, "0" WITH SIGNED_3 "\r\n\r\n", "\r\n", AWS4_BODY_MALFORMED },
    { PLAIN, "83df\r\n\r\n", "83df\r\n", AWS4_BODY_INCOMPLETE },
    { PLAIN, "83df\r\n\r\n", "83df", AWS4_BODY_INCOMPLETE },
    { PLAIN, "83df\r\n\r\n", "83df\r\n\r", AWS4_BODY_INCOMPLETE },
    { PLAIN, "world\r\n0" WITH SIGNED_3 "\r\n\r\n", "wor",
      AWS4_BODY_INCOMPLETE },
    { OPEN, "0\r\n" CRC ":DUoRhQ==\r\n\r\n", "", AWS4_BODY_INCOMPLETE },
    { OPEN, "==\r\n\r\n", "==\r\n", AWS4_BODY_INCOMPLETE },
    { TRAILER, "8972\r\n\r\n", "8972\r\n", AWS4_BODY_INCOMPLETE },

    /* sizes */
    { PLAIN, "6" WITH SIGNED_2 "\r\n world\r\n", "", AWS4_BODY_LENGTH },
    { OPEN, "6\r\n world\r\n", "", AWS4_BODY_LENGTH },
    { OPEN, "5\r\nhello\r\n6", "0\r\n\r\n5\r\nhello\r\n6",
      AWS4_BODY_LENGTH },
    { OPEN, "5\r\n", "-1\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "+5\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "0x5\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", " 5\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5 \r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5\t\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5g\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "0" ZEROS "5\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "10000000000000005\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "ffffffffffffffff\r\n", AWS4_BODY_LENGTH },
    { OPEN, "5\r\n", "8000000000000005\r\n", AWS4_BODY_LENGTH },
    { OPEN, "5\r\n", "c\r\n", AWS4_BODY_LENGTH },
    { OPEN, "5\r\n", "4\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "6\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "6\r\n", "7\r\n", AWS4_BODY_LENGTH },
    { OPEN, "5\r\n", NINES NINES NINES NINES "9999999999999999\r\n",
      AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", NINES NINES NINES NINES "99999999999999999",
      AWS4_BODY_MALFORMED },

    /* ends of lines */
    { OPEN, "5\r\n", "5\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5\r", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5\r\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5\n\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "hello\r\n", "hello\n", AWS4_BODY_MALFORMED },
    { OPEN, "hello\r\n", "hello\n\r", AWS4_BODY_MALFORMED },
    { OPEN, "hello\r\n", "hello", AWS4_BODY_MALFORMED },
    { OPEN, "hello\r\n", "hello \r\n", AWS4_BODY_MALFORMED },
    { OPEN, "hello\r\n", "hello\r\n\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "0\r\n", "0\n", AWS4_BODY_MALFORMED },
    { PLAIN, "9767\r\n", "9767\n", AWS4_BODY_MALFORMED },
    { PLAIN, "83df\r\n", "83df\n", AWS4_BODY_MALFORMED },
    { PLAIN, "83df\r\n\r\n", "83df\r\n\n\r\n", AWS4_BODY_TRAILER },
    { PLAIN, "83df\r\n\r\n", "83df\r\n \r\n", AWS4_BODY_TRAILER },
    { OPEN, "==\r\n\r\n", "==\r\n\n", AWS4_BODY_INCOMPLETE },
    { OPEN, "==\r\n\r\n", "==\n\n", AWS4_BODY_INCOMPLETE },
    { OPEN, "==\r\n", "==\n\n\r\n", AWS4_BODY_TRAILER },
    { OPEN, "==\r\n", "==\r\r\n", AWS4_BODY_TRAILER },

    /* extensions */
    { OPEN, "5\r\n", "5" WITH SIGNED_1 "\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "0\r\n", "0" WITH SIGNED_3 "\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5;\r\n", AWS4_BODY_MALFORMED },
    { OPEN, "5\r\n", "5;a=b\r\n", AWS4_BODY_MALFORMED },
    { PLAIN, "5" WITH SIGNED_1, "5", AWS4_BODY_MALFORMED },
    { PLAIN, "0" WITH SIGNED_3, "0", AWS4_BODY_MALFORMED },
    { PLAIN, WITH, "; chunk-signature=", AWS4_BODY_MALFORMED },
    { PLAIN, WITH, " ;chunk-signature=", AWS4_BODY_MALFORMED },
    { PLAIN, WITH, ";Chunk-Signature=", AWS4_BODY_MALFORMED },
    { PLAIN, WITH, ";chunk-signature:", AWS4_BODY_MALFORMED },
    { PLAIN, WITH, ";a=b;chunk-signature=", AWS4_BODY_MALFORMED },
    { PLAIN, SIGNED_1, SIGNED_1 ";a=b", AWS4_BODY_MALFORMED },
    { PLAIN, SIGNED_1, SIGNED_1 WITH SIGNED_1, AWS4_BODY_MALFORMED },
    { PLAIN, SIGNED_1, SIGNED_1 " ", AWS4_BODY_MALFORMED },
    { PLAIN, SIGNED_1, SIGNED_1 "0", AWS4_BODY_MALFORMED },
    { PLAIN, "7ca2bb6b", "7ca2bb6", AWS4_BODY_MALFORMED },
    { PLAIN, "7ca2bb6b", "7ca2bb6g", AWS4_BODY_MALFORMED },
    { PLAIN, SIGNED_1, "", AWS4_BODY_MALFORMED },

    /* signatures */
    { PLAIN, "7ca2bb6b", "7ca2bb6c", AWS4_BODY_SIGNATURE },
    { PLAIN, "6a6dbe3c", "6a6dbe3d", AWS4_BODY_SIGNATURE },
    { PLAIN, "1d09bb11", "1d09bb12", AWS4_BODY_SIGNATURE },
    { PLAIN, SIGNED_3, SIGNED_2, AWS4_BODY_SIGNATURE },
    { PLAIN, "hello", "hellO", AWS4_BODY_SIGNATURE },
    { PLAIN, " world", " World", AWS4_BODY_SIGNATURE },
    { PLAIN, "5" WITH SIGNED_1 "\r\nhello\r\n6" WITH SIGNED_2 "\r\n world",
      "6" WITH SIGNED_2 "\r\n world\r\n5" WITH SIGNED_1 "\r\nhello",
      AWS4_BODY_SIGNATURE },
    { TRAILER, "1a9c5696", "1a9c5697", AWS4_BODY_SIGNATURE },
    { TRAILER, "89bd7f2d", "89bd7f2e", AWS4_BODY_SIGNATURE },
    { TRAILER, ":DUoRhQ==", ":DUoRhA==", AWS4_BODY_SIGNATURE },
    { TWO_TRAILERS, "two  words", "two words", AWS4_BODY_SIGNATURE },

    /* trailers */
    { OPEN, ":DUoRhQ==", ":DUoRhA==", AWS4_BODY_CHECKSUM },
    { OPEN, ":DUoRhQ==", ":DUoRhR==", AWS4_BODY_CHECKSUM },
    { OPEN, ":DUoRhQ==", ":DUoRhQ", AWS4_BODY_CHECKSUM },
    { OPEN, ":DUoRhQ==", ":", AWS4_BODY_CHECKSUM },
    { OPEN, "hello", "hellp", AWS4_BODY_CHECKSUM },
    { OPEN, " world", "_world", AWS4_BODY_CHECKSUM },
    { OPEN, CRC ":DUoRhQ==\r\n", "", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", CRC "c:", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", "x-amz-meta-a:b\r\n" CRC ":", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", CRC ":DUoRhQ==\r\n" CRC ":", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", CRC " :", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", " " CRC ":", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", CRC ";", AWS4_BODY_TRAILER },
    { OPEN, CRC ":", ":", AWS4_BODY_TRAILER },
    { OPEN, "==", "==\x01", AWS4_BODY_TRAILER },
    { OPEN, "==", "==\x7f", AWS4_BODY_TRAILER },
    { OPEN, "==\r\n", "==\r\n " CRC ":\r\n", AWS4_BODY_TRAILER },
    { OPEN, "==\r\n", "==\r\nx-amz-trailer-signature:" TRAILER_SIGNED "\r\n",
      AWS4_BODY_TRAILER },
    { PLAIN, "83df\r\n", "83df\r\n" CRC ":DUoRhQ==\r\n", AWS4_BODY_TRAILER },
    { PLAIN, "83df\r\n",
      "83df\r\nx-amz-trailer-signature:" TRAILER_SIGNED "\r\n",
      AWS4_BODY_TRAILER },
    { TRAILER, CRC ":DUoRhQ==\r\n", "", AWS4_BODY_TRAILER },
    { TRAILER, "x-amz-trailer-signature:" TRAILER_SIGNED "\r\n", "",
      AWS4_BODY_TRAILER },
    { TRAILER, TRAILER_SIGNED "\r\n",
      TRAILER_SIGNED "\r\nx-amz-trailer-signature:" TRAILER_SIGNED "\r\n",
      AWS4_BODY_TRAILER },
    { TRAILER, CRC ":DUoRhQ==\r\nx-amz-trailer-signature:" TRAILER_SIGNED,
      "x-amz-trailer-signature:" TRAILER_SIGNED "\r\n" CRC ":DUoRhQ==",
      AWS4_BODY_TRAILER },
    { TRAILER, TRAILER_SIGNED, TRAILER_SIGNED "00", AWS4_BODY_TRAILER },
    { TRAILER, "1a9c5696", "1a9c56", AWS4_BODY_TRAILER },
    { TRAILER, "1a9c5696", "ga9c5696", AWS4_BODY_TRAILER },
};

static as_span edited(int body, const char *find, const char *put)
{
    const char *text = bodies[body].text, *at = text + strlen(text);
    const char *rest = at;

    if (find) {
        at = strstr(text, find);
        assert_non_null(at);
        rest = at + strlen(find);
    }
    return as_span_of(apr_psprintf(pool, "%.*s%s%s", (int)(at - text), text,
                                   put, rest));
}

static void framed(void **state)
{
    apr_size_t i;

    pool = *state;
    for (i = 0; i < COUNT(rows); i++) {
        as_span text = edited(rows[i].body, rows[i].find, rows[i].put);
        aws4_chunked_terms terms = terms_of(bodies[rows[i].body].kind, 11,
                                            bodies[rows[i].body].trailers);
        result got = run(&terms, text, text.len, 1);

        if (got.fault != rows[i].fault)
            fail_msg("row %d, \"%s\": fault %d", (int)i, rows[i].put,
                     got.fault);
        if (!got.fault)
            assert_memory_equal(got.data, "hello world", 11);
        try_cuts(&terms, text, &got);
        free(got.data);
    }
}

/* Every prefix of a good body is incomplete. */
static void prefixes(void **state)
{
    apr_size_t i, len;

    pool = *state;
    for (i = 0; i < COUNT(bodies); i++) {
        aws4_chunked_terms terms = terms_of(bodies[i].kind, 11,
                                            bodies[i].trailers);

        for (len = 0; len < strlen(bodies[i].text); len++) {
            result got = run(&terms, (as_span){ bodies[i].text, len }, len, 1);

            assert_int_equal(got.fault, AWS4_BODY_INCOMPLETE);
            free(got.data);
        }
    }
}

/* ---- the head -------------------------------------------------------- */

static const struct {
    int body;
    apr_uint64_t length;
    const char *trailers;
    aws4_body_fault fault;
} heads[] = {
    { OPEN, 11, "," CRC " ,, ", AWS4_BODY_GOOD },
    { OPEN, 11, "X-AMZ-CHECKSUM-CRC32", AWS4_BODY_GOOD },
    { OPEN, 10, CRC, AWS4_BODY_LENGTH },
    { OPEN, 12, CRC, AWS4_BODY_LENGTH },
    { OPEN, 0, CRC, AWS4_BODY_LENGTH },
    { OPEN, APR_UINT64_MAX, CRC, AWS4_BODY_LENGTH },
    { PLAIN, 10, "", AWS4_BODY_LENGTH },
    { PLAIN, 12, "", AWS4_BODY_LENGTH },
    { TRAILER, 10, CRC, AWS4_BODY_LENGTH },
    { OPEN, 11, "", AWS4_BODY_TRAILER },
    { OPEN, 11, CRC ",x-a", AWS4_BODY_TRAILER },
    { OPEN, 11, CRC "," CRC, AWS4_BODY_TRAILER },
    { OPEN, 11, CRC ",X-AMZ-checksum-crc32", AWS4_BODY_TRAILER },
    { OPEN, 11, CRC " x-a", AWS4_BODY_TRAILER },
    { OPEN, 11, CRC ";q=1", AWS4_BODY_TRAILER },
    { OPEN, 11, "\"" CRC "\"", AWS4_BODY_TRAILER },
    { OPEN, 11, CRC ",a,b,c,d,e,f,g,h", AWS4_BODY_TRAILER },
    { TRAILER, 11, "", AWS4_BODY_TRAILER },
    { TRAILER, 11, CRC ",x-amz-trailer-signature", AWS4_BODY_TRAILER },
    { TRAILER, 11, "x-amz-checksum-crc32c", AWS4_BODY_TRAILER },
    { PLAIN, 11, CRC, AWS4_BODY_TRAILER },
};

static void terms_of_heads(void **state)
{
    apr_size_t i;

    pool = *state;
    for (i = 0; i < COUNT(heads); i++) {
        as_span text = as_span_of(bodies[heads[i].body].text);
        aws4_chunked_terms terms = terms_of(bodies[heads[i].body].kind,
                                            heads[i].length,
                                            heads[i].trailers);
        result got = run(&terms, text, text.len, 1);

        if (got.fault != heads[i].fault)
            fail_msg("row %d: fault %d", (int)i, got.fault);
        try_cuts(&terms, text, &got);
        free(got.data);
    }
}

/* Known before anything of the body came. */
static void wrong_heads(void **state)
{
    aws4_chunked_terms terms[] = {
        terms_of(AWS4_PAYLOAD_CHUNKED_TRAILER, 0, ""),
        terms_of(AWS4_PAYLOAD_CHUNKED, 0, CRC),
        terms_of(AWS4_PAYLOAD_UNSIGNED_TRAILER, 0, CRC "," CRC),
        terms_of(AWS4_PAYLOAD_UNSIGNED_TRAILER, 0, "a,b,c,d,e,f,g,h,i"),
    };
    apr_size_t i;

    pool = *state;
    for (i = 0; i < COUNT(terms); i++)
        assert_int_equal(aws4_chunked_fault(aws4_chunked_make(&terms[i],
                                                              pool)),
                         AWS4_BODY_TRAILER);
}

/* Nobody waits for the end of a line that is wrong already. */
static void long_heads(void **state)
{
    static const struct {
        const char *text;
        apr_size_t len;
        aws4_body_fault fault;
    } begun[] = {
        { NINES NINES NINES NINES NINES, AWS4_HEAD_MAX + 1,
          AWS4_BODY_INCOMPLETE },
        { NINES NINES NINES NINES NINES, AWS4_HEAD_MAX + 2,
          AWS4_BODY_MALFORMED },
        { "5\n", 2, AWS4_BODY_MALFORMED },
        { "5\r\nhello\n", 9, AWS4_BODY_MALFORMED },
        { "5\r\nhelloxy", 10, AWS4_BODY_MALFORMED },
    };
    aws4_chunked_terms terms = terms_of(AWS4_PAYLOAD_UNSIGNED_TRAILER, 11, "");
    apr_size_t i;

    pool = *state;
    for (i = 0; i < COUNT(begun); i++) {
        as_span text = { begun[i].text, begun[i].len };
        result got = run(&terms, text, text.len, 1);

        assert_int_equal(got.fault, begun[i].fault);
        try_cuts(&terms, text, &got);
        free(got.data);
    }
}

/* A signed body is good for its key, date, scope and head only. */
static void other_terms(void **state)
{
    as_span text = as_span_of(bodies[PLAIN].text);
    aws4_chunked_terms good = terms_of(AWS4_PAYLOAD_CHUNKED, 11, ""), bad[4];
    apr_size_t i;

    pool = *state;
    for (i = 0; i < COUNT(bad); i++)
        bad[i] = good;
    bad[0].key[31] ^= 1;
    bad[1].seed[0] ^= 1;
    bad[2].date = "20130524T000001Z";
    bad[3].scope = "20130524/us-east-2/s3/aws4_request";
    for (i = 0; i < COUNT(bad); i++) {
        result got = run(&bad[i], text, text.len, 1);

        assert_int_equal(got.fault, AWS4_BODY_SIGNATURE);
        free(got.data);
    }
}

static void other_kinds(void **state)
{
    int kind;

    pool = *state;
    for (kind = 0; kind <= AWS4_PAYLOAD_INVALID; kind++) {
        aws4_chunked_terms terms = terms_of((aws4_payload_kind)kind, 0, "x-a");
        result got;

        if (aws4_payload_is_chunked((aws4_payload_kind)kind))
            continue;
        got = run(&terms, as_span_of("0\r\n\r\n"), 5, 1);
        assert_int_equal(got.fault, AWS4_BODY_UNSUPPORTED);
        free(got.data);
    }
}

/* Eight trailers of a KiB each, and not an octet more. */
static void long_trailers(void **state)
{
    static const char names[] = "a,b,c,d,e,f,g,h";
    aws4_chunked_terms terms = terms_of(AWS4_PAYLOAD_UNSIGNED_TRAILER, 0,
                                        names);
    char filler[AWS4_TRAILER_MAX];
    const char *text = "0\r\n";
    result got;
    int i;

    pool = *state;
    memset(filler, 'x', sizeof(filler));
    for (i = 0; i < 8; i++)
        text = apr_psprintf(pool, "%s%c:%.*s\r\n", text, names[2 * i],
                            AWS4_TRAILER_MAX - 2, filler);
    text = apr_pstrcat(pool, text, "\r\n", NULL);
    got = run(&terms, as_span_of(text), strlen(text), 1);
    assert_int_equal(got.fault, AWS4_BODY_GOOD);
    assert_run(&terms, as_span_of(text), 1, 1, &got);
    free(got.data);

    text = apr_psprintf(pool, "0\r\na:%.*s\r\n", AWS4_TRAILER_MAX - 1, filler);
    got = run(&terms, as_span_of(text), strlen(text), 1);
    assert_int_equal(got.fault, AWS4_BODY_TRAILER);
    try_cuts(&terms, as_span_of(text), &got);
    free(got.data);
}

/* What a caller may rely on before the end. */
static void verified(void **state)
{
    aws4_chunked_terms terms = terms_of(AWS4_PAYLOAD_CHUNKED, 11, "");
    aws4_chunked *body;
    as_span rest = as_span_of(bodies[PLAIN].text), out;

    pool = *state;
    body = aws4_chunked_make(&terms, pool);
    assert_int_equal(aws4_chunked_feed(body, &rest, &out), AWS4_BODY_GOOD);
    assert_span(out, "hello");
    assert_true(aws4_chunked_verified(body) == 0);
    assert_int_equal(aws4_chunked_feed(body, &rest, &out), AWS4_BODY_GOOD);
    assert_span(out, " world");
    assert_true(aws4_chunked_verified(body) == 5);
    assert_false(aws4_chunked_is_done(body));
    assert_int_equal(aws4_chunked_feed(body, &rest, &out), AWS4_BODY_GOOD);
    assert_true(aws4_chunked_verified(body) == 11);
    assert_true(aws4_chunked_is_done(body));

    /* A fault is for ever. */
    rest = as_span_of("x");
    assert_int_equal(aws4_chunked_feed(body, &rest, &out),
                     AWS4_BODY_MALFORMED);
    rest = as_span_of("");
    assert_int_equal(aws4_chunked_feed(body, &rest, &out),
                     AWS4_BODY_MALFORMED);
    assert_false(aws4_chunked_is_done(body));
    assert_int_equal(aws4_chunked_end(body), AWS4_BODY_MALFORMED);
}

static void lengths(void **state)
{
    static const char *const none[] = {
        "", " 1", "1 ", "-1", "+1", "0x1", "1,1", "9223372036854775808",
        "18446744073709551616", "99999999999999999999"
    };
    apr_uint64_t length;
    apr_size_t i;

    (void)state;
    assert_true(aws4_chunked_length(&length, as_span_of("0")) && !length);
    assert_true(aws4_chunked_length(&length, as_span_of("66560")));
    assert_true(length == 66560);
    assert_true(aws4_chunked_length(&length,
                                    as_span_of("9223372036854775807")));
    assert_true(length == APR_INT64_MAX);
    for (i = 0; i < COUNT(none); i++)
        assert_false(aws4_chunked_length(&length, as_span_of(none[i])));
}

/* ---- what clients sent ----------------------------------------------- */

static as_span raw_of(json_t *row)
{
    const char *text = json_string_value(json_object_get(row, "raw_b64"));
    apr_size_t len = strlen(text);
    unsigned char *raw = apr_pcalloc(pool, len + 1);
    int made = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)len);

    assert_true(made > 0);
    while (len && text[--len] == '=')
        made--;
    return (as_span){ (char *)raw, (apr_size_t)made };
}

/* The value of a header, or "". */
static const char *header(const char *head, const char *name)
{
    const char *at = strcasestr(head, apr_pstrcat(pool, "\r\n", name, ":",
                                                  NULL));

    if (!at)
        return "";
    at = strchr(at + 2, ':') + 1;
    at += strspn(at, " ");
    return apr_pstrmemdup(pool, at, strcspn(at, "\r"));
}

/* The outer framing, HTTP's own, undone; without checks. */
static as_span unframed(as_span sent)
{
    char *made = apr_palloc(pool, sent.len), *to = made;
    char *at = apr_pstrmemdup(pool, sent.at, sent.len);
    unsigned long size;

    while ((size = strtoul(at, &at, 16)) != 0) {
        memcpy(to, at + 2, size);
        to += size;
        at += size + 4;
    }
    return (as_span){ made, (apr_size_t)(to - made) };
}

static const char *after(const char *text, const char *mark, const char *end)
{
    const char *at = strstr(text, mark);

    assert_non_null(at);
    at += strlen(mark);
    return apr_pstrmemdup(pool, at, strcspn(at, end));
}

static void mac(unsigned char out[32], const unsigned char *with, int len,
                const char *text)
{
    assert_non_null(HMAC(EVP_sha256(), with, len,
                         (const unsigned char *)text, strlen(text), out,
                         NULL));
}

static void derive(unsigned char out[32], const char *of)
{
    static const char secret[] =
        "AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    unsigned char from[64];
    int len = (int)strlen(secret);
    char *last, *parts = apr_pstrdup(pool, of), *part;

    memcpy(from, secret, sizeof(secret));
    for (part = apr_strtok(parts, "/", &last); part;
         part = apr_strtok(NULL, "/", &last)) {
        mac(out, from, len, part);
        memcpy(from, out, 32);
        len = 32;
    }
}

static aws4_chunked_terms terms_sent(const char *head)
{
    const char *authorization = header(head, "authorization");
    const char *credential = after(authorization, "Credential=", ",");
    const char *kind = header(head, "x-amz-content-sha256");
    aws4_chunked_terms terms = {
        .kind = aws4_payload_kind_of(as_span_of(kind)),
        .trailers = as_span_of(header(head, "x-amz-trailer")),
        .date = header(head, "x-amz-date"),
        .scope = strchr(credential, '/') + 1
    };
    const char *length = header(head, "x-amz-decoded-content-length");

    assert_true(aws4_chunked_length(&terms.length, as_span_of(length)));
    derive(terms.key, terms.scope);
    take_octets(terms.seed, after(authorization, "Signature=", ","));
    return terms;
}

static void try_sent(json_t *row)
{
    as_span raw = raw_of(row), text;
    const char *body = strstr(raw.at, "\r\n\r\n") + 4;
    const char *head = apr_pstrmemdup(pool, raw.at,
                                      (apr_size_t)(body - raw.at));
    aws4_chunked_terms terms = terms_sent(head);
    result got;

    text = (as_span){ body, raw.len - (apr_size_t)(body - raw.at) };
    if (!strcmp(header(head, "transfer-encoding"), "chunked"))
        text = unframed(text);
    got = run(&terms, text, text.len, 1);
    if (got.fault)
        fail_msg("%s: fault %d",
                 json_string_value(json_object_get(row, "id")), got.fault);
    assert_true(got.len == terms.length);
    try_cuts(&terms, text, &got);
    free(got.data);
    terms.length++;
    got = run(&terms, text, text.len, 1);
    assert_int_equal(got.fault, AWS4_BODY_LENGTH);
    free(got.data);
}

static void sent_by_clients(void **state)
{
    json_t *cases = load("aws4/aws4-clients.json", "cases"), *row;
    size_t i, tried = 0;

    pool = *state;
    json_array_foreach(cases, i, row) {
        json_t *payload = json_object_get(row, "payload");

        if (!payload
            || strncmp(json_string_value(payload), "STREAMING-", 10) != 0)
            continue;
        try_sent(row);
        tried++;
    }
    assert_int_equal(tried, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(checksums),
        UNIT_TEST(other_checksums),
        UNIT_TEST(payload_kinds),
        UNIT_TEST(payload_hashes),
        UNIT_TEST(published),
        UNIT_TEST(changed_octets),
        UNIT_TEST(framed),
        UNIT_TEST(prefixes),
        UNIT_TEST(terms_of_heads),
        UNIT_TEST(wrong_heads),
        UNIT_TEST(long_heads),
        UNIT_TEST(other_terms),
        UNIT_TEST(other_kinds),
        UNIT_TEST(long_trailers),
        UNIT_TEST(verified),
        UNIT_TEST(lengths),
        UNIT_TEST(sent_by_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

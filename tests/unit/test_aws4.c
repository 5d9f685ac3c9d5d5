/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * AWS Signature Version 4 without a server: AWS' own suites, what real clients
 * sent, and T-AWS-01 to 08, 10, 11, 13. Whatever is signed here is signed by
 * the few lines of sign() below.
 */
#include "unit.h"
#include "load.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "date.h"
#include "hex.h"
#include "sign.h"
#include "key_cache.h"
#include "verify.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static apr_pool_t *pool; /* of the test that runs */

/* ---- requests as httpd has them -------------------------------------- */

typedef struct request {
    aws4_message message;
    apr_table_t *headers;
} request;

static as_span span(const char *start, const char *end)
{
    return (as_span){ start, (apr_size_t)(end - start) };
}

static void set_body(request *req, as_span body)
{
    unsigned char *sha256 = apr_palloc(pool, AS_SHA256_LEN);

    assert_int_equal(as_sha256(sha256, body), APR_SUCCESS);
    req->message.body_sha256 = sha256;
}

static request request_of(const char *method, const char *target)
{
    apr_table_t *headers = apr_table_make(pool, 8);

    return (request){ { as_span_of(method), as_span_of(target), headers,
                        NULL }, headers };
}

/* The end of the line; *next is the start of the one after it. */
static const char *line_end(const char *line, const char *end,
                            const char **next)
{
    const char *stop = memchr(line, '\n', (size_t)(end - line));

    *next = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    return stop > line && stop[-1] == '\r' ? stop - 1 : stop;
}

static const char *trim(as_span text)
{
    while (text.len && apr_isspace(*text.at))
        text = (as_span){ text.at + 1, text.len - 1 };
    while (text.len && apr_isspace(text.at[text.len - 1]))
        text.len--;
    return as_string(pool, text);
}

/* Repeated fields are joined, folded lines unfolded. */
static void add_line(request *req, const char *line, const char *stop)
{
    const char *colon = memchr(line, ':', (size_t)(stop - line));
    static const char *last;

    if (apr_isspace(*line)) {
        const char *value = apr_table_get(req->headers, last);

        apr_table_set(req->headers, last,
                      apr_pstrcat(pool, value, " ", trim(span(line, stop)),
                                  NULL));
        return;
    }
    assert_non_null(colon);
    last = as_string(pool, span(line, colon));
    apr_table_merge(req->headers, last, trim(span(colon + 1, stop)));
}

/* The target may have blanks in it: the suites do. */
static request parse_request(as_span raw)
{
    const char *end = raw.at + raw.len, *next, *stop, *blank, *version;
    request req;

    stop = line_end(raw.at, end, &next);
    blank = memchr(raw.at, ' ', raw.len);
    assert_non_null(blank);
    for (version = stop; version[-1] != ' '; version--)
        ;
    req = request_of(as_string(pool, span(raw.at, blank)),
                     as_string(pool, span(blank + 1, version - 1)));
    while (next < end) {
        const char *line = next;

        stop = line_end(line, end, &next);
        if (stop == line)
            break;
        add_line(&req, line, stop);
    }
    set_body(&req, span(next, end));
    return req;
}

/* ---- one verdict ----------------------------------------------------- */

/* The key of whoever is named; one that nobody has for others. */
typedef struct signer {
    const char *id, *other_id, *secret;
} signer;

static const signer suite = { "AKIDEXAMPLE", "AKIDEXAMPLE",
                              "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
static const signer client = { "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE",
                               "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

typedef struct judgement {
    aws4_request_credentials sent;
    aws4_checked checked;
    const char *why;
} judgement;

static aws4_fault judge(judgement *out, const request *req,
                        const signer *who, apr_time_t now,
                        const aws4_policy *policy)
{
    unsigned char key[AS_SHA256_LEN];
    const char *secret = who->secret;
    aws4_fault fault;

    memset(out, 0, sizeof(*out));
    fault = aws4_read(&out->sent, &out->why,
                      as_span_of(apr_table_get(req->headers,
                                               "authorization")),
                      req->message.target, pool);
    if (fault != AWS4_OK)
        return fault;
    if (!as_span_is(out->sent.key_id, who->id)
        && !as_span_is(out->sent.key_id, who->other_id))
        secret = "nobody's";
    assert_int_equal(aws4_signing_key(key, as_span_of(secret), out->sent.day,
                                      out->sent.region, out->sent.service),
                     APR_SUCCESS);
    fault = aws4_verify(&out->checked, &req->message, &out->sent, key, now,
                        policy, pool);
    out->why = out->checked.why;
    return fault;
}

static apr_time_t time_of(const char *text)
{
    apr_time_t time;

    assert_int_equal(aws4_long_date(&time, as_span_of(text)), APR_SUCCESS);
    return time;
}

/* ---- AWS' suites ----------------------------------------------------- */

static const char *string(json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    if (!text)
        fail_msg("no %s in the vector", name);
    return text;
}

static aws4_policy lenient(void)
{
    return (aws4_policy){ .skew = 900, .allow_open = 1 };
}

/* The text that was signed must be the one that the suite prints. */
static void check_texts(json_t *row, const request *req, const judgement *was,
                        const aws4_policy *policy)
{
    const char *why;
    aws4_readings *readings;
    as_span canonical = { "", 0 }, text;
    int i;

    assert_int_equal(aws4_readings_begin(&readings, &why, &req->message,
                                         &was->sent, &was->checked.payload,
                                         was->checked.s3, &policy->compat,
                                         pool), AWS4_OK);
    for (i = 0; i <= was->checked.reading; i++)
        assert_true(aws4_readings_next(&canonical, readings));
    assert_span(canonical, string(row, "canonical_request"));
    assert_int_equal(aws4_string_to_sign(&text, was->checked.date,
                                         was->sent.scope, canonical, pool),
                     APR_SUCCESS);
    assert_span(text, string(row, "string_to_sign"));
}

static void check_case(json_t *row)
{
    json_t *context = json_object_get(row, "context");
    request req = parse_request(as_span_of(string(row, "signed_request")));
    apr_time_t now = time_of(string(context, "timestamp"));
    aws4_policy policy = lenient();
    judgement was;
    aws4_fault fault;

    if (json_object_get(row, "known_defect")) {
        assert_int_equal(judge(&was, &req, &suite, now, &policy),
                         AWS4_MISMATCH);
        apr_table_set(req.headers, "Authorization",
                      string(row, "authorization"));
    }
    fault = judge(&was, &req, &suite, now, &policy);
    if (!json_is_true(json_object_get(context, "normalize"))) {
        policy.compat.no_normalise = 1;
        fault = judge(&was, &req, &suite, now, &policy);
    }
    if (fault != AWS4_OK)
        fail_msg("%s (%s): %s", string(row, "name"), string(row, "form"),
                 was.why);
    check_texts(row, &req, &was, &policy);
}

static void suites(void **state)
{
    json_t *rows = load("aws4/aws4-testsuite.json", "cases"), *row;
    int header = 0, query = 0, sigv4a = 0;
    size_t i;

    pool = *state;
    json_array_foreach(rows, i, row) {
        int is_ours = !strcmp(string(row, "algorithm"), "AWS4-HMAC-SHA256");
        int is_query = !strcmp(string(row, "form"), "query");

        header += is_ours && !is_query;
        query += is_ours && is_query;
        sigv4a += !is_ours;
        if (is_ours)
            check_case(row);
    }
    assert_int_equal(header, 48);
    assert_int_equal(query, 26);
    assert_int_equal(sigv4a, 52); /* not supported */
}

/* Those that are signed as typed are not what normalising makes. */
static void not_normalised(void **state)
{
    json_t *rows = load("aws4/aws4-testsuite.json", "cases"), *row;
    aws4_policy policy = lenient();
    int refused = 0;
    judgement was;
    size_t i;

    pool = *state;
    json_array_foreach(rows, i, row) {
        json_t *context = json_object_get(row, "context");
        request req = parse_request(as_span_of(string(row,
                                                      "signed_request")));

        if (strcmp(string(row, "algorithm"), "AWS4-HMAC-SHA256")
            || json_is_true(json_object_get(context, "normalize")))
            continue;
        refused += judge(&was, &req, &suite,
                         time_of(string(context, "timestamp")), &policy)
                   == AWS4_MISMATCH;
    }
    assert_int_equal(refused, 8);
}

/* ---- what clients sent ----------------------------------------------- */

static as_span raw_of(json_t *row)
{
    const char *text = string(row, "raw_b64");
    apr_size_t len = strlen(text);
    unsigned char *raw = apr_palloc(pool, len + 1);
    int made = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)len);

    assert_true(made >= 0 && len >= 4);
    made -= (text[len - 1] == '=') + (text[len - 2] == '=');
    return (as_span){ (char *)raw, (apr_size_t)made };
}

static const struct {
    const char *needs;
    aws4_compat compat;
} leniencies[] = {
    { "payload-line-is-empty-hash-although-body-present",
      { .empty_hash = 1 } },
    { "path:raw/s3/std-nonorm", { .no_normalise = 1, .raw_query = 1 } },
    { "path:raw/s3", { .raw_path = 1, .raw_query = 1 } },
    { "path:raw", { .raw_path = 1 } },
    { "header-space-not-collapsed", { .unfolded = 1 } },
    { "plus-as-space-in-path", { .plus_path = 1 } },
};

static aws4_compat needed(json_t *row)
{
    const char *needs = json_string_value(
        json_array_get(json_object_get(row, "needs"), 0));
    size_t i;

    for (i = 0; needs && i < COUNT(leniencies); i++)
        if (!strcmp(leniencies[i].needs, needs))
            return leniencies[i].compat;
    fail_msg("what is %s?", needs ? needs : "needed");
    return (aws4_compat){ 0 };
}

typedef struct tally {
    int accepted, compat, rejected, sigv4a;
} tally;

static apr_time_t epoch_of(json_t *row)
{
    return apr_time_from_sec(json_integer_value(json_object_get(row,
                                                                "epoch")));
}

static void check_body(const request *req, const aws4_checked *checked)
{
    if (checked->payload.body == AWS4_BODY_HASHED
        && !apr_table_get(req->headers, "transfer-encoding"))
        assert_memory_equal(req->message.body_sha256,
                            checked->payload.sha256, AS_SHA256_LEN);
}

static void check_client(json_t *row, tally *count)
{
    const char *verdict = string(row, "verdict");
    request req = parse_request(raw_of(row));
    aws4_policy policy = lenient();
    judgement was;
    aws4_fault fault = judge(&was, &req, &client, epoch_of(row), &policy);

    if (!strcmp(verdict, "accept")) {
        if (fault != AWS4_OK)
            fail_msg("%s: %s", string(row, "operation"), was.why);
        check_body(&req, &was.checked);
        count->accepted++;
    } else if (!strcmp(verdict, "compat")) {
        assert_int_equal(fault, AWS4_MISMATCH);
        policy.compat = needed(row);
        assert_int_equal(judge(&was, &req, &client, epoch_of(row), &policy),
                         AWS4_OK);
        count->compat++;
    } else {
        assert_int_equal(fault, AWS4_OTHER_ALGORITHM);
        count->sigv4a += strcmp(verdict, "reject") != 0;
        count->rejected += strcmp(verdict, "reject") == 0;
    }
}

static void clients(void **state)
{
    json_t *rows = load("aws4/aws4-clients.json", "cases"), *row;
    tally count = { 0, 0, 0, 0 };
    size_t i;

    pool = *state;
    json_array_foreach(rows, i, row)
        check_client(row, &count);
    assert_int_equal(count.accepted, 111);
    assert_int_equal(count.compat, 8);
    assert_int_equal(count.rejected, 6);
    assert_int_equal(count.sigv4a, 2); /* not supported */
}

/* ---- published values ------------------------------------------------ */

/* Examples of the Amazon S3 API Reference: sig-v4-header-based-auth,
 * sigv4-query-string-auth, sigv4-streaming and sigv4-streaming-trailers. */
#define ID "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
#define AUTH(names, signature)                                              \
    "Authorization: AWS4-HMAC-SHA256 Credential=" ID ",SignedHeaders=" names \
    ",Signature=" signature "\n"
#define BUCKET "Host: examplebucket.s3.amazonaws.com\n"
#define DATE "x-amz-date: 20130524T000000Z\n"

static const char *const published[] = {
    "GET /test.txt HTTP/1.1\n" BUCKET DATE "Range: bytes=0-9\n"
    "x-amz-content-sha256: " EMPTY "\n"
    AUTH("host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    "PUT /test%24file.text HTTP/1.1\n" BUCKET
    "Date: Fri, 24 May 2013 00:00:00 GMT\nx-amz-date: 20130524T000000Z\n"
    "x-amz-storage-class: REDUCED_REDUNDANCY\nx-amz-content-sha256: "
    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n"
    AUTH("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    "\nWelcome to Amazon S3.",
    "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
    "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&"
    "X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
    "X-Amz-Signature="
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    " HTTP/1.1\n" BUCKET,
    "PUT /examplebucket/chunkObject.txt HTTP/1.1\nHost: s3.amazonaws.com\n"
    DATE "x-amz-storage-class: REDUCED_REDUNDANCY\n"
    "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\n"
    "Content-Encoding: aws-chunked\nContent-Length: 66824\n"
    "x-amz-decoded-content-length: 66560\n"
    AUTH("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
         "x-amz-decoded-content-length;x-amz-storage-class",
         "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
    "PUT /examplebucket/chunkObject.txt HTTP/1.1\nHost: s3.amazonaws.com\n"
    DATE "x-amz-storage-class: REDUCED_REDUNDANCY\n"
    "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\n"
    "Content-Encoding: aws-chunked\nx-amz-trailer: x-amz-checksum-crc32c\n"
    "x-amz-decoded-content-length: 66560\n"
    AUTH("content-encoding;host;x-amz-content-sha256;x-amz-date;"
         "x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
         "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
};

static void published_requests(void **state)
{
    aws4_policy policy = lenient();
    judgement was;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(published); i++) {
        request req = parse_request(as_span_of(published[i]));

        if (judge(&was, &req, &client, time_of("20130524T000000Z"), &policy)
            != AWS4_OK)
            fail_msg("request %d: %s", (int)i, was.why);
        check_body(&req, &was.checked);
    }
}

typedef struct stream {
    const char *chunks[4]; /* the seed before them */
    const char *trailer;
} stream;

static const stream streams[] = {
    { { "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9" },
      NULL },
    { { "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992" },
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435" },
};

static void assert_signature(const unsigned char *octets, const char *hex)
{
    char made[2 * AS_SHA256_LEN + 1];

    as_hex_put(made, octets, AS_SHA256_LEN);
    assert_string_equal(made, hex);
}

static void check_stream(const stream *row, const unsigned char *key)
{
    static const apr_size_t sizes[] = { 65536, 1024, 0 };
    const as_span date = as_span_of("20130524T000000Z");
    const as_span scope = as_span_of("20130524/us-east-1/s3/aws4_request");
    unsigned char last[AS_SHA256_LEN], hash[AS_SHA256_LEN];
    char *data = apr_palloc(pool, sizes[0]);
    int i;

    memset(data, 'a', sizes[0]);
    assert_true(as_hex_take(last, as_span_of(row->chunks[0])));
    for (i = 0; i < 3; i++) {
        assert_int_equal(as_sha256(hash, (as_span){ data, sizes[i] }),
                         APR_SUCCESS);
        assert_int_equal(aws4_chunk_signature(last, key, date, scope, last,
                                              hash), APR_SUCCESS);
        assert_signature(last, row->chunks[i + 1]);
    }
    if (!row->trailer)
        return;
    assert_int_equal(as_sha256(
        hash, as_span_of("x-amz-checksum-crc32c:sOO8/Q==\n")), APR_SUCCESS);
    assert_int_equal(aws4_trailer_signature(last, key, date, scope, last,
                                            hash), APR_SUCCESS);
    assert_signature(last, row->trailer);
}

static void published_chunks(void **state)
{
    unsigned char key[AS_SHA256_LEN];
    size_t i;

    pool = *state;
    assert_int_equal(aws4_signing_key(key, as_span_of(client.secret),
                                      as_span_of("20130524"),
                                      as_span_of("us-east-1"),
                                      as_span_of("s3")), APR_SUCCESS);
    for (i = 0; i < COUNT(streams); i++)
        check_stream(&streams[i], key);
}

static void make_tag(unsigned char tag[AS_SHA256_LEN], int n)
{
    assert_int_equal(as_sha256(tag, (as_span){ (const char *)&n, sizeof(n) }),
                     APR_SUCCESS);
}

/* Of many keys the newest are there, and none once the process ends. */
static void kept_keys(void **state)
{
    unsigned char tag[AS_SHA256_LEN], key[AS_SHA256_LEN];
    apr_pool_t *child;
    int i, found = 0;

    apr_pool_create(&child, *state);
    make_tag(tag, 0);
    aws4_keys_keep(tag, tag);
    assert_false(aws4_keys_find(key, tag)); /* there is no cache yet */
    assert_int_equal(aws4_keys_init(child), APR_SUCCESS);
    for (i = 0; i < 2000; i++) {
        make_tag(tag, i);
        assert_false(aws4_keys_find(key, tag));
        aws4_keys_keep(tag, tag);
        aws4_keys_keep(tag, tag);
        assert_true(aws4_keys_find(key, tag));
        assert_memory_equal(key, tag, sizeof(key));
    }
    for (i = 0; i < 2000; i++) {
        make_tag(tag, i);
        found += aws4_keys_find(key, tag);
    }
    assert_int_equal(found, 256);
    apr_pool_destroy(child);
    assert_false(aws4_keys_find(key, tag));
}

/* HMAC takes a key of more than a block as its hash. */
static void secret_of_more_than_a_block(void **state)
{
    char secret[200];
    unsigned char key[AS_SHA256_LEN], right[AS_SHA256_LEN];

    pool = *state;
    memset(secret, 's', sizeof(secret));
    assert_true(as_hex_take(right, as_span_of(
        "e1cc9e370b5ba8359a3962f5e2852727"
        "e5e46b3010945603012eb1bdae5bf0a3")));
    assert_int_equal(aws4_signing_key(key, (as_span){ secret, sizeof(secret) },
                                      as_span_of("20130524"),
                                      as_span_of("us-east-1"),
                                      as_span_of("s3")), APR_SUCCESS);
    assert_memory_equal(key, right, sizeof(key));
}

static void long_secret(void **state)
{
    char secret[AWS4_SECRET_MAX + 1];
    unsigned char key[AS_SHA256_LEN];
    as_span day = { "20130524", 8 }, word = { "s3", 2 };

    pool = *state;
    memset(secret, 's', sizeof(secret));
    assert_int_equal(aws4_signing_key(key, (as_span){ secret,
                                                      AWS4_SECRET_MAX },
                                      day, word, word), APR_SUCCESS);
    assert_int_equal(aws4_signing_key(key, (as_span){ secret,
                                                      sizeof(secret) },
                                      day, word, word), APR_EINVAL);
}

/* ---- credentials that are none --------------------------------------- */

#define CRED "Credential=AKID/20150830/us-east-1/s3/aws4_request"
#define HEADS "SignedHeaders=host;x-amz-date"
#define HEX16 "0123456789abcdef"
#define SIG "Signature=" HEX16 HEX16 HEX16 HEX16
#define US "AWS4-HMAC-SHA256 "

static const struct {
    const char *field;
    aws4_fault fault;
    const char *key_id; /* where it is good */
} fields[] = {
    { US CRED ", " HEADS ", " SIG, AWS4_OK, "AKID" },
    { US CRED "," HEADS "," SIG, AWS4_OK, "AKID" },
    { US SIG " ,\t" HEADS " , " CRED " ", AWS4_OK, "AKID" },
    { "aws4-hmac-sha256   " CRED "," HEADS "," SIG, AWS4_OK, "AKID" },
    { US "Credential=a/b=c/20150830/r/s/aws4_request," HEADS "," SIG,
      AWS4_OK, "a/b=c" },
    { US "Credential=a%2Fb/20150830/r/s/aws4_request," HEADS "," SIG,
      AWS4_OK, "a%2Fb" },
    { US "Credential=//20150830/r/s/aws4_request," HEADS "," SIG, AWS4_OK,
      "/" },

    { NULL, AWS4_NONE, NULL },
    { "", AWS4_NONE, NULL },
    { "Basic Zm9vOmJhcg==", AWS4_NONE, NULL },
    { "AWS4-HMAC-SHA256," CRED "," HEADS "," SIG, AWS4_NONE, NULL },
    { "AWS AKID:c2lnbmF0dXJl", AWS4_OTHER_ALGORITHM, NULL },
    { "OSC4-HMAC-SHA256 " CRED "," HEADS "," SIG, AWS4_OTHER_ALGORITHM,
      NULL },
    { "AWS4-ECDSA-P256-SHA256 " CRED "," HEADS "," SIG,
      AWS4_OTHER_ALGORITHM, NULL },
    { "AWS4-HMAC-SHA256", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS, AWS4_MALFORMED, NULL },
    { US CRED "," SIG, AWS4_MALFORMED, NULL },
    { US HEADS "," SIG, AWS4_MALFORMED, NULL },
    { US CRED "," CRED "," HEADS "," SIG, AWS4_MALFORMED, NULL },
    { US CRED "," HEADS "," HEADS "," SIG, AWS4_MALFORMED, NULL },
    { US CRED "," HEADS "," SIG "," SIG, AWS4_MALFORMED, NULL },
    { US CRED "," HEADS "," SIG ", Basic Zm9v", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS "," SIG ",", AWS4_MALFORMED, NULL },
    { US CRED ",," HEADS "," SIG, AWS4_MALFORMED, NULL },
    { US CRED "," HEADS "," SIG ",Extra=1", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",signature=" HEX16 HEX16 HEX16 HEX16,
      AWS4_MALFORMED, NULL },
    { US CRED " " HEADS " " SIG, AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",Signature=", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",Signature", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",Signature=" HEX16 HEX16 HEX16, AWS4_MALFORMED,
      NULL },
    { US CRED "," HEADS "," SIG "0", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS "," SIG "00", AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",Signature=0123456789ABCDEF" HEX16 HEX16 HEX16,
      AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",Signature=0123456789abcdeg" HEX16 HEX16 HEX16,
      AWS4_MALFORMED, NULL },
    { US CRED "," HEADS ",Signature= " HEX16 HEX16 HEX16 HEX16,
      AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=x-amz-date;host," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=host;host;x-amz-date," SIG, AWS4_MALFORMED,
      NULL },
    { US CRED ",SignedHeaders=Host;x-amz-date," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=host;;x-amz-date," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=;host," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=host;x-amz-date;," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=host:x;x-amz-date," SIG, AWS4_MALFORMED, NULL },
    { US CRED ",SignedHeaders=host x-amz-date," SIG, AWS4_MALFORMED, NULL },
    { US "Credential=," HEADS "," SIG, AWS4_MALFORMED, NULL },
    { US "Credential=20150830/us-east-1/s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=/20150830/us-east-1/s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150830/us-east-1/s3/aws3_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150830/us-east-1/s3/aws4_request/," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150830/us-east-1/s3/x/aws4_request," HEADS ","
      SIG, AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150830//s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150830/us-east-1//aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150230/us-east-1/s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/20150000/us-east-1/s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AKID/2015083/us-east-1/s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
    { US "Credential=AK ID/20150830/us-east-1/s3/aws4_request," HEADS "," SIG,
      AWS4_MALFORMED, NULL },
};

static void header_form(void **state)
{
    aws4_request_credentials sent;
    const char *why;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(fields); i++) {
        aws4_fault fault = aws4_read(&sent, &why, as_span_of(fields[i].field),
                                     as_span_of("/"), pool);

        if (fault != fields[i].fault)
            fail_msg("%s: %s", fields[i].field, why);
        if (fault == AWS4_OK)
            assert_span(sent.key_id, fields[i].key_id);
        if (fault != AWS4_OK)
            assert_non_null(why);
    }
}

/* curl 8.21 encodes the id. */
static void encoded_id(void **state)
{
    aws4_request_credentials sent;
    const char *why;

    pool = *state;
    aws4_read_header(&sent, &why,
                     as_span_of("Credential=a%2Fb%20/20150830/r/s/"
                                "aws4_request," HEADS "," SIG), pool);
    assert_null(sent.key_alt.at);
    aws4_read_header(&sent, &why,
                     as_span_of("Credential=a%2Fb/20150830/r/s/aws4_request,"
                                HEADS "," SIG), pool);
    assert_span(sent.key_alt, "a/b");
    assert_span(sent.scope, "20150830/r/s/aws4_request");
}

static const char *names(int count)
{
    const char *text = "";
    int i;

    for (i = 0; i < count; i++)
        text = apr_psprintf(pool, "%s%sx%02d", text, i ? ";" : "", i);
    return text;
}

static void many_names(void **state)
{
    aws4_request_credentials sent;
    const char *why, *field = CRED "," SIG ",SignedHeaders=";

    pool = *state;
    assert_int_equal(aws4_read_header(&sent, &why,
                                      as_span_of(apr_pstrcat(
                                          pool, field, names(64), NULL)),
                                      pool), AWS4_OK);
    assert_int_equal(sent.name_count, 64);
    assert_int_equal(aws4_read_header(&sent, &why,
                                      as_span_of(apr_pstrcat(
                                          pool, field, names(65), NULL)),
                                      pool), AWS4_MALFORMED);
}

#define QA "X-Amz-Algorithm=AWS4-HMAC-SHA256&"
#define QC "X-Amz-Credential=AKID%2F20150830%2Fus-east-1%2Fs3%2Faws4_request&"
#define QD "X-Amz-Date=20150830T123600Z&"
#define QE "X-Amz-Expires=600&"
#define QH "X-Amz-SignedHeaders=host%3Brange&"
#define QS "X-Amz-Signature=" HEX16 HEX16 HEX16 HEX16

static const struct {
    const char *query;
    aws4_fault fault;
} queries[] = {
    { QA QC QD QE QH QS, AWS4_OK },
    { QS "&" QH QE QD QC QA, AWS4_OK },
    { "a=b&&" QA QC QD QE QH QS "&%5a=%20&", AWS4_OK },
    { "%58-Amz-Algorithm=AWS4-HMAC-SHA256&" QC QD QE QH QS, AWS4_OK },
    { QA QC QD QE QH QS "&X-Amz-Security-Token=t%2F%2B", AWS4_OK },
    { QA QC QD QH QS, AWS4_OK }, /* aws4_check() looks for X-Amz-Expires */
    { QA QC QD "X-Amz-Expires=1&" QH QS, AWS4_OK },
    { QA QC QD "X-Amz-Expires=604800&" QH QS, AWS4_OK },

    { "", AWS4_NONE },
    { "a=b", AWS4_NONE },
    { "a=100%", AWS4_NONE },
    { "x-amz-signature=1", AWS4_NONE },
    { "AWSAccessKeyId=AKID&Signature=c2ln&Expires=1", AWS4_OTHER_ALGORITHM },
    { "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&" QC QD QE QH QS,
      AWS4_OTHER_ALGORITHM },
    { "X-Amz-Algorithm=&" QC QD QE QH QS, AWS4_OTHER_ALGORITHM },
    { "X-Amz-Algorithm=aws4-hmac-sha256&" QC QD QE QH QS,
      AWS4_OTHER_ALGORITHM },
    { QS, AWS4_QUERY_MALFORMED },
    { QC QD QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QD QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH, AWS4_QUERY_MALFORMED },
    { QA QA QC QD QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QC QD QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QD QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QS "&" QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QS "&X-Amz-Signatur%65=1", AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QS "&X-Amz-Security-Token=a&X-Amz-Security-Token=a",
      AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QS "&X-Amz-Security-Token=", AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QS "&X-Amz-Security-Token=a+b", AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=0&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=604801&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=-1&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=%2B600&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=4294967896&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD "X-Amz-Expires=600.5&" QH QS, AWS4_QUERY_MALFORMED },
    { QA QC "X-Amz-Date=2015-08-30&" QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE "X-Amz-SignedHeaders=range%3Bhost&" QS,
      AWS4_QUERY_MALFORMED },
    { QA QC QD QE "X-Amz-SignedHeaders=host%0Arange&" QS,
      AWS4_QUERY_MALFORMED },
    { QA "X-Amz-Credential=AKID%2F20150830%2Fus%0A%2Fs3%2Faws4_request&" QD
      QE QH QS, AWS4_QUERY_MALFORMED },
    { QA "X-Amz-Credential=AKID%252F20150830%252Fus%252Fs3%252Faws4_request&"
      QD QE QH QS, AWS4_QUERY_MALFORMED },
    { QA QC QD QE QH QS "&a=100%", AWS4_TARGET },
    { QA QC QD QE QH QS "&a=%4", AWS4_TARGET },
    { QA QC QD QE QH QS "&a=%zz", AWS4_TARGET },
};

static void query_form(void **state)
{
    aws4_request_credentials sent;
    const char *why;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(queries); i++) {
        as_span text = exact(queries[i].query, strlen(queries[i].query));

        if (aws4_read_query(&sent, &why, text, pool) != queries[i].fault)
            fail_msg("%s: %s", queries[i].query, why);
        free((void *)(uintptr_t)text.at);
    }
}

static void many_params(void **state)
{
    const char *text = "/?" QA QC QD QE QH QS;
    aws4_request_credentials sent;
    const char *why;
    int i;

    pool = *state;
    for (i = 6; i < AWS4_PARAMS_MAX; i++)
        text = apr_pstrcat(pool, text, "&a", NULL);
    assert_int_equal(aws4_read(&sent, &why, as_span_of(NULL),
                               as_span_of(text), pool), AWS4_OK);
    text = apr_pstrcat(pool, text, "&a", NULL);
    assert_int_equal(aws4_read(&sent, &why, as_span_of(NULL),
                               as_span_of(text), pool), AWS4_TARGET);
    assert_int_equal(aws4_read(&sent, &why,
                               as_span_of(US CRED "," HEADS "," SIG),
                               as_span_of(text), pool), AWS4_TARGET);
}

static void two_forms(void **state)
{
    static const struct {
        const char *field, *target;
        aws4_fault fault;
    } rows[] = {
        { US CRED "," HEADS "," SIG, "/?" QA QC QD QE QH QS, AWS4_TWO_FORMS },
        { US CRED "," HEADS "," SIG, "/?X-Amz-Signature=", AWS4_TWO_FORMS },
        { US "rubbish", "/?X-Amz-Date", AWS4_TWO_FORMS },
        { US CRED "," HEADS "," SIG, "/?X-Amz-Security-Token=a", AWS4_OK },
        { "Basic Zm9v", "/?" QA QC QD QE QH QS, AWS4_OK },
        { "AWS AKID:c2ln", "/?" QA QC QD QE QH QS, AWS4_OK },
        { "Basic Zm9v", "*", AWS4_NONE },
        { US CRED "," HEADS "," SIG, "*", AWS4_TARGET },
        { US CRED "," HEADS "," SIG, "example.com:443", AWS4_TARGET },
        { US CRED "," HEADS "," SIG, "http://h/p", AWS4_OK },
    };
    aws4_request_credentials sent;
    const char *why;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(rows); i++)
        if (aws4_read(&sent, &why, as_span_of(rows[i].field),
                      as_span_of(rows[i].target), pool) != rows[i].fault)
            fail_msg("%s, %s: %s", rows[i].field, rows[i].target, why);
}

/* ---- requests that are signed here ----------------------------------- */

#define NOW "20150830T123600Z"

static void hmac(unsigned char *out, const void *key, size_t key_len,
                 const char *text)
{
    assert_non_null(HMAC(EVP_sha256(), key, (int)key_len,
                         (const unsigned char *)text, strlen(text), out,
                         NULL));
}

/* The signature of a canonical request, as hexadecimal digits. */
static const char *sign(const char *canonical, const char *day,
                        const char *service, const char *date)
{
    unsigned char key[AS_SHA256_LEN], hash[AS_SHA256_LEN];
    char *hex = apr_palloc(pool, 2 * AS_SHA256_LEN + 1);
    const char *secret = apr_pstrcat(pool, "AWS4", suite.secret, NULL);

    hmac(key, secret, strlen(secret), day);
    hmac(key, key, sizeof(key), "us-east-1");
    hmac(key, key, sizeof(key), service);
    hmac(key, key, sizeof(key), "aws4_request");
    assert_int_equal(as_sha256(hash, as_span_of(canonical)), APR_SUCCESS);
    as_hex_put(hex, hash, sizeof(hash));
    hmac(hash, key, sizeof(key),
         apr_pstrcat(pool, "AWS4-HMAC-SHA256\n", date, "\n", day,
                     "/us-east-1/", service, "/aws4_request\n", hex, NULL));
    as_hex_put(hex, hash, sizeof(hash));
    return hex;
}

static void authorize(request *req, const char *service, const char *day,
                      const char *date, const char *signed_names,
                      const char *canonical)
{
    apr_table_set(req->headers, "Authorization",
                  apr_pstrcat(pool, US "Credential=AKIDEXAMPLE/", day,
                              "/us-east-1/", service, "/aws4_request,"
                              "SignedHeaders=", signed_names, ",Signature=",
                              sign(canonical, day, service, date), NULL));
}

static aws4_fault verdict(const request *req, const aws4_policy *policy)
{
    judgement was;

    return judge(&was, req, &suite, time_of(NOW), policy);
}

/* What is sent, and what a client signed for it. */
static aws4_fault try_uri(const char *service, const char *target,
                          const char *path, const char *query,
                          aws4_compat compat)
{
    request req = request_of("GET", target);
    aws4_policy policy = lenient();

    policy.compat = compat;
    set_body(&req, as_span_of(""));
    apr_table_set(req.headers, "Host", "h");
    apr_table_set(req.headers, "X-Amz-Date", NOW);
    authorize(&req, service, "20150830", NOW, "host;x-amz-date",
              apr_pstrcat(pool, "GET\n", path, "\n", query,
                          "\nhost:h\nx-amz-date:" NOW "\n\n"
                          "host;x-amz-date\n" EMPTY, NULL));
    return verdict(&req, &policy);
}

enum { STRICT, PLUS_PATH, NO_NORMALISE, RAW_PATH, PLUS_LITERAL, RAW_QUERY };

static const aws4_compat compats[] = {
    [PLUS_PATH] = { .plus_path = 1 },
    [NO_NORMALISE] = { .no_normalise = 1 },
    [RAW_PATH] = { .raw_path = 1 },
    [PLUS_LITERAL] = { .plus_literal = 1 },
    [RAW_QUERY] = { .raw_query = 1 },
};

static const struct {
    const char *service, *sent, *is_signed;
    aws4_fault fault;
    int compat;
} paths[] = {
    /* S3 encodes once and leaves segments alone */
    { "s3", "/a%20b", "/a%20b", AWS4_OK, STRICT },
    { "s3", "/b//x/../y/./", "/b//x/../y/./", AWS4_OK, STRICT },
    { "s3", "/%7ea%2Db", "/~a-b", AWS4_OK, STRICT },
    { "s3", "/%e1%88%b4", "/%E1%88%B4", AWS4_OK, STRICT },
    { "s3", "/%e1%88%b4", "/%e1%88%b4", AWS4_OK, STRICT },
    { "s3", "/\xe1\x88\xb4", "/%E1%88%B4", AWS4_OK, STRICT },
    { "s3", "/a=(1)'", "/a%3D%281%29%27", AWS4_OK, STRICT },
    { "s3", "/a=(1)'", "/a=(1)'", AWS4_OK, STRICT },
    { "s3", "/a%2fb", "/a%2Fb", AWS4_OK, STRICT },
    { "s3", "/a+b", "/a%2Bb", AWS4_OK, STRICT },
    { "s3", "/a+b", "/a%20b", AWS4_OK, PLUS_PATH },
    { "s3", "http://h/a%20b", "/a%20b", AWS4_OK, STRICT },
    { "s3", "http://h", "/", AWS4_OK, STRICT },
    { "s3-outposts", "/a//b", "/a//b", AWS4_OK, STRICT },
    /* all others normalise, then encode what is encoded */
    { "execute-api", "/a%20b", "/a%2520b", AWS4_OK, STRICT },
    { "execute-api", "/b//x/../y/./", "/b/y/", AWS4_OK, STRICT },
    { "execute-api", "/..", "/", AWS4_OK, STRICT },
    { "execute-api", "//../../a", "/a", AWS4_OK, STRICT },
    { "execute-api", "/a/.", "/a", AWS4_OK, STRICT },
    { "execute-api", "/%2e%2e/a", "/%252e%252e/a", AWS4_OK, STRICT },
    { "execute-api", "/a//b", "/a//b", AWS4_OK, NO_NORMALISE },
    { "execute-api", "/a%20b", "/a%20b", AWS4_OK, RAW_PATH },

    { "s3", "/a%20b", "/a%2520b", AWS4_MISMATCH, STRICT },
    { "s3", "/b//x/../y", "/b/y", AWS4_MISMATCH, STRICT },
    { "s3", "/a//b", "/a/b", AWS4_MISMATCH, STRICT },
    { "s3", "/a%2fb", "/a/b", AWS4_MISMATCH, STRICT },
    { "s3", "/a/b", "/a%2Fb", AWS4_MISMATCH, STRICT },
    { "s3", "/a+b", "/a%20b", AWS4_MISMATCH, STRICT },
    { "s3", "/a%20b", "/a%2Bb", AWS4_MISMATCH, PLUS_PATH },
    { "s3", "/a%2520b", "/a%20b", AWS4_MISMATCH, STRICT },
    { "s3", "/A", "/a", AWS4_MISMATCH, STRICT },
    { "s3", "/a/", "/a", AWS4_MISMATCH, STRICT },
    { "s3", "/%00", "/", AWS4_MISMATCH, STRICT },
    { "execute-api", "/a%20b", "/a%20b", AWS4_MISMATCH, STRICT },
    { "execute-api", "/a%2520b", "/a%2520b", AWS4_MISMATCH, STRICT },
    { "execute-api", "/a//b", "/a//b", AWS4_MISMATCH, STRICT },
    { "execute-api", "/a%2fb", "/a/b", AWS4_MISMATCH, STRICT },
    { "execute-api", "/%2e%2e/a", "/a", AWS4_MISMATCH, STRICT },
    { "execute-api", "/a/", "/a", AWS4_MISMATCH, STRICT },
    { "execute-api", "/a+b", "/a%20b", AWS4_MISMATCH, PLUS_PATH },
    { "S3", "/a//b", "/a//b", AWS4_MISMATCH, STRICT },
    { "s3", "/a#b", "/a%23b", AWS4_TARGET, STRICT },
    { "s3", "/a%", "/a%25", AWS4_TARGET, STRICT },
    { "s3", "/a%2", "/a%252", AWS4_TARGET, STRICT },
    { "s3", "/a%zz", "/a%25zz", AWS4_TARGET, STRICT },
    { "s3", "/a\nb", "/a%0Ab", AWS4_TARGET, STRICT },
    { "s3", "*", "*", AWS4_TARGET, STRICT },
    { "s3", "h:443", "/", AWS4_TARGET, STRICT },
    { "s3", "a/b", "a/b", AWS4_TARGET, STRICT },
};

static void signed_paths(void **state)
{
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(paths); i++)
        if (try_uri(paths[i].service, paths[i].sent, paths[i].is_signed, "",
                    compats[paths[i].compat]) != paths[i].fault)
            fail_msg("%s %s for %s", paths[i].service, paths[i].sent,
                     paths[i].is_signed);
}

static const struct {
    const char *sent, *is_signed;
    aws4_fault fault;
    int compat;
} signed_rows[] = {
    { "", "", AWS4_OK, STRICT },
    { "?", "", AWS4_OK, STRICT },
    { "?&&", "", AWS4_OK, STRICT },
    { "?uploads", "uploads=", AWS4_OK, STRICT },
    { "?b=2&a=1", "a=1&b=2", AWS4_OK, STRICT },
    { "?a=2&a=1&A=3", "A=3&a=1&a=2", AWS4_OK, STRICT },
    { "?a=b/c=d?e;f", "a=b%2Fc%3Dd%3Fe%3Bf", AWS4_OK, STRICT },
    { "?a=%e1%88%b4&%7e=%7E", "a=%E1%88%B4&~=~", AWS4_OK, STRICT },
    { "?a=%26%3D", "a=%26%3D", AWS4_OK, STRICT },
    { "?=a", "=a", AWS4_OK, STRICT },
    { "?a-b=1&a=2", "a=2&a-b=1", AWS4_OK, STRICT },
    { "?a=1+2", "a=1%202", AWS4_OK, STRICT },
    { "?a=1+2", "a=1%2B2", AWS4_OK, PLUS_LITERAL },
    { "?x=1&b", "x=1&b", AWS4_OK, RAW_QUERY },
    { "?a=%00", "a=%00", AWS4_OK, STRICT },
    { "?a=1#", "a=1%23", AWS4_TARGET, STRICT },

    { "?a=1&a=1", "a=1", AWS4_MISMATCH, STRICT },
    { "?a=1", "a=1&b=2", AWS4_MISMATCH, STRICT },
    { "?a=1&b=2", "a=1", AWS4_MISMATCH, STRICT },
    { "?b=2&a=1", "b=2&a=1", AWS4_MISMATCH, STRICT },
    { "?a", "a", AWS4_MISMATCH, STRICT },
    { "?a=1%262", "a=1&2=", AWS4_MISMATCH, STRICT },
    { "?a=1+2", "a=1%2B2", AWS4_MISMATCH, STRICT },
    { "?a=1%2B2", "a=1%202", AWS4_MISMATCH, PLUS_LITERAL },
    { "?x=1&b", "x=1&b", AWS4_MISMATCH, STRICT },
    { "?a=%3d", "a=%3d", AWS4_MISMATCH, STRICT },
    { "?A=1", "a=1", AWS4_MISMATCH, STRICT },
    { "?x-amz-signature=1", "", AWS4_MISMATCH, STRICT },
};

static void signed_queries(void **state)
{
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(signed_rows); i++)
        if (try_uri("s3",
                    apr_pstrcat(pool, "/", signed_rows[i].sent, NULL), "/",
                    signed_rows[i].is_signed, compats[signed_rows[i].compat])
            != signed_rows[i].fault)
            fail_msg("%s for %s", signed_rows[i].sent,
                     signed_rows[i].is_signed);
}

/* ---- values of headers ----------------------------------------------- */

static aws4_fault try_value(const char *sent, const char *is_signed,
                            int unfolded)
{
    request req = request_of("GET", "/");
    aws4_policy policy = lenient();

    policy.compat.unfolded = unfolded;
    set_body(&req, as_span_of(""));
    apr_table_set(req.headers, "host", "h");
    apr_table_set(req.headers, "x-amz-date", NOW);
    apr_table_set(req.headers, "X-Value", sent);
    authorize(&req, "s3", "20150830", NOW, "host;x-amz-date;x-value",
              apr_pstrcat(pool, "GET\n/\n\nhost:h\nx-amz-date:" NOW
                          "\nx-value:", is_signed,
                          "\n\nhost;x-amz-date;x-value\n" EMPTY, NULL));
    return verdict(&req, &policy);
}

static const struct {
    const char *sent, *is_signed;
    aws4_fault fault;
    int unfolded;
} values[] = {
    { "", "", AWS4_OK, 0 },
    { "a", "a", AWS4_OK, 0 },
    { "a   b", "a b", AWS4_OK, 0 },
    { "a \t b", "a b", AWS4_OK, 0 },
    { "a\tb", "a b", AWS4_OK, 0 },
    { "\"a   b\"", "\"a b\"", AWS4_OK, 0 },
    { " a ", "a", AWS4_OK, 0 },
    { "a, b", "a, b", AWS4_OK, 0 },
    { "a, b", "a,b", AWS4_OK, 0 },
    { "a, b, c", "a,b,c", AWS4_OK, 0 },
    { "a,b", "a,b", AWS4_OK, 0 },
    { "a  b", "a  b", AWS4_OK, 1 },
    { "a  b, c", "a  b,c", AWS4_OK, 1 },

    { "a  b", "a  b", AWS4_MISMATCH, 0 },
    { "a b", "ab", AWS4_MISMATCH, 0 },
    { "ab", "a b", AWS4_MISMATCH, 1 },
    { "a b", "a  b", AWS4_MISMATCH, 1 },
    { "a,b", "a, b", AWS4_MISMATCH, 0 },
    { "a, b", "a", AWS4_MISMATCH, 0 },
    { "a, b", "b, a", AWS4_MISMATCH, 0 },
    { "a, b", "b,a", AWS4_MISMATCH, 0 },
    { "A", "a", AWS4_MISMATCH, 0 },
    { "a\nx-other:b", "a\nx-other:b", AWS4_MISMATCH, 0 },
    { "a\nx-other:b", "a\nx-other:b", AWS4_MISMATCH, 1 },
};

static void signed_values(void **state)
{
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(values); i++)
        if (try_value(values[i].sent, values[i].is_signed,
                      values[i].unfolded) != values[i].fault)
            fail_msg("\"%s\" for \"%s\"", values[i].sent,
                     values[i].is_signed);
}

/* One list of the two was a repeated field, the other was not. */
static void mixed_lists(void **state)
{
    static const char *const rows[] = { "a, b\nx-two:c,d", "a,b\nx-two:c, d",
                                        "a,b\nx-two:c,d", "a, b\nx-two:c, d" };
    aws4_policy policy = lenient();
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(rows); i++) {
        request req = request_of("GET", "/");

        set_body(&req, as_span_of(""));
        apr_table_set(req.headers, "host", "h");
        apr_table_set(req.headers, "x-amz-date", NOW);
        apr_table_set(req.headers, "x-one", "a, b");
        apr_table_set(req.headers, "x-two", "c, d");
        authorize(&req, "s3", "20150830", NOW, "host;x-amz-date;x-one;x-two",
                  apr_pstrcat(pool, "GET\n/\n\nhost:h\nx-amz-date:" NOW
                              "\nx-one:", rows[i],
                              "\n\nhost;x-amz-date;x-one;x-two\n" EMPTY,
                              NULL));
        assert_int_equal(verdict(&req, &policy), AWS4_OK);
    }
}

/* However much is asked for, there is an end. */
static void candidates_end(void **state)
{
    const aws4_compat all = { 1, 1, 1, 1, 1, 1, 1 };
    const char *signed_names = "x00;x01;x02;x03;x04;x05";
    request req;
    aws4_request_credentials sent;
    aws4_payload payload;
    aws4_readings *readings;
    as_span canonical;
    const char *why;
    int i, s3;

    pool = *state;
    req = request_of("PUT", "/a+b//c?b=1+2&a");
    set_body(&req, as_span_of("body"));
    for (i = 0; i < 6; i++)
        apr_table_set(req.headers, apr_psprintf(pool, "x%02d", i), "a, b  c");
    assert_int_equal(
        aws4_read_header(&sent, &why,
                         as_span_of(apr_pstrcat(pool, CRED "," SIG
                                                ",SignedHeaders=",
                                                signed_names, NULL)), pool),
        AWS4_OK);
    for (s3 = 0; s3 < 2; s3++) {
        assert_int_equal(aws4_payload_read(&payload, &why, &req.message,
                                           &sent, s3, pool), AWS4_OK);
        assert_int_equal(aws4_readings_begin(&readings, &why, &req.message,
                                             &sent, &payload, s3, &all, pool),
                         AWS4_OK);
        for (i = 0; aws4_readings_next(&canonical, readings); i++)
            assert_true(canonical.len > 64);
        assert_int_equal(i, AWS4_READINGS_MAX);
        assert_false(aws4_readings_next(&canonical, readings));
    }
}

/* ---- dates and scopes ------------------------------------------------ */

typedef struct dated {
    const char *amz, *date; /* the fields; NULL if not there */
    const char *is_signed;  /* the long date that the client signed */
    const char *day;        /* of the scope */
    int now;                /* seconds after NOW */
    aws4_fault fault;
} dated;

static const dated dates[] = {
    { NOW, NULL, NOW, "20150830", 0, AWS4_OK },
    { NOW, NULL, NOW, "20150830", 900, AWS4_OK },
    { NOW, NULL, NOW, "20150830", -900, AWS4_OK },
    { NOW, "Sun, 30 Aug 2015 00:00:00 GMT", NOW, "20150830", 0, AWS4_OK },
    { NULL, NOW, NOW, "20150830", 0, AWS4_OK },
    { NULL, "Sun, 30 Aug 2015 12:36:00 GMT", NOW, "20150830", 0, AWS4_OK },
    { "20150830T235959Z", NULL, "20150830T235959Z", "20150830", 41041,
      AWS4_OK }, /* the next day */
    { "20150831T000000Z", NULL, "20150831T000000Z", "20150831", 41039,
      AWS4_OK },

    { NOW, NULL, NOW, "20150830", 901, AWS4_SKEWED },
    { NOW, NULL, NOW, "20150830", -901, AWS4_SKEWED },
    { NOW, NULL, NOW, "20150831", 0, AWS4_SCOPE },
    { NOW, NULL, NOW, "20150829", 0, AWS4_SCOPE },
    { "20150831T000000Z", NULL, "20150831T000000Z", "20150830", 41039,
      AWS4_SCOPE },
    { NULL, NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "", NOW, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "Sun, 30 Aug 2015 12:36:00 GMT", NULL, NOW, "20150830", 0,
      AWS4_BAD_DATE },
    { "20150830T123600", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20150830T123600Z ", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20150830t123600z", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20150830T126000Z", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20150830T243600Z", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20151330T123600Z", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20150230T123600Z", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { "00000830T123600Z", NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { NOW ", " NOW, NULL, NOW, "20150830", 0, AWS4_BAD_DATE },
    { NULL, "Sun, 30 Aug 2015 12:36:00", NOW, "20150830", 0, AWS4_BAD_DATE },
    { NULL, "Sun, 30 Foo 2015 12:36:00 GMT", NOW, "20150830", 0,
      AWS4_BAD_DATE },
    { NULL, "Sunday, 30-Aug-15 12:36:00 GMT", NOW, "20150830", 0,
      AWS4_BAD_DATE },
    { NULL, "yesterday", NOW, "20150830", 0, AWS4_BAD_DATE },
    { "20150830T123601Z", NULL, NOW, "20150830", 0, AWS4_MISMATCH },
    { NULL, "Sun, 30 Aug 2015 12:36:01 GMT", NOW, "20150830", 0,
      AWS4_MISMATCH },
};

/* Both fields are signed if they are there. */
static request dated_request(const dated *row)
{
    request req = request_of("GET", "/");
    const char *names = apr_pstrcat(pool, row->date ? "date;" : "", "host",
                                    row->amz ? ";x-amz-date" : "", NULL);
    const char *lines = "GET\n/\n\n";

    set_body(&req, as_span_of(""));
    apr_table_set(req.headers, "Host", "h");
    if (row->date) {
        apr_table_set(req.headers, "Date", row->date);
        lines = apr_pstrcat(pool, lines, "date:", row->date, "\n", NULL);
    }
    lines = apr_pstrcat(pool, lines, "host:h\n", NULL);
    if (row->amz) {
        apr_table_set(req.headers, "X-Amz-Date", row->amz);
        lines = apr_pstrcat(pool, lines, "x-amz-date:", row->amz, "\n", NULL);
    }
    authorize(&req, "s3", row->day, row->is_signed, names,
              apr_pstrcat(pool, lines, "\n", names, "\n" EMPTY, NULL));
    return req;
}

static void signed_dates(void **state)
{
    aws4_policy policy = lenient();
    judgement was;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(dates); i++) {
        request req = dated_request(&dates[i]);
        apr_time_t now = time_of(NOW) + apr_time_from_sec(dates[i].now);

        if (judge(&was, &req, &suite, now, &policy) != dates[i].fault)
            fail_msg("row %d: %s", (int)i, was.why);
    }
}

/* A date that is there and that the signature does not cover. */
static void unsigned_dates(void **state)
{
    static const char *const names[] = { "Date", "X-Amz-Date" };
    aws4_policy policy = lenient();
    judgement was;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(names); i++) {
        request req = request_of("GET", "/");

        set_body(&req, as_span_of(""));
        apr_table_set(req.headers, "Host", "h");
        apr_table_set(req.headers, names[i], NOW);
        authorize(&req, "s3", "20150830", NOW, "host",
                  "GET\n/\n\nhost:h\n\nhost\n" EMPTY);
        assert_int_equal(judge(&was, &req, &suite, time_of(NOW), &policy),
                         AWS4_UNSIGNED);
        assert_string_equal(was.checked.header, i ? "x-amz-date" : "date");
    }
}

static request plain_request(void)
{
    static const dated row = { NOW, NULL, NOW, "20150830", 0, AWS4_OK };

    return dated_request(&row);
}

static void wanted_scopes(void **state)
{
    static const char *const ours[] = { "s3", "us-east-1", NULL };
    static const char *const others[] = { "execute-api", "eu-west-1", NULL };
    aws4_policy policy = lenient();
    request req;

    pool = *state;
    req = plain_request();
    policy.services = policy.regions = ours;
    assert_int_equal(verdict(&req, &policy), AWS4_OK);
    policy.services = others;
    assert_int_equal(verdict(&req, &policy), AWS4_SCOPE);
    policy.services = NULL;
    policy.regions = others;
    assert_int_equal(verdict(&req, &policy), AWS4_SCOPE);
}

/* ---- presigned URLs -------------------------------------------------- */

typedef struct presigned {
    const char *service, *expires, *more; /* more is signed, and sorts last */
    const char *payload;
    int now; /* seconds after NOW */
    aws4_fault fault;
} presigned;

#define TOKEN "&X-Amz-Security-Token=t"

static const presigned urls[] = {
    { "s3", "X-Amz-Expires=600&", "", "UNSIGNED-PAYLOAD", 0, AWS4_OK },
    { "s3", "X-Amz-Expires=600&", "", "UNSIGNED-PAYLOAD", 600, AWS4_OK },
    { "s3", "X-Amz-Expires=600&", "", "UNSIGNED-PAYLOAD", -900, AWS4_OK },
    { "s3", "X-Amz-Expires=604800&", "", "UNSIGNED-PAYLOAD", 604800,
      AWS4_OK },
    { "execute-api", "X-Amz-Expires=600&", "", EMPTY, 0, AWS4_OK },
    { "execute-api", "", "", EMPTY, 0, AWS4_OK },
    { "execute-api", "", "", EMPTY, 300, AWS4_OK },

    { "s3", "X-Amz-Expires=600&", "", "UNSIGNED-PAYLOAD", 601,
      AWS4_EXPIRED },
    { "s3", "X-Amz-Expires=604800&", "", "UNSIGNED-PAYLOAD", 604801,
      AWS4_EXPIRED },
    { "s3", "X-Amz-Expires=600&", "", "UNSIGNED-PAYLOAD", -901,
      AWS4_NOT_YET },
    { "execute-api", "", "", EMPTY, 301, AWS4_EXPIRED },
    { "s3", "", "", "UNSIGNED-PAYLOAD", 0, AWS4_QUERY_MALFORMED },
    { "s3", "X-Amz-Expires=0&", "", "UNSIGNED-PAYLOAD", 0,
      AWS4_QUERY_MALFORMED },
    { "s3", "X-Amz-Expires=604801&", "", "UNSIGNED-PAYLOAD", 0,
      AWS4_QUERY_MALFORMED },
    { "s3", "X-Amz-Expires=600&", "", EMPTY, 0, AWS4_MISMATCH },
    { "execute-api", "X-Amz-Expires=600&", "", "UNSIGNED-PAYLOAD", 0,
      AWS4_MISMATCH },
};

/* added is not signed. */
static request presigned_request(const presigned *row, const char *added)
{
    const char *query = apr_pstrcat(
        pool, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE"
        "%2F20150830%2Fus-east-1%2F", row->service, "%2Faws4_request&"
        "X-Amz-Date=" NOW "&", row->expires, "X-Amz-SignedHeaders=host",
        row->more, NULL);
    const char *canonical = apr_pstrcat(pool, "GET\n/\n", query,
                                        "\nhost:h\n\nhost\n", row->payload,
                                        NULL);
    const char *target = apr_pstrcat(pool, "/?", query, "&X-Amz-Signature=",
                                     sign(canonical, "20150830",
                                          row->service, NOW), added, NULL);
    request req = request_of("GET", target);

    set_body(&req, as_span_of(""));
    apr_table_set(req.headers, "Host", "h");
    return req;
}

static aws4_fault judge_url(const presigned *row, const char *added)
{
    request req = presigned_request(row, added);
    aws4_policy policy = lenient();
    judgement was;

    policy.missing_expires = 300;
    return judge(&was, &req, &suite,
                 time_of(NOW) + apr_time_from_sec(row->now), &policy);
}

static void presigned_urls(void **state)
{
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(urls); i++)
        if (judge_url(&urls[i], "") != urls[i].fault)
            fail_msg("row %d", (int)i);
    assert_int_equal(judge_url(&urls[0], "&a=b"), AWS4_MISMATCH);
    assert_int_equal(judge_url(&urls[0], "&X-Amz-Signature=1"),
                     AWS4_QUERY_MALFORMED);
    assert_int_equal(judge_url(&urls[0], "&X-Amz-Content-Sha256=" EMPTY),
                     AWS4_MISMATCH);
    assert_int_equal(judge_url(&urls[0], "&X-Amz-Content-Sha256=x"),
                     AWS4_PAYLOAD);
    /* Some services add the token when all is signed. */
    assert_int_equal(judge_url(&urls[0], TOKEN), AWS4_OK);
    assert_int_equal(judge_url(&urls[4], TOKEN), AWS4_OK);
    assert_int_equal(judge_url(&urls[4], TOKEN TOKEN), AWS4_QUERY_MALFORMED);
}

static void presigned_policy(void **state)
{
    aws4_policy policy = lenient();
    request req;

    pool = *state;
    req = presigned_request(&urls[5], "");
    assert_int_equal(verdict(&req, &policy), AWS4_QUERY_MALFORMED);
    req = presigned_request(&urls[0], "");
    policy.max_expires = 600;
    assert_int_equal(verdict(&req, &policy), AWS4_OK);
    policy.max_expires = 599;
    assert_int_equal(verdict(&req, &policy), AWS4_QUERY_MALFORMED);
    policy.max_expires = 0;
    policy.allow_open = 0;
    assert_int_equal(verdict(&req, &policy), AWS4_PAYLOAD_OPEN);
    policy.allow_open = 1;
    apr_table_set(req.headers, "x-amz-date", NOW);
    assert_int_equal(verdict(&req, &policy), AWS4_UNSIGNED);
    req = presigned_request(&urls[0], TOKEN);
    apr_table_set(req.headers, "X-Amz-Security-Token", "other");
    assert_int_equal(verdict(&req, &policy), AWS4_QUERY_MALFORMED);
}

/* ---- headers that must be signed ------------------------------------- */

static const struct {
    const char *name;
    aws4_fault plain, more; /* without and with the list */
} added[] = {
    { "Content-Type", AWS4_OK, AWS4_OK },
    { "Range", AWS4_OK, AWS4_OK },
    { "User-Agent", AWS4_OK, AWS4_OK },
    { "Content-MD5", AWS4_OK, AWS4_OK },
    { "If-Match", AWS4_OK, AWS4_OK },
    { "amz-sdk-request", AWS4_OK, AWS4_OK },
    { "X-Amzn-Trace-Id", AWS4_OK, AWS4_OK },
    { "Destination", AWS4_OK, AWS4_UNSIGNED },
    { "OVERWRITE", AWS4_OK, AWS4_UNSIGNED },
    { "depth", AWS4_OK, AWS4_UNSIGNED },
    { "If", AWS4_OK, AWS4_UNSIGNED },
    { "Lock-Token", AWS4_OK, AWS4_UNSIGNED },
    { "Content-Range", AWS4_OK, AWS4_UNSIGNED },
    { "X-HTTP-Method-Override", AWS4_OK, AWS4_UNSIGNED },
    { "x-amz-copy-source", AWS4_UNSIGNED, AWS4_UNSIGNED },
    { "X-AMZ-Meta-A", AWS4_UNSIGNED, AWS4_UNSIGNED },
    { "X-Amz-Security-Token", AWS4_UNSIGNED, AWS4_UNSIGNED },
    { "X-Amz-Content-Sha256x", AWS4_UNSIGNED, AWS4_UNSIGNED },
    { "x-amz-", AWS4_UNSIGNED, AWS4_UNSIGNED },
};

static void added_headers(void **state)
{
    aws4_policy policy = lenient();
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(added); i++) {
        request req = plain_request();

        apr_table_set(req.headers, added[i].name, "a");
        policy.more_signed = NULL;
        if (verdict(&req, &policy) != added[i].plain)
            fail_msg("%s", added[i].name);
        policy.more_signed = aws4_more_signed;
        if (verdict(&req, &policy) != added[i].more)
            fail_msg("%s with the list", added[i].name);
    }
}

static void unsigned_host(void **state)
{
    request req;
    aws4_policy policy = lenient();
    judgement was;

    pool = *state;
    req = plain_request();
    authorize(&req, "s3", "20150830", NOW, "x-amz-date",
              "GET\n/\n\nx-amz-date:" NOW "\n\nx-amz-date\n" EMPTY);
    assert_int_equal(judge(&was, &req, &suite, time_of(NOW), &policy),
                     AWS4_UNSIGNED);
    assert_string_equal(was.checked.header, "host");
}

/* ---- payloads -------------------------------------------------------- */

#define UPPER "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

static const struct {
    const char *sha256; /* in the header; NULL: none */
    const char *line;   /* that was signed */
    aws4_fault fault, closed; /* with allow_open, and without */
    aws4_body body;
} payload_rows[] = {
    { EMPTY, EMPTY, AWS4_OK, AWS4_OK, AWS4_BODY_HASHED },
    { UPPER, UPPER, AWS4_OK, AWS4_OK, AWS4_BODY_HASHED },
    { NULL, EMPTY, AWS4_OK, AWS4_OK, AWS4_BODY_HIDDEN_HASH },
    { "UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", AWS4_OK, AWS4_PAYLOAD_OPEN,
      AWS4_BODY_OPEN },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", AWS4_OK, AWS4_OK,
      AWS4_BODY_CHUNKS },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", AWS4_OK, AWS4_OK,
      AWS4_BODY_CHUNKS_TRAILER },
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "STREAMING-UNSIGNED-PAYLOAD-TRAILER", AWS4_OK, AWS4_PAYLOAD_OPEN,
      AWS4_BODY_CHUNKS_OPEN },

    { UPPER, EMPTY, AWS4_MISMATCH, AWS4_MISMATCH, 0 },
    { NULL, "UNSIGNED-PAYLOAD", AWS4_MISMATCH, AWS4_MISMATCH, 0 },
    { "UNSIGNED-PAYLOAD", EMPTY, AWS4_MISMATCH, AWS4_PAYLOAD_OPEN, 0 },
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD",
      AWS4_MISMATCH, AWS4_PAYLOAD_OPEN, 0 },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", EMPTY, AWS4_MISMATCH,
      AWS4_MISMATCH, 0 },
    { "", "", AWS4_PAYLOAD, AWS4_PAYLOAD, 0 },
    { "unsigned-payload", "unsigned-payload", AWS4_PAYLOAD, AWS4_PAYLOAD, 0 },
    { "UNSIGNED-PAYLOAD, " EMPTY, "UNSIGNED-PAYLOAD", AWS4_PAYLOAD,
      AWS4_PAYLOAD, 0 },
    { EMPTY "0", EMPTY "0", AWS4_PAYLOAD, AWS4_PAYLOAD, 0 },
    { "STREAMING-", "STREAMING-", AWS4_PAYLOAD, AWS4_PAYLOAD, 0 },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
      "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", AWS4_STREAMING,
      AWS4_STREAMING, 0 },
    { "STREAMING-AWS4-HMAC-SHA256-EVENTS",
      "STREAMING-AWS4-HMAC-SHA256-EVENTS", AWS4_STREAMING, AWS4_STREAMING,
      0 },
};

/* The header need not be signed: minio-go's is not. */
static void payload_lines(void **state)
{
    judgement was;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(payload_rows); i++) {
        request req = plain_request();
        aws4_policy policy = lenient();

        if (payload_rows[i].sha256)
            apr_table_set(req.headers, "X-Amz-Content-Sha256",
                          payload_rows[i].sha256);
        authorize(&req, "s3", "20150830", NOW, "host;x-amz-date",
                  apr_pstrcat(pool, "GET\n/\n\nhost:h\nx-amz-date:" NOW
                              "\n\nhost;x-amz-date\n", payload_rows[i].line,
                              NULL));
        if (judge(&was, &req, &suite, time_of(NOW), &policy)
            != payload_rows[i].fault)
            fail_msg("row %d: %s", (int)i, was.why);
        if (payload_rows[i].fault == AWS4_OK)
            assert_int_equal(was.checked.payload.body, payload_rows[i].body);
        policy.allow_open = 0;
        assert_int_equal(verdict(&req, &policy), payload_rows[i].closed);
    }
}

static void bodies(void **state)
{
    aws4_policy policy = lenient();
    judgement was;
    request req;

    pool = *state;
    req = plain_request();
    req.message.body_sha256 = NULL;
    assert_int_equal(verdict(&req, &policy), AWS4_BODY_FIRST);
    set_body(&req, as_span_of("another"));
    assert_int_equal(verdict(&req, &policy), AWS4_MISMATCH);
    policy.compat.empty_hash = 1;
    assert_int_equal(judge(&was, &req, &suite, time_of(NOW), &policy),
                     AWS4_OK);
    assert_int_equal(was.checked.payload.body, AWS4_BODY_OPEN);
    apr_table_set(req.headers, "x-amz-content-sha256",
                  "0000000000000000000000000000000000000000000000000000000000"
                  "000000");
    assert_int_equal(verdict(&req, &policy), AWS4_MISMATCH);
}

/* Presigned, a header counts only if it is signed; chunks never. */
static void presigned_payloads(void **state)
{
    aws4_policy policy = lenient();
    const presigned chunks = {
        "s3", "X-Amz-Content-Sha256=STREAMING-AWS4-HMAC-SHA256-PAYLOAD&"
        "X-Amz-Expires=600&", "", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", 0,
        AWS4_PAYLOAD
    };
    request req;

    pool = *state;
    req = presigned_request(&urls[0], "");
    apr_table_set(req.headers, "x-amz-content-sha256", EMPTY);
    assert_int_equal(verdict(&req, &policy), AWS4_OK);
    apr_table_set(req.headers, "x-amz-content-sha256",
                  "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert_int_equal(verdict(&req, &policy), AWS4_OK);
    assert_int_equal(judge_url(&chunks, ""), AWS4_PAYLOAD);
}

/* ---- what was accepted, changed -------------------------------------- */

static char other(char c)
{
    return c == 'x' ? 'y' : 'x';
}

/* Every octet of a text that the signature covers, or that says it. */
static void change_all(request *req, json_t *row, char *text)
{
    aws4_policy policy = lenient();
    judgement was;

    for (; *text; text++) {
        char was_there = *text;

        *text = other(was_there);
        if (judge(&was, req, &client, epoch_of(row), &policy) == AWS4_OK)
            fail_msg("%s: let in with %s", string(row, "operation"), text);
        *text = was_there;
    }
}

static void change_header(request *req, json_t *row, const char *name)
{
    aws4_policy policy = lenient();
    const char *value = apr_table_get(req->headers, name);
    char *copy = apr_pstrdup(pool, value);
    judgement was;

    apr_table_setn(req->headers, name, copy);
    change_all(req, row, copy);
    apr_table_unset(req->headers, name);
    assert_int_not_equal(judge(&was, req, &client, epoch_of(row), &policy),
                         AWS4_OK);
    apr_table_setn(req->headers, name, value);
}

static void change_request(json_t *row)
{
    request req = parse_request(raw_of(row));
    char *target = apr_pstrdup(pool, req.message.target.at);
    char *method = apr_pstrdup(pool, req.message.method.at);
    aws4_policy policy = lenient();
    judgement was;
    int i;

    req.message.target.at = target;
    req.message.method.at = method;
    assert_int_equal(judge(&was, &req, &client, epoch_of(row), &policy),
                     AWS4_OK);
    if (was.checked.s3 || !strstr(target, "/../")) /* what goes may change */
        change_all(&req, row, target);
    change_all(&req, row, method);
    if (!was.sent.is_query)
        change_header(&req, row, "authorization");
    for (i = 0; i < was.sent.name_count; i++)
        change_header(&req, row, as_string(pool, was.sent.names[i]));
}

static void changed_requests(void **state)
{
    json_t *rows = load("aws4/aws4-clients.json", "cases"), *row;
    apr_pool_t *whole = *state;
    size_t i;

    json_array_foreach(rows, i, row) {
        if (strcmp(string(row, "verdict"), "accept") != 0)
            continue;
        assert_int_equal(apr_pool_create(&pool, whole), APR_SUCCESS);
        change_request(row);
        apr_pool_destroy(pool);
    }
}

/* Bodies whose hash is nowhere but in the signature. */
static void changed_bodies(void **state)
{
    json_t *rows = load("aws4/aws4-clients.json", "cases"), *row;
    aws4_policy policy = lenient();
    int hidden = 0;
    judgement was;
    size_t i;

    pool = *state;
    json_array_foreach(rows, i, row) {
        request req = parse_request(raw_of(row));

        if (strcmp(string(row, "verdict"), "accept") != 0)
            continue;
        judge(&was, &req, &client, epoch_of(row), &policy);
        if (was.checked.payload.body != AWS4_BODY_HIDDEN_HASH)
            continue;
        hidden++;
        set_body(&req, as_span_of("another"));
        assert_int_equal(judge(&was, &req, &client, epoch_of(row), &policy),
                         AWS4_MISMATCH);
    }
    assert_true(hidden >= 10);
}

static void fault_words(void **state)
{
    int i, k;

    (void)state;
    for (i = 0; i < AWS4_FAULTS; i++) {
        const aws4_fault_row *row = aws4_fault_about((aws4_fault)i);

        assert_non_null(row->word);
        assert_true(row->status >= 200);
        for (k = 0; k < i; k++)
            assert_string_not_equal(row->word,
                                    aws4_fault_about((aws4_fault)k)->word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(suites),
        UNIT_TEST(not_normalised),
        UNIT_TEST(clients),
        UNIT_TEST(published_requests),
        UNIT_TEST(published_chunks),
        UNIT_TEST(kept_keys),
        UNIT_TEST(secret_of_more_than_a_block),
        UNIT_TEST(long_secret),
        UNIT_TEST(header_form),
        UNIT_TEST(encoded_id),
        UNIT_TEST(many_names),
        UNIT_TEST(query_form),
        UNIT_TEST(many_params),
        UNIT_TEST(two_forms),
        UNIT_TEST(signed_paths),
        UNIT_TEST(signed_queries),
        UNIT_TEST(signed_values),
        UNIT_TEST(mixed_lists),
        UNIT_TEST(candidates_end),
        UNIT_TEST(signed_dates),
        UNIT_TEST(unsigned_dates),
        UNIT_TEST(wanted_scopes),
        UNIT_TEST(presigned_urls),
        UNIT_TEST(presigned_policy),
        UNIT_TEST(added_headers),
        UNIT_TEST(unsigned_host),
        UNIT_TEST(payload_lines),
        UNIT_TEST(bodies),
        UNIT_TEST(presigned_payloads),
        UNIT_TEST(changed_requests),
        UNIT_TEST(changed_bodies),
        UNIT_TEST(fault_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A signed request, as text with lines that end in LF: every reading of it,
 * whatever its signature. None may be a line longer or shorter than the signed
 * headers make it.
 */
#include "fuzz.h"
#include "verify.h"

static as_span take_line(as_span *rest)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    apr_size_t len = end ? (apr_size_t)(end - rest->at) : rest->len;
    as_span line = { rest->at, len };

    *rest = (as_span){ rest->at + len + (end != NULL),
                       rest->len - len - (end != NULL) };
    return line;
}

static as_span take_word(as_span *rest)
{
    const char *end = rest->len ? memchr(rest->at, ' ', rest->len) : NULL;
    apr_size_t len = end ? (apr_size_t)(end - rest->at) : rest->len;
    as_span word = { rest->at, len };

    *rest = (as_span){ rest->at + len + (end != NULL),
                       rest->len - len - (end != NULL) };
    return word;
}

static void add_header(apr_table_t *headers, as_span line, apr_pool_t *pool)
{
    const char *colon = line.len ? memchr(line.at, ':', line.len) : NULL;
    as_span name = line, value = { "", 0 };

    if (colon) {
        name.len = (apr_size_t)(colon - line.at);
        value = (as_span){ colon + 1, line.len - name.len - 1 };
    }
    apr_table_merge(headers, as_string(pool, name), as_string(pool, value));
}

static apr_size_t lines_of(as_span text)
{
    apr_size_t i, count = 0;

    for (i = 0; i < text.len; i++)
        count += text.at[i] == '\n';
    return count;
}

static void check_readings(const aws4_message *message,
                           const aws4_request_credentials *sent, int s3,
                           apr_pool_t *pool)
{
    const aws4_compat all = { 1, 1, 1, 1, 1, 1, 1 };
    aws4_payload payload;
    aws4_readings *readings;
    as_span canonical;
    const char *why;
    int made = 0;

    if (aws4_payload_read(&payload, &why, message, sent, s3, pool) != AWS4_OK
        || aws4_readings_begin(&readings, &why, message, sent, &payload, s3,
                               &all, pool) != AWS4_OK)
        return;
    for (; aws4_readings_next(&canonical, readings); made++)
        REQUIRE(lines_of(canonical) == (apr_size_t)sent->name_count + 5);
    REQUIRE(made > 0 && made <= AWS4_READINGS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char key[AS_SHA256_LEN], body[AS_SHA256_LEN];
    apr_pool_t *pool = fuzz_pool();
    apr_table_t *headers = apr_table_make(pool, 8);
    as_span rest = fuzz_span(data, size), line = take_line(&rest);
    aws4_message message = { take_word(&line), take_word(&line), headers,
                             body };
    aws4_policy policy = { .skew = 900, .allow_open = 1 };
    aws4_request_credentials sent;
    aws4_checked checked;
    const char *why;

    while (rest.len)
        add_header(headers, take_line(&rest), pool);
    if (aws4_read(&sent, &why,
                  as_span_of(apr_table_get(headers, "authorization")),
                  message.target, pool) != AWS4_OK)
        return 0;
    check_readings(&message, &sent, 0, pool);
    check_readings(&message, &sent, 1, pool);
    REQUIRE(aws4_verify(&checked, &message, &sent, key,
                        apr_time_from_sec(1440938160), &policy, pool)
            != AWS4_OK); /* nobody guesses a signature */
    return 0;
}

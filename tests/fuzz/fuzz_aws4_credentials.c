/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a stranger signs with: the first line is an Authorization field, the
 * rest a request target.
 */
#include "credentials.h"
#include "date.h"
#include "fuzz.h"
#include "uri.h"

static void check_scope(const aws4_request_credentials *sent)
{
    static const char end[] = "/aws4_request";
    apr_size_t len = sizeof(end) - 1;

    REQUIRE(sent->key_id.len && sent->region.len && sent->service.len);
    REQUIRE(aws4_is_day(sent->day));
    REQUIRE(sent->scope.len == sent->day.len + sent->region.len
                                   + sent->service.len + 2 + len);
    REQUIRE(!memcmp(sent->scope.at + sent->scope.len - len, end, len));
    REQUIRE(!memchr(sent->scope.at, '\n', sent->scope.len));
}

static void check_names(const aws4_request_credentials *sent)
{
    apr_size_t len = 0;
    int i;

    REQUIRE(sent->name_count > 0 && sent->name_count <= AWS4_NAMES_MAX);
    for (i = 0; i < sent->name_count; i++) {
        REQUIRE(sent->names[i].len && aws4_signs(sent, sent->names[i]));
        REQUIRE(fuzz_within(sent->names[i], sent->signed_headers));
        len += sent->names[i].len + 1;
    }
    REQUIRE(len == sent->signed_headers.len + 1);
}

static void check_query(as_span text, apr_pool_t *pool)
{
    aws4_target target;
    aws4_query query;

    if (aws4_target_read(&target, text) != APR_SUCCESS)
        return;
    REQUIRE(target.path.len && fuzz_within(target.query, text));
    if (aws4_query_read(&query, target.query, AWS4_PLUS_LITERAL, pool)
        == APR_SUCCESS)
        REQUIRE(query.count <= AWS4_PARAMS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span field = fuzz_span(data, size), target = { "", 0 };
    const char *end = memchr(field.at, '\n', size), *why = NULL;
    aws4_request_credentials sent;
    aws4_fault fault;

    if (end) {
        target = (as_span){ end + 1, size - 1 - (size_t)(end - field.at) };
        field.len = (apr_size_t)(end - field.at);
    }
    check_query(target, pool);
    fault = aws4_read(&sent, &why, field, target, pool);
    REQUIRE(fault < AWS4_FAULTS && (fault == AWS4_OK || why));
    if (fault != AWS4_OK)
        return 0;
    check_scope(&sent);
    check_names(&sent);
    REQUIRE(sent.is_query || fuzz_within(sent.scope, field));
    REQUIRE(sent.expires >= 0 && sent.expires <= AWS4_EXPIRES_MAX);
    return 0;
}

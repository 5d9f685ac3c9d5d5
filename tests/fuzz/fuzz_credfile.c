/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A credential file, line by line: scan and read agree, and what was read and
 * written reads as the same record.
 */
#include "cred.h"
#include "fuzz.h"

static int same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void require_same(const as_cred *a, const as_cred *b)
{
    REQUIRE(a->kind == b->kind && a->state == b->state);
    REQUIRE(same(a->id, b->id) && same(a->user, b->user));
    REQUIRE(same(a->realm, b->realm) && same(a->place, b->place));
    REQUIRE(same(a->algorithm, b->algorithm));
    REQUIRE(same(a->label, b->label) && same(a->scope, b->scope));
    REQUIRE(a->value.len == b->value.len);
    REQUIRE(!a->value.len || !memcmp(a->value.at, b->value.at, a->value.len));
    REQUIRE(a->created == b->created && a->expires == b->expires);
    REQUIRE(a->not_before == b->not_before);
}

static void as_record(const as_cred *cred, apr_pool_t *pool)
{
    const char *line = as_cred_write(cred, pool);
    as_cred again;

    REQUIRE(!as_cred_check(cred, pool));
    REQUIRE(strlen(line) <= AS_CRED_LINE_MAX);
    REQUIRE(as_cred_is_record(as_span_of(line)));
    REQUIRE(!as_cred_read(&again, as_span_of(line), pool));
    require_same(cred, &again);
    REQUIRE(same(line, as_cred_write(&again, pool)));
}

static void as_line(as_span text, apr_pool_t *pool)
{
    as_cred_line line;
    as_cred cred;
    const char *why = as_cred_read(&cred, text, pool);
    const char *why_not = as_cred_scan(&line, text, pool);
    int i;

    if (!why_not)
        for (i = 0; i < AS_CRED_FIELDS; i++)
            REQUIRE(fuzz_within(line.text[i], text));
    if (why) {
        REQUIRE(why_not || line.kind == AS_CRED_MUTUAL);
        return;
    }
    REQUIRE(!why_not && as_cred_is_record(text));
    as_record(&cred, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span rest = fuzz_span(data, size), line;

    while (as_cred_take_line(&line, &rest))
        as_line(line, pool);
    return 0;
}

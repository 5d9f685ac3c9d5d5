/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What htauth imports: lines of htpasswd and of htdigest. Parts lie within the
 * line, and what is taken is a record that the store takes, too.
 */
#include "cred.h"
#include "fuzz.h"
#include "htauth.h"
#include "lines.h"

/* names.c tells users with it; parsers of lines do not. */
int ht_error(int code, const char *format, ...)
{
    (void)format;
    abort();
    return code;
}

static void require_record(as_cred_kind kind, const ht_line *line,
                           apr_pool_t *pool)
{
    const char *user = as_string(pool, line->user);
    const as_cred cred = {
        .kind = kind,
        .id = user,
        .realm = kind == AS_CRED_DIGEST ? as_string(pool, line->realm) : "",
        .place = "",
        .algorithm = line->algorithm,
        .user = user,
        .value = line->value,
        .label = "",
        .scope = "",
        .state = AS_CRED_ACTIVE,
    };

    REQUIRE(!as_cred_check(&cred, pool));
}

static void as_htpasswd(as_span text, apr_pool_t *pool)
{
    ht_line line;

    if (ht_line_htpasswd(&line, text))
        return;
    REQUIRE(fuzz_within(line.user, text) && fuzz_within(line.value, text));
    require_record(AS_CRED_PASSWORD, &line, pool);
}

static void as_htdigest(as_span text, apr_pool_t *pool)
{
    ht_line line;

    if (ht_line_htdigest(&line, text, pool))
        return;
    REQUIRE(fuzz_within(line.user, text) && fuzz_within(line.realm, text));
    require_record(AS_CRED_DIGEST, &line, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span rest = fuzz_span(data, size), line;

    while (ht_line_next(&line, &rest)) {
        if (ht_line_is_empty(line))
            continue;
        as_htpasswd(line, pool);
        as_htdigest(line, pool);
    }
    return 0;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * H(A1), the userhash and session keys of every vector, and names that are no
 * algorithm. The values were computed elsewhere (vectors/digest/README).
 */
#include "unit.h"
#include "load.h"

#include "digest_hash.h"

static as_span text(json_t *row, const char *name)
{
    return as_span_of(json_string_value(json_object_get(row, name)));
}

static const as_digest_alg *alg_of(json_t *row)
{
    const as_digest_alg *alg = as_digest_alg_find(text(row, "algorithm"));

    assert_non_null(alg);
    return alg;
}

static void check(json_t *row, const as_span *parts, int count,
                  const char *expected)
{
    char hex[AS_DIGEST_HEX_MAX + 1];

    assert_int_equal(as_digest_hash(hex, alg_of(row), parts, count),
                     APR_SUCCESS);
    assert_span(text(row, expected), hex);
}

static void check_section(const char *section, size_t expected)
{
    json_t *rows = load("digest/digest.json", section), *row;
    size_t i;

    assert_int_equal(json_array_size(rows), expected);
    json_array_foreach(rows, i, row) {
        as_span a1[] = { text(row, "user"), text(row, "realm"),
                         text(row, "password") };
        as_span session[] = { text(row, "ha1"), text(row, "nonce"),
                              text(row, "cnonce") };

        check(row, a1, 3, "ha1");
        check(row, a1, 2, "userhash");
        if (alg_of(row)->is_session)
            check(row, session, 3, "session_ha1");
    }
}

static void vectors(void **state)
{
    (void)state;
    check_section("rfc", 3);
    check_section("rows", 60);
}

static void names(void **state)
{
    static const struct {
        const char *name, *base; /* base NULL: no such algorithm */
        int is_session;
    } rows[] = {
        { "MD5", "MD5", 0 },
        { "sha-256", "SHA-256", 0 },
        { "SHA-512-256", "SHA-512-256", 0 },
        { "md5-SESS", "MD5", 1 },
        { "SHA-256-sess", "SHA-256", 1 },
        { "SHA-512-256-sess", "SHA-512-256", 1 },
        { "", NULL, 0 },
        { "SHA", NULL, 0 },
        { "SHA-256 ", NULL, 0 },
        { "SHA256", NULL, 0 },
        { "SHA-512", NULL, 0 },
        { "SHA-256-sess-sess", NULL, 0 },
        { "\"MD5\"", NULL, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const as_digest_alg *alg = as_digest_alg_find(as_span_of(rows[i].name));

        assert_int_equal(alg != NULL, rows[i].base != NULL);
        if (!alg)
            continue;
        assert_string_equal(alg->base, rows[i].base);
        assert_int_equal(alg->is_session, rows[i].is_session);
    }
}

static void bases(void **state)
{
    (void)state;
    assert_string_equal(as_digest_alg_base(0)->name, "SHA-256");
    assert_string_equal(as_digest_alg_base(2)->name, "MD5");
    assert_null(as_digest_alg_base(3));
    assert_null(as_digest_alg_base(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(vectors),
        UNIT_TEST(names),
        UNIT_TEST(bases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

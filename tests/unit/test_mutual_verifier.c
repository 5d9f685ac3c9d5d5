/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * pi and J of every vector, and texts that are no element of a group. The
 * values were computed elsewhere (vectors/mutual/README).
 */
#include "unit.h"
#include "load.h"

#include "mutual_verifier.h"

static as_span text(json_t *row, const char *name)
{
    return as_span_of(json_string_value(json_object_get(row, name)));
}

static void check_pi(const unsigned char *pi, apr_size_t len, as_span hex)
{
    char digits[3];
    apr_size_t i;

    assert_int_equal(hex.len, 2 * len);
    for (i = 0; i < len; i++) {
        apr_snprintf(digits, sizeof(digits), "%02x", pi[i]);
        assert_memory_equal(digits, hex.at + 2 * i, 2);
    }
}

static void vectors(void **state)
{
    json_t *rows = load("mutual/mutual.json", "verifiers"), *row;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(rows), 24);
    json_array_foreach(rows, i, row) {
        const as_mutual_alg *alg = as_mutual_alg_find(text(row, "algorithm"));
        as_mutual_user user = { text(row, "auth_scope"), text(row, "realm"),
                                text(row, "user"), text(row, "password") };
        unsigned char pi[AS_MUTUAL_HASH_MAX];
        char hex[AS_MUTUAL_HEX_MAX + 1];

        assert_non_null(alg);
        assert_int_equal(as_mutual_pi(pi, alg, &user), APR_SUCCESS);
        check_pi(pi, alg->hash_len, text(row, "pi"));
        assert_int_equal(as_mutual_verifier(hex, alg, &user), APR_SUCCESS);
        assert_span(text(row, "J"), hex);
        assert_true(as_mutual_verifier_fits(alg, text(row, "J")));
    }
}

static void not_elements(void **state)
{
    json_t *rows = load("mutual/mutual.json", "not_elements"), *row;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(rows), 34);
    json_array_foreach(rows, i, row) {
        const as_mutual_alg *alg = as_mutual_alg_find(text(row, "algorithm"));

        if (as_mutual_verifier_fits(alg, text(row, "value")))
            fail_msg("taken: %s", text(row, "case").at);
    }
}

/* A J of one algorithm, and what stores may make of it. */
static void damaged(void **state)
{
    static const char good[] =
        "00d62fa3e5c258848ff179cdcac74881e4ee06fb025bd66741e942728bb131852d";
    static const char sec1[] = /* another form: its 02 or 03 is no digit of x */
        "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    const as_mutual_alg *alg = as_mutual_alg_at(0);
    char hex[sizeof(good)];

    (void)state;
    assert_true(as_mutual_verifier_fits(alg, as_span_of(good)));
    assert_false(as_mutual_verifier_fits(alg, as_span_of(sec1)));
    assert_false(as_mutual_verifier_fits(alg, as_span_of("")));
    assert_false(as_mutual_verifier_fits(alg, (as_span){ good, 64 }));
    assert_false(as_mutual_verifier_fits(as_mutual_alg_at(1),
                                         as_span_of(good)));
    memcpy(hex, good, sizeof(good));
    hex[2] = 'D'; /* one spelling */
    assert_false(as_mutual_verifier_fits(alg, as_span_of(hex)));
    hex[2] = '\0';
    assert_false(as_mutual_verifier_fits(alg, (as_span){ hex, 66 }));
}

static void names(void **state)
{
    static const char *const unknown[] = {
        "", "iso-kam3-ec-p256", "iso-kam3-ec-p256-sha256 ",
        "iso-kam3-ec-p384-sha384", "iso-kam3-dl-2048-sha512", "SHA-256"
    };
    size_t i;

    (void)state;
    assert_string_equal(as_mutual_alg_at(0)->name, "iso-kam3-ec-p256-sha256");
    assert_string_equal(
        as_mutual_alg_find(as_span_of("ISO-KAM3-DL-2048-SHA256"))->name,
        "iso-kam3-dl-2048-sha256");
    for (i = 0; i < COUNT(unknown); i++)
        assert_null(as_mutual_alg_find(as_span_of(unknown[i])));
    assert_non_null(as_mutual_alg_at(3));
    assert_null(as_mutual_alg_at(4));
    assert_null(as_mutual_alg_at(-1));
}

static void nobody(void **state)
{
    const as_span some = { "x", 1 }, none = { "", 0 };
    const as_mutual_user rows[] = { { some, some, none, some },
                                    { some, some, some, none },
                                    { some, some, some, { NULL, 0 } } };
    char hex[AS_MUTUAL_HEX_MAX + 1];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(as_mutual_verifier(hex, as_mutual_alg_at(0),
                                            &rows[i]), APR_EINVAL);
        assert_string_equal(hex, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(vectors),
        UNIT_TEST(not_elements),
        UNIT_TEST(damaged),
        UNIT_TEST(names),
        UNIT_TEST(nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

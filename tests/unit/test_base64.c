/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * base64url: RFC 4648 section 10, RFC 7515 appendix C, and every second
 * spelling of a value (T-HDR-04).
 */
#include "unit.h"

#include "base64.h"

static const struct {
    const char *text, *bytes;
    size_t len;
} good[] = {
    { "", "", 0 },
    { "Zg", "f", 1 },
    { "Zm8", "fo", 2 },
    { "Zm9v", "foo", 3 },
    { "Zm9vYg", "foob", 4 },
    { "Zm9vYmE", "fooba", 5 },
    { "Zm9vYmFy", "foobar", 6 },
    { "A-z_4ME", "\x03\xec\xff\xe0\xc1", 5 }, /* RFC 7515 C */
    { "AA", "\0", 1 },
    { "____", "\xff\xff\xff", 3 },
};

static const char *const bad[] = {
    "Z", "Zm9vY",             /* 1 mod 4 */
    "Zg==", "Zm8=", "Zm9v=",  /* padding */
    "Zh", "Zm9", "AB",        /* spare bits */
    "Zm9+", "Zm9/",           /* the other alphabet */
    " Zg", "Zg ", "Z g", "Zm9v\n", "Zm\t9v",
    "Zm9\x80", "Zm?v", "=", "====", "Z=g=",
};

static void decodes(void **state)
{
    size_t i;
    as_span out;

    for (i = 0; i < COUNT(good); i++) {
        as_span text = exact(good[i].text, strlen(good[i].text));

        assert_int_equal(as_base64url_decode(&out, text, *state), APR_SUCCESS);
        assert_int_equal(out.len, good[i].len);
        assert_memory_equal(out.at, good[i].bytes, good[i].len);
        free((char *)text.at);
    }
}

static void encodes(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(good); i++)
        assert_string_equal(
            as_base64url_encode(*state,
                                (as_span){ good[i].bytes, good[i].len }),
            good[i].text);
}

static void refuses_second_spellings(void **state)
{
    size_t i;
    as_span out;

    for (i = 0; i < COUNT(bad); i++) {
        as_span text = exact(bad[i], strlen(bad[i]));

        if (as_base64url_decode(&out, text, *state) != APR_EINVAL)
            fail_msg("accepted \"%s\"", bad[i]);
        free((char *)text.at);
    }
}

static void refuses_nul(void **state)
{
    as_span out;

    assert_int_equal(as_base64url_decode(&out, (as_span){ "Zm\0v", 4 }, *state),
                     APR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(decodes),
        UNIT_TEST(encodes),
        UNIT_TEST(refuses_second_spellings),
        UNIT_TEST(refuses_nul),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Forms: one reading of a body, or none (T-HOB-05).
 */
#include "unit.h"

#include "form.h"

static const struct {
    const char *body;
    int count;
    const char *name, *value; /* one of the fields */
} good[] = {
    { "", 0, NULL, NULL },
    { "a=1", 1, "a", "1" },
    { "a=", 1, "a", "" },
    { "a=1&b=2&c=3", 3, "b", "2" },
    { "a=b=c==", 1, "a", "b=c==" },
    { "pub=a+b%2Bc", 1, "pub", "a b+c" },
    { "a=%0d%0A", 1, "a", "\r\n" },
    { "a=%C3%a9", 1, "a", "\xc3\xa9" },
    { "%61=1", 1, "a", "1" },
    { "a%3Db=1", 1, "a=b", "1" },
    { "a=1%26b=2", 1, "a", "1&b=2" },
    { "A=1&a=2", 2, "A", "1" },
    { "a=-._*~!'()/:;,@$[]", 1, "a", "-._*~!'()/:;,@$[]" },
};

static const struct {
    const char *body;
    size_t len; /* 0: strlen */
} bad[] = {
    { "a", 0 }, { "=", 0 }, { "=1", 0 }, { "&", 0 }, { "a=1&", 0 },
    { "&a=1", 0 }, { "a=1&&b=2", 0 }, { "a=1&b", 0 },
    { "a=1&a=2", 0 }, { "a=1&b=2&a=1", 0 }, { "a=1&%61=2", 0 },
    { "a=%", 0 }, { "a=%4", 0 }, { "a=%4g", 0 }, { "a=%g4", 0 },
    { "a=%%41", 0 }, { "a=%u0041", 0 }, { "a=% 41", 0 }, { "a=%-1", 0 },
    { "%=1", 0 }, { "%4=1", 0 },
    { "a=%00", 0 }, { "a%00=1", 0 }, { "a=\0", 3 }, { "\0=1", 3 },
    { "a=1\n", 0 }, { "a=1\r\n", 0 }, { " a=1", 0 }, { "a=1 ", 0 },
    { "a=\t", 0 }, { "a=\x7f", 0 }, { "a=\xc3\xa9", 0 }, { "\xff=1", 0 },
};

static void reads(void **state)
{
    as_fields fields;
    const char *why = NULL;
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        as_span body = exact(good[i].body, strlen(good[i].body));

        assert_int_equal(as_fields_parse(&fields, &why, body, *state),
                         APR_SUCCESS);
        assert_int_equal(fields.count, good[i].count);
        if (good[i].name)
            assert_span(*as_fields_get(&fields, good[i].name), good[i].value);
        assert_null(as_fields_get(&fields, "absent"));
        free((char *)body.at);
    }
}

static void refuses(void **state)
{
    as_fields fields;
    const char *why;
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        size_t len = bad[i].len ? bad[i].len : strlen(bad[i].body);
        as_span body = exact(bad[i].body, len);

        why = NULL;
        if (as_fields_parse(&fields, &why, body, *state) != APR_EINVAL)
            fail_msg("accepted row %u \"%s\"", (unsigned)i, bad[i].body);
        assert_non_null(why);
        free((char *)body.at);
    }
}

static void counts_the_fields(void **state)
{
    char body[AS_FIELDS_MAX * 4 + 8];
    as_fields fields;
    const char *why;
    size_t n = 0;
    int i;

    for (i = 0; i < AS_FIELDS_MAX; i++)
        n += (size_t)sprintf(body + n, "%s%c%c=", i ? "&" : "", 'a' + i / 26,
                             'a' + i % 26);
    assert_int_equal(as_fields_parse(&fields, &why, (as_span){ body, n },
                                     *state),
                     APR_SUCCESS);
    assert_int_equal(fields.count, AS_FIELDS_MAX);
    n += (size_t)sprintf(body + n, "&zz=");
    assert_int_equal(as_fields_parse(&fields, &why, (as_span){ body, n },
                                     *state),
                     APR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(reads),
        UNIT_TEST(refuses),
        UNIT_TEST(counts_the_fields),
    };

    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}

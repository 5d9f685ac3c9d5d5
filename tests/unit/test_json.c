/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON from strangers: T-JOS-09, T-HDR-08.
 */
#include "unit.h"

#include "json.h"

static const as_json_limits limits = { 4, 10 };

static const char *const good[] = {
    "{}", " {} ", "\t{\r\n}", "{\"a\":1}", "{\"a\":{\"a\":{\"a\":{}}}}",
    "{\"a\":[[[]]]}", "{\"a\":\"{[,\\\"{[,\"}", "{\"a\":\"\\\\\"}",
    "{\"a\":[1,2,3,4,5,6,7,8,9]}", "{\"\\u0061\":1,\"b\":2}",
    "{\"a\":1e300}", "{\"a\":-9223372036854775808}", "{\"a\":null}",
    "{\"a\":\"\\ud83d\\ude00\"}", "{\"\":0}",
};

static const char *const bad[] = {
    "", " ", "1", "\"a\"", "null", "[]", "[{}]", "{", "}", "{}{}", "{}x",
    "{} {}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{\"a\":01}",
    "{\"a\":+1}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":Infinity}",
    "{\"a\":1e400}", "{\"a\":9223372036854775808}", "{\"a\":.5}",
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
    "{\"x\":{\"a\":1,\"a\":1}}", "{\"x\":[{\"a\":1,\"a\":1}]}",
    "{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\\ud800\"}", "{\"a\":\"\x80\"}", "{\"a\":\"\xc0\xaf\"}",
    "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\n\"}", "{\"a\":\"\x1f\"}",
    "\xef\xbb\xbf{}", "{\"a\":\"\\x\"}", "{\"a\":\"", "{\"a\":\"\\",
    "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}", "{\"a\":[[[[]]]]}",
    "{\"a\":[1,2,3,4,5,6,7,8,9,10]}", "/**/{}", "{\"a\":tru}",
};

static void takes(void **state)
{
    size_t i;
    json_t *object;

    for (i = 0; i < COUNT(good); i++) {
        as_span text = exact(good[i], strlen(good[i]));

        if (as_json_object(&object, text, &limits, *state) != APR_SUCCESS)
            fail_msg("refused %s", good[i]);
        assert_true(json_is_object(object));
        free((char *)text.at);
    }
}

static void refuses(void **state)
{
    size_t i;
    json_t *object;

    for (i = 0; i < COUNT(bad); i++) {
        as_span text = exact(bad[i], strlen(bad[i]));

        if (as_json_object(&object, text, &limits, *state) != APR_EINVAL)
            fail_msg("accepted %s", bad[i]);
        assert_null(object);
        free((char *)text.at);
    }
}

static void refuses_nul(void **state)
{
    json_t *object;

    assert_int_equal(as_json_object(&object, (as_span){ "{}\0", 3 }, &limits,
                                    *state), APR_EINVAL);
    assert_int_equal(as_json_object(&object, (as_span){ "{\"a\0\":1}", 8 },
                                    &limits, *state), APR_EINVAL);
    assert_int_equal(as_json_object(&object, (as_span){ "{\"a\":\"\0\"}", 9 },
                                    &limits, *state), APR_EINVAL);
}

/* A million brackets must not reach the recursive parser. */
static void refuses_bombs(void **state)
{
    static const char *const units[] = { "[", "{", "{\"a\":", "[{\"a\":",
                                         ",", "\\", "\"\\" };
    char *bomb = malloc(1000000);
    json_t *object;
    size_t i, n;

    for (i = 0; i < COUNT(units); i++) {
        size_t len = strlen(units[i]);

        memcpy(bomb, "{\"a\":", 5);
        for (n = 5; n + len <= 1000000; n += len)
            memcpy(bomb + n, units[i], len);
        assert_int_equal(as_json_object(&object, (as_span){ bomb, n },
                                        &limits, *state), APR_EINVAL);
    }
    free(bomb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(takes),
        UNIT_TEST(refuses),
        UNIT_TEST(refuses_nul),
        UNIT_TEST(refuses_bombs),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

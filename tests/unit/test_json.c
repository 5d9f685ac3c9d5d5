/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON from strangers: T-JOS-09, T-HDR-08.
 */
#include "unit.h"

#include "json.h"

static const as_json_limits limits = { 4, 10 };

#define NAME_OF_60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static const char *const good[] = {
    "{}", " {} ", "\t{\r\n}", "{\"a\":1}", "{\"a\":{\"a\":{\"a\":{}}}}",
    "{\"a\":[[[]]]}", "{\"a\":\"{[,\\\"{[,\"}", "{\"a\":\"\\\\\"}",
    "{\"a\":[1,2,3,4,5,6,7,8,9]}", "{\"\\u0061\":1,\"b\":2}",
    "{\"a\":1e300}", "{\"a\":-9223372036854775808}", "{\"a\":null}",
    "{\"a\":\"\\ud83d\\ude00\"}", "{\"\":0}",
    "{\"a\":-0}", "{\"a\":999999999999999999}", "{\"a\":1000000000000000000}",
    "{\"a\":9223372036854775807}", "{\"a\":-1.5E-3}", "{\"a\":\"\x7f\"}",
    "{\"" NAME_OF_60 "xyz\":1,\"" NAME_OF_60 "wxyz\":1}",
    "{ \"a\" : [ 1 , true , false , null ] , \"b\" : { } }",
};

static const char *const bad[] = {
    "{\"" NAME_OF_60 "xyz\":1,\"" NAME_OF_60 "xyz\":1}",
    "{\"" NAME_OF_60 "wxyz\":1,\"" NAME_OF_60 "wxyz\":1}",
    "{\"" NAME_OF_60 "wxyz\":1,\"" NAME_OF_60 "wxy\\u007a\":1}",
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
    "{\"a\":[1,2,3,4,5,6,7,8,9,10]}", "{\"a\":[1,2,3,4,5,6,7,8,9,]}",
    "{\"a\":[1,2,3,4,5,6,7,8,9],}", "/**/{}", "{\"a\":tru}",
    "{\"a\":truex}", "{\"a\":True}", "{\"a\":nul", "{\"a\":-}", "{\"a\":1.}",
    "{\"a\":1e}", "{\"a\":1-2}", "{\"a\":--1}", "{\"a\":-01}", "{\"a\":1 2}",
    "{\"a\"1}", "{\"a\":}", "{\"a\":1:2}", "{\"a\"}", "{1:1}", "{\"a\":[1,]}",
    "{\"a\":[,1]}", "{\"a\":[1}", "{\"a\":1]", "{\"a\":{\"b\":1]}}", "{\"a\":\v1}",
    "{\"a\":-9223372036854775809}", "{\"a\":12345678901234567890}",
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

static void keeps_values(void **state)
{
    static const char text[] = "{\"n\":-123456789012345678,\"r\":1.5,"
                               "\"s\":\"a b\",\"e\":\"\\u0041\\n\","
                               "\"l\":[1764000000,true,false,null]}";
    as_span exactly = exact(text, sizeof(text) - 1);
    json_t *object, *list;

    assert_int_equal(as_json_object(&object, exactly, &limits, *state),
                     APR_SUCCESS);
    free((char *)exactly.at);
    assert_int_equal(json_integer_value(json_object_get(object, "n")),
                     -123456789012345678);
    assert_true(json_real_value(json_object_get(object, "r")) == 1.5);
    assert_string_equal(json_string_value(json_object_get(object, "s")),
                        "a b");
    assert_string_equal(json_string_value(json_object_get(object, "e")),
                        "A\n");
    list = json_object_get(object, "l");
    assert_int_equal(json_array_size(list), 4);
    assert_int_equal(json_integer_value(json_array_get(list, 0)), 1764000000);
    assert_true(json_is_true(json_array_get(list, 1)));
    assert_true(json_is_false(json_array_get(list, 2)));
    assert_true(json_is_null(json_array_get(list, 3)));
}

static void refuses_nul(void **state)
{
    json_t *object;

    assert_int_equal(as_json_object(&object, (as_span){ "{}\0", 3 }, &limits,
                                    *state), APR_EINVAL);
    assert_int_equal(as_json_object(&object, (as_span){ "{\"a\":1\0}", 8 },
                                    &limits, *state), APR_EINVAL);
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
        UNIT_TEST(keeps_values),
        UNIT_TEST(refuses_nul),
        UNIT_TEST(refuses_bombs),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

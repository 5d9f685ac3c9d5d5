/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * UTF-8: the edges of each of its forms, and what is none. T-HDR-09.
 */
#include "unit.h"

#include "text.h"

static const struct {
    const char *text;
    int len; /* 0: to its NUL */
    int is_utf8, has_controls;
} texts[] = {
    { "", 0, 1, 0 },
    { "alice", 0, 1, 0 },
    { "J\xc3\xbcrgen", 0, 1, 0 },
    { "J\xfcrgen", 0, 0, 0 },
    { "\xfc", 0, 0, 0 },
    { "\0", 1, 1, 1 },
    { "a\x1f", 0, 1, 1 },
    { "\x7f", 0, 1, 1 },
    { " ", 0, 1, 0 },
    { "\x80", 0, 0, 0 },
    { "\xbf", 0, 0, 0 },
    { "\xc0\x80", 0, 0, 0 },
    { "\xc1\xbf", 0, 0, 0 },
    { "\xc2", 0, 0, 0 },
    { "\xc2\x80", 0, 1, 1 },
    { "\xc2\x9f", 0, 1, 1 },
    { "\xc2\xa0", 0, 1, 0 },
    { "\xc2\x7f", 0, 0, 1 },
    { "\xc2\xc0", 0, 0, 0 },
    { "\xdf\xbf", 0, 1, 0 },
    { "\xe0\x9f\xbf", 0, 0, 0 },
    { "\xe0\xa0\x80", 0, 1, 0 },
    { "\xe0\xa0", 0, 0, 0 },
    { "\xe2\x80\xae", 0, 1, 0 },
    { "\xe2\x80\xc0", 0, 0, 0 },
    { "\xed\x9f\xbf", 0, 1, 0 },
    { "\xed\xa0\x80", 0, 0, 0 },
    { "\xef\xbf\xbf", 0, 1, 0 },
    { "\xf0\x8f\xbf\xbf", 0, 0, 0 },
    { "\xf0\x90\x80\x80", 0, 1, 0 },
    { "\xf0\x9f\x94\x91", 0, 1, 0 },
    { "\xf0\x9f\x94", 0, 0, 0 },
    { "\xf4\x8f\xbf\xbf", 0, 1, 0 },
    { "\xf4\x90\x80\x80", 0, 0, 0 },
    { "\xf5\x80\x80\x80", 0, 0, 0 },
    { "\xff", 0, 0, 0 },
    { "a\xc3\xbc" "b\xfc", 0, 0, 0 },
};

static void which_are_utf8(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(texts); i++) {
        as_span text = exact(texts[i].text, texts[i].len
                                 ? (size_t)texts[i].len
                                 : strlen(texts[i].text));

        assert_int_equal(as_text_is_utf8(text), texts[i].is_utf8);
        assert_int_equal(as_text_has_controls(text), texts[i].has_controls);
        free((char *)text.at);
    }
}

static void latin1(void **state)
{
    static const struct {
        const char *text, *utf8;
    } rows[] = {
        { "", "" },
        { "alice", "alice" },
        { "J\xfcrgen", "J\xc3\xbcrgen" },
        { "pa\xdfw\xf6rd", "pa\xc3\x9fw\xc3\xb6rd" },
        { "\x7f\x80\xbf\xc0\xff", "\x7f\xc2\x80\xc2\xbf\xc3\x80\xc3\xbf" },
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++)
        assert_string_equal(as_text_of_latin1(*state,
                                              as_span_of(rows[i].text)),
                            rows[i].utf8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(which_are_utf8),
        UNIT_TEST(latin1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

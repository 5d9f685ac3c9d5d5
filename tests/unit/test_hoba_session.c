/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The session cookie: good as it was made, for the place it was made for, and
 * in no other spelling.
 */
#include "unit.h"

#include "session.h"

static const unsigned char key_bytes[32] = "0123456789abcdef0123456789abcde";
static const unsigned char other_bytes[32] = "1123456789abcdef0123456789abcde";

#define KEY ((as_span){ (const char *)key_bytes, sizeof(key_bytes) })
#define OTHER ((as_span){ (const char *)other_bytes, sizeof(other_bytes) })
#define ORIGIN "https://example.com:443"
#define REALM "Members"

/* HMAC-SHA256 by Python over the parts, each behind 8 octets of length */
#define MADE                                                                   \
    "hmbF5ctpAwnItOv44BvGPix8BQcfrKbEFK2HMDNIC2U.1700000000000001."             \
    "1700003600000001.pxnUSzziwm3E2eSNS7STESxM4FuE7aAw2Ox2bL94gvM"

static const hoba_session session = {
    { "hmbF5ctpAwnItOv44BvGPix8BQcfrKbEFK2HMDNIC2U", 43 },
    1700000000000001, 1700003600000001
};

static apr_status_t opens(hoba_session *out, const char *value, as_span key,
                          const char *origin, const char *realm,
                          apr_pool_t *pool)
{
    as_span text = exact(value, strlen(value));
    apr_status_t rv = hoba_session_open(out, text, key, as_span_of(origin),
                                        as_span_of(realm), pool);

    if (rv == APR_SUCCESS)
        assert_span(out->kid, "hmbF5ctpAwnItOv44BvGPix8BQcfrKbEFK2HMDNIC2U");
    free((char *)text.at);
    return rv;
}

static void is_sealed(void **state)
{
    hoba_session out;

    assert_string_equal(hoba_session_make(*state, KEY, &session,
                                          as_span_of(ORIGIN),
                                          as_span_of(REALM)),
                        MADE);
    assert_int_equal(opens(&out, MADE, KEY, ORIGIN, REALM, *state),
                     APR_SUCCESS);
    assert_int_equal(out.issued, session.issued);
    assert_int_equal(out.expires, session.expires);
}

static void is_good_nowhere_else(void **state)
{
    hoba_session out;

    assert_int_equal(opens(&out, MADE, OTHER, ORIGIN, REALM, *state),
                     APR_EINVAL);
    assert_int_equal(opens(&out, MADE, KEY, "https://example.com:4430", REALM,
                           *state),
                     APR_EINVAL);
    assert_int_equal(opens(&out, MADE, KEY, ORIGIN, "members", *state),
                     APR_EINVAL);
    assert_int_equal(opens(&out, MADE, KEY, ORIGIN "M", "embers", *state),
                     APR_EINVAL);
}

static void every_byte_counts(void **state)
{
    char text[sizeof(MADE)];
    hoba_session out;
    size_t i;

    for (i = 0; i < sizeof(MADE) - 1; i++) {
        strcpy(text, MADE);
        text[i] ^= 1;
        assert_int_equal(opens(&out, text, KEY, ORIGIN, REALM, *state),
                         APR_EINVAL);
        strcpy(text, MADE);
        text[i] = '\0';
        assert_int_equal(opens(&out, text, KEY, ORIGIN, REALM, *state),
                         APR_EINVAL);
    }
    assert_int_equal(opens(&out, MADE "=", KEY, ORIGIN, REALM, *state),
                     APR_EINVAL);
    assert_int_equal(opens(&out, MADE ".", KEY, ORIGIN, REALM, *state),
                     APR_EINVAL);
}

static const char *const bad[] = {
    "", ".", "...", "....", "a.1.2", "a.1.2.", ".1.2.x", "a..2.x", "a.1..x",
    "a.01.2.x", "a.1.02.x", "a.-1.2.x", "a.+1.2.x", "a. 1.2.x", "a.1 .2.x",
    "a.1e3.2.x", "a.0x1.2.x", "a.9999999999999999999.2.x",
    "a.18446744073709551617.2.x", "a.1.2.x.y",
};

static void refuses_other_shapes(void **state)
{
    hoba_session out;
    size_t i;

    for (i = 0; i < COUNT(bad); i++)
        if (opens(&out, bad[i], KEY, ORIGIN, REALM, *state) != APR_EINVAL)
            fail_msg("opened \"%s\"", bad[i]);
}

static const struct {
    const char *field;
    int count;
    const char *value;
} cookies[] = {
    { "", 0, NULL },
    { "c=1", 1, "1" },
    { "a=1; c=2", 1, "2" },
    { "a=1;c=2", 1, "2" },
    { "c=2 ; a=1", 1, "2" },
    { "c=", 1, "" },
    { "c=a=b", 1, "a=b" },
    { "a=1; c=2; c=3", 2, "2" },
    { "c", 0, NULL },
    { "C=1", 0, NULL },
    { "xc=1", 0, NULL },
    { "cx=1", 0, NULL },
    { "a=c=1", 0, NULL },
    { "a=\"; c=1\"", 1, "1\"" }, /* quotes do not quote, RFC 6265 */
    { ";;; ;c=1;;", 1, "1" },
    { "c =1", 0, NULL },
};

static void cookies_are_found(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cookies); i++) {
        as_span field = exact(cookies[i].field, strlen(cookies[i].field));
        as_span value = { NULL, 0 };

        assert_int_equal(hoba_cookie_find(&value, field, "c"),
                         cookies[i].count);
        if (cookies[i].value)
            assert_span(value, cookies[i].value);
        free((char *)field.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(is_sealed),
        UNIT_TEST(is_good_nowhere_else),
        UNIT_TEST(every_byte_counts),
        UNIT_TEST(refuses_other_shapes),
        UNIT_TEST(cookies_are_found),
    };

    return cmocka_run_group_tests_name("hoba_session", tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Self-verifying nonces: T-DIG-03, T-TIM-04, T-HOB-02. The expected values
 * come from these lines of Python:
 *
 *     def mac(k, *p):
 *         return hmac.new(k, b"".join(struct.pack(">Q", len(x)) + x
 *                         for x in p), hashlib.sha256).digest()
 *     def nonce(secret, purpose, bound, epoch, ms, r):
 *         x = mac(mac(secret, b"nonce mask"), b"mask", r)
 *         m = bytes(a ^ b for a, b in zip(struct.pack(">Q", ms), x))
 *         tag = mac(mac(secret, b"nonce tag"), b"tag", purpose, bound,
 *                   struct.pack(">Q", epoch), r, m)[:16]
 *         return base64.urlsafe_b64encode(r + m + tag).rstrip(b"=")
 */
#include "unit.h"

#include "nonce.h"

#define ORIGIN "https://example.org:443"
#define GOOD "QEFCQ0RFRkdISUpLTE1OT3rTfRyHX-VnT32ys8jGH6E0nmZzPlC7rA"

static const struct {
    const char *text;
    char secret, fresh; /* 0: 00 01 02 ... and 40 41 42 ... */
    as_nonce_use use;
    apr_time_t issued;
} vectors[] = {
    { GOOD, 0, 0, { { "HOBA challenge", 14 }, { ORIGIN, 23 }, 0 },
      APR_INT64_C(1790000000123000) },
    { "QEFCQ0RFRkdISUpLTE1OT3rTfRyHX-VnhnKGZvSB4Cye47vbR-OvPA", 0, 0,
      { { "HOBA challenge", 14 }, { ORIGIN, 23 }, 7 },
      APR_INT64_C(1790000000123000) },
    /* past 2106 */
    { "_____________________4L_tCbV7-fkFeH3ko1ur4AvTMToG2RN0w", '\xff', '\xff',
      { { "Digest nonce", 12 }, { "a\0b", 3 }, APR_UINT64_MAX },
      APR_INT64_C(4300000000000000) },
};

static as_nonce_keys keys_of(char secret)
{
    char bytes[32];
    as_nonce_keys keys;
    char i;

    for (i = 0; i < 32; i++)
        bytes[(int)i] = secret ? secret : i;
    assert_int_equal(as_nonce_keys_derive(&keys, (as_span){ bytes, 32 }),
                     APR_SUCCESS);
    return keys;
}

static void fresh_of(unsigned char out[AS_NONCE_RANDOM], char fresh)
{
    int i;

    for (i = 0; i < AS_NONCE_RANDOM; i++)
        out[i] = (unsigned char)(fresh ? fresh : 0x40 + i);
}

static void makes_what_python_makes(void **state)
{
    unsigned char fresh[AS_NONCE_RANDOM];
    size_t i;

    for (i = 0; i < COUNT(vectors); i++) {
        as_nonce_keys keys = keys_of(vectors[i].secret);

        fresh_of(fresh, vectors[i].fresh);
        assert_string_equal(as_nonce_seal(&keys, &vectors[i].use, fresh,
                                          vectors[i].issued, *state),
                            vectors[i].text);
    }
}

static void finds_the_time_of_issue(void **state)
{
    size_t i;
    apr_time_t issued;

    for (i = 0; i < COUNT(vectors); i++) {
        as_nonce_keys keys = keys_of(vectors[i].secret);

        assert_int_equal(as_nonce_open(&issued, &keys, 1, &vectors[i].use,
                                       as_span_of(vectors[i].text), *state),
                         APR_SUCCESS);
        assert_true(issued == vectors[i].issued);
    }
}

static const struct {
    const char *text, *purpose, *bound;
    apr_uint64_t epoch;
    char secret;
} foreign[] = {
    /* made for something else */
    { GOOD, "Digest nonce", ORIGIN, 0, 0 },
    { GOOD, "HOBA challeng", "e" ORIGIN, 0, 0 },
    { GOOD, "HOBA challengeh", "ttps://example.org:443", 0, 0 },
    { GOOD, "HOBA challenge", "https://example.org:8443", 0, 0 },
    { GOOD, "HOBA challenge", "", 0, 0 },
    { GOOD, "", "", 0, 0 },
    { GOOD, "HOBA challenge", ORIGIN, 1, 0 },
    { GOOD, "HOBA challenge", ORIGIN, 0, 'x' },
    /* altered: random part, time, tag */
    { "QFFCQ0RFRkdISUpLTE1OT3rTfRyHX-VnT32ys8jGH6E0nmZzPlC7rA",
      "HOBA challenge", ORIGIN, 0, 0 },
    { "QEFCQ0RFRkdISUpLTE1OT3rTfRyHX-VoT32ys8jGH6E0nmZzPlC7rA",
      "HOBA challenge", ORIGIN, 0, 0 },
    { "QEFCQ0RFRkdISUpLTE1OT3rTfRyHX-VnT32ys8jGH6E0nmZzPlC7rQ",
      "HOBA challenge", ORIGIN, 0, 0 },
    { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "HOBA challenge", ORIGIN, 0, 0 },
    /* another spelling: spare bits, padding, the other alphabet, blanks */
    { "QEFCQ0RFRkdISUpLTE1OT3rTfRyHX-VnT32ys8jGH6E0nmZzPlC7rB",
      "HOBA challenge", ORIGIN, 0, 0 },
    { GOOD "==", "HOBA challenge", ORIGIN, 0, 0 },
    { "QEFCQ0RFRkdISUpLTE1OT3rTfRyHX+VnT32ys8jGH6E0nmZzPlC7rA",
      "HOBA challenge", ORIGIN, 0, 0 },
    { " " GOOD, "HOBA challenge", ORIGIN, 0, 0 },
    { GOOD "\n", "HOBA challenge", ORIGIN, 0, 0 },
    { "%51EFCQ0RFRkdISUpLTE1OT3rTfRyHX-VnT32ys8jGH6E0nmZzPlC7",
      "HOBA challenge", ORIGIN, 0, 0 },
    /* longer */
    { GOOD "AAAA", "HOBA challenge", ORIGIN, 0, 0 },
    { GOOD GOOD, "HOBA challenge", ORIGIN, 0, 0 },
};

static void refuses_what_is_not_ours(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(foreign); i++) {
        as_nonce_use use = { as_span_of(foreign[i].purpose),
                             as_span_of(foreign[i].bound), foreign[i].epoch };
        as_nonce_keys keys = keys_of(foreign[i].secret);
        as_span text = exact(foreign[i].text, strlen(foreign[i].text));
        apr_time_t issued = 17;

        if (as_nonce_open(&issued, &keys, 1, &use, text, *state) != APR_EINVAL)
            fail_msg("row %d was taken for ours", (int)i);
        assert_int_equal(issued, 17);
        free((char *)text.at);
    }
}

static void refuses_every_truncation(void **state)
{
    as_nonce_keys keys = keys_of(0);
    apr_time_t issued;
    size_t len;

    for (len = 0; len < strlen(GOOD); len++) {
        as_span text = exact(GOOD, len);

        assert_int_equal(as_nonce_open(&issued, &keys, 1, &vectors[0].use,
                                       text, *state),
                         APR_EINVAL);
        free((char *)text.at);
    }
}

static void refuses_every_changed_character(void **state)
{
    as_nonce_keys keys = keys_of(0);
    apr_time_t issued;
    size_t i;

    for (i = 0; i < strlen(GOOD); i++) {
        char text[] = GOOD;

        text[i] = text[i] == 'A' ? 'Q' : 'A';
        assert_int_equal(as_nonce_open(&issued, &keys, 1, &vectors[0].use,
                                       as_span_of(text), *state),
                         APR_EINVAL);
    }
}

/* Rotation: the first secret makes, each of them verifies, one that is gone
 * does not. */
static void tries_every_secret(void **state)
{
    as_nonce_keys keys[4];
    apr_time_t issued;

    keys[0] = keys_of('n');
    keys[1] = keys_of('x');
    keys[2] = keys_of('y');
    keys[3] = keys_of(0);
    assert_int_equal(as_nonce_open(&issued, keys, 4, &vectors[0].use,
                                   as_span_of(GOOD), *state), APR_SUCCESS);
    assert_true(issued == vectors[0].issued);
    assert_int_equal(as_nonce_open(&issued, keys, 3, &vectors[0].use,
                                   as_span_of(GOOD), *state), APR_EINVAL);
    assert_int_equal(as_nonce_open(&issued, keys, 0, &vectors[0].use,
                                   as_span_of(GOOD), *state), APR_EINVAL);
}

/* Nonces of one moment have nothing in common but their length. */
static void hides_the_time(void **state)
{
    as_nonce_keys keys = keys_of(0);
    unsigned char fresh[AS_NONCE_RANDOM];
    const char *one, *two;

    fresh_of(fresh, 'a');
    one = as_nonce_seal(&keys, &vectors[0].use, fresh, 0, *state);
    fresh_of(fresh, 'b');
    two = as_nonce_seal(&keys, &vectors[0].use, fresh, 0, *state);
    assert_memory_not_equal(one + 22, two + 22, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(makes_what_python_makes),
        UNIT_TEST(finds_the_time_of_issue),
        UNIT_TEST(refuses_what_is_not_ours),
        UNIT_TEST(refuses_every_truncation),
        UNIT_TEST(refuses_every_changed_character),
        UNIT_TEST(tries_every_secret),
        UNIT_TEST(hides_the_time),
    };

    return cmocka_run_group_tests_name("nonce", tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Secrets in files, keys that are derived of them, and what is sealed with
 * such a key. The expected values were computed with Python's hashlib, hmac
 * and cryptography (AESGCM).
 */
#include "unit.h"

#include "apr_file_io.h"

#include "seal.h"
#include "secret_file.h"

#define FILE_TEXT "0123456789abcdef0123456789abcdef0123456789abcdef"
#define NAME "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define SEALED "v1.AAECAwQFBgcICQoLfrIreeVQhaXCl60n9ly9AyaiK3jP2pbYHrJ1EvNSW" \
               "AvXZzDGvP7YLotCUwY45d-EvV4UFw7OejY"

static const unsigned char key[AS_SHA256_LEN] = {
    0x2c, 0x7b, 0x8f, 0xe1, 0xc7, 0x4b, 0xb0, 0xbe, 0x8b, 0x27, 0xef,
    0x83, 0xc5, 0x3b, 0xda, 0xd3, 0x2d, 0xd6, 0x9d, 0x7a, 0x9b, 0x1d,
    0x83, 0x6c, 0x1e, 0xa1, 0xdb, 0x7d, 0x41, 0xb0, 0x52, 0x48
};

static const char *write_file(apr_pool_t *pool, const char *text,
                              apr_fileperms_t mode)
{
    char *name = apr_pstrdup(pool, "secret-XXXXXX");
    apr_size_t len = strlen(text);
    apr_file_t *f;

    assert_int_equal(apr_file_mktemp(&f, name, 0, pool), APR_SUCCESS);
    assert_int_equal(apr_file_write(f, text, &len), APR_SUCCESS);
    assert_int_equal(apr_file_perms_set(name, mode), APR_SUCCESS);
    return name;
}

static void derives(void **state)
{
    static const char *const spellings[] = { FILE_TEXT, FILE_TEXT "\n",
                                             " \r\n" FILE_TEXT "\t\n" };
    unsigned char secret[AS_SHA256_LEN], derived[AS_SHA256_LEN];
    size_t i;

    for (i = 0; i < COUNT(spellings); i++) {
        const char *file = write_file(*state, spellings[i], APR_FPROT_UREAD);

        assert_null(as_secret_read(secret, file, *state));
        assert_int_equal(as_secret_derive(derived, secret, AS_SEAL_AWS4),
                         APR_SUCCESS);
        assert_memory_equal(derived, key, sizeof(key));
        apr_file_remove(file, *state);
    }
}

static void bad_files(void **state)
{
    static const struct {
        const char *text;
        apr_fileperms_t mode;
    } rows[] = {
        { "", APR_FPROT_UREAD },
        { "too short", APR_FPROT_UREAD },
        { FILE_TEXT, APR_FPROT_UREAD | APR_FPROT_WREAD },
        { FILE_TEXT, APR_FPROT_UREAD | APR_FPROT_GREAD | APR_FPROT_GWRITE },
        { FILE_TEXT, APR_FPROT_UREAD | APR_FPROT_WWRITE },
    };
    unsigned char secret[AS_SHA256_LEN];
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *file = write_file(*state, rows[i].text, rows[i].mode);

        assert_non_null(as_secret_read(secret, file, *state));
        apr_file_remove(file, *state);
    }
    assert_non_null(as_secret_read(secret, ".", *state));
    assert_non_null(as_secret_read(secret, "/dev/null", *state));
    assert_non_null(as_secret_read(secret, "there-is-no-such-file", *state));
}

static void opens(void **state)
{
    as_span secret;

    assert_int_equal(as_unseal(&secret, as_span_of(SEALED), key,
                               as_span_of(NAME), *state), APR_SUCCESS);
    assert_span(secret, SECRET);
}

static void seals(void **state)
{
    const char *one, *two;
    as_span secret;

    assert_int_equal(as_seal(&one, as_span_of(SECRET), key, as_span_of(NAME),
                             *state), APR_SUCCESS);
    assert_int_equal(as_seal(&two, as_span_of(SECRET), key, as_span_of(NAME),
                             *state), APR_SUCCESS);
    assert_string_not_equal(one, two); /* another nonce each time */
    assert_int_equal(strlen(one), strlen(SEALED));
    assert_null(strstr(one, SECRET));
    assert_int_equal(as_unseal(&secret, as_span_of(two), key,
                               as_span_of(NAME), *state), APR_SUCCESS);
    assert_span(secret, SECRET);
}

static void hostile(void **state)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        { "", NAME },
        { "v1.", NAME },
        { "v1", NAME },
        { "v2.AAECAwQFBgcICQoLfrIreeVQhaXCl60n9ly9AyaiK3jP2pbYHrJ1EvNSWA", NAME },
        { "V1.AAECAwQFBgcICQoLfrIreeVQhaXCl60n9ly9AyaiK3jP2pbYHrJ1EvNSWA", NAME },
        { SECRET, NAME },
        { "v1.AAECAwQFBgcICQoLfrIreeVQhaXCl60n9ly9A", NAME }, /* no secret */
        { "v1.AAECAwQFBgcICQoLfrIreeVQhaXCl60n9ly9Aya", NAME }, /* cut */
        { SEALED "=", NAME },
        { SEALED " ", NAME },
        { SEALED "A", NAME },
        { " " SEALED, NAME },
        { SEALED, "AKIAIOSFODNN7EXAMPLF" },
        { SEALED, "AKIAIOSFODNN7EXAMPL" },
        { SEALED, "." NAME },
        { SEALED, "" },
    };
    as_span secret = { "unchanged", 9 };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        as_span text = exact(rows[i].text, strlen(rows[i].text));

        assert_int_not_equal(as_unseal(&secret, text, key,
                                       as_span_of(rows[i].name), *state),
                             APR_SUCCESS);
        assert_span(secret, "unchanged");
        free((void *)text.at);
    }
}

/* Any character changed, the text does not open. */
static void tampered(void **state)
{
    char text[] = SEALED;
    as_span secret;
    size_t i;

    for (i = 0; i + 1 < sizeof(text); i++) {
        char was = text[i];

        text[i] = was == 'A' ? 'B' : 'A';
        assert_int_not_equal(as_unseal(&secret, as_span_of(text), key,
                                       as_span_of(NAME), *state),
                             APR_SUCCESS);
        text[i] = was;
    }
}

static void another_key(void **state)
{
    unsigned char other[AS_SHA256_LEN];
    as_span secret;

    memcpy(other, key, sizeof(other));
    other[31] ^= 1;
    assert_int_equal(as_unseal(&secret, as_span_of(SEALED), other,
                               as_span_of(NAME), *state), APR_EACCES);
}

static void sizes(void **state)
{
    static const struct {
        apr_size_t secret, name;
        apr_status_t rv;
    } rows[] = {
        { 0, 5, APR_EINVAL },
        { 1, 0, APR_EINVAL },
        { 1, 1, APR_SUCCESS },
        { AS_SEAL_MAX, 128, APR_SUCCESS },
        { AS_SEAL_MAX + 1, 128, APR_EINVAL },
        { 40, AS_SEAL_MAX + 1, APR_EINVAL },
    };
    static char bytes[AS_SEAL_MAX + 1];
    const char *text;
    as_span secret;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        as_span name = { bytes, rows[i].name };

        assert_int_equal(as_seal(&text, (as_span){ bytes, rows[i].secret },
                                 key, name, *state), rows[i].rv);
        if (rows[i].rv != APR_SUCCESS)
            continue;
        assert_int_equal(as_unseal(&secret, as_span_of(text), key, name,
                                   *state), APR_SUCCESS);
        assert_int_equal(secret.len, rows[i].secret);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(derives),
        UNIT_TEST(bad_files),
        UNIT_TEST(opens),
        UNIT_TEST(seals),
        UNIT_TEST(hostile),
        UNIT_TEST(tampered),
        UNIT_TEST(another_key),
        UNIT_TEST(sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

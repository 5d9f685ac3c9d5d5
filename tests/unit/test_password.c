/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Password hashes: vectors of Openwall's crypt_blowfish and of Drepper's
 * SHA-crypt, hashes that htpasswd, openssl passwd and PHP made, and texts that
 * are no hash. T-SEC-02, T-SEC-03.
 */
#include "unit.h"

#include <pthread.h>

#include "password.h"

#define HELLO "Hello world!"
#define SHORT "we have a short salt string but not a short password"
#define DIGITS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TEN "aaaaaaaaaa"
#define SALT "$2y$05$bYTxO2pkKTVn1MniISrfn."
#define HASH31 "1mHNtAWt4O8GORBav4tYW8.TF4WF/dO"
#define SHA86 "sHKulW.2fEQDmBEYYvkFL8Ry6V1BVDYveL9Qubw5ywG23ncb.Klp6vbB7LnD/g0HCN" \
              "ApC9DLzO0Se8Ir2sx4r."

static const struct {
    const char *hash, *password;
    const char *scheme;
    unsigned int cost;
} right[] = {
    /* crypt_blowfish */
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
      "U*U", "bcrypt", 5 },
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
      "U*U*", "bcrypt", 5 },
    { "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
      "U*U*U", "bcrypt", 5 },
    { "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
      "\xff\xff\xa3", "bcrypt", 5 },
    { "$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
      "\xff\xff\xa3", "bcrypt", 5 },
    { "$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq",
      "\xa3", "bcrypt", 5 },
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
      "", "bcrypt", 5 },
    { "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
      DIGITS "0123456789", "bcrypt", 5 },
    /* htpasswd -B, PHP */
    { "$2y$04$2bLSGQcjYN3.HduVVd1/Kune1LyhSxerDw.yiFU88wCojZTNTmfxu",
      HELLO, "bcrypt", 4 },
    { "$2y$04$g3wV1h50kHhMXhv9gmimg.5t8NApak9QetpO04TD4kz0gYe5lhYOa",
      HELLO, "bcrypt", 4 },
    /* SHA-crypt.txt */
    { "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI"
      "68u4OTLiBFdcbYEdFCoEOfaS35inz1", HELLO, "sha512-crypt", 5000 },
    { "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbb"
      "MCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.", HELLO,
      "sha512-crypt", 10000 },
    { "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1"
      "a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0", SHORT, "sha512-crypt", 77777 },
    { "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", HELLO,
      "sha256-crypt", 5000 },
    { "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2."
      "opqey6IcA", HELLO, "sha256-crypt", 10000 },
    { "$5$rounds=77777$short$JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/",
      SHORT, "sha256-crypt", 77777 },
    /* htpasswd -5 -2 -m -s */
    { "$6$rounds=1000$c.6.rOJpRWYPAAFn$o2Q5gj/sWG2IGIFB3s8t89n.B9wZCY61pKIlzU"
      "1bmZC29ugKPVquPGQiS.U5rUD327NdyW5zuwcgiVvNRgfq2/", HELLO,
      "sha512-crypt", 1000 },
    { "$6$rounds=1000$QqN70XS1SDbrjqHP$" SHA86, "", "sha512-crypt", 1000 },
    { "$5$rounds=1000$Nlf7S0QV34Xf2cJG$ImIX4fGArJWl8DJw4ARQQeJuZUhTO52PNARRVI"
      "ZgFi/", HELLO, "sha256-crypt", 1000 },
    { "$apr1$ZJdyQVcD$XCWjAmV3bNnwGNyRUbYIZ.", HELLO, "apr1", 0 },
    { "{SHA}00hq6RNueFa8QiEjhep5cJRHWAI=", HELLO, "sha1", 0 },
};

/* As if each password were another, and the last letter of each hash. */
static void vectors(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(right); i++) {
        as_span hash = exact(right[i].hash, strlen(right[i].hash));
        const as_password_scheme *scheme;
        unsigned int cost;

        scheme = as_password_scheme_of(&cost, hash);
        assert_non_null(scheme);
        assert_string_equal(scheme->name, right[i].scheme);
        assert_int_equal(cost, right[i].cost);
        assert_int_equal(as_password_verify(hash, right[i].password),
                         AS_PASSWORD_RIGHT);
        assert_int_equal(as_password_verify(hash, "Hello World!"),
                         AS_PASSWORD_WRONG);
        ((char *)hash.at)[hash.len - 2] ^= hash.at[hash.len - 2] == 'A' ? 3 : 1;
        assert_int_not_equal(as_password_verify(hash, right[i].password),
                             AS_PASSWORD_RIGHT);
        free((char *)hash.at);
    }
}

static const char *const unusable[] = {
    "",
    "$",
    "$2y$",
    "6mWwYZcaRXVLA",          /* htpasswd -d */
    HELLO,                    /* in the clear */
    "{SHA}",
    "{SHA}00hq6RNueFa8QiEjhep5cJRHWAI",
    "{SHA}00hq6RNueFa8QiEjhep5cJRHWA==",
    "{SHA}00hq6RNueFa8QiEjhep5cJRH*AI=",
    "{sha}00hq6RNueFa8QiEjhep5cJRHWAI=",
    "{SSHA}00hq6RNueFa8QiEjhep5cJRHWAI=",
    SALT,
    SALT "1mHNtAWt4O8GORBav4tYW8.TF4WF/d",
    SALT HASH31 "x",
    SALT "1mHNtAWt4O8GORBav4tYW8.TF4WF/d\xff",
    SALT "1mHNtAWt4O8GORBav4tYW8.TF4WF/d\n",
    " " SALT HASH31,
    "$2$05$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
    "$2y$5$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2y$00$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2y$03$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2y$18$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2y$31$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2y$99$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$2y$-5$bYTxO2pkKTVn1MniISrfn." HASH31,
    "$6$$" SHA86,
    "$6$" SHA86,
    "$6$a",
    "$6$a$",
    "$6$seventeen.letters$" SHA86,
    "$6$colon:$" SHA86,
    "$6$a$" SHA86 "x",
    "$6$a$$" SHA86,
    "$6$rounds=$a$" SHA86,
    "$6$rounds=0$a$" SHA86,
    "$6$rounds=999$a$" SHA86,
    "$6$rounds=05000$a$" SHA86,
    "$6$rounds=-5000$a$" SHA86,
    "$6$rounds=5000a$" SHA86,
    "$6$rounds=5000001$a$" SHA86,
    "$6$rounds=1000000000$a$" SHA86,
    "$6$rounds=4294968296$a$" SHA86,
    "$6$rounds=99999999999999999999$a$" SHA86,
    "$5$a$" SHA86,
    "$1$a$XCWjAmV3bNnwGNyRUbYIZ.",
    "$y$j9T$a$XCWjAmV3bNnwGNyRUbYIZ.",
    "$apr1$$XCWjAmV3bNnwGNyRUbYIZ.",
    "$apr1$ZJdyQVcDx$XCWjAmV3bNnwGNyRUbYIZ.",
    "$apr1$ZJdyQVcD$XCWjAmV3bNnwGNyRUbYIZ",
    "*", "*0", "!", "x",
};

static void no_hashes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(unusable); i++) {
        as_span hash = exact(unusable[i], strlen(unusable[i]));
        unsigned int cost;

        assert_null(as_password_scheme_of(&cost, hash));
        assert_int_equal(as_password_verify(hash, HELLO),
                         AS_PASSWORD_UNUSABLE);
        assert_int_equal(as_password_verify(hash, unusable[i]),
                         AS_PASSWORD_UNUSABLE);
        assert_int_equal(as_password_effort(hash), 0);
        free((char *)hash.at);
    }
    assert_int_equal(as_password_verify((as_span){ SALT "\0" HASH31, 60 },
                                        HELLO), AS_PASSWORD_UNUSABLE);
}

/* A hash that ends after each of its letters. */
static void cut_short(void **state)
{
    size_t i, len;

    (void)state;
    for (i = 0; i < COUNT(right); i++)
        for (len = 0; len < strlen(right[i].hash); len++) {
            as_span hash = exact(right[i].hash, len);

            assert_int_equal(as_password_verify(hash, right[i].password),
                             AS_PASSWORD_UNUSABLE);
            free((char *)hash.at);
        }
}

/* 72 octets are told apart by bcrypt, and the next would be ignored: the
 * longer one of crypt_blowfish's own vectors is refused here. */
static void too_long(void **state)
{
    static const char digits72[]
        = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
    char password[AS_PASSWORD_MAX + 2];

    (void)state;
    assert_int_equal(as_password_verify(as_span_of(digits72),
                                        DIGITS "0123456789chars after 72 are "
                                        "ignored"), AS_PASSWORD_TOO_LONG);
    memset(password, 'a', sizeof(password));
    password[AS_PASSWORD_MAX + 1] = '\0';
    assert_int_equal(as_password_verify(as_span_of(right[16].hash), password),
                     AS_PASSWORD_TOO_LONG);
    assert_int_equal(as_password_verify(as_span_of(right[19].hash), password),
                     AS_PASSWORD_TOO_LONG);
    password[AS_PASSWORD_MAX] = '\0';
    assert_int_equal(as_password_verify(as_span_of(right[16].hash), password),
                     AS_PASSWORD_WRONG);
}

static const struct {
    const char *scheme; /* NULL: not one to make hashes with */
    unsigned int cost;
    const char *password;
    apr_status_t result;
    const char *begins;
} made[] = {
    { "bcrypt", 4, HELLO, APR_SUCCESS, "$2y$04$" },
    { "bcrypt", 0, "", APR_SUCCESS, "$2y$12$" },
    { "bcrypt", 3, HELLO, APR_EINVAL, NULL },
    { "bcrypt", 18, HELLO, APR_EINVAL, NULL },
    { "bcrypt", 4, TEN TEN TEN TEN TEN TEN TEN "aa", APR_SUCCESS, "$2y$04$" },
    { "bcrypt", 4, TEN TEN TEN TEN TEN TEN TEN "aaa", APR_EINVAL, NULL },
    { "sha512-crypt", 1000, HELLO, APR_SUCCESS, "$6$rounds=1000$" },
    { "sha512-crypt", 0, HELLO, APR_SUCCESS, "$6$rounds=100000$" },
    { "sha512-crypt", 5000, "p\xc3\xa4\xc3\x9f", APR_SUCCESS, "$6$" },
    { "sha512-crypt", 999, HELLO, APR_EINVAL, NULL },
    { "sha512-crypt", 5000001, HELLO, APR_EINVAL, NULL },
};

static void making(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(made); i++) {
        const as_password_scheme *scheme
            = as_password_scheme_find(as_span_of(made[i].scheme));
        const char *hash = "?", *other;

        assert_non_null(scheme);
        assert_int_equal(as_password_hash(&hash, scheme, made[i].cost,
                                          made[i].password, *state),
                         made[i].result);
        if (!made[i].begins) {
            assert_null(hash);
            continue;
        }
        assert_memory_equal(hash, made[i].begins, strlen(made[i].begins));
        assert_int_equal(as_password_verify(as_span_of(hash),
                                            made[i].password),
                         AS_PASSWORD_RIGHT);
        assert_int_equal(as_password_hash(&other, scheme, made[i].cost,
                                          made[i].password, *state),
                         APR_SUCCESS);
        assert_string_not_equal(hash, other);
    }
}

static void names(void **state)
{
    static const char *const unknown[] = { "", "md5", "apr1", "sha1", "crypt",
                                           "Bcrypt", "bcrypt ",
                                           "sha256-crypt" };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(unknown); i++)
        assert_null(as_password_scheme_find(as_span_of(unknown[i])));
}

/* Whatever number it is, the work is bounded. */
static void efforts(void **state)
{
    static const apr_uint32_t odd[] = { 1u << 24 | 18, 1u << 24 | 99,
                                        1u << 24, 2u << 24 | 5000001,
                                        2u << 24 | 0xffffff, 6u << 24 | 4,
                                        0xffffffff };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(right); i++) {
        apr_uint32_t effort = as_password_effort(as_span_of(right[i].hash));

        assert_int_not_equal(effort, 0);
        assert_int_equal(effort & 0xffffff, right[i].cost);
        as_password_spend(effort, right[i].password);
    }
    for (i = 0; i < COUNT(odd); i++)
        as_password_spend(odd[i], HELLO);
    as_password_spend(0, HELLO);
}

static void *verify_some(void *data)
{
    int wrong = 0;
    size_t i, n;

    for (n = 0; n < 20; n++)
        for (i = 0; i < COUNT(right); i++)
            if (right[i].cost <= 5)
                wrong += as_password_verify(as_span_of(right[i].hash),
                                            right[i].password)
                         != AS_PASSWORD_RIGHT;
    *(int *)data = wrong;
    return NULL;
}

static void threads(void **state)
{
    pthread_t thread[4];
    int wrong[4], i;

    (void)state;
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, verify_some,
                                        &wrong[i]), 0);
    for (i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(vectors),
        UNIT_TEST(no_hashes),
        UNIT_TEST(cut_short),
        UNIT_TEST(too_long),
        UNIT_TEST(making),
        UNIT_TEST(names),
        UNIT_TEST(efforts),
        UNIT_TEST(threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

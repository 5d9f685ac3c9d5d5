/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Files of keys: what is refused at start, and what happens when one changes
 * while it is in use (T-JOS-02, T-JOS-05).
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "apr_thread_proc.h"
#include "bearer_issuer.h"
#include "vectors/jose.h"
#include "vectors/keys.h"

#define OCT                                                                  \
    "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}"
#define PRIVATE_JWK                                                          \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"AA\","                     \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static const char *write_file(apr_pool_t *pool, const char *content, int mode)
{
    char *path = apr_psprintf(pool, "bearer-keys-%d.tmp", (int)getpid());
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
    return path;
}

static const struct {
    const char *content;
    int mode;
    const char *algorithms;
    const char *wrong; /* part of what is said, or NULL */
} files[] = {
    { RFC7638_JWK, 0644, NULL, NULL },
    { "{\"keys\":[" RFC7515_A3_JWK "," RFC8037_JWK "]}", 0600, NULL, NULL },
    { RSA_2048, 0644, "RS256,PS256", NULL },
    { ED25519, 0444, "EdDSA", NULL },
    { OCT, 0640, NULL, NULL },
    { OCT, 0600, "HS256", NULL },

    { RFC7638_JWK, 0646, NULL, "everybody can write" },
    { OCT, 0644, NULL, "everybody can read" },
    { PRIVATE_PKCS8, 0600, NULL, "private key" },
    { PRIVATE_EC, 0600, NULL, "private key" },
    { PRIVATE_JWK, 0600, NULL, "private key" },
    { ED25519 PRIVATE_PKCS8, 0600, NULL, "private key" },
    { CERTIFICATE, 0644, NULL, "certificate" },
    { RSA_1024, 0644, NULL, "2048" },
    { "", 0644, NULL, "JSON" },
    { "{\"keys\":[]}", 0644, NULL, "no key" },
    { "{\"keys\":[" OCT "," RFC8037_JWK "]}", 0600, NULL, "one set" },
    { OCT, 0600, "RS256", "names no HMAC" },
    { RSA_2048, 0644, "HS256", "names HMACs" },
    { RSA_2048, 0644, "ES256", "no key in the file fits" },
    { OCT, 0600, "HS512", "no key in the file fits" },
    { SECP256K1, 0644, NULL, "no key in the file fits" }, /* ask for ES256K */
    { SECP256K1, 0644, "ES256K", NULL },
};

static const char *open_file(size_t i, apr_pool_t *pool)
{
    const char *path = write_file(pool, files[i].content, files[i].mode);
    const char *words[4] = { "https://i", "audience=a", "keys=file:x" };
    bearer_issuer issuer;
    bearer_keys *keys;
    const char *wrong;

    words[3] = apr_pstrcat(pool, "algorithms=", files[i].algorithms, NULL);
    assert_null(bearer_issuer_parse(&issuer, pool, files[i].algorithms ? 4 : 3,
                                    words));
    wrong = bearer_keys_open(&keys, path, pool);
    if (!wrong)
        wrong = bearer_issuer_use(&issuer, keys, pool);
    unlink(path);
    return wrong;
}

static void opens_files(void **state)
{
    bearer_keys *keys;
    size_t i;

    for (i = 0; i < COUNT(files); i++) {
        const char *wrong = open_file(i, *state);

        if (!wrong != !files[i].wrong
            || (wrong && !strstr(wrong, files[i].wrong)))
            fail_msg("file %d: %s", (int)i, wrong ? wrong : "accepted");
    }
    assert_non_null(strstr(bearer_keys_open(&keys, "no/such/file", *state),
                           "cannot be read"));
    assert_non_null(strstr(bearer_keys_open(&keys, ".", *state),
                           "not a file"));
}

static bearer_news look(bearer_keys *keys, int seconds, apr_pool_t *pool)
{
    const char *why;
    bearer_news news = bearer_keys_refresh(
        keys, apr_time_now() + apr_time_from_sec(seconds), &why, pool);

    assert_int_equal(news == BEARER_BAD_FILE, why != NULL);
    return news;
}

static int count(bearer_keys *keys)
{
    const bearer_generation *now = bearer_keys_acquire(keys);
    int count = now->set.count;

    bearer_keys_release(keys, now);
    return count;
}

#define TWO "{\"keys\":[" RFC7515_A3_JWK "," RFC8037_JWK "]}"

static void follows_a_file(void **state)
{
    const char *path = write_file(*state, RFC8037_JWK, 0644);
    const bearer_generation *first;
    bearer_keys *keys;

    assert_null(bearer_keys_open(&keys, path, *state));
    first = bearer_keys_acquire(keys);
    write_file(*state, TWO, 0644);
    assert_int_equal(look(keys, 5, *state), BEARER_NO_NEWS); /* too early */
    assert_int_equal(count(keys), 1);
    assert_int_equal(look(keys, 20, *state), BEARER_NEW_KEYS);
    assert_int_equal(count(keys), 2);
    assert_int_equal(first->set.count, 1); /* still whole for its holder */
    assert_non_null(as_key_thumbprint(*state, first->set.keys[0]));
    bearer_keys_release(keys, first);

    /* bad content, bad mode, another family, nothing: once each */
    write_file(*state, "{\"keys\":[]}", 0644);
    assert_int_equal(look(keys, 40, *state), BEARER_BAD_FILE);
    assert_int_equal(look(keys, 60, *state), BEARER_NO_NEWS);
    write_file(*state, RFC8037_JWK, 0666);
    assert_int_equal(look(keys, 80, *state), BEARER_BAD_FILE);
    assert_int_equal(look(keys, 100, *state), BEARER_NO_NEWS);
    write_file(*state, OCT, 0600);
    assert_int_equal(look(keys, 120, *state), BEARER_BAD_FILE);
    unlink(path);
    assert_int_equal(look(keys, 140, *state), BEARER_BAD_FILE);
    assert_int_equal(look(keys, 160, *state), BEARER_NO_NEWS);
    assert_int_equal(count(keys), 2);

    write_file(*state, RFC8037_JWK, 0644);
    assert_int_equal(look(keys, 180, *state), BEARER_NEW_KEYS);
    assert_int_equal(count(keys), 1);
    assert_int_equal(look(keys, 200, *state), BEARER_NO_NEWS);
    unlink(path);
}

/* Generations come and go while others verify with them. */
#define THREADS 4
#define ROUNDS 300

typedef struct crowd {
    bearer_keys *keys;
    apr_time_t start;
    int wrong[THREADS]; /* results that were neither one key nor two */
} crowd;

typedef struct member {
    crowd *all;
    int number;
} member;

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    member *me = data;
    crowd *all = me->all;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool = apr_thread_pool_get(thread);
        const bearer_generation *held = bearer_keys_acquire(all->keys);
        const char *why;
        int k;

        bearer_keys_refresh(all->keys, all->start
                            + i * 2 * BEARER_KEYS_INTERVAL, &why, pool);
        for (k = 0; k < held->set.count; k++)
            all->wrong[me->number] += !as_key_thumbprint(pool,
                                                         held->set.keys[k]);
        all->wrong[me->number] += held->set.count < 1 || held->set.count > 2;
        bearer_keys_release(all->keys, held);
    }
    return NULL;
}

static void shares_generations(void **state)
{
    const char *path = write_file(*state, TWO, 0644);
    crowd all = { .start = apr_time_now() };
    member members[THREADS];
    apr_thread_t *threads[THREADS];
    apr_status_t rv;
    int i;

    assert_null(bearer_keys_open(&all.keys, path, *state));
    for (i = 0; i < THREADS; i++) {
        members[i] = (member){ &all, i };
        assert_int_equal(apr_thread_create(&threads[i], NULL, work,
                                           &members[i], *state), APR_SUCCESS);
    }
    for (i = 0; i < ROUNDS; i++)
        write_file(*state, i % 2 ? TWO : RFC8037_JWK, 0644);
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        assert_int_equal(all.wrong[i], 0);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(opens_files),
        UNIT_TEST(follows_a_file),
        UNIT_TEST(shares_generations),
    };

    return cmocka_run_group_tests_name("bearer_keys", tests, NULL, NULL);
}

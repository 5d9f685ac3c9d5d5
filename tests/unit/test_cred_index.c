/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The index over a credential file: what is found, what is not, and what keeps a
 * file from being used; SipHash by the vectors of its reference code (T-SHM-10).
 */
#include "unit.h"

#include "index.h"
#include "siphash.h"

#define HEADER AS_CRED_HEADER "\n"
#define SHA "6466e8f83bf68a7fef2cdb6b3ee3b3e3da7e6c9ab6aa6c1d7b6d9a3f0a6f2a77"
#define MD5 "0123456789abcdef0123456789abcdef"

static const char file[] = HEADER
    "# a comment\n"
    "\n"
    "password alice realm=Docs value=$2y$05$abcdefghijklmnopqrstuu5s8v8.iBieOjg/.AySBTTZIIVFJeBui\n"
    "  digest alice realm=Docs algorithm=SHA-256 value=" SHA "\r\n"
    "digest alice realm=Docs algorithm=MD5 value=" MD5 " state=revoked\n"
    "digest \"J\xc3\xbcrgen \\\"x\\\"\" realm=\"My \\\\ Docs\" algorithm=MD5 value=" MD5 "\n"
    "token " SHA " user=svc scope=\"a b\" expires=2026-12-25T00:00:00Z";

static cred_index *build(const char *text, apr_pool_t *pool)
{
    cred_index *index;
    const char *why = cred_index_build(&index, as_span_of(text), pool);

    if (why)
        fail_msg("%s", why);
    return index;
}

static apr_status_t find(as_cred *cred, const cred_index *index, int kind,
                         const char *id, const char *realm,
                         const char *algorithm, apr_pool_t *pool)
{
    return cred_index_find(cred, index, (as_cred_kind)kind, id, realm, "",
                           algorithm, pool);
}

static void found_and_not_found(void **state)
{
    cred_index *index = build(file, *state);
    as_cred cred;

    assert_int_equal(cred_index_count(index), 5);
    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "alice", "Docs",
                          "SHA-256", *state), APR_SUCCESS);
    assert_span(cred.value, SHA);
    assert_string_equal(cred.user, "alice");
    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "alice", "Docs", NULL,
                          *state), APR_SUCCESS);
    assert_string_equal(cred.algorithm, "MD5"); /* the first in their order */
    assert_int_equal(cred.state, AS_CRED_REVOKED);
    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "J\xc3\xbcrgen \"x\"",
                          "My \\ Docs", "MD5", *state), APR_SUCCESS);
    assert_int_equal(find(&cred, index, AS_CRED_TOKEN, SHA, "", NULL, *state),
                     APR_SUCCESS);
    assert_string_equal(cred.scope, "a b");
    assert_int_equal(cred.expires, apr_time_from_sec(1798156800));

    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "Alice", "Docs", "MD5",
                          *state), APR_NOTFOUND);
    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "alice", "", "MD5",
                          *state), APR_NOTFOUND);
    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "alice", "Docs",
                          "SHA-512-256", *state), APR_NOTFOUND);
    assert_int_equal(find(&cred, index, AS_CRED_MUTUAL, "alice", "Docs", NULL,
                          *state), APR_NOTFOUND);
    assert_int_equal(find(&cred, index, AS_CRED_PASSWORD, "aliceDocs", "",
                          NULL, *state), APR_NOTFOUND);
    assert_int_equal(find(&cred, index, AS_CRED_PASSWORD, "alice\nDocs", "",
                          NULL, *state), APR_NOTFOUND);
    assert_int_equal(find(&cred, index, AS_CRED_PASSWORD, "", "", NULL,
                          *state), APR_NOTFOUND);
}

/* By Python's hashlib: sha256(b"alice:Docs"), md5(b"alice:Docs"). */
static void userhashes(void **state)
{
    static const char sha[] = "2fac74e5d9beb33fc487a790a56673bb69952a7677244e7a6c9e0a24ffb29a04";
    static const char md5[] = "f8100fb783dbf4ceb29b3ad9d1077cd3";
    cred_index *index = build(file, *state);
    as_cred cred;

    assert_int_equal(cred_index_find_userhash(&cred, index, sha, "Docs",
                                              "SHA-256", *state),
                     APR_SUCCESS);
    assert_string_equal(cred.id, "alice");
    assert_int_equal(cred_index_find_userhash(&cred, index, md5, "Docs", "MD5",
                                              *state), APR_SUCCESS);
    assert_int_equal(cred_index_find_userhash(&cred, index, md5, "Docs",
                                              "SHA-256", *state),
                     APR_NOTFOUND);
    assert_int_equal(cred_index_find_userhash(&cred, index, sha, "Other",
                                              "SHA-256", *state),
                     APR_NOTFOUND);
    assert_int_equal(cred_index_find_userhash(&cred, index, "", "Docs",
                                              "SHA-256", *state),
                     APR_NOTFOUND);
    assert_int_equal(cred_index_find_userhash(&cred, index, "alice", "Docs",
                                              "SHA-256", *state),
                     APR_NOTFOUND);
}

static const struct {
    const char *text, *why;
} broken[] = {
    { "", "line 1: is not " AS_CRED_HEADER },
    { "\n", "line 1: is not " AS_CRED_HEADER },
    { "authscheme-credentials 2\n", "line 1: is not " AS_CRED_HEADER },
    { "alice:$apr1$x\n", "line 1: is not " AS_CRED_HEADER },
    { HEADER "# x\nnonsense\n", "line 3: begins with no kind" },
    { HEADER "digest alice realm=R algorithm=MD5 value=" MD5 "\n\n"
      "digest alice realm=\"R\" algorithm=MD5 value=" MD5 " label=x\n",
      "line 4: the same credential stands in line 2" },
    { HEADER "digest alice realm=R algorithm=MD5 value=" MD5 "x\n",
      "line 2: value: is not H(A1)" },
    { HEADER "digest alice realm=R algorithm=MD5 value=" MD5 " expired=1\n",
      "line 2: there is a name that this version does not know" },
    { HEADER "digest alice realm=R algorithm=MD5 value=" MD5 " state=off\n",
      "line 2: state: is not pending" },
    { HEADER "digest alice realm=R algorithm=MD5 val", "line 2: there is" },
    { HEADER "digest \"alice realm=R\n", "line 2: id: the closing quote" },
};

static void what_is_broken(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(broken); i++) {
        as_span text = exact(broken[i].text, strlen(broken[i].text));
        cred_index *index;
        const char *why = cred_index_build(&index, text, *state);

        if (!why || strncmp(why, broken[i].why, strlen(broken[i].why)))
            fail_msg("%s: %s", broken[i].why, why);
        assert_null(strstr(why, MD5));
        free((char *)text.at);
    }
}

static void many(void **state)
{
    enum { USERS = 20000 };
    apr_pool_t *pool = *state;
    char *text = apr_palloc(pool, 64 + USERS * 100), *end = text;
    cred_index *index;
    as_cred cred;
    int i;

    end += sprintf(end, HEADER);
    for (i = 0; i < USERS; i++)
        end += sprintf(end, "digest user%d realm=R algorithm=MD5 "
                       "value=%032x\n", i, i);
    index = build(text, pool);
    assert_int_equal(cred_index_count(index), USERS);
    for (i = 0; i < USERS; i += 7) {
        char name[32], value[40];

        sprintf(name, "user%d", i);
        sprintf(value, "%032x", i);
        assert_int_equal(find(&cred, index, AS_CRED_DIGEST, name, "R", "MD5",
                              pool), APR_SUCCESS);
        assert_span(cred.value, value);
    }
    assert_int_equal(find(&cred, index, AS_CRED_DIGEST, "user20000", "R",
                          "MD5", pool), APR_NOTFOUND);
}

/* vectors_sip64 of the reference implementation: key 00 01 .. 0f, input of n
 * octets 00 01 .. */
static void siphash(void **state)
{
    static const struct {
        unsigned int len;
        unsigned char out[8];
    } rows[] = {
        { 0, { 0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72 } },
        { 1, { 0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74 } },
        { 7, { 0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab } },
        { 8, { 0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93 } },
        { 15, { 0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1 } },
    };
    const as_siphash_key key = { APR_UINT64_C(0x0706050403020100),
                                 APR_UINT64_C(0x0f0e0d0c0b0a0908) };
    size_t i, k;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        as_siphash h;
        apr_uint64_t value;

        as_siphash_begin(&h, &key);
        for (k = 0; k < rows[i].len; k++) {
            char octet = (char)k;

            as_siphash_add(&h, (as_span){ &octet, 1 });
        }
        value = as_siphash_end(&h);
        for (k = 0; k < 8; k++)
            assert_int_equal(value >> 8 * k & 0xff, rows[i].out[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(found_and_not_found),
        UNIT_TEST(userhashes),
        UNIT_TEST(what_is_broken),
        UNIT_TEST(many),
        UNIT_TEST(siphash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Lines of a credential file: good ones, each with the line that we write for
 * the same record, and bad ones. Values were made by htpasswd, openssl and
 * Python. T-SEC-01, T-SEC-02.
 */
#include "unit.h"

#include "cred.h"

#define BCRYPT "$2y$05$bYTxO2pkKTVn1MniISrfn.1mHNtAWt4O8GORBav4tYW8.TF4WF/dO"
#define SHA256_A1 \
    "993ed786b5dcf3a667ccfe13fe229f6a64e03dfea82038c190900fd51d600658"
#define SHA512_A1 \
    "4b686bf5a7dcd295c6a1ec2d05b085a010f8eb1794b6cc67926a6e6b44f06227"
#define MD5_A1 "aa599cb7b9ce109e22700659ade1507d"
#define J "01e6a36760c1c07f54489c58a2d81d83533ab7e9ae37319a67e86afb0b6d61748b"
#define P256 "iso-kam3-ec-p256-sha256"
#define TOKEN \
    "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"
#define KEY "MCowBQYDK2VwAyEAImquKH2RryjNdmQh_zK_J7w-SGUJgQMBzAtCHjfscdM"
#define KID "ICfAaW_QqGmh_jBnx35TQk7tJJyifiS35l4p7csHwuA"
#define SEALED "v1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis"
#define HOBA "hoba " KID " place=https://a:443 algorithm=Ed25519 user=bob "

/* ---- good lines ------------------------------------------------------ */

static const struct {
    const char *line;
    const char *written; /* NULL: the same */
    as_cred cred;
} good[] = {
    { "password alice value=" BCRYPT, NULL,
      { AS_CRED_PASSWORD, "alice", "", "", "", "alice", { BCRYPT, 60 }, "", "",
        AS_CRED_ACTIVE, 0, 0, 0 } },
    { "  password   \"alice\"  value=\"" BCRYPT "\"  user=alice state=active "
      "label=\"\"  \r", "password alice value=" BCRYPT,
      { AS_CRED_PASSWORD, "alice", "", "", "", "alice", { BCRYPT, 60 }, "", "",
        AS_CRED_ACTIVE, 0, 0, 0 } },
    { "password \"al ice\" realm=\"The \\\"big\\\" \\\\ realm\" user=al "
      "value=" BCRYPT " label=\"#1\" state=revoked "
      "created=2026-11-25T12:00:00Z expires=2027-02-28T23:59:59Z "
      "not_before=2026-11-25T12:00:00.000001Z", NULL,
      { AS_CRED_PASSWORD, "al ice", "The \"big\" \\ realm", "", "", "al",
        { BCRYPT, 60 }, "#1", "", AS_CRED_REVOKED,
        APR_INT64_C(1795608000000000), APR_INT64_C(1803859199000000),
        APR_INT64_C(1795608000000001) } },
    { "password \"a=b\" value={SHA}00hq6RNueFa8QiEjhep5cJRHWAI=", NULL,
      { AS_CRED_PASSWORD, "a=b", "", "", "", "a=b",
        { "{SHA}00hq6RNueFa8QiEjhep5cJRHWAI=", 33 }, "", "", AS_CRED_ACTIVE,
        0, 0, 0 } },
    { "password J\xc3\xbcrgen user=\"a \\\\ b\" value=" BCRYPT, NULL,
      { AS_CRED_PASSWORD, "J\xc3\xbcrgen", "", "", "", "a \\ b",
        { BCRYPT, 60 }, "", "", AS_CRED_ACTIVE, 0, 0, 0 } },
    { "password \"a\\\\b\" value=" BCRYPT, NULL,
      { AS_CRED_PASSWORD, "a\\b", "", "", "", "a\\b", { BCRYPT, 60 }, "", "",
        AS_CRED_ACTIVE, 0, 0, 0 } },
    { "digest alice realm=Docs algorithm=SHA-256 value=" SHA256_A1, NULL,
      { AS_CRED_DIGEST, "alice", "Docs", "", "SHA-256", "alice",
        { SHA256_A1, 64 }, "", "", AS_CRED_ACTIVE, 0, 0, 0 } },
    { "digest alice realm=Docs algorithm=SHA-512-256 value=" SHA512_A1, NULL,
      { AS_CRED_DIGEST, "alice", "Docs", "", "SHA-512-256", "alice",
        { SHA512_A1, 64 }, "", "", AS_CRED_ACTIVE, 0, 0, 0 } },
    { "digest alice value=" MD5_A1 " algorithm=MD5 realm=Docs",
      "digest alice realm=Docs algorithm=MD5 value=" MD5_A1,
      { AS_CRED_DIGEST, "alice", "Docs", "", "MD5", "alice", { MD5_A1, 32 },
        "", "", AS_CRED_ACTIVE, 0, 0, 0 } },
    { "mutual john realm=\"a realm\" place=http://www.example.com "
      "algorithm=" P256 " value=" J, NULL,
      { AS_CRED_MUTUAL, "john", "a realm", "http://www.example.com", P256,
        "john", { J, 66 }, "", "", AS_CRED_ACTIVE, 0, 0, 0 } },
    { "aws4 AKIDEXAMPLE user=bob value=" SEALED, NULL,
      { AS_CRED_AWS4, "AKIDEXAMPLE", "", "", "", "bob",
        { SEALED, sizeof(SEALED) - 1 }, "", "", AS_CRED_ACTIVE, 0, 0, 0 } },
    { "token " TOKEN " user=bob label=\"the printer\" scope=\"read write\" "
      "state=pending", NULL,
      { AS_CRED_TOKEN, TOKEN, "", "", "", "bob", { "", 0 }, "the printer",
        "read write", AS_CRED_PENDING, 0, 0, 0 } },
    { "invite " TOKEN " realm=Docs user=bob", NULL,
      { AS_CRED_INVITE, TOKEN, "Docs", "", "", "bob", { "", 0 }, "", "",
        AS_CRED_ACTIVE, 0, 0, 0 } },
    { HOBA "value=" KEY, NULL,
      { AS_CRED_HOBA, KID, "", "https://a:443", "Ed25519", "bob",
        { "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00\x22\x6a\xae\x28"
          "\x7d\x91\xaf\x28\xcd\x76\x64\x21\xff\x32\xbf\x27\xbc\x3e\x48\x65"
          "\x09\x81\x03\x01\xcc\x0b\x42\x1e\x37\xec\x71\xd3", 44 }, "", "",
        AS_CRED_ACTIVE, 0, 0, 0 } },
};

static void assert_cred(const as_cred *is, const as_cred *wanted)
{
    assert_int_equal(is->kind, wanted->kind);
    assert_string_equal(is->id, wanted->id);
    assert_string_equal(is->realm, wanted->realm);
    assert_string_equal(is->place, wanted->place);
    assert_string_equal(is->algorithm, wanted->algorithm);
    assert_string_equal(is->user, wanted->user);
    assert_int_equal(is->value.len, wanted->value.len);
    assert_memory_equal(is->value.at, wanted->value.at, is->value.len);
    assert_string_equal(is->label, wanted->label);
    assert_string_equal(is->scope, wanted->scope);
    assert_int_equal(is->state, wanted->state);
    assert_int_equal(is->created, wanted->created);
    assert_int_equal(is->expires, wanted->expires);
    assert_int_equal(is->not_before, wanted->not_before);
}

static void read_and_write(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        as_span line = exact(good[i].line, strlen(good[i].line));
        as_cred cred;
        const char *why = as_cred_read(&cred, line, *state);

        if (why)
            fail_msg("%s: %s", good[i].line, why);
        free((char *)line.at);
        assert_cred(&cred, &good[i].cred);
        assert_null(as_cred_check(&good[i].cred, *state));
        assert_string_equal(as_cred_write(&good[i].cred, *state),
                            good[i].written ? good[i].written
                                            : good[i].line);
    }
}

static void every_kind_is_here(void **state)
{
    int kind;
    size_t i;

    (void)state;
    for (kind = 0; kind < AS_CRED_KINDS; kind++) {
        for (i = 0; i < COUNT(good); i++)
            if ((int)good[i].cred.kind == kind)
                break;
        assert_int_not_equal(i, COUNT(good));
    }
}

/* ---- bad lines ------------------------------------------------------- */

#define FF "ffffffffffffffff"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define PASSWORD "password alice value=" BCRYPT " "

static const struct {
    const char *line;
    const char *says;
} bad[] = {
    { "", "no kind" },
    { "   ", "no kind" },
    { "# password alice value=" BCRYPT, "no kind" },
    { AS_CRED_HEADER, "no kind" },
    { "passwort alice value=" BCRYPT, "no kind" },
    { "PASSWORD alice value=" BCRYPT, "no kind" },
    { "password\"alice\" value=" BCRYPT, "no kind" },
    { "alice:" BCRYPT, "no kind" },
    { "\xef\xbb\xbfpassword alice value=" BCRYPT, "no kind" },
    { "password", "id: is empty" },
    { "password ", "id: is empty" },
    { "password \"\" value=" BCRYPT, "id: is missing" },
    { "password value=" BCRYPT, "id: is missing, or" },
    { "password realm=Docs value=" BCRYPT, "id: is missing, or" },
    { "password #alice value=" BCRYPT, "id: # begins" },
    { "password al\"ice value=" BCRYPT, "id: quotes" },
    { "password al\\ice value=" BCRYPT, "id: quotes" },
    { "password \"alice value=" BCRYPT, "id: the closing quote" },
    { "password \"alice\"value=" BCRYPT, "id: a blank is missing" },
    { "password \"alice\"\"\" value=" BCRYPT, "id: a blank is missing" },
    { "password \"al\\ice\" value=" BCRYPT, "id: only" },
    { "password \"alice\\", "id: only" },
    { "password \"", "id: the closing quote" },
    { "password \"alice\\\"", "id: the closing quote" },
    { "password alice:x value=" BCRYPT, "id: a user with a colon" },
    { "password alice", "value: is missing" },
    { "password alice value=", "value: is empty" },
    { "password alice value= " BCRYPT, "value: is empty" },
    { "password alice value =" BCRYPT, "something else" },
    { "password alice value", "something else" },
    { "password alice " BCRYPT, "something else" },
    { "password alice =" BCRYPT, "does not know" },
    { "password alice Value=" BCRYPT, "does not know" },
    { "password alice id=x value=" BCRYPT, "does not know" },
    { "password alice values=" BCRYPT, "does not know" },
    { PASSWORD "valid_after=2026-11-25T12:00:00Z", "does not know" },
    { PASSWORD "value=" BCRYPT, "value: is there twice" },
    { PASSWORD "state=active state=revoked", "state: is there twice" },
    { PASSWORD "# a comment", "something else" },
    { PASSWORD "label=#1", "label: # begins" },
    { PASSWORD "label=\"a\\tb\"", "label: only" },
    { PASSWORD "label=the printer", "something else" },
    { PASSWORD "label=\"the printer", "label: the closing quote" },
    { "password alice\tvalue=" BCRYPT, "a tab" },
    { PASSWORD "\r\r", "a control character" },
    { PASSWORD "label=a\001b", "a control character" },
    { PASSWORD "label=a\033[2Jb", "a control character" },
    { PASSWORD "label=a\x7f", "a control character" },
    { PASSWORD "label=a\xc2\x85", "a control character" },
    { PASSWORD "label=\xfc", "not UTF-8" },
    { PASSWORD "label=\xc0\xaf", "not UTF-8" },
    { PASSWORD "label=\xed\xa0\x80", "not UTF-8" },
    { PASSWORD "user=\"\"", "user: is missing" },
    { PASSWORD "place=x", "place: has no meaning" },
    { PASSWORD "algorithm=bcrypt", "algorithm: has no meaning" },
    { PASSWORD "scope=read", "scope: has no meaning" },
    { PASSWORD "state=Active", "state: is not" },
    { PASSWORD "state=disabled", "state: is not" },
    { PASSWORD "state=\"\"", "state: is not" },
    { PASSWORD "expires=\"\"", "expires: is not a time" },
    { PASSWORD "expires=0", "expires: is not a time" },
    { PASSWORD "expires=1795608000", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25", "expires: is not a time" },
    { PASSWORD "expires=\"2026-11-25 12:00:00Z\"", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T12:00:00", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T12:00:00z", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T12:00:00+00:00", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T12:00:00.5Z", "expires: is not a time" },
    { PASSWORD "created=2026-11-25T12:00:00.5Z", "created: is not a time" },
    { PASSWORD "expires=2026-00-25T12:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-13-25T12:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-02-29T12:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-11-31T12:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-11-00T12:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T24:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T12:60:00Z", "expires: is not a time" },
    { PASSWORD "expires=2026-11-25T12:00:60Z", "expires: is not a time" },
    { PASSWORD "expires=1970-01-01T00:00:00Z", "expires: is not a time" },
    { PASSWORD "expires=1969-12-31T23:59:59Z", "expires: is not a time" },
    { PASSWORD "expires=+026-11-25T12:00:00Z", "expires: is not a time" },
    { PASSWORD "not_before=2026-11-25T12:00:00.Z", "not_before: is not" },
    { PASSWORD "not_before=2026-11-25T12:00:00.1234567Z", "not_before: is" },
    { PASSWORD "not_before=2026-11-25T12:00:00,5Z", "not_before: is not" },
    { PASSWORD "not_before=2026-11-25T12:00:00.-5Z", "not_before: is not" },
    { "password alice value=x", "value: is no password hash" },
    { "password alice value=\"\"", "value: is missing" },
    { "password alice value=6mWwYZcaRXVLA", "value: is no password hash" },
    { "password alice value=$2y$31$bYTxO2pkKTVn1MniISrfn.1mHNtAWt4O8GORBav4t"
      "YW8.TF4WF/dO", "value: is no password hash" },
    { PASSWORD "realm=" HUNDRED HUNDRED HUNDRED, "realm: is too long" },
    { "digest alice algorithm=SHA-256 value=" SHA256_A1, "realm: is missing" },
    { "digest alice realm=Docs value=" SHA256_A1, "algorithm: is missing" },
    { "digest alice realm=Docs algorithm=SHA-256", "value: is missing" },
    { "digest alice realm=Docs algorithm=sha-256 value=" SHA256_A1,
      "algorithm: is not" },
    { "digest alice realm=Docs algorithm=SHA-256-sess value=" SHA256_A1,
      "algorithm: is not" },
    { "digest alice realm=Docs algorithm=SHA-1 value=" SHA256_A1,
      "algorithm: is not" },
    { "digest alice realm=Docs algorithm=MD5 value=" SHA256_A1,
      "value: is not H(A1)" },
    { "digest alice realm=Docs algorithm=SHA-256 value=" MD5_A1,
      "value: is not H(A1)" },
    { "digest alice realm=Docs algorithm=MD5 "
      "value=AA599cb7b9ce109e22700659ade1507d", "value: is not H(A1)" },
    { "digest alice realm=Docs algorithm=MD5 "
      "value=xa599cb7b9ce109e22700659ade1507d", "value: is not H(A1)" },
    { "digest alice:x realm=Docs algorithm=MD5 value=" MD5_A1,
      "id: must not hold a colon" },
    { "digest alice realm=a:b algorithm=MD5 value=" MD5_A1,
      "realm: must not hold a colon" },
    { "digest alice realm=Docs algorithm=MD5 place=x value=" MD5_A1,
      "place: has no meaning" },
    { "mutual john realm=R algorithm=" P256 " value=" J, "place: is missing" },
    { "mutual john place=a algorithm=" P256 " value=" J, "realm: is missing" },
    { "mutual john realm=R place=a value=" J, "algorithm: is missing" },
    { "mutual john realm=R place=a algorithm=SHA-256 value=" J,
      "algorithm: is none of RFC 8121" },
    { "mutual john realm=R place=a algorithm=" P256 " value=" SHA256_A1,
      "value: is not J(pi)" },
    { "mutual john realm=R place=a algorithm=" P256 " value=01" FF FF FF FF,
      "value: is not J(pi): the number" },
    { "aws4 AKIDEXAMPLE value=" SEALED, "user: is missing" },
    { "aws4 AKIDEXAMPLE user=bob", "value: is missing" },
    { "aws4 AKIDEXAMPLE user=bob value=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE",
      "value: is not a sealed secret" },
    { "aws4 AKIDEXAMPLE user=bob value=v1.", "value: is not a sealed" },
    { "aws4 AKIDEXAMPLE user=bob value=v1.AA=", "value: is not a sealed" },
    { "aws4 AKIDEXAMPLE user=bob value=v2.AAAA", "value: is not a sealed" },
    { "token " TOKEN, "user: is missing" },
    { "token " TOKEN "0 user=bob", "id: is not a SHA-256" },
    { "token secret user=bob", "id: is not a SHA-256" },
    { "token 3C469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"
      " user=bob", "id: is not a SHA-256" },
    { "token " TOKEN " user=bob value=x", "value: has no meaning" },
    { "token " TOKEN " user=bob scope=\" a\"", "scope: is not a list" },
    { "token " TOKEN " user=bob scope=\"a \"", "scope: is not a list" },
    { "token " TOKEN " user=bob scope=\"a  b\"", "scope: is not a list" },
    { "token " TOKEN " user=bob scope=\"a\\\"b\"", "scope: is not a list" },
    { "token " TOKEN " user=bob scope=\xc3\xbc", "scope: is not a list" },
    { "invite secret user=bob", "id: is not a SHA-256" },
    { "invite " TOKEN " user=bob scope=a", "scope: has no meaning" },
    { HOBA, "value: is missing" },
    { HOBA "value=" KEY "=", "value: is not base64url" },
    { HOBA "value=+" KEY, "value: is not base64url" },
    { HOBA "value=AAAA", "id: is not the key id" },
    { "hoba " KID "= place=https://a:443 algorithm=Ed25519 user=bob value="
      KEY, "id: is missing, or" },
    { "hoba " KID " algorithm=Ed25519 user=bob value=" KEY,
      "place: is missing" },
    { "hoba " KID " place=https://a:443 user=bob value=" KEY,
      "algorithm: is missing" },
};

static void hostile(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        as_span line = exact(bad[i].line, strlen(bad[i].line));
        as_cred cred;
        const char *why = as_cred_read(&cred, line, *state);

        if (!why || !strstr(why, bad[i].says))
            fail_msg("%s: %s", bad[i].line, why ? why : "was taken");
        free((char *)line.at);
    }
}

/* What is wrong is said, the secret is not. */
static void values_stay_secret(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        const char *value = strstr(bad[i].line, "value=");
        as_cred cred;
        const char *why = as_cred_read(&cred, as_span_of(bad[i].line),
                                       *state);

        assert_non_null(why);
        if (value && strlen(value) > 16)
            assert_null(strstr(why, value + 6));
    }
}

static void a_nul_is_refused(void **state)
{
    static const char line[] = "password alice\0 value=" BCRYPT;
    as_cred cred = good[0].cred;
    as_cred unused;

    assert_string_equal(as_cred_read(&unused, (as_span){ line,
                                                         sizeof(line) - 1 },
                                     *state), "a control character");
    cred.value = (as_span){ "x\0y", 3 };
    assert_string_equal(as_cred_check(&cred, *state),
                        "value: a control character");
}

/* ---- lengths --------------------------------------------------------- */

static const char *repeat(apr_pool_t *pool, const char *text, int times)
{
    const char *all = "";

    while (times--)
        all = apr_pstrcat(pool, all, text, NULL);
    return all;
}

static void a_line_is_bounded(void **state)
{
    const char *blanks = repeat(*state, " ", AS_CRED_LINE_MAX
                                + 1 - (int)strlen(good[0].line));
    const char *line = apr_pstrcat(*state, good[0].line, blanks, NULL);
    as_cred cred;

    assert_string_equal(as_cred_read(&cred, as_span_of(line), *state),
                        "the line is too long");
    assert_null(as_cred_read(&cred, (as_span){ line, AS_CRED_LINE_MAX },
                             *state));
}

/* The widest record that as_cred_check() takes can be written and read. */
static void the_widest_record(void **state)
{
    as_cred cred = good[0].cred, read;
    const char *line;

    cred.id = cred.user = repeat(*state, "\"", 255);
    cred.realm = repeat(*state, "\\", 255);
    cred.label = repeat(*state, "\"", 1024);
    assert_null(as_cred_check(&cred, *state));
    line = as_cred_write(&cred, *state);
    assert_null(as_cred_read(&read, as_span_of(line), *state));
    assert_cred(&read, &cred);
    cred.realm = repeat(*state, "\\", 256);
    assert_string_equal(as_cred_check(&cred, *state), "realm: is too long");
}

/* ---- records that no line can hold ----------------------------------- */

static void records_are_checked(void **state)
{
    as_cred cred = good[0].cred;

    cred.expires = -1;
    assert_string_equal(as_cred_check(&cred, *state),
                        "a time is before 1970 or after 9999");
    cred.expires = APR_INT64_C(253402300800000000);
    assert_string_equal(as_cred_check(&cred, *state),
                        "a time is before 1970 or after 9999");
    cred = good[0].cred;
    cred.label = "a\nb";
    assert_string_equal(as_cred_check(&cred, *state),
                        "label: a control character");
    cred.label = "\xff";
    assert_string_equal(as_cred_check(&cred, *state),
                        "label: the line is not UTF-8");
    cred = good[0].cred;
    cred.user = "";
    assert_string_equal(as_cred_check(&cred, *state), "user: is missing");
}

/* A fraction is dropped, but never so that the record is good for ever. */
static void fractions(void **state)
{
    as_cred cred = good[0].cred, read;

    cred.created = 1;
    cred.expires = 999999;
    cred.not_before = 1;
    assert_null(as_cred_check(&cred, *state));
    assert_null(as_cred_read(&read, as_span_of(as_cred_write(&cred, *state)),
                             *state));
    assert_int_equal(read.created, 1000000);
    assert_int_equal(read.expires, 1000000);
    assert_int_equal(read.not_before, 1);
}

/* ---- files ----------------------------------------------------------- */

static void lines_of_a_file(void **state)
{
    static const char file[] = "one\r\n\ntwo\r \r\r\n\r\n #three\n   ";
    static const struct {
        const char *line;
        int is_record;
    } lines[] = {
        { "one\r", 1 }, { "", 0 }, { "two\r \r\r", 1 }, { "\r", 0 },
        { " #three", 0 }, { "   ", 0 },
    };
    as_span rest = as_span_of(file), line;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(lines); i++) {
        assert_true(as_cred_take_line(&line, &rest));
        assert_span(line, lines[i].line);
        assert_int_equal(as_cred_is_record(line), lines[i].is_record);
    }
    assert_false(as_cred_take_line(&line, &rest));
}

static void headers(void **state)
{
    static const char *const none[] = {
        "", "\r", "authscheme-credentials", "authscheme-credentials 2",
        "authscheme-credentials 1 ", " authscheme-credentials 1",
        "authscheme-credentials 10", "Authscheme-credentials 1",
        "# authscheme-credentials 1", "\xef\xbb\xbf" AS_CRED_HEADER,
        AS_CRED_HEADER "\r\r",
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(none); i++)
        assert_false(as_cred_is_header(as_span_of(none[i])));
    assert_true(as_cred_is_header(as_span_of("authscheme-credentials 1")));
    assert_true(as_cred_is_header(as_span_of("authscheme-credentials 1\r")));
}

/* ---- words ----------------------------------------------------------- */

static void words(void **state)
{
    static const char *const none[] = { "", "Password", "passwor",
                                        "password ", "passwords" };
    as_cred_state is = AS_CRED_PENDING;
    int i;

    (void)state;
    for (i = 0; i < AS_CRED_KINDS; i++) {
        as_span name = as_span_of(as_cred_kind_name((as_cred_kind)i));

        assert_int_equal(as_cred_kind_find(name), i);
        assert_int_equal(as_cred_is_binary((as_cred_kind)i),
                         i == AS_CRED_HOBA);
    }
    for (i = 0; i < (int)COUNT(none); i++) {
        assert_int_equal(as_cred_kind_find(as_span_of(none[i])),
                         AS_CRED_KINDS);
        assert_false(as_cred_state_find(&is, as_span_of(none[i])));
    }
    assert_true(as_cred_state_find(&is, as_span_of("revoked")));
    assert_int_equal(is, AS_CRED_REVOKED);
    assert_string_equal(as_cred_state_name(AS_CRED_PENDING), "pending");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT_TEST(read_and_write),
        UNIT_TEST(every_kind_is_here),
        UNIT_TEST(hostile),
        UNIT_TEST(values_stay_secret),
        UNIT_TEST(a_nul_is_refused),
        UNIT_TEST(a_line_is_bounded),
        UNIT_TEST(the_widest_record),
        UNIT_TEST(records_are_checked),
        UNIT_TEST(fractions),
        UNIT_TEST(lines_of_a_file),
        UNIT_TEST(headers),
        UNIT_TEST(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Digest without a server: 63 computed vectors, what the RFC prints wrongly,
 * 678 lines of real clients, and rows that no client may send (T-DIG-02, T-DIG-04,
 * T-DIG-07, T-DIG-08, T-DIG-10, T-HDR-01). The values were computed elsewhere
 * (vectors/digest/README).
 */
#include "unit.h"
#include "load.h"

#include "digest.h"
#include "grammar.h"

static as_span text(json_t *row, const char *name)
{
    const char *value = json_string_value(json_object_get(row, name));

    return as_span_of(value ? value : "");
}

/* ---- numbers --------------------------------------------------------- */

static void hash_of_hex(char hex[AS_DIGEST_HEX_MAX + 1],
                        const as_digest_alg *alg, as_span body_hex)
{
    char body[4096];
    as_span part = { body, body_hex.len / 2 };
    apr_size_t i;

    assert_true(part.len <= sizeof(body));
    for (i = 0; i < part.len; i++) {
        char digits[] = { body_hex.at[2 * i], body_hex.at[2 * i + 1], '\0' };

        body[i] = (char)strtol(digits, NULL, 16);
    }
    assert_int_equal(as_digest_hash(hex, alg, &part, 1), APR_SUCCESS);
}

static digest_answer answer_of(json_t *row)
{
    digest_answer a = { .nonce = text(row, "nonce"), .uri = text(row, "uri"),
                        .qop = text(row, "qop"), .nc = text(row, "nc"),
                        .cnonce = text(row, "cnonce") };

    a.alg = as_digest_alg_find(text(row, "algorithm"));
    assert_non_null(a.alg);
    return a;
}

static void check_numbers(json_t *row)
{
    digest_answer a = answer_of(row);
    char key[AS_DIGEST_HEX_MAX + 1], hex[AS_DIGEST_HEX_MAX + 1],
        body[AS_DIGEST_HEX_MAX + 1];

    assert_int_equal(digest_key(key, &a, text(row, "ha1")), APR_SUCCESS);
    assert_span(text(row, "session_ha1"), key);
    hash_of_hex(body, a.alg, text(row, "body_hex"));
    assert_int_equal(digest_response(hex, &a, as_span_of(key),
                                     text(row, "method"), as_span_of(body)),
                     APR_SUCCESS);
    assert_span(text(row, "response"), hex);
    if (!a.qop.len) /* RFC 2069 knows no rspauth */
        return;
    hash_of_hex(body, a.alg, text(row, "response_body_hex"));
    assert_int_equal(digest_response(hex, &a, as_span_of(key),
                                     as_span_of(""), as_span_of(body)),
                     APR_SUCCESS);
    assert_span(text(row, "rspauth"), hex);
}

static void computed_vectors(void **state)
{
    static const struct {
        const char *section;
        size_t rows;
    } sections[] = { { "rfc", 3 }, { "rows", 60 } };
    size_t i, k;

    (void)state;
    for (i = 0; i < COUNT(sections); i++) {
        json_t *rows = load("digest/digest.json", sections[i].section);
        json_t *row;

        assert_int_equal(json_array_size(rows), sections[i].rows);
        json_array_foreach(rows, k, row)
            check_numbers(row);
    }
}

/* RFC 7616 section 3.9.2 cut SHA-512 instead of using SHA-512/256. */
static void what_the_rfc_prints_is_wrong(void **state)
{
    json_t *row = json_array_get(load("digest/digest.json", "rfc"), 2);

    (void)state;
    assert_span(text(row, "source"), "RFC 7616 3.9.2");
    assert_span(text(row, "response"), "3798d4131c277846293534c3edc11bd8a5e4cd"
                "cbff78b05db9d95eeb1cec68a5");
    assert_memory_equal(text(row, "printed").at, "ae66e67d6b42", 12);
    check_numbers(row);
}

/* ---- real clients ---------------------------------------------------- */

/* What each scenario offered, and whose H(A1) it is; by Python's hashlib:
 * H("alice:R:s3cret") and so on. */
static const struct {
    const char *scenario;
    const char *algorithm;
} offers[] = {
    { "cap-md5", "MD5" },
    { "cap-charset-md5", "MD5" },
    { "cap-noalg", "MD5" },
    { "cap-noqop", "MD5" },
    { "cap-qop-int", "MD5" },
    { "gr-digest-quote-realm", "MD5" },
    { "cap-md5sess", "MD5-sess" },
    { "cap-sha256", "SHA-256" },
    { "cap-charset", "SHA-256" },
    { "cap-userhash", "SHA-256" },
    { "cap-sha256sess", "SHA-256-sess" },
    { "cap-sha512256", "SHA-512-256" },
    { "cap-sha512256sess", "SHA-512-256-sess" },
};

static const struct {
    const char *name, *hash, *realm; /* hash: the name's userhash by SHA-256 */
    const char *md5, *sha256, *sha512_256;
} users[] = {
    { "alice",
      "884b2c5d04f42ba51b1b9467cd89d9efc5a673049da4f536f28b4e596f84926a", "R",
      "3b5ec6063f50f7783f2778ad03ad4d16",
      "188d74247fc0c061ecaa71ddf374c7f9871c155930d08ccdb1474f358695b056",
      "94363ad3f6badb3cb8d5469d157c8ed007e2a97aedd9dacef2c2ee6345b12d1f" },
    { "alice",
      "45f865bc85b49cdd96359500cfdba23e0307d89cba726604be1917f990d2a8ec", "a \"q\", b",
      "f65a9c79afc1077ca5cd73e8caa2f86a",
      "ed56061964c9aa0be09793f98e0e9dee1d838f1f311a738f42c8ddcf866bab4e",
      "bfab3bbdde0cf6b47121356d11d537cfbebac74e49c8aa24ccc9ee3528f044d2" },
    { "J\xc3\xbcrgen",
      "01633b101c0789cf46979eb5e1c5ebc7b5a423c065dc03031a1a053361bb5ce6", "R",
      "932cc76eea44ddcdf094fb178deb35ed",
      "e8fb9edd81912bc2c1524463e16657365729145780e8467df4125af9f65e7c89",
      "33a1936523ce94c84a5241a312eb94f0a26f4eedd91ab107819bfb1c7de269cd" },
    { "J\xc3\xbcrgen",
      "97e2f29eda4bbbc7e99b03a32c0763ff537c2f89f1d23b96dc614b437a454679", "a \"q\", b",
      "f03f10ad2bfea4b6d5ad2b594854ba26",
      "42d8b200cda0ea21e82334f2bed4350aa780355b277f6007b8c440cfd89e4704",
      "063d5ed9f82b48b3ab35ff531f940b6383260346be4d5d638d711c52f1545937" },
};

static const char *ha1_of(const digest_answer *a)
{
    size_t i;

    for (i = 0; i < COUNT(users); i++) {
        if (!as_span_is(a->realm, users[i].realm)
            || !as_span_is(a->user, a->is_hashed ? users[i].hash
                                                 : users[i].name))
            continue;
        if (!strcmp(a->alg->base, "MD5"))
            return users[i].md5;
        return strcmp(a->alg->base, "SHA-256") ? users[i].sha512_256
                                               : users[i].sha256;
    }
    return NULL;
}

static int is_offered(json_t *row, const digest_answer *a)
{
    size_t i;

    for (i = 0; i < COUNT(offers); i++)
        if (as_span_is(text(row, "scenario"), offers[i].scenario))
            return a->alg == as_digest_alg_find(
                                 as_span_of(offers[i].algorithm));
    fail_msg("no scenario %s", text(row, "scenario").at);
    return 0;
}

/* The file has an octet as the character of that number. */
static as_span octets(json_t *row, const char *name, apr_pool_t *pool)
{
    as_span utf8 = text(row, name);
    char *out = apr_palloc(pool, utf8.len + 1);
    apr_size_t i, n = 0;

    for (i = 0; i < utf8.len; i++) {
        unsigned char c = (unsigned char)utf8.at[i];

        if (c >= 0x80)
            c = (unsigned char)(c << 6 | (utf8.at[++i] & 0x3f));
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return (as_span){ out, n };
}

/* As the module does it, but for nonces, which are not ours. */
static int gets_in(json_t *row, apr_pool_t *pool)
{
    digest_target target = { text(row, "target"), 0, "localhost", 80 };
    char key[AS_DIGEST_HEX_MAX + 1], hex[AS_DIGEST_HEX_MAX + 1],
        body[AS_DIGEST_HEX_MAX + 1];
    as_credentials sent;
    digest_answer a;
    as_span name;
    const char *ha1;

    if (as_credentials_parse(&sent, octets(row, "authorization", pool), pool)
            != APR_SUCCESS
        || sent.form != AS_FORM_PARAMS || digest_parse(&a, &sent, pool)
        || !digest_uri_fits(a.uri, &target) || !a.qop.len
        || !is_offered(row, &a))
        return 0;
    ha1 = ha1_of(&a);
    if (!ha1 && digest_respelt(&name, a.user, pool)) {
        a.user = name;
        ha1 = ha1_of(&a);
    }
    if (!ha1)
        return 0;
    hash_of_hex(body, a.alg, as_span_of(""));
    assert_int_equal(digest_key(key, &a, as_span_of(ha1)), APR_SUCCESS);
    assert_int_equal(digest_response(hex, &a, as_span_of(key),
                                     text(row, "method"), as_span_of(body)),
                     APR_SUCCESS);
    return as_span_is(a.response, hex);
}

/* The recording server took the form without qop, a uri without the query, hashes
 * of Latin-1, and a realm with a quote as far as the client had read it; Basic is
 * not ours. */
static int should_get_in(json_t *row)
{
    const char *sent = text(row, "authorization").at;
    as_span form = text(row, "user_form");

    return json_is_true(json_object_get(row, "accepted"))
           && !strncmp(sent, "Digest ", 7) && strstr(sent, "qop=")
           && strcmp(text(row, "client").at, "nodeaxiosdigest")
           && !strstr(sent, "realm=\"a \\\\\"")
           && !strstr(sent, "realm=\"a \"")
           && strncmp(form.at, "A1 with", 7);
}

static void lines_of_real_clients(void **state)
{
    json_t *rows = load("digest/digest-clients.json", "rows"), *row;
    int granted = 0;
    size_t i;

    assert_int_equal(json_array_size(rows), 678);
    json_array_foreach(rows, i, row) {
        if (gets_in(row, *state) != should_get_in(row))
            fail_msg("%s in %s: %s", text(row, "client").at,
                     text(row, "scenario").at, text(row, "authorization").at);
        granted += should_get_in(row);
    }
    assert_true(granted > 300);
}

/* ---- what is refused before it is computed --------------------------- */

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MD5 "0123456789abcdef0123456789abcdef"
#define REST ", realm=\"R\", nonce=\"N\", uri=\"/\", qop=auth, nc=00000001, " \
             "cnonce=\"C\", algorithm=SHA-256, response=\"" SHA256 "\""
#define WITHOUT(what) "Digest username=\"a\", " what

static const struct {
    const char *sent;
    const char *user; /* NULL: refused */
} lines[] = {
    { "Digest username=\"alice\"" REST, "alice" },
    { "Digest username=alice" REST, "alice" },
    { "Digest username=\"a\\\"b\\\\c\"" REST, "a\"b\\c" },
    { "Digest username=\"\"" REST, "" },
    { "digest USERNAME = \"alice\"" REST ", unheard=of", "alice" },
    { "Digest username*=UTF-8''J%C3%BCrgen" REST, "J\xc3\xbcrgen" },
    { "Digest username*=utf-8'de'J%c3%bcrgen" REST, "J\xc3\xbcrgen" },
    { "Digest username=\"AB12\", userhash=true" REST, "ab12" },
    { "Digest username=\"AB12\", userhash=\"TRUE\"" REST, "ab12" },
    { "Digest username=\"AB12\", userhash=false" REST, "AB12" },
    { WITHOUT("realm=\"R\", nonce=\"N\", uri=\"/\", response=\"" MD5 "\""),
      "a" }, /* as RFC 2069 has it: judged later */
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=\"auth\", nc=\"0000000A\", "
              "cnonce=C, response=0123456789ABCDEF0123456789abcdef"), "a" },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=ffffffff, cnonce=C, "
              "algorithm=SHA-1, response=00"), "a" },

    { "Digest" REST, NULL },
    { "Digest realm=\"R\"", NULL },
    { "Digest username=\"a\", username*=UTF-8''a" REST, NULL },
    { "Digest username*=\"UTF-8''a\"" REST, NULL },
    { "Digest username*=ISO-8859-1''J%FCrgen" REST, NULL },
    { "Digest username*=UTF-8''J%FCrgen" REST, NULL },
    { "Digest username*=UTF-8''a%00b" REST, NULL },
    { "Digest username*=UTF-8''a%0Ab" REST, NULL },
    { "Digest username*=UTF-8''a%4" REST, NULL },
    { "Digest username*=UTF-8''a%" REST, NULL },
    { "Digest username*=UTF-8''a%zz" REST, NULL },
    { "Digest username*=UTF-8''" REST, NULL },
    { "Digest username*=UTF-8'a" REST, NULL },
    { "Digest username*=UTF-8" REST, NULL },
    { "Digest username*=''a" REST, NULL },
    { "Digest username*=UTF-8''a, userhash=true" REST, NULL },
    { "Digest username=\"a\", userhash=maybe" REST, NULL },
    { WITHOUT("nonce=\"N\", uri=\"/\", response=\"" MD5 "\""), NULL },
    { WITHOUT("realm=\"R\", uri=\"/\", response=\"" MD5 "\""), NULL },
    { WITHOUT("realm=\"R\", nonce=\"N\", response=\"" MD5 "\""), NULL },
    { WITHOUT("realm=\"R\", nonce=\"N\", uri=\"/\""), NULL },
    { WITHOUT("realm=\"R\", nonce=\"N\", uri=\"/\", response=\"\""), NULL },
    { WITHOUT("realm=\"R\", nonce=\"N\", uri=\"/\", response=\"" SHA256 "\""),
      NULL }, /* no algorithm is MD5 */
    { WITHOUT("realm=\"R\", nonce=\"N\", uri=\"/\", algorithm=SHA-256, "
              "response=\"" MD5 "\""), NULL },
    { WITHOUT("realm=\"R\", nonce=\"N\", uri=\"/\", "
              "response=\"g123456789abcdef0123456789abcdef\""), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=1, cnonce=C, "
              "response=" MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=000000001, cnonce=C, "
              "response=" MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=0000000g, cnonce=C, "
              "response=" MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=-0000001, cnonce=C, "
              "response=" MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, cnonce=C, response="
              MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=00000001, response="
              MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=00000001, cnonce="
              "\"\", response=" MD5), NULL },
    { WITHOUT("realm=R, nonce=N, uri=\"/\", qop=auth, nc=00000001, cnonce="
              "\"\xc3\xbc\", response=" MD5), NULL },
};

static void parsed_or_refused(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(lines); i++) {
        as_span sent = exact(lines[i].sent, strlen(lines[i].sent));
        as_credentials parsed;
        digest_answer a;
        const char *why = "no parameters";

        if (as_credentials_parse(&parsed, sent, *state) == APR_SUCCESS
            && parsed.form == AS_FORM_PARAMS)
            why = digest_parse(&a, &parsed, *state);
        if (!why != !!lines[i].user)
            fail_msg("%s: %s", lines[i].sent, why ? why : "taken");
        if (lines[i].user)
            assert_span(a.user, lines[i].user);
        free((char *)sent.at);
    }
}

static void what_is_too_long(void **state)
{
    const char *format = "Digest username=\"a\", realm=R, nonce=N, uri=\"/%s\", "
                         "qop=auth, nc=00000001, cnonce=\"%s\", other=\"%s\", "
                         "response=" MD5;
    char *large = apr_palloc(*state, 9000);
    as_credentials parsed;
    digest_answer a;
    int i;

    memset(large, 'x', 8999);
    large[8999] = '\0';
    for (i = 0; i < 3; i++) {
        const char *line = apr_psprintf(*state, format, i == 0 ? large : "",
                                        i == 1 ? large + 8999 - 257 : "c",
                                        i == 2 ? large : "");

        assert_int_equal(as_credentials_parse(&parsed, as_span_of(line),
                                              *state), APR_SUCCESS);
        assert_int_equal(!digest_parse(&a, &parsed, *state), i == 0);
    }
}

/* ---- names and targets ----------------------------------------------- */

static const struct {
    const char *user, *name;
} spellings[] = {
    { "J%C3%BCrgen", "J\xc3\xbcrgen" }, { "J%c3%bcrgen", "J\xc3\xbcrgen" },
    { "alice", NULL },      { "al%69ce", NULL }, /* ASCII is sent plainly */
    { "100%", NULL },       { "%C3", NULL },      { "%C3%BC%", NULL },
    { "%C3%BC%0A", NULL },  { "%FC", NULL },      { "", NULL },
    { "J\xfcrgen", "J\xc3\xbcrgen" }, { "J\xfc\nrgen", NULL },
    { "J\xc3\xbcrgen", NULL },
    { "J\xc3\xbc%C3%BC", NULL }, { "%C3%BC%00", NULL },
};

static void other_readings_of_names(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(spellings); i++) {
        as_span name;
        int is_one = digest_respelt(&name, as_span_of(spellings[i].user),
                                      *state);

        assert_int_equal(is_one, spellings[i].name != NULL);
        if (is_one)
            assert_span(name, spellings[i].name);
    }
}

static const struct {
    const char *uri, *target;
    int fits;
} uris[] = {
    { "/a?b", "/a?b", 1 },
    { "*", "*", 1 },
    { "example.org:443", "example.org:443", 1 },
    { "http://www.example.com/a?b", "/a?b", 1 },
    { "HTTP://WWW.example.com:80/a?b", "/a?b", 1 },
    { "/a?b", "http://www.example.com/a?b", 1 },
    { "http://www.example.com", "/", 1 },
    { "http://www.example.com?q", "/?q", 1 },
    { "http://www.example.com:/a", "/a", 1 },
    { "http://www.example.com/a", "http://www.example.com:80/a", 1 },

    { "/a", "/a?b", 0 },
    { "/a?b", "/a", 0 },
    { "/%61", "/a", 0 },
    { "//a", "/a", 0 },
    { "/a/", "/a", 0 },
    { "/A", "/a", 0 },
    { "", "/", 0 },
    { "a", "/a", 0 },
    { "a", "http://www.example.com/a", 0 },
    { "*", "/*", 0 },
    { "https://www.example.com/a", "/a", 0 },
    { "http://www.example.com:8080/a", "/a", 0 },
    { "http://www.example.com:080x/a", "/a", 0 },
    { "http://www.example.com:65616/a", "/a", 0 },
    { "http://www.example.com.evil.org/a", "/a", 0 },
    { "http://evil.org/a", "/a", 0 },
    { "http://alice@www.example.com/a", "/a", 0 },
    { "http://www.example.com", "/a", 0 },
    { "http://", "/", 0 },
};

static void uris_and_targets(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(uris); i++) {
        as_span uri = exact(uris[i].uri, strlen(uris[i].uri));
        digest_target target = { as_span_of(uris[i].target), 0,
                                 "www.example.com", 80 };

        if (digest_uri_fits(uri, &target) != uris[i].fits)
            fail_msg("%s for %s", uris[i].uri, uris[i].target);
        /* a forward proxy knows texts only */
        target.host = NULL;
        assert_int_equal(digest_uri_fits(uri, &target),
                         !strcmp(uris[i].uri, uris[i].target));
        free((char *)uri.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(computed_vectors),
        UNIT_TEST(what_the_rfc_prints_is_wrong),
        UNIT_TEST(lines_of_real_clients),
        UNIT_TEST(parsed_or_refused),
        UNIT_TEST(what_is_too_long),
        UNIT_TEST(other_readings_of_names),
        UNIT_TEST(uris_and_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

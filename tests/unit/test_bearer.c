/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Bearer without a server: the BearerIssuer line, names of claims, what
 * applications see of them, and the rules for claims (T-BRR-02, T-BRR-03,
 * T-IDN-04, T-IDN-06, T-HDR-08).
 */
#include "unit.h"

#include "bearer_claims.h"

#define NOW 1000000000

/* ---- BearerIssuer ---------------------------------------------------- */

#define REST "keys=file:k", "audience=a"

static const struct {
    const char *words[8];
    const char *wrong; /* part of what is said; NULL where all is well */
} lines[] = {
    { { "https://i", REST }, NULL },
    { { "https://i", "audience=none", "keys=file:/k" }, NULL },
    { { "https://i", REST, "leeway=0" }, NULL },
    { { "https://i", REST, "leeway=300" }, NULL },
    { { "https://i", REST, "algorithms=RS256,ES256,EdDSA,ES256K" }, NULL },
    { { "https://i", REST, "algorithms=HS256,HS512" }, NULL },
    { { "https://i", REST, "typ=at+jwt" }, NULL },
    { { "https://i", REST, "typ=JWT,at+jwt", "id-tokens=allow" }, NULL },

    { { NULL }, "name is missing" },
    { { "", REST }, "name is missing" },
    { { "a\nb", REST }, "name is missing" },
    { { "https://i", "audience=a" }, "keys=file:PATH is missing" },
    { { "https://i", "keys=file:k" }, "audience= is missing" },
    { { "https://i", "keys=https://x", "audience=a" }, "not available yet" },
    { { "https://i", "keys=http://x", "audience=a" }, "wants file:" },
    { { "https://i", "keys=file:", "audience=a" }, "wants file:" },
    { { "https://i", "keys=", "audience=a" }, "wants file:" },
    { { "https://i", "keys", "audience=a" }, "not an option" },
    { { "https://i", REST, "audience=b" }, "twice" },
    { { "https://i", "keys=file:k", "audience=" }, "audience= wants" },
    { { "https://i", "keys=file:k", "audience=a,,b" }, "audience= wants" },
    { { "https://i", "keys=file:k", "audience=a," }, "audience= wants" },
    { { "https://i", REST, "algorithms=none" }, "'none' is unknown" },
    { { "https://i", REST, "algorithms=rs256" }, "'rs256' is unknown" },
    { { "https://i", REST, "algorithms=" }, "algorithms= wants" },
    { { "https://i", REST, "algorithms=RS256,HS256" }, "mixes" },
    { { "https://i", REST, "leeway=301" }, "leeway=" },
    { { "https://i", REST, "leeway=-1" }, "leeway=" },
    { { "https://i", REST, "leeway=" }, "leeway=" },
    { { "https://i", REST, "leeway=1e1" }, "leeway=" },
    { { "https://i", REST, "leeway=0x1" }, "leeway=" },
    { { "https://i", REST, "leeway=4294967296" }, "leeway=" },
    { { "https://i", REST, "typ=dpop+jwt" }, "never an access token" },
    { { "https://i", REST, "typ=JWT,Logout+JWT" }, "never an access token" },
    { { "https://i", REST, "typ=" }, "typ= wants" },
    { { "https://i", REST, "id-tokens=yes" }, "id-tokens=" },
    { { "https://i", REST, "Leeway=1" }, "not an option" },
    { { "https://i", REST, "=1" }, "not an option" },
    { { "https://i", REST, "cache=1" }, "not an option" },
};

static void reads_issuers(void **state)
{
    bearer_issuer issuer;
    size_t i;

    for (i = 0; i < COUNT(lines); i++) {
        const char *wrong;
        int argc = 0;

        while (lines[i].words[argc])
            argc++;
        wrong = bearer_issuer_parse(&issuer, *state, argc, lines[i].words);
        if (!wrong != !lines[i].wrong
            || (wrong && !strstr(wrong, lines[i].wrong)))
            fail_msg("line %d: %s", (int)i, wrong ? wrong : "accepted");
    }
}

/* ---- names of claims ------------------------------------------------- */

#define CLAIMS                                                              \
    "{\"sub\":\"alice\",\"n\":1,\"big\":9223372036854775807,\"t\":true,"     \
    "\"null\":null,\"real\":1.7e9,\"half\":0.5,\"none\":[],"                 \
    "\"a\":{\"b\":{\"c\":\"deep\"}},\"roles\":[\"x\",\"y,z\",3],"            \
    "\"https://example.com/x.y\":{\"k\":\"url\"},\"cognito:groups\":[\"g\"],"\
    "\"text\":\"a%b\\u00e9\\r\\nSet-Cookie: x\",\"empty\":\"\","             \
    "\"mixed\":[\"a\",{\"b\":[1,2]},null,false]}"

static const struct {
    const char *path;
    const char *text; /* NULL: no such claim, or nothing to show */
} claims_shown[] = {
    { "sub", "alice" },
    { "n", "1" },
    { "big", "9223372036854775807" },
    { "t", "true" },
    { "null", NULL },
    { "real", "1700000000" },
    { "half", "0.5" },
    { "none", NULL },
    { "empty", "" },
    { "a.b.c", "deep" },
    { "a.b", "{\"c\":\"deep\"}" },
    { "a.c", NULL },
    { "sub.x", NULL },
    { "roles", "x,y%2Cz,3" },
    { "roles[0]", "x" },
    { "roles[1]", "y,z" },
    { "roles[3]", NULL },
    { "roles.x", NULL },
    { "sub[0]", NULL },
    { "[\"https://example.com/x.y\"].k", "url" },
    { "[\"a\"][\"b\"].c", "deep" },
    { "cognito:groups", "g" },
    { "text", "a%25b%C3%A9%0D%0ASet-Cookie: x" },
    { "mixed", "a,{\"b\":[1%2C2]},null,false" },
    { "Sub", NULL },
};

static const char *const bad_paths[] = {
    "", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[x]", "a[0", "a[-1]",
    "a[00000]", "[\"\"]", "[\"a\"", "[\"a", "a b", "a\"b", "a]b",
    "https://example.com/x", "a[0]b", "[\"a\"]b", "a\nb", "[\"a\nb\"]",
    "a.b.c.d.e.f.g.h.i",
};

static json_t *parse(const char *text, apr_pool_t *pool)
{
    json_t *object;

    if (bearer_claims_read(&object, as_span_of(text), pool) != APR_SUCCESS)
        fail_msg("not JSON: %s", text);
    return object;
}

static void finds_claims(void **state)
{
    json_t *claims = parse(CLAIMS, *state);
    bearer_path path;
    size_t i;

    for (i = 0; i < COUNT(claims_shown); i++) {
        const char *wrong = bearer_path_parse(&path, claims_shown[i].path,
                                              *state);
        const char *text;

        if (wrong)
            fail_msg("%s", wrong);
        text = bearer_claim_text(*state, bearer_path_find(&path, claims));
        if (!text != !claims_shown[i].text
            || (text && strcmp(text, claims_shown[i].text)))
            fail_msg("%s: %s", claims_shown[i].path, text ? text : "nothing");
    }
    for (i = 0; i < COUNT(bad_paths); i++)
        if (!bearer_path_parse(&path, bad_paths[i], *state))
            fail_msg("accepted %s", bad_paths[i]);
}

static void bounds_what_is_shown(void **state)
{
    char *text = apr_palloc(*state, 5000);
    json_t *value;
    const char *shown;

    memset(text, 'x', 5000);
    text[4000] = '\0';
    value = json_string(text);
    shown = bearer_claim_text(*state, value);
    assert_int_equal(strlen(shown), 4000);
    json_decref(value);
    text[4000] = 'x';
    text[4097] = '\0';
    value = json_pack("[s]", text);
    assert_null(bearer_claim_text(*state, value));
    json_decref(value);
    memset(text, 7, 2000);
    text[2000] = '\0';
    value = json_string(text);
    assert_null(bearer_claim_text(*state, value));
    json_decref(value);
    value = json_array();
    while (json_array_size(value) < 4100)
        json_array_append_new(value, json_string(""));
    assert_null(bearer_claim_text(*state, value));
    json_decref(value);
}

static const struct {
    const char *path, *value;
    int is;
} comparisons[] = {
    { "sub", "alice", 1 }, { "sub", "Alice", 0 }, { "sub", "alic", 0 },
    { "sub", "", 0 },      { "empty", "", 1 },    { "n", "1", 1 },
    { "n", "01", 0 },      { "n", "1.0", 0 },     { "n", " 1", 0 },
    { "t", "true", 1 },    { "t", "1", 0 },       { "null", "null", 0 },
    { "real", "1700000000", 0 },                  { "roles", "x", 1 },
    { "roles", "y,z", 1 }, { "roles", "y", 0 },   { "roles", "3", 1 },
    { "none", "", 0 },     { "a", "deep", 0 },    { "mixed", "false", 1 },
};

static void compares_claims(void **state)
{
    json_t *claims = parse(CLAIMS, *state);
    bearer_path path;
    size_t i;

    for (i = 0; i < COUNT(comparisons); i++) {
        assert_null(bearer_path_parse(&path, comparisons[i].path, *state));
        if (bearer_claim_is(bearer_path_find(&path, claims),
                            comparisons[i].value) != comparisons[i].is)
            fail_msg("%s is %s", comparisons[i].path, comparisons[i].value);
    }
    assert_false(bearer_claim_is(NULL, "x"));
}

/* ---- rules ----------------------------------------------------------- */

#define GOOD "\"exp\":1000000100,\"aud\":\"us\",\"sub\":\"alice\""

static const struct {
    const char *typ, *claims; /* claims of a token with aud and exp unless
                                 they begin with "{" */
    bearer_fault fault;
} rules[] = {
    { NULL, "", BEARER_GOOD },
    { "JWT", "", BEARER_GOOD },
    { "jwt", "", BEARER_GOOD },
    { "at+jwt", "", BEARER_GOOD },
    { "application/AT+jwt", "", BEARER_GOOD },
    { "", "", BEARER_NOT_OURS },
    { "application/", "", BEARER_NOT_OURS },
    { "application/application/jwt", "", BEARER_NOT_OURS },
    { "dpop+jwt", "", BEARER_NOT_OURS },
    { "logout+jwt", "", BEARER_NOT_OURS },
    { "application/token-introspection+jwt", "", BEARER_NOT_OURS },
    { "secevent+jwt", "", BEARER_NOT_OURS },
    { "JOSE", "", BEARER_NOT_OURS },

    /* time */
    { NULL, "{\"aud\":\"us\"}", BEARER_MALFORMED },
    { NULL, "{\"aud\":\"us\",\"exp\":null}", BEARER_MALFORMED },
    { NULL, "{\"aud\":\"us\",\"exp\":\"1000000100\"}", BEARER_MALFORMED },
    { NULL, "{\"aud\":\"us\",\"exp\":true}", BEARER_MALFORMED },
    { NULL, "{\"aud\":\"us\",\"exp\":[1000000100]}", BEARER_MALFORMED },
    { NULL, "{\"aud\":\"us\",\"exp\":-1}", BEARER_MALFORMED },
    { NULL, "{\"aud\":\"us\",\"exp\":0}", BEARER_EXPIRED },
    { NULL, "{\"aud\":\"us\",\"exp\":999999939}", BEARER_EXPIRED },
    { NULL, "{\"aud\":\"us\",\"exp\":999999940}", BEARER_EXPIRED },
    { NULL, "{\"aud\":\"us\",\"exp\":999999940.5}", BEARER_GOOD },
    { NULL, "{\"aud\":\"us\",\"exp\":999999941}", BEARER_GOOD },
    { NULL, "{\"aud\":\"us\",\"exp\":1e300}", BEARER_GOOD },
    { NULL, "{\"aud\":\"us\",\"exp\":9223372036854775807}", BEARER_GOOD },
    { NULL, "{\"aud\":\"us\",\"exp\":1.0000001e9}", BEARER_GOOD },
    { NULL, ",\"nbf\":1000000060", BEARER_GOOD },
    { NULL, ",\"nbf\":1000000061", BEARER_EXPIRED },
    { NULL, ",\"nbf\":1e300", BEARER_EXPIRED },
    { NULL, ",\"nbf\":\"0\"", BEARER_MALFORMED },
    { NULL, ",\"nbf\":null", BEARER_MALFORMED },
    { NULL, ",\"nbf\":-1", BEARER_MALFORMED },
    { NULL, ",\"iat\":1000000060", BEARER_GOOD },
    { NULL, ",\"iat\":1000000061", BEARER_EXPIRED },
    { NULL, ",\"iat\":\"1\"", BEARER_MALFORMED },

    /* audience */
    { NULL, "{\"exp\":1e10}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":\"them\"}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":\"us \"}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":\"Us\"}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":\"\"}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":[]}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":[\"them\"]}", BEARER_NOT_OURS },
    { NULL, "{\"exp\":1e10,\"aud\":[\"them\",\"us\"]}", BEARER_GOOD },
    { NULL, "{\"exp\":1e10,\"aud\":\"us2\"}", BEARER_GOOD },
    { NULL, "{\"exp\":1e10,\"aud\":[\"us\",1]}", BEARER_MALFORMED },
    { NULL, "{\"exp\":1e10,\"aud\":[[\"us\"]]}", BEARER_MALFORMED },
    { NULL, "{\"exp\":1e10,\"aud\":1}", BEARER_MALFORMED },
    { NULL, "{\"exp\":1e10,\"aud\":null}", BEARER_MALFORMED },
    { NULL, "{\"exp\":1e10,\"aud\":{\"us\":1}}", BEARER_MALFORMED },

    /* other kinds of token */
    { NULL, ",\"nonce\":\"n\"", BEARER_NOT_OURS },
    { "JWT", ",\"at_hash\":\"n\"", BEARER_NOT_OURS },
    { NULL, ",\"c_hash\":null", BEARER_NOT_OURS },
    { "at+jwt", ",\"nonce\":\"n\"", BEARER_GOOD },
    { NULL, ",\"events\":{}", BEARER_NOT_OURS },
    { "at+jwt", ",\"events\":{}", BEARER_NOT_OURS },
    { NULL, ",\"cnf\":{\"jkt\":\"x\"}", BEARER_NOT_OURS },
    { NULL, ",\"cnf\":{}", BEARER_NOT_OURS },
    { NULL, ",\"cnf\":null", BEARER_NOT_OURS },

    /* types */
    { NULL, "{\"exp\":1e10,\"aud\":\"us\"}", BEARER_GOOD },
    { NULL, "{\"exp\":1e10,\"aud\":\"us\",\"sub\":1}", BEARER_MALFORMED },
    { NULL, ",\"jti\":1", BEARER_MALFORMED },
    { NULL, ",\"client_id\":[]", BEARER_MALFORMED },
    { NULL, ",\"scope\":\"a b\"", BEARER_GOOD },
    { NULL, ",\"scope\":[\"a\",\"b\"]", BEARER_GOOD },
    { NULL, ",\"scope\":1", BEARER_MALFORMED },
    { NULL, ",\"scope\":null", BEARER_MALFORMED },
    { NULL, ",\"scope\":{\"a\":1}", BEARER_MALFORMED },
    { NULL, ",\"scope\":[\"a\",1]", BEARER_MALFORMED },
    { NULL, ",\"scp\":false", BEARER_MALFORMED },
};

static bearer_fault judge(const bearer_issuer *issuer, const char *typ,
                          const char *text, apr_pool_t *pool)
{
    as_jws jws = { .header = parse("{}", pool), .typ = typ };
    json_t *claims, *got;
    const char *why;
    bearer_fault fault;

    if (*text != '{')
        text = apr_pstrcat(pool, "{" GOOD, text, "}", NULL);
    claims = parse(text, pool);
    fault = bearer_claims_judge(issuer, &jws, claims, NOW, &why, &got);
    assert_int_equal(fault == BEARER_GOOD, why == NULL);
    return fault;
}

static void make_issuer(bearer_issuer *issuer, apr_pool_t *pool,
                        const char *option)
{
    const char *words[] = { "https://i", "keys=file:k", "audience=us,us2",
                            option };

    assert_null(bearer_issuer_parse(issuer, pool, option ? 4 : 3, words));
}

static void judges_claims(void **state)
{
    bearer_issuer issuer;
    size_t i;

    make_issuer(&issuer, *state, NULL);
    for (i = 0; i < COUNT(rules); i++)
        if (judge(&issuer, rules[i].typ, rules[i].claims, *state)
            != rules[i].fault)
            fail_msg("typ %s, claims %s", rules[i].typ ? rules[i].typ : "-",
                     rules[i].claims);
}

#define ALL_OF_9068 ",\"iat\":1,\"jti\":\"j\",\"client_id\":\"c\""

static void judges_by_the_issuers_options(void **state)
{
    const char *any[] = { "https://i", "keys=file:k", "audience=none" };
    bearer_issuer issuer;

    make_issuer(&issuer, *state, "typ=at+jwt");
    assert_int_equal(judge(&issuer, "at+jwt", ALL_OF_9068, *state),
                     BEARER_GOOD);
    assert_int_equal(judge(&issuer, "at+jwt", "", *state), BEARER_MALFORMED);
    assert_int_equal(judge(&issuer, "JWT", ALL_OF_9068, *state),
                     BEARER_NOT_OURS);
    assert_int_equal(judge(&issuer, NULL, ALL_OF_9068, *state),
                     BEARER_NOT_OURS);

    make_issuer(&issuer, *state, "typ=x,y");
    assert_int_equal(judge(&issuer, "application/Y", "", *state),
                     BEARER_GOOD);
    assert_int_equal(judge(&issuer, "JWT", "", *state), BEARER_NOT_OURS);

    make_issuer(&issuer, *state, "id-tokens=allow");
    assert_int_equal(judge(&issuer, NULL, ",\"nonce\":\"n\"", *state),
                     BEARER_GOOD);
    assert_int_equal(judge(&issuer, NULL, ",\"events\":{}", *state),
                     BEARER_NOT_OURS);

    make_issuer(&issuer, *state, "leeway=0");
    assert_int_equal(judge(&issuer, NULL, "{\"aud\":\"us\",\"exp\":1000000000}",
                           *state), BEARER_EXPIRED);
    assert_int_equal(judge(&issuer, NULL, "{\"aud\":\"us\",\"exp\":1000000001}",
                           *state), BEARER_GOOD);

    assert_null(bearer_issuer_parse(&issuer, *state, 3, any));
    assert_int_equal(judge(&issuer, NULL, "{\"exp\":1e10}", *state),
                     BEARER_GOOD);
    assert_int_equal(judge(&issuer, NULL, "{\"exp\":1e10,\"aud\":\"x\"}",
                           *state), BEARER_GOOD);
    assert_int_equal(judge(&issuer, NULL, "{\"exp\":1e10,\"aud\":1}", *state),
                     BEARER_MALFORMED);
}

static const struct {
    const char *claims, *user;
} users[] = {
    { "{\"sub\":\"alice\"}", "alice" },
    { "{\"sub\":\"J\\u00e4son x\"}", "J\xc3\xa4son x" },
    { "{\"sub\":\"\"}", NULL },
    { "{\"sub\":null}", NULL },
    { "{\"sub\":1}", NULL },
    { "{\"sub\":[\"alice\"]}", NULL },
    { "{}", NULL },
    { "{\"sub\":\"a\\nb\"}", NULL },
    { "{\"sub\":\"a\\u007f\"}", NULL },
};

static void names_users(void **state)
{
    bearer_path sub;
    char *name = apr_palloc(*state, 257);
    size_t i;

    assert_null(bearer_path_parse(&sub, "sub", *state));
    for (i = 0; i < COUNT(users); i++) {
        const char *user = bearer_claims_user(&sub, parse(users[i].claims,
                                                          *state));

        if (!user != !users[i].user || (user && strcmp(user, users[i].user)))
            fail_msg("%s", users[i].claims);
    }
    memset(name, 'x', 256);
    name[255] = '\0';
    assert_non_null(bearer_claims_user(
        &sub, parse(apr_pstrcat(*state, "{\"sub\":\"", name, "\"}", NULL),
                    *state)));
    assert_null(bearer_claims_user(
        &sub, parse(apr_pstrcat(*state, "{\"sub\":\"x", name, "\"}", NULL),
                    *state)));
}

static const struct {
    const char *claims, *scope;
    int has;
} scopes[] = {
    { "{\"scope\":\"read write\"}", "read", 1 },
    { "{\"scope\":\"read write\"}", "write", 1 },
    { "{\"scope\":\"  read   write \"}", "write", 1 },
    { "{\"scope\":\"read write\"}", "rea", 0 },
    { "{\"scope\":\"read write\"}", "ead", 0 },
    { "{\"scope\":\"read write\"}", "reads", 0 },
    { "{\"scope\":\"read write\"}", "Read", 0 },
    { "{\"scope\":\"read write\"}", "read write", 0 },
    { "{\"scope\":\"read:all\"}", "read", 0 },
    { "{\"scope\":\"\"}", "read", 0 },
    { "{\"scope\":[\"read\",\"write\"]}", "write", 1 },
    { "{\"scope\":[\"read write\"]}", "write", 0 },
    { "{\"scp\":[\"read\"]}", "read", 1 },
    { "{\"scp\":\"read\"}", "read", 1 },
    { "{\"scope\":\"a\",\"scp\":\"read\"}", "read", 0 },
    { "{\"roles\":\"read\"}", "read", 0 },
    { "{}", "read", 0 },
};

static void finds_scopes(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(scopes); i++)
        if (bearer_claims_has_scope(parse(scopes[i].claims, *state),
                                    scopes[i].scope) != scopes[i].has)
            fail_msg("%s, %s", scopes[i].claims, scopes[i].scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(reads_issuers),
        UNIT_TEST(finds_claims),
        UNIT_TEST(bounds_what_is_shown),
        UNIT_TEST(compares_claims),
        UNIT_TEST(judges_claims),
        UNIT_TEST(judges_by_the_issuers_options),
        UNIT_TEST(names_users),
        UNIT_TEST(finds_scopes),
    };

    return cmocka_run_group_tests_name("bearer", tests, NULL, NULL);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Credentials as clients send them and as attackers do: T-HDR-01 to T-HDR-07,
 * T-DSP-02, T-DSP-03.
 */
#include "unit.h"

#include "grammar.h"

static const struct {
    const char *field, *scheme;
    as_form form;
    const char *token68; /* or the first parameter's value, unescaped */
} good[] = {
    { "Basic", "Basic", AS_FORM_NONE, "" },
    { "Basic   ", "Basic", AS_FORM_NONE, "" },
    { "Basic YTpi", "Basic", AS_FORM_TOKEN68, "YTpi" },
    { "bAsIc\tYTpi", "bAsIc", AS_FORM_TOKEN68, "YTpi" },
    { "Basic YTpi=", "Basic", AS_FORM_TOKEN68, "YTpi=" },
    { "Basic YTpi== \t", "Basic", AS_FORM_TOKEN68, "YTpi==" },
    { "Bearer a.b-c_d~e+f/g", "Bearer", AS_FORM_TOKEN68, "a.b-c_d~e+f/g" },
    { "X abc=", "X", AS_FORM_TOKEN68, "abc=" },
    { "HOBA result=", "HOBA", AS_FORM_TOKEN68, "result=" },
    { "HOBA result=\"a.b\"", "HOBA", AS_FORM_PARAMS, "a.b" },
    { "HOBA result=a", "HOBA", AS_FORM_PARAMS, "a" },
    { "HOBA result = \"a\"", "HOBA", AS_FORM_PARAMS, "a" },
    { "HOBA ,, result=\"a\" , ,", "HOBA", AS_FORM_PARAMS, "a" },
    { "Digest u=\"a\\\"b\\\\c\", r=x", "Digest", AS_FORM_PARAMS, "a\"b\\c" },
    { "Digest u=\"\"", "Digest", AS_FORM_PARAMS, "" },
    { "Digest u=\"J\xc3\xa4son\"", "Digest", AS_FORM_PARAMS, "J\xc3\xa4son" },
    { "Digest u=\"a, Basic b\"", "Digest", AS_FORM_PARAMS, "a, Basic b" },
    { "AWS4-HMAC-SHA256 Credential=a", "AWS4-HMAC-SHA256", AS_FORM_PARAMS,
      "a" },
};

static const char *const bad[] = {
    "", " ", ",", "=", "\"HOBA\"", "Basic,", "Basic, x", "Basic\x0bx",
    "Basic:x", "B\xc3\xa4sic x", "Basic a b", "Basic a=b=c", "Basic ==",
    "Basic =", "Basic YTpi, Bearer x", "Basic YTpi,", "Basic YTpi,Basic YTpi",
    "HOBA =x", "HOBA result=,a=b",
    "HOBA result=\"a", "HOBA result=\"a\\", "HOBA result=\"a\\\"",
    "HOBA result=\"a\"b", "HOBA result=\"a\" b=c", "HOBA result=a b",
    "HOBA result=\"a\nb\"", "HOBA result=\"a\x01\"", "HOBA result=\"a\x7f\"",
    "HOBA result=\"a\\\n\"", "HOBA re sult=a", "HOBA result=a;b=c",
    "HOBA result=a, result=b", "HOBA result=a, RESULT=\"b\"",
    "Digest a=b, Basic YTpi", "Digest a=b, Digest c=d", ", Basic YTpi",
    "HOBA result=[a]", "HOBA result='a b'", "HOBA \"result\"=a",
};

static void parses(void **state)
{
    size_t i;
    as_credentials sent;

    for (i = 0; i < COUNT(good); i++) {
        as_span field = exact(good[i].field, strlen(good[i].field));

        if (as_credentials_parse(&sent, field, *state) != APR_SUCCESS)
            fail_msg("refused \"%s\"", good[i].field);
        assert_span(sent.scheme, good[i].scheme);
        assert_int_equal(sent.form, good[i].form);
        if (sent.form == AS_FORM_TOKEN68)
            assert_span(sent.token68, good[i].token68);
        if (sent.form == AS_FORM_PARAMS)
            assert_span(as_param_value(*state, &sent.params[0]),
                        good[i].token68);
        free((char *)field.at);
    }
}

static void refuses(void **state)
{
    size_t i;
    as_credentials sent;

    for (i = 0; i < COUNT(bad); i++) {
        as_span field = exact(bad[i], strlen(bad[i]));

        if (as_credentials_parse(&sent, field, *state) != APR_EINVAL)
            fail_msg("accepted \"%s\"", bad[i]);
        assert_int_equal(sent.count, 0);
        free((char *)field.at);
    }
}

static void nul_is_no_token(void **state)
{
    as_credentials sent;

    assert_int_equal(
        as_credentials_parse(&sent, (as_span){ "Basic a\0b", 9 }, *state),
        APR_EINVAL);
    assert_int_equal(
        as_credentials_parse(&sent, (as_span){ "B\0 x", 4 }, *state),
        APR_EINVAL);
}

static void finds_parameters_in_any_case(void **state)
{
    as_credentials sent;

    assert_int_equal(
        as_credentials_parse(&sent, as_span_of("D a=1, Bc=\"2\""), *state),
        APR_SUCCESS);
    assert_int_equal(sent.count, 2);
    assert_span(as_param_find(&sent, "bC")->value, "2");
    assert_null(as_param_find(&sent, "B"));
    assert_null(as_param_find(&sent, "Bcd"));
}

/* T-HDR-07: as many as allowed, one more, and very many commas. */
static void bounds_the_parameters(void **state)
{
    char *field = apr_pcalloc(*state, 200000);
    as_credentials sent;
    size_t n = 0;
    int i;

    n += (size_t)sprintf(field, "D ");
    for (i = 0; i < AS_PARAMS_MAX; i++)
        n += (size_t)sprintf(field + n, "p%d=x,", i);
    assert_int_equal(as_credentials_parse(&sent, as_span_of(field), *state),
                     APR_SUCCESS);
    assert_int_equal(sent.count, AS_PARAMS_MAX);
    sprintf(field + n, "last=x");
    assert_int_equal(as_credentials_parse(&sent, as_span_of(field), *state),
                     APR_EINVAL);

    memset(field, ',', 190000);
    memcpy(field, "D a=b", 5);
    field[190000] = '\0';
    assert_int_equal(as_credentials_parse(&sent, as_span_of(field), *state),
                     APR_SUCCESS);
    memset(field + 5, '\\', 190000 - 5);
    memcpy(field, "D a=\"", 5);
    assert_int_equal(as_credentials_parse(&sent, as_span_of(field), *state),
                     APR_EINVAL);
}

static const struct {
    const char *value;
    int joined;
} fields[] = {
    { "Basic x, Bearer y", 1 },
    { "Basic x, Basic y", 1 },
    { "Basic x,", 1 },
    { "Basic x= , Basic", 1 },
    { "Foo abc, Basic x", 1 },
    { "D a=b, Basic x", 1 },
    { "D a=\"b\", D a=\"b\"", 1 },
    { "D a=\"b\\\"\", Basic x", 1 },
    { "D a=b, Basic", 1 },
    { "Basic x", 0 },
    { "Basic", 0 },
    { "", 0 },
    { ",", 0 },
    { "D a=b,, c = d,", 0 },
    { "D a=\"b\", c=d", 0 },
    { "D a=\"b, Basic x\"", 0 },
    { "D a=\"b\\\", Basic x\"", 0 },
    { "D a=\"b, Basic x", 0 },
    { "D a=\"b\\", 0 },
    { "D a=b, a=c", 0 },
    { "D a=b, =c", 0 },
};

static void sees_joined_fields(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(fields); i++) {
        as_span value = exact(fields[i].value, strlen(fields[i].value));

        if (as_is_joined(value) != fields[i].joined)
            fail_msg("wrong about \"%s\"", fields[i].value);
        free((char *)value.at);
    }
}

static const struct {
    const char *realm;
    int hides;
} realms[] = {
    { "Documents", 0 },       { "a, Digest b", 1 },  { "a,basic", 1 },
    { "Login, NTLM", 1 },     { "a, Digestive", 0 }, { "Digest, a", 0 },
    { "Smith, Jones", 0 },    { "a,", 0 },           { "", 0 },
    { "x,\t negotiate y", 1 }, { "x, Bearer", 1 },
};

static void sees_schemes_in_realms(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(realms); i++)
        assert_int_equal(as_realm_hides_scheme(as_span_of(realms[i].realm)),
                         realms[i].hides);
}

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Every octet: RFC 9110 sections 5.6.2 and 11.2. */
static void knows_its_letters(void **state)
{
    static const char tchar[] = ALNUM "!#$%&'*+-.^_`|~";
    static const char token68[] = ALNUM "-._~+/";
    unsigned int c;

    for (c = 1; c < 256; c++) {
        const char one[] = { (char)c, '\0' };
        const char field[] = { 'X', ' ', (char)c, 'a', '\0' };
        as_span rest = as_span_of(one), token;
        as_credentials sent;

        assert_int_equal(as_take_token(&token, &rest) == APR_SUCCESS,
                         strchr(tchar, (char)c) != NULL);
        assert_int_equal(as_credentials_parse(&sent, as_span_of(field), *state)
                             == APR_SUCCESS,
                         strchr(token68, (char)c) != NULL
                             || c == ' ' || c == '\t');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(parses),
        UNIT_TEST(refuses),
        UNIT_TEST(nul_is_no_token),
        UNIT_TEST(finds_parameters_in_any_case),
        UNIT_TEST(bounds_the_parameters),
        UNIT_TEST(sees_joined_fields),
        UNIT_TEST(sees_schemes_in_realms),
        UNIT_TEST(knows_its_letters),
    };

    return cmocka_run_group_tests_name("grammar", tests, NULL, NULL);
}

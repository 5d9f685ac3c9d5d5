/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Mutual (RFC 8120, 8121) without a server: the vectors, which were computed
 * elsewhere, and T-MUT-01, 02, 03, 04, 08, T-HDR.
 */
#include "unit.h"
#include "load.h"

#include "exchange.h"
#include "grammar.h"
#include "hex.h"
#include "message.h"
#include "mutual_scope.h"
#include "sid.h"

static apr_pool_t *pool; /* of the test that runs */

#define VECTOR_FILE "mutual/exchanges.json"

static json_t *at(json_t *row, const char *name)
{
    json_t *found = json_object_get(row, name);

    if (!found)
        fail_msg("no %s in the vector", name);
    return found;
}

static as_span text(json_t *row, const char *name)
{
    return as_span_of(json_string_value(at(row, name)));
}

static const char *string(json_t *row, const char *name)
{
    return json_string_value(at(row, name));
}

/* Octets of a number without leading zeros, in its natural length. */
static void take_scalar(unsigned char *out, apr_size_t len, as_span digits)
{
    char padded[AS_MUTUAL_HEX_MAX + 1];

    assert_true(digits.len <= 2 * len);
    memset(padded, '0', 2 * len - digits.len);
    memcpy(padded + 2 * len - digits.len, digits.at, digits.len);
    assert_true(as_hex_take(out, (as_span){ padded, 2 * len }));
}

static void assert_octets(const unsigned char *octets, apr_size_t len,
                          as_span hex)
{
    char made[AS_MUTUAL_HEX_MAX + 1];

    as_hex_put(made, octets, len);
    assert_span(hex, made);
}

static as_credentials parse(const char *value)
{
    as_credentials sent;

    assert_int_equal(as_credentials_parse(&sent, as_span_of(value), pool),
                     APR_SUCCESS);
    return sent;
}

static const char *after(const char *line, const char *name)
{
    assert_memory_equal(line, name, strlen(name));
    return line + strlen(name);
}

/* ---- the exchanges --------------------------------------------------- */

typedef struct vector {
    json_t *row, *inputs, *messages;
    const as_mutual_alg *alg;
    as_mutual_group *group;
    mutual_numbers numbers;
    unsigned char s[AS_MUTUAL_LEN_MAX];
} vector;

static void check_numbers(vector *v)
{
    as_mutual_element *j, *kc1;
    as_span wire = text(at(v->row, "K_c1"), "wire");
    as_span octets = { (char *)mutual_kc1(&v->numbers), v->alg->len };

    take_scalar(v->s, v->alg->len, text(v->inputs, "s_s1"));
    assert_true(mutual_number(mutual_kc1(&v->numbers), v->alg->len, v->alg,
                              wire));
    assert_octets(mutual_kc1(&v->numbers), v->alg->len,
                  text(at(v->row, "K_c1"), "octets"));
    j = as_mutual_verifier_read(v->group, text(at(v->row, "J"), "octets"));
    kc1 = as_mutual_element_read(v->group, octets);
    assert_non_null(j);
    assert_non_null(kc1);
    assert_int_equal(mutual_answer_kex(&v->numbers, v->group, kc1, j, v->s),
                     APR_SUCCESS);
    assert_octets(mutual_ks1(&v->numbers, v->alg), v->alg->len,
                  text(at(v->row, "K_s1"), "octets"));
    assert_int_equal(mutual_agree(&v->numbers, v->group, v->s), APR_SUCCESS);
    assert_octets(mutual_z(&v->numbers, v->alg), v->alg->len,
                  text(at(v->row, "z"), "octets"));
    as_mutual_element_free(j);
    as_mutual_element_free(kc1);
}

static as_span vh_of(const vector *v)
{
    as_span hex = text(v->inputs, "vh");
    unsigned char *octets = apr_palloc(pool, hex.len / 2 + 1);

    assert_true(as_hex_take(octets, hex));
    return (as_span){ (char *)octets, hex.len / 2 };
}

/* The text as it travels, without quotes. */
static const char *bare(const char *sent)
{
    apr_size_t len = strlen(sent);

    return *sent == '"' ? apr_pstrmemdup(pool, sent + 1, len - 2) : sent;
}

static apr_uint64_t number_in(json_t *row, const char *name)
{
    json_t *value = at(row, name);
    apr_uint64_t number;

    if (json_is_integer(value))
        return (apr_uint64_t)json_integer_value(value);
    assert_true(mutual_natural(&number,
                               as_span_of(json_string_value(value))));
    return number;
}

static void check_proofs(vector *v)
{
    json_t *rows = at(v->row, "verify"), *row;
    unsigned char proof[AS_MUTUAL_HASH_MAX];
    size_t i;

    assert_true(json_array_size(rows) > 0);
    json_array_foreach(rows, i, row) {
        apr_uint64_t nc = number_in(row, "nc");

        assert_int_equal(mutual_proof(proof, v->group, &v->numbers,
                                      MUTUAL_CLIENT, nc, vh_of(v)),
                         APR_SUCCESS);
        assert_octets(proof, v->alg->hash_len, text(row, "VK_c"));
        assert_span(text(row, "vkc"),
                    bare(mutual_number_text(pool, v->alg, proof,
                                            v->alg->hash_len)));
        mutual_proof(proof, v->group, &v->numbers, MUTUAL_SERVER, nc,
                     vh_of(v));
        assert_octets(proof, v->alg->hash_len, text(row, "VK_s"));
        assert_span(text(row, "vks"),
                    bare(mutual_number_text(pool, v->alg, proof,
                                            v->alg->hash_len)));
    }
}

/* The vectors have version first; ours is the same line with algorithm there,
 * for the sake of clients that throw all parameters together. */
static const char *algorithm_first(const char *line)
{
    const char *first = "Mutual version=1, ", *comma;

    line = after(line, "WWW-Authenticate: ");
    line = after(line, first);
    comma = strchr(line, ',');
    return apr_psprintf(pool, "Mutual %.*s, version=1%s", (int)(comma - line),
                        line, comma);
}

static const char *quotable(const char *realm)
{
    char *made = apr_palloc(pool, 2 * strlen(realm) + 1), *to = made;

    for (; *realm; realm++) {
        if (*realm == '"' || *realm == '\\')
            *to++ = '\\';
        *to++ = *realm;
    }
    *to = '\0';
    return made;
}

static void check_lines(vector *v)
{
    const mutual_place place = { v->alg, string(v->inputs, "validation"),
                                 string(v->inputs, "auth_scope"),
                                 quotable(string(v->inputs, "realm")) };
    const mutual_terms terms = { string(v->inputs, "sid"), 1024, 128, 300,
                                 "/secret/" };
    const char *ks1 = mutual_number_text(pool, v->alg,
                                         mutual_ks1(&v->numbers, v->alg),
                                         v->alg->len);

    assert_string_equal(mutual_init_line(pool, &place, "initial", ""),
                        algorithm_first(string(v->messages, "401-INIT")));
    assert_string_equal(mutual_init_line(pool, &place, "stale-session", ""),
                        algorithm_first(string(v->messages, "401-STALE")));
    assert_string_equal(mutual_kex_line(pool, &place, &terms, ks1),
                        algorithm_first(string(v->messages, "401-KEX-S1")));
}

/* The proof that the vector's messages carry. */
static void check_info(vector *v, const mutual_params *sent)
{
    unsigned char proof[AS_MUTUAL_HASH_MAX], theirs[AS_MUTUAL_HASH_MAX];
    apr_uint64_t nc;

    assert_true(mutual_natural(&nc, sent->nc));
    mutual_proof(proof, v->group, &v->numbers, MUTUAL_CLIENT, nc, vh_of(v));
    assert_true(mutual_number(theirs, v->alg->hash_len, v->alg, sent->vkc));
    assert_memory_equal(proof, theirs, v->alg->hash_len);
    mutual_proof(proof, v->group, &v->numbers, MUTUAL_SERVER, nc, vh_of(v));
    assert_string_equal(
        mutual_info(pool, sent->sid, mutual_number_text(pool, v->alg, proof,
                                                        v->alg->hash_len)),
        after(string(v->messages, "200-VFY-S"), "Authentication-Info: "));
}

static void check_requests(vector *v)
{
    as_credentials kex = parse(after(string(v->messages, "req-KEX-C1"),
                                     "Authorization: "));
    as_credentials vfy = parse(after(string(v->messages, "req-VFY-C"),
                                     "Authorization: "));
    mutual_params params;
    mutual_kind kind;

    assert_null(mutual_read(&params, &kex, pool));
    assert_null(mutual_classify(&kind, &params));
    assert_int_equal(kind, MUTUAL_KEX);
    assert_span(params.user, string(v->inputs, "username"));
    assert_span(params.realm, string(v->inputs, "realm"));
    assert_span(params.scope, string(v->inputs, "auth_scope"));
    assert_span(params.validation, string(v->inputs, "validation"));
    assert_span(params.algorithm, v->alg->name);
    assert_span(params.kc1, string(at(v->row, "K_c1"), "wire"));

    assert_null(mutual_read(&params, &vfy, pool));
    assert_null(mutual_classify(&kind, &params));
    assert_int_equal(kind, MUTUAL_VFY);
    assert_span(params.sid, string(v->inputs, "sid"));
    check_info(v, &params);
}

static void exchanges(void **state)
{
    json_t *rows = load(VECTOR_FILE, "exchanges"), *row;
    size_t i;

    pool = *state;
    assert_int_equal(json_array_size(rows), 24);
    json_array_foreach(rows, i, row) {
        vector v = { .row = row, .inputs = at(row, "inputs"),
                     .messages = at(row, "messages"),
                     .alg = as_mutual_alg_find(text(row, "algorithm")) };

        assert_non_null(v.alg);
        v.group = as_mutual_group_make(v.alg);
        assert_non_null(v.group);
        check_numbers(&v);
        check_proofs(&v);
        check_lines(&v);
        check_requests(&v);
        as_mutual_group_free(v.group);
    }
}

/* ---- numbers that must not be used, T-MUT-01 ------------------------- */

static int is_accepted(const as_mutual_group *group, as_span wire)
{
    const as_mutual_alg *alg = as_mutual_group_alg(group);
    unsigned char octets[AS_MUTUAL_LEN_MAX];
    as_mutual_element *element = NULL;

    if (mutual_number(octets, alg->len, alg, wire))
        element = as_mutual_element_read(
            group, (as_span){ (char *)octets, alg->len });
    as_mutual_element_free(element);
    return element != NULL;
}

static void negative(void **state)
{
    json_t *rows = load(VECTOR_FILE, "negative"), *row;
    size_t i;

    pool = *state;
    assert_int_equal(json_array_size(rows), 42);
    json_array_foreach(rows, i, row) {
        as_mutual_group *group = as_mutual_group_make(
            as_mutual_alg_find(text(row, "algorithm")));

        assert_non_null(group);
        if (is_accepted(group, text(row, "value")))
            fail_msg("taken: %s", string(row, "case"));
        as_mutual_group_free(group);
    }
}

/* Beyond the vectors: q + 1, 2q - 1, "", and base64 where hexadecimal is due
 * and the other way round. */
static void other_numbers(void **state)
{
    static const char short_point[] = "00d62fa3e5c258848ff179cdcac74881e4ee"
                                      "06fb025bd66741e942728bb131852";
    static const char *const rows[] = { "", "00", "AA==", "0", "=",
                                        short_point };
    int i;
    size_t k;

    pool = *state;
    for (i = 0; i < AS_MUTUAL_ALGS; i++) {
        as_mutual_group *group = as_mutual_group_make(as_mutual_alg_at(i));
        unsigned char ones[AS_MUTUAL_LEN_MAX];

        for (k = 0; k < COUNT(rows); k++)
            assert_false(is_accepted(group, as_span_of(rows[k])));
        memset(ones, 0xff, sizeof(ones));
        assert_null(as_mutual_element_read(
            group, (as_span){ (char *)ones, as_mutual_alg_at(i)->len }));
        as_mutual_group_free(group);
    }
}

/* K_c1 such that J * K_c1^t is the trivial element can't be made to order; a
 * step that ends there is refused all the same (T-MUT-02): s = r, the order, is
 * no secret that as_mutual_secret() gives, and takes everything there. */
static void trivial_results(void **state)
{
    json_t *groups = load(VECTOR_FILE, "exchanges"), *row;
    size_t i;

    pool = *state;
    json_array_foreach(groups, i, row) {
        const as_mutual_alg *alg = as_mutual_alg_find(text(row, "algorithm"));
        as_mutual_group *group = as_mutual_group_make(alg);
        as_mutual_element *j;
        unsigned char t[AS_MUTUAL_HASH_MAX] = { 1 }, out[AS_MUTUAL_LEN_MAX];
        unsigned char zero[AS_MUTUAL_LEN_MAX] = { 0 };

        j = as_mutual_verifier_read(group, text(at(row, "J"), "octets"));
        assert_non_null(j);
        assert_int_equal(as_mutual_step(out, group, j, NULL, t, zero),
                         APR_EINVAL);
        assert_int_equal(as_mutual_power(out, group,
                                         (as_span){ (char *)zero, 1 }),
                         APR_EINVAL);
        as_mutual_element_free(j);
        as_mutual_group_free(group);
    }
}

/* T-MPM-04 */
static void secrets_differ(void **state)
{
    unsigned char a[AS_MUTUAL_LEN_MAX], b[AS_MUTUAL_LEN_MAX];
    int i;

    pool = *state;
    for (i = 0; i < AS_MUTUAL_ALGS; i++) {
        const as_mutual_alg *alg = as_mutual_alg_at(i);
        as_mutual_group *group = as_mutual_group_make(alg);

        assert_int_equal(as_mutual_secret(a, group), APR_SUCCESS);
        assert_int_equal(as_mutual_secret(b, group), APR_SUCCESS);
        assert_memory_not_equal(a, b, alg->len);
        as_mutual_group_free(group);
    }
}

/* ---- parameters ------------------------------------------------------ */

static as_span field_of(const mutual_params *params, const char *name)
{
    const struct {
        const char *name;
        as_span value;
    } fields[] = {
        { "version", params->version }, { "realm", params->realm },
        { "nc", params->nc },           { "user", params->user },
        { "sid", params->sid },         { "kc1", params->kc1 },
    };
    as_span found = { NULL, 0 };
    size_t i;

    for (i = 0; i < COUNT(fields); i++)
        if (!strcmp(fields[i].name, name))
            found = fields[i].value;
    if (!found.at)
        fail_msg("the vectors have a parameter %s", name);
    return found;
}

static int is_read(mutual_params *params, const char *value)
{
    as_credentials sent;

    return as_credentials_parse(&sent, as_span_of(value), pool) == APR_SUCCESS
           && sent.form == AS_FORM_PARAMS && !mutual_read(params, &sent, pool);
}

static void headers(void **state)
{
    json_t *rows = load(VECTOR_FILE, "headers"), *row, *value;
    const char *name;
    size_t i;

    pool = *state;
    assert_int_equal(json_array_size(rows), 23);
    json_array_foreach(rows, i, row) {
        json_t *expect = at(row, "expect");
        mutual_params params;
        int is_good = is_read(&params, string(row, "authorization"));

        if (is_good != json_is_object(expect))
            fail_msg("%s", string(row, "case"));
        json_object_foreach(expect, name, value)
            assert_span(field_of(&params, name), json_string_value(value));
    }
}

#define KNOWN "Mutual version=1, algorithm=iso-kam3-ec-p256-sha256, " \
              "validation=host, realm=\"r\""

static void messages(void **state)
{
    static const struct {
        const char *value;
        int kind; /* -1: none */
    } rows[] = {
        { KNOWN ", user=u, kc1=00", MUTUAL_KEX },
        { KNOWN ", user*=UTF-8''%C3%A9, kc1=\"00\"", MUTUAL_KEX },
        { KNOWN ", USER=u, KC1=00, foo=bar, foo2*=junk", MUTUAL_KEX },
        { KNOWN ", sid=00, nc=0, vkc=00", MUTUAL_VFY },
        { KNOWN ", sid=\"00FF\", nc=\"0\", vkc=\"\"", MUTUAL_VFY },
        { KNOWN, -1 },
        { KNOWN ", user=u", -1 },
        { KNOWN ", kc1=00", -1 },
        { KNOWN ", user=u, kc2=00", -1 },
        { KNOWN ", user=u, kc1=00, kc2=00", -1 },
        { KNOWN ", user=u, kc1=00, vkc=00", -1 },
        { KNOWN ", user=u, kc1=00, ks1=00", -1 },
        { KNOWN ", user=u, kc1=00, ks7=00", -1 },
        { KNOWN ", user=u, kc1=00, vks=00", -1 },
        { KNOWN ", user=u, kc1=00, kc1*=UTF-8''00", -1 },
        { KNOWN ", nc=0, vkc=00", -1 },
        { KNOWN ", sid=00, vkc=00", -1 },
        { KNOWN ", sid=00, nc=0", -1 },
        { KNOWN ", sid=0, nc=0, vkc=00", -1 },
        { KNOWN ", sid=\"\", nc=0, vkc=00", -1 },
        { KNOWN ", sid=0g, nc=0, vkc=00", -1 },
        { KNOWN ", sid=00, nc=00, vkc=00", -1 },
        { KNOWN ", sid=00, nc=01, vkc=00", -1 },
        { KNOWN ", sid=00, nc=-1, vkc=00", -1 },
        { KNOWN ", sid=00, nc=\"1 \", vkc=00", -1 },
        { KNOWN ", sid=00, nc=\"\", vkc=00", -1 },
        { KNOWN ", realm*=UTF-8''r, user=u, kc1=00", -1 },
        { "Mutual version=2, algorithm=a, validation=host, realm=r, user=u, "
          "kc1=00", -1 },
        { "Mutual version=01, algorithm=a, validation=host, realm=r, user=u, "
          "kc1=00", -1 },
        { "Mutual algorithm=a, validation=host, realm=r, user=u, kc1=00", -1 },
        { "Mutual version=1, validation=host, realm=r, user=u, kc1=00", -1 },
        { "Mutual version=1, algorithm=a, realm=r, user=u, kc1=00", -1 },
        { "Mutual version=1, algorithm=a, validation=host, user=u, kc1=00",
          -1 },
        { "Mutual version=1, algorithm=\"a b\", validation=host, realm=r, "
          "user=u, kc1=00", -1 },
        { "Mutual version=1, algorithm=\"\", validation=host, realm=r, "
          "user=u, kc1=00", -1 },
        { "Mutual version=1, algorithm=-a, validation=host, realm=r, user=u, "
          "kc1=00", -1 }, /* an extension token has a domain */
    };
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(rows); i++) {
        mutual_params params;
        mutual_kind kind = MUTUAL_KEX;
        int is_good = is_read(&params, rows[i].value)
                      && !mutual_classify(&kind, &params);

        if ((is_good ? (int)kind : -1) != rows[i].kind)
            fail_msg("%s", rows[i].value);
    }
}

static void naturals(void **state)
{
    static const struct {
        const char *text;
        int is_one;
        apr_uint64_t value;
    } rows[] = {
        { "0", 1, 0 }, { "1", 1, 1 }, { "65535", 1, 65535 },
        { "18446744073709551614", 1, APR_UINT64_MAX - 1 },
        { "18446744073709551615", 1, APR_UINT64_MAX },
        { "18446744073709551616", 1, APR_UINT64_MAX },
        { "18446744073709551617", 1, APR_UINT64_MAX }, /* never 1 */
        { "99999999999999999999999999", 1, APR_UINT64_MAX },
        { "", 0, 0 }, { "00", 0, 0 }, { "01", 0, 0 }, { "-1", 0, 0 },
        { "+1", 0, 0 }, { " 1", 0, 0 }, { "1 ", 0, 0 }, { "1.0", 0, 0 },
        { "0x1", 0, 0 }, { "1e3", 0, 0 }, { "a", 0, 0 },
    };
    apr_uint64_t number;
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(rows); i++) {
        int is_one = mutual_natural(&number, as_span_of(rows[i].text));

        assert_int_equal(is_one, rows[i].is_one);
        if (is_one)
            assert_true(number == rows[i].value);
    }
}

/* ---- octets, scopes -------------------------------------------------- */

static void encodings(void **state)
{
    json_t *all = load(VECTOR_FILE, "encodings"), *row;
    unsigned char octets[300];
    size_t i;

    pool = *state;
    json_array_foreach(at(all, "VI"), i, row) {
        apr_uint64_t n = number_in(row, "n");
        unsigned char *end = as_mutual_put_number(octets, n);

        if (n == APR_UINT64_MAX && strcmp(string(row, "n"),
                                          "18446744073709551615") != 0)
            continue; /* beyond what a server lets a client count to */
        assert_octets(octets, (apr_size_t)(end - octets),
                      text(row, "octets"));
    }
    json_array_foreach(at(all, "VS"), i, row) {
        as_span hex = text(row, "s");
        unsigned char value[300], *end;

        assert_true(hex.len < 2 * sizeof(value) && as_hex_take(value, hex));
        end = as_mutual_put_string(octets, (as_span){ (char *)value,
                                                      hex.len / 2 });
        assert_octets(octets, (apr_size_t)(end - octets),
                      text(row, "octets"));
    }
}

static void scopes(void **state)
{
    json_t *rows = load(VECTOR_FILE, "scope"), *row;
    size_t i;

    pool = *state;
    assert_int_equal(json_array_size(rows), 13);
    json_array_foreach(rows, i, row) {
        as_mutual_origin origin = {
            string(row, "scheme"), as_mutual_host(pool, string(row, "host")),
            (unsigned int)json_integer_value(at(row, "port"))
        };
        as_span scope = text(row, "auth_scope");

        assert_int_equal(as_mutual_scope_covers(scope, &origin),
                         json_is_true(at(row, "covers")));
        assert_span(text(row, "origin"), as_mutual_scope_of(pool, &origin));
        assert_span(text(row, "vh"), as_mutual_origin_text(pool, &origin));
    }
}

static void forms_of_scopes(void **state)
{
    static const struct {
        const char *scope;
        int fits;
    } rows[] = {
        { "http://www.example.com", 1 }, { "https://www.example.com", 1 },
        { "http://www.example.com:8080", 1 }, { "http://a:443", 1 },
        { "https://a:80", 1 }, { "https://a:65535", 1 },
        { "www.example.com", 1 }, { "*.example.com", 1 },
        { "localhost", 1 }, { "http://[::1]:8080", 1 }, { "[::1]", 1 },
        { "xn--bcher-kva.example", 1 },
        { "", 0 }, { "http://", 0 }, { "*.", 0 }, { "*", 0 },
        { "http://www.example.com:80", 0 }, { "https://a:443", 0 },
        { "https://a:65536", 0 }, { "https://a:0", 0 }, { "https://a:08", 0 },
        { "https://a:", 0 }, { "https://a:1/", 0 }, { "https://a/", 0 },
        { "HTTP://a", 0 }, { "http://A", 0 }, { "ftp://a", 0 },
        { "www.Example.com", 0 }, { "a b", 0 }, { ".a", 0 }, { "a.", 0 },
        { "*.*.a", 0 }, { "a:80", 0 }, { "http://[::1", 0 },
        { "http://a:999999999999", 0 }, { "b\xc3\xbc" "cher.example", 0 },
    };
    size_t i;

    pool = *state;
    for (i = 0; i < COUNT(rows); i++)
        if (as_mutual_scope_fits(as_span_of(rows[i].scope)) != rows[i].fits)
            fail_msg("%s", rows[i].scope);
}

/* ---- session ids ----------------------------------------------------- */

static const char nonce[] =
    "0123456789012345678901234567890123456789012345678901ab";
static const unsigned char key[AS_SHA256_LEN] = { 7 };

static mutual_pending pending_of(const as_mutual_alg *alg, const char *user)
{
    mutual_pending made;

    memset(&made, 0, sizeof(made));
    memset(made.print.digits, 'f', MUTUAL_PRINT_LEN);
    memset(made.numbers.octets, 1, alg->len);
    memset(made.numbers.octets + alg->len, 2, alg->len);
    memset(made.s, 3, alg->len);
    apr_cpystrn(made.user, user, sizeof(made.user));
    return made;
}

static void sids(void **state)
{
    static const char *const users[] = { "a", "Ren\xc3\xa9" "e of France" };
    char longest[MUTUAL_USER_MAX + 1], read[MUTUAL_NONCE_LEN + 1];
    as_span place = as_span_of("place");
    size_t k;
    int i;

    pool = *state;
    memset(longest, 'x', MUTUAL_USER_MAX);
    longest[MUTUAL_USER_MAX] = '\0';
    for (i = 0; i < AS_MUTUAL_ALGS; i++)
        for (k = 0; k < 3; k++) {
            const as_mutual_alg *alg = as_mutual_alg_at(i);
            mutual_pending made = pending_of(alg, k < 2 ? users[k] : longest);
            mutual_pending found;
            const char *sid = mutual_sid_seal(pool, &made, alg, nonce, key,
                                              place);

            assert_non_null(sid);
            assert_true(strlen(sid) <= 2 * MUTUAL_SID_MAX);
            assert_true(mutual_sid_nonce(read, as_span_of(sid)));
            assert_string_equal(read, nonce);
            assert_int_equal(mutual_sid_open(&found, as_span_of(sid), alg, key,
                                             place), APR_SUCCESS);
            assert_memory_equal(&found, &made, sizeof(made));
        }
}

/* T-MUT-04: any change, another key, another place. */
static void forged_sids(void **state)
{
    const as_mutual_alg *alg = as_mutual_alg_at(0);
    mutual_pending made = pending_of(alg, "alice"), found;
    as_span place = as_span_of("place");
    char *sid = apr_pstrdup(pool, mutual_sid_seal(pool, &made, alg, nonce, key,
                                                  place));
    unsigned char other_key[AS_SHA256_LEN] = { 8 };
    apr_size_t len = strlen(sid), i;
    int k;

    pool = *state;
    for (i = 0; i < len; i++) {
        char was = sid[i];

        sid[i] = was == '0' ? '1' : '0';
        assert_int_equal(mutual_sid_open(&found, as_span_of(sid), alg, key,
                                         place), APR_EACCES);
        sid[i] = was;
        assert_int_equal(mutual_sid_open(&found, (as_span){ sid, i }, alg, key,
                                         place), APR_EACCES);
    }
    assert_int_equal(mutual_sid_open(&found, as_span_of(sid), alg, other_key,
                                     place), APR_EACCES);
    assert_int_equal(mutual_sid_open(&found, as_span_of(sid), alg, key,
                                     as_span_of("palace")), APR_EACCES);
    for (k = 1; k < AS_MUTUAL_ALGS; k++)
        assert_int_equal(mutual_sid_open(&found, as_span_of(sid),
                                         as_mutual_alg_at(k), key, place),
                         APR_EACCES);
    assert_int_equal(mutual_sid_open(&found, as_span_of(
                         apr_pstrcat(pool, sid, "00", NULL)), alg, key, place),
                     APR_EACCES);
    assert_int_equal(mutual_sid_open(&found, as_span_of(sid), alg, key, place),
                     APR_SUCCESS);
}

/* Unknown users get ids of the same length. */
static void sids_tell_nothing(void **state)
{
    const as_mutual_alg *alg = as_mutual_alg_at(0);
    mutual_pending a = pending_of(alg, "alice"), b = pending_of(alg, "nobod");
    as_span place = as_span_of("place");

    pool = *state;
    assert_int_equal(
        strlen(mutual_sid_seal(pool, &a, alg, nonce, key, place)),
        strlen(mutual_sid_seal(pool, &b, alg, nonce, key, place)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(exchanges),
        UNIT_TEST(negative),
        UNIT_TEST(other_numbers),
        UNIT_TEST(trivial_results),
        UNIT_TEST(secrets_differ),
        UNIT_TEST(headers),
        UNIT_TEST(messages),
        UNIT_TEST(naturals),
        UNIT_TEST(encodings),
        UNIT_TEST(scopes),
        UNIT_TEST(forms_of_scopes),
        UNIT_TEST(sids),
        UNIT_TEST(forged_sids),
        UNIT_TEST(sids_tell_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

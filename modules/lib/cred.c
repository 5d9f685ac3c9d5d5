/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Strict, because the file decides who gets in: what is not understood is an
 * error and never passed over, so that a misspelled `expires` or a word of a
 * later version can't make a record good for more than its writer meant.
 */
#include "base64.h"
#include "cred.h"
#include "digest_hash.h"
#include "mutual_verifier.h"
#include "password.h"
#include "secret.h"
#include "text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- words ----------------------------------------------------------- */

/* Whether a record of a kind has a field. */
typedef enum need { NEVER, MAY, MUST } need;

#define ALL [AS_CRED_ID] = MUST, [AS_CRED_USER] = MUST, [AS_CRED_LABEL] = MAY

static const struct {
    const char *name;
    int is_binary;
    int is_users; /* the id is a user's name, and need not be said again */
    need needs[AS_CRED_SCOPE + 1];
} kinds[AS_CRED_KINDS] = {
    [AS_CRED_PASSWORD] = { "password", 0, 1,
                           { ALL, [AS_CRED_REALM] = MAY,
                             [AS_CRED_VALUE] = MUST } },
    [AS_CRED_DIGEST] = { "digest", 0, 1,
                         { ALL, [AS_CRED_REALM] = MUST,
                           [AS_CRED_ALGORITHM] = MUST,
                           [AS_CRED_VALUE] = MUST } },
    [AS_CRED_MUTUAL] = { "mutual", 0, 1,
                         { ALL, [AS_CRED_REALM] = MUST,
                           [AS_CRED_PLACE] = MUST, [AS_CRED_ALGORITHM] = MUST,
                           [AS_CRED_VALUE] = MUST } },
    [AS_CRED_AWS4] = { "aws4", 0, 0,
                       { ALL, [AS_CRED_REALM] = MAY,
                         [AS_CRED_VALUE] = MUST } },
    [AS_CRED_TOKEN] = { "token", 0, 0,
                        { ALL, [AS_CRED_REALM] = MAY,
                          [AS_CRED_SCOPE] = MAY } },
    [AS_CRED_HOBA] = { "hoba", 1, 0,
                       { ALL, [AS_CRED_REALM] = MAY, [AS_CRED_PLACE] = MUST,
                         [AS_CRED_ALGORITHM] = MUST,
                         [AS_CRED_VALUE] = MUST } },
    [AS_CRED_INVITE] = { "invite", 0, 0,
                         { ALL, [AS_CRED_REALM] = MAY,
                           [AS_CRED_PLACE] = MAY } },
};

static const char *const states[] = {
    [AS_CRED_PENDING] = "pending",
    [AS_CRED_ACTIVE] = "active",
    [AS_CRED_REVOKED] = "revoked",
};

const char *as_cred_kind_name(as_cred_kind kind)
{
    return kinds[kind].name;
}

as_cred_kind as_cred_kind_find(as_span name)
{
    int kind = 0;

    while (kind < AS_CRED_KINDS && !as_span_is(name, kinds[kind].name))
        kind++;
    return (as_cred_kind)kind;
}

const char *as_cred_state_name(as_cred_state state)
{
    return states[state];
}

int as_cred_state_find(as_cred_state *state, as_span name)
{
    unsigned int i;

    for (i = 0; i < COUNT(states); i++) {
        if (!as_span_is(name, states[i]))
            continue;
        *state = (as_cred_state)i;
        return 1;
    }
    return 0;
}

int as_cred_is_binary(as_cred_kind kind)
{
    return kinds[kind].is_binary;
}

/* As wide as the columns of schema.sql; all together, with each octet escaped,
 * they fit into a line. */
static const struct {
    const char *name;
    apr_size_t longest;
} fields[AS_CRED_FIELDS] = {
    [AS_CRED_ID] = { "id", 512 },
    [AS_CRED_REALM] = { "realm", 255 },
    [AS_CRED_PLACE] = { "place", 512 },
    [AS_CRED_ALGORITHM] = { "algorithm", 64 },
    [AS_CRED_USER] = { "user", 255 },
    [AS_CRED_VALUE] = { "value", 6144 },
    [AS_CRED_LABEL] = { "label", 1024 },
    [AS_CRED_SCOPE] = { "scope", 1024 },
    [AS_CRED_STATE] = { "state", 8 },
    [AS_CRED_CREATED] = { "created", 27 },
    [AS_CRED_EXPIRES] = { "expires", 27 },
    [AS_CRED_NOT_BEFORE] = { "not_before", 27 },
};

static as_cred_field field_find(as_span name)
{
    int field = AS_CRED_REALM;

    while (field < AS_CRED_FIELDS && !as_span_is(name, fields[field].name))
        field++;
    return (as_cred_field)field;
}

static const char *fault(as_cred_line *line, int field, const char *why)
{
    line->about = fields[field].name;
    return why;
}

/* ---- times: 2026-11-25T12:00:00Z, RFC 3339 in UTC --------------------- */

#define TIME_LEN 20 /* without a fraction */

static int take_digits(int *number, const char *at, int count)
{
    for (*number = 0; count; count--, at++) {
        if (!apr_isdigit(*at))
            return 0;
        *number = *number * 10 + (*at - '0');
    }
    return 1;
}

static int is_date(const apr_time_exp_t *as_written, apr_time_t time)
{
    apr_time_exp_t is;

    return apr_time_exp_gmt(&is, time) == APR_SUCCESS
           && is.tm_year == as_written->tm_year
           && is.tm_mon == as_written->tm_mon
           && is.tm_mday == as_written->tm_mday
           && is.tm_hour == as_written->tm_hour
           && is.tm_min == as_written->tm_min
           && is.tm_sec == as_written->tm_sec;
}

static int take_seconds(apr_time_t *time, const char *at)
{
    apr_time_exp_t t = { 0 };

    if (!take_digits(&t.tm_year, at, 4) || at[4] != '-'
        || !take_digits(&t.tm_mon, at + 5, 2) || at[7] != '-'
        || !take_digits(&t.tm_mday, at + 8, 2) || at[10] != 'T'
        || !take_digits(&t.tm_hour, at + 11, 2) || at[13] != ':'
        || !take_digits(&t.tm_min, at + 14, 2) || at[16] != ':'
        || !take_digits(&t.tm_sec, at + 17, 2))
        return 0;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return t.tm_year >= 70 && t.tm_mon >= 0 && t.tm_mon < 12
           && apr_time_exp_gmt_get(time, &t) == APR_SUCCESS
           && is_date(&t, *time);
}

/* "." and one to six digits. */
static int take_fraction(apr_time_t *time, as_span text)
{
    int digits = (int)text.len - 1, number, i;

    if (digits < 1 || digits > 6 || *text.at != '.'
        || !take_digits(&number, text.at + 1, digits))
        return 0;
    for (i = digits; i < 6; i++)
        number *= 10;
    *time += number;
    return 1;
}

/* 1970 is how the store says "never". */
static int take_time(apr_time_t *time, as_span text, int may_have_fraction)
{
    as_span rest;

    if (text.len < TIME_LEN || text.at[text.len - 1] != 'Z'
        || !take_seconds(time, text.at))
        return 0;
    rest = (as_span){ text.at + TIME_LEN - 1, text.len - TIME_LEN };
    if (rest.len && !(may_have_fraction && take_fraction(time, rest)))
        return 0;
    return *time > 0;
}

static const char *time_text(apr_time_t time, int with_fraction,
                             apr_pool_t *pool)
{
    apr_time_exp_t t;
    const char *fraction = "";

    apr_time_exp_gmt(&t, time);
    if (with_fraction && t.tm_usec)
        fraction = apr_psprintf(pool, ".%06d", t.tm_usec);
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02d%sZ",
                        t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                        t.tm_min, t.tm_sec, fraction);
}

/* The first second is cut to another one than "never". */
static const char *seconds_text(apr_time_t time, apr_pool_t *pool)
{
    return time_text(time < APR_USEC_PER_SEC ? APR_USEC_PER_SEC : time, 0,
                     pool);
}

#define TIME_MOST apr_time_from_sec(APR_INT64_C(253402300799)) /* of 9999 */

/* ---- what belongs to a kind ------------------------------------------ */

static int is_hex(as_span text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (!apr_isdigit(text.at[i])
            && (text.at[i] < 'a' || text.at[i] > 'f'))
            return 0;
    return text.len == len;
}

static const char *check_password(as_cred_line *line, apr_pool_t *scratch)
{
    unsigned int cost;

    (void)scratch;
    if (memchr(line->text[AS_CRED_ID].at, ':', line->text[AS_CRED_ID].len))
        return fault(line, AS_CRED_ID, "a user with a colon can't sign in");
    if (!as_password_scheme_of(&cost, line->text[AS_CRED_VALUE]))
        return fault(line, AS_CRED_VALUE, "is no password hash that we can "
                     "use");
    return NULL;
}

/* In what is hashed, a colon of a name would look like one of ours. */
static const char *check_digest(as_cred_line *line, apr_pool_t *scratch)
{
    as_span name = line->text[AS_CRED_ALGORITHM];
    as_span id = line->text[AS_CRED_ID], realm = line->text[AS_CRED_REALM];
    const as_digest_alg *alg = as_digest_alg_find(name);

    (void)scratch;
    if (memchr(id.at, ':', id.len))
        return fault(line, AS_CRED_ID, "must not hold a colon");
    if (memchr(realm.at, ':', realm.len))
        return fault(line, AS_CRED_REALM, "must not hold a colon");
    if (!alg || alg->is_session || !as_span_is(name, alg->name))
        return fault(line, AS_CRED_ALGORITHM, "is not MD5, SHA-256 or "
                     "SHA-512-256");
    if (!is_hex(line->text[AS_CRED_VALUE], alg->hex_len))
        return fault(line, AS_CRED_VALUE, "is not H(A1) of this algorithm in "
                     "lower-case hexadecimal");
    return NULL;
}

static const char *check_mutual(as_cred_line *line, apr_pool_t *scratch)
{
    as_span name = line->text[AS_CRED_ALGORITHM];
    const as_mutual_alg *alg = as_mutual_alg_find(name);

    (void)scratch;
    if (!alg || !as_span_is(name, alg->name))
        return fault(line, AS_CRED_ALGORITHM, "is none of RFC 8121");
    if (!is_hex(line->text[AS_CRED_VALUE], 2 * alg->len))
        return fault(line, AS_CRED_VALUE, "is not J(pi) of this algorithm in "
                     "lower-case hexadecimal");
    return NULL;
}

static const char *check_aws4(as_cred_line *line, apr_pool_t *scratch)
{
    as_span value = line->text[AS_CRED_VALUE];

    if (value.len > 3 && !memcmp(value.at, "v1.", 3)
        && as_base64url_decode(&value, (as_span){ value.at + 3,
                                                  value.len - 3 }, scratch)
               == APR_SUCCESS)
        return NULL;
    return fault(line, AS_CRED_VALUE, "is not a sealed secret, v1. and "
                 "base64url");
}

static const char *check_hashed_id(as_cred_line *line, apr_pool_t *scratch)
{
    (void)scratch;
    return is_hex(line->text[AS_CRED_ID], 64)
               ? NULL
               : fault(line, AS_CRED_ID, "is not a SHA-256 in lower-case "
                       "hexadecimal");
}

static const char *check_hoba(as_cred_line *line, apr_pool_t *scratch)
{
    unsigned char hash[AS_SHA256_LEN];
    as_span der;
    const char *kid;

    if (as_base64url_decode(&der, line->text[AS_CRED_VALUE], scratch)
        != APR_SUCCESS)
        return fault(line, AS_CRED_VALUE, "is not base64url");
    if (as_sha256(hash, der) != APR_SUCCESS)
        return "cannot hash the key";
    kid = as_base64url_encode(scratch,
                              (as_span){ (const char *)hash, sizeof(hash) });
    return as_span_is(line->text[AS_CRED_ID], kid)
               ? NULL
               : fault(line, AS_CRED_ID, "is not the key id (kid) of the key "
                       "in value");
}

static const char *(*const checks[AS_CRED_KINDS])(as_cred_line *line,
                                                  apr_pool_t *scratch) = {
    [AS_CRED_PASSWORD] = check_password,
    [AS_CRED_DIGEST] = check_digest,
    [AS_CRED_MUTUAL] = check_mutual,
    [AS_CRED_AWS4] = check_aws4,
    [AS_CRED_TOKEN] = check_hashed_id,
    [AS_CRED_HOBA] = check_hoba,
    [AS_CRED_INVITE] = check_hashed_id,
};

/* scope-token *( SP scope-token ), RFC 6749 section 3.3 */
static const char *check_scope(as_cred_line *line)
{
    as_span scope = line->text[AS_CRED_SCOPE];
    apr_size_t i;

    for (i = 0; i < scope.len; i++) {
        int is_last = i + 1 == scope.len;

        if (scope.at[i] == ' '
                ? i == 0 || is_last || scope.at[i + 1] == ' '
                : scope.at[i] < 0x21 || scope.at[i] == '"'
                      || scope.at[i] == '\\')
            return fault(line, AS_CRED_SCOPE, "is not a list of scopes, "
                         "separated by single blanks");
    }
    return NULL;
}

static const char *check_needs(as_cred_line *line)
{
    int i;

    for (i = AS_CRED_ID; i <= AS_CRED_SCOPE; i++) {
        need is = kinds[line->kind].needs[i];

        if (is == MUST && !line->text[i].len)
            return fault(line, i, "is missing");
        if (is == NEVER && line->text[i].len)
            return fault(line, i, "has no meaning for this kind");
    }
    return NULL;
}

/* Octets without backslashes. */
static apr_size_t length_of(const as_cred_line *line, int field)
{
    as_span text = line->text[field];
    apr_size_t i, len = 0;

    if (!(line->escaped & 1 << field))
        return text.len;
    for (i = 0; i < text.len; i++, len++)
        if (text.at[i] == '\\')
            i++;
    return len;
}

static const char *check_lengths(as_cred_line *line)
{
    int i;

    for (i = 0; i < AS_CRED_FIELDS; i++)
        if (length_of(line, i) > fields[i].longest)
            return fault(line, i, "is too long");
    return NULL;
}

static const char *check_line(as_cred_line *line, apr_pool_t *scratch)
{
    const char *why = check_lengths(line);

    if (!why)
        why = check_needs(line);
    if (!why)
        why = check_scope(line);
    return why ? why : checks[line->kind](line, scratch);
}

/* What takes too long for a whole file. */
static const char *check_group(as_cred_line *line)
{
    const as_mutual_alg *alg;

    if (line->kind != AS_CRED_MUTUAL)
        return NULL;
    alg = as_mutual_alg_find(line->text[AS_CRED_ALGORITHM]);
    return alg && as_mutual_verifier_fits(alg, line->text[AS_CRED_VALUE])
               ? NULL
               : fault(line, AS_CRED_VALUE, "is not J(pi): the number is not "
                       "in the algorithm's group");
}

/* ---- lines ----------------------------------------------------------- */

int as_cred_take_line(as_span *line, as_span *rest)
{
    const char *end;

    if (!rest->len)
        return 0;
    end = memchr(rest->at, '\n', rest->len);
    *line = (as_span){ rest->at, end ? (apr_size_t)(end - rest->at)
                                     : rest->len };
    *rest = (as_span){ rest->at + line->len, rest->len - line->len };
    if (end)
        *rest = (as_span){ end + 1, rest->len - 1 };
    return 1;
}

static as_span without_cr(as_span line)
{
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

int as_cred_is_header(as_span line)
{
    return as_span_is(without_cr(line), AS_CRED_HEADER);
}

static void skip_blanks(as_span *rest)
{
    while (rest->len && *rest->at == ' ')
        *rest = (as_span){ rest->at + 1, rest->len - 1 };
}

int as_cred_is_record(as_span line)
{
    line = without_cr(line);
    skip_blanks(&line);
    return line.len && *line.at != '#';
}

/* Most lines are ASCII. */
static const char *check_text(as_span text)
{
    unsigned char all = 0;
    apr_size_t i;

    if (text.len > AS_CRED_LINE_MAX)
        return "the line is too long";
    for (i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if (octet < 0x20 || octet == 0x7f)
            return octet == '\t' ? "a tab; blanks separate, no tabs"
                                 : "a control character";
        all |= octet;
    }
    if (all < 0x80)
        return NULL;
    if (!as_text_is_utf8(text))
        return "the line is not UTF-8";
    return as_text_has_controls(text) ? "a control character" : NULL;
}

/* Up to the closing quote, which is taken as well. */
static const char *take_quoted(as_span *text, int *is_escaped, as_span *rest)
{
    apr_size_t i;

    for (i = 1; i < rest->len && rest->at[i] != '"'; i++) {
        if (rest->at[i] != '\\')
            continue;
        i++;
        *is_escaped = 1;
        if (i == rest->len || (rest->at[i] != '"' && rest->at[i] != '\\'))
            return "only \\\" and \\\\ may stand between quotes with a "
                   "backslash";
    }
    if (i >= rest->len)
        return "the closing quote is missing";
    *text = (as_span){ rest->at + 1, i - 1 };
    *rest = (as_span){ rest->at + i + 1, rest->len - i - 1 };
    return NULL;
}

static const char *take_bare(as_span *text, as_span *rest)
{
    apr_size_t i;

    for (i = 0; i < rest->len && rest->at[i] != ' '; i++)
        if (rest->at[i] == '"' || rest->at[i] == '\\')
            return "quotes and backslashes may stand between quotes only";
    if (i == 0)
        return "is empty: \"\" is the empty text";
    if (*rest->at == '#')
        return "# begins a comment, which needs a line of its own; put "
               "quotes around a value";
    *text = (as_span){ rest->at, i };
    *rest = (as_span){ rest->at + i, rest->len - i };
    return NULL;
}

/* A value, and the blanks after it. */
static const char *take_value(as_cred_line *line, int field, as_span *rest)
{
    int is_escaped = 0;
    const char *why = rest->len && *rest->at == '"'
                          ? take_quoted(&line->text[field], &is_escaped, rest)
                          : take_bare(&line->text[field], rest);

    if (why)
        return fault(line, field, why);
    if (rest->len && *rest->at != ' ')
        return fault(line, field, "a blank is missing after the quote");
    if (is_escaped)
        line->escaped |= 1 << field;
    skip_blanks(rest);
    return NULL;
}

/* The letters of a name or a kind. */
static as_span take_word(as_span *rest)
{
    as_span word = { rest->at, 0 };

    while (word.len < rest->len
           && (apr_isalnum(word.at[word.len]) || word.at[word.len] == '_'))
        word.len++;
    *rest = (as_span){ rest->at + word.len, rest->len - word.len };
    return word;
}

static const char *take_kind(as_cred_line *line, as_span *rest)
{
    line->kind = as_cred_kind_find(take_word(rest));
    if (line->kind == AS_CRED_KINDS || (rest->len && *rest->at != ' ')) {
        line->kind = AS_CRED_PASSWORD;
        return "begins with no kind that we know: password, digest, mutual, "
               "aws4, token, hoba or invite";
    }
    skip_blanks(rest);
    return NULL;
}

/* Who forgets the id would have `realm=Docs` for a user. */
static const char *take_id(as_cred_line *line, as_span *rest)
{
    int is_bare = rest->len && *rest->at != '"';
    const char *why = take_value(line, AS_CRED_ID, rest);

    if (!why && is_bare && memchr(line->text[AS_CRED_ID].at, '=',
                                  line->text[AS_CRED_ID].len))
        return fault(line, AS_CRED_ID, "is missing, or needs quotes because "
                     "of its =");
    return why;
}

static const char *take_field(as_cred_line *line, int *seen, as_span *rest)
{
    as_span name = take_word(rest);
    as_cred_field field = field_find(name);

    if (!rest->len || *rest->at != '=')
        return "there is something else than name=value";
    if (field == AS_CRED_FIELDS)
        return "there is a name that this version does not know";
    if (*seen & 1 << field)
        return fault(line, field, "is there twice");
    *seen |= 1 << field;
    *rest = (as_span){ rest->at + 1, rest->len - 1 };
    return take_value(line, field, rest);
}

static const char *take_fields(as_cred_line *line, as_span *rest)
{
    int seen = 0;
    const char *why = NULL;

    while (!why && rest->len)
        why = take_field(line, &seen, rest);
    if (!why && kinds[line->kind].is_users && !(seen & 1 << AS_CRED_USER)) {
        line->text[AS_CRED_USER] = line->text[AS_CRED_ID];
        if (line->escaped & 1 << AS_CRED_ID)
            line->escaped |= 1 << AS_CRED_USER;
    }
    return why;
}

static const char *read_time(apr_time_t *time, as_cred_line *line, int field)
{
    as_span text = line->text[field];

    *time = 0;
    if (!text.at || take_time(time, text, field == AS_CRED_NOT_BEFORE))
        return NULL;
    return fault(line, field, "is not a time as 2026-11-25T12:00:00Z");
}

static const char *read_words(as_cred_line *line)
{
    as_span state = line->text[AS_CRED_STATE];
    const char *why;

    line->state = AS_CRED_ACTIVE;
    if (state.at && !as_cred_state_find(&line->state, state))
        return fault(line, AS_CRED_STATE, "is not pending, active or "
                     "revoked");
    why = read_time(&line->created, line, AS_CRED_CREATED);
    if (!why)
        why = read_time(&line->expires, line, AS_CRED_EXPIRES);
    return why ? why : read_time(&line->not_before, line, AS_CRED_NOT_BEFORE);
}

const char *as_cred_scan(as_cred_line *line, as_span text, apr_pool_t *scratch)
{
    const char *why;

    memset(line, 0, sizeof(*line));
    text = without_cr(text);
    why = check_text(text);
    skip_blanks(&text);
    if (!why)
        why = take_kind(line, &text);
    if (!why)
        why = take_id(line, &text);
    if (!why)
        why = take_fields(line, &text);
    if (!why)
        why = read_words(line);
    return why ? why : check_line(line, scratch);
}

const char *as_cred_explain(const as_cred_line *line, const char *why,
                            apr_pool_t *pool)
{
    return line->about ? apr_pstrcat(pool, line->about, ": ", why, NULL)
                       : why;
}

/* ---- records --------------------------------------------------------- */

static const char *unescape(as_span text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, text.len + 1);
    apr_size_t i, n = 0;

    for (i = 0; i < text.len; i++) {
        if (text.at[i] == '\\')
            i++;
        out[n++] = text.at[i];
    }
    out[n] = '\0';
    return out;
}

static const char *text_of(const as_cred_line *line, int field,
                           apr_pool_t *pool)
{
    return line->escaped & 1 << field ? unescape(line->text[field], pool)
                                      : as_string(pool, line->text[field]);
}

void as_cred_of_line(as_cred *cred, const as_cred_line *line, apr_pool_t *pool)
{
    cred->kind = line->kind;
    cred->id = text_of(line, AS_CRED_ID, pool);
    cred->realm = text_of(line, AS_CRED_REALM, pool);
    cred->place = text_of(line, AS_CRED_PLACE, pool);
    cred->algorithm = text_of(line, AS_CRED_ALGORITHM, pool);
    cred->user = text_of(line, AS_CRED_USER, pool);
    cred->label = text_of(line, AS_CRED_LABEL, pool);
    cred->scope = text_of(line, AS_CRED_SCOPE, pool);
    cred->value = as_span_of(text_of(line, AS_CRED_VALUE, pool));
    if (as_cred_is_binary(line->kind))
        as_base64url_decode(&cred->value, cred->value, pool);
    cred->state = line->state;
    cred->created = line->created;
    cred->expires = line->expires;
    cred->not_before = line->not_before;
}

const char *as_cred_read(as_cred *cred, as_span text, apr_pool_t *pool)
{
    as_cred_line line;
    const char *why = as_cred_scan(&line, text, pool);

    if (!why)
        why = check_group(&line);
    if (why)
        return as_cred_explain(&line, why, pool);
    as_cred_of_line(cred, &line, pool);
    return NULL;
}

/* The record as if a line had been taken apart, but unescaped. */
static void line_of_cred(as_cred_line *line, const as_cred *cred,
                         apr_pool_t *pool)
{
    memset(line, 0, sizeof(*line));
    line->kind = cred->kind;
    line->text[AS_CRED_ID] = as_span_of(cred->id);
    line->text[AS_CRED_REALM] = as_span_of(cred->realm);
    line->text[AS_CRED_PLACE] = as_span_of(cred->place);
    line->text[AS_CRED_ALGORITHM] = as_span_of(cred->algorithm);
    line->text[AS_CRED_USER] = as_span_of(cred->user);
    line->text[AS_CRED_LABEL] = as_span_of(cred->label);
    line->text[AS_CRED_SCOPE] = as_span_of(cred->scope);
    line->text[AS_CRED_VALUE] = cred->value;
    if (as_cred_is_binary(cred->kind))
        line->text[AS_CRED_VALUE] = as_span_of(
            as_base64url_encode(pool, cred->value));
}

static int is_time(apr_time_t time)
{
    return time >= 0 && time <= TIME_MOST;
}

const char *as_cred_check(const as_cred *cred, apr_pool_t *pool)
{
    as_cred_line line;
    const char *why = NULL;
    int i;

    line_of_cred(&line, cred, pool);
    for (i = 0; !why && i < AS_CRED_FIELDS; i++)
        why = check_text(line.text[i]);
    if (why)
        return as_cred_explain(&line, fault(&line, i - 1, why), pool);
    if (!is_time(cred->created) || !is_time(cred->expires)
        || !is_time(cred->not_before))
        return "a time is before 1970 or after 9999";
    why = check_line(&line, pool);
    if (!why)
        why = check_group(&line);
    return why ? as_cred_explain(&line, why, pool) : NULL;
}

/* ---- writing --------------------------------------------------------- */

as_span as_cred_escape(as_span text, apr_pool_t *pool)
{
    char *out;
    apr_size_t i, n = 0;

    for (i = 0; i < text.len; i++)
        if (text.at[i] == '"' || text.at[i] == '\\')
            break;
    if (i == text.len)
        return text;
    out = apr_palloc(pool, 2 * text.len);
    for (i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            out[n++] = '\\';
        out[n++] = text.at[i];
    }
    return (as_span){ out, n };
}

static int needs_quotes(as_span text)
{
    return !text.len || *text.at == '#' || memchr(text.at, ' ', text.len)
           || memchr(text.at, '"', text.len)
           || memchr(text.at, '\\', text.len);
}

static const char *value_text(as_span text, int is_quoted, apr_pool_t *pool)
{
    const char *escaped = as_string(pool, as_cred_escape(text, pool));

    return is_quoted ? apr_pstrcat(pool, "\"", escaped, "\"", NULL)
                     : escaped;
}

static const char *id_text(as_span id, apr_pool_t *pool)
{
    return value_text(id, needs_quotes(id) || memchr(id.at, '=', id.len),
                      pool);
}

/* What the line need not say. */
static int goes_without_saying(const as_cred_line *line, int field)
{
    as_span text = line->text[field], id = line->text[AS_CRED_ID];

    if (!text.len)
        return 1;
    return field == AS_CRED_USER && kinds[line->kind].is_users
           && text.len == id.len && !memcmp(text.at, id.at, id.len);
}

static void add_words(as_cred_line *line, const as_cred *cred,
                      apr_pool_t *pool)
{
    if (cred->state != AS_CRED_ACTIVE)
        line->text[AS_CRED_STATE] = as_span_of(states[cred->state]);
    if (cred->created)
        line->text[AS_CRED_CREATED]
            = as_span_of(seconds_text(cred->created, pool));
    if (cred->expires)
        line->text[AS_CRED_EXPIRES]
            = as_span_of(seconds_text(cred->expires, pool));
    if (cred->not_before)
        line->text[AS_CRED_NOT_BEFORE]
            = as_span_of(time_text(cred->not_before, 1, pool));
}

const char *as_cred_write(const as_cred *cred, apr_pool_t *pool)
{
    as_cred_line line;
    const char *out;
    int i;

    line_of_cred(&line, cred, pool);
    add_words(&line, cred, pool);
    out = apr_pstrcat(pool, kinds[cred->kind].name, " ",
                      id_text(line.text[AS_CRED_ID], pool), NULL);
    for (i = AS_CRED_REALM; i < AS_CRED_FIELDS; i++)
        if (!goes_without_saying(&line, i))
            out = apr_pstrcat(pool, out, " ", fields[i].name, "=",
                              value_text(line.text[i],
                                         needs_quotes(line.text[i]), pool),
                              NULL);
    return out;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <strings.h>

#include "canonical.h"
#include "hex.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define CHOICES_MAX 4 /* of a path or a query */
#define LISTS_MAX 8   /* readings of ", " */

/* What candidates differ in. */
enum { PATH, QUERY, LISTS, FOLDING, PAYLOAD, DIMENSIONS };

struct aws4_readings {
    const aws4_message *message;
    const aws4_request_credentials *credentials;
    as_span lines[DIMENSIONS][CHOICES_MAX]; /* PATH, QUERY, PAYLOAD */
    int counts[DIMENSIONS];
    int choice[DIMENSIONS]; /* of the candidate that was made last */
    int made, index, distance;

    as_span values[AWS4_NAMES_MAX]; /* of the signed headers, trimmed */
    unsigned int lists[AWS4_NAMES_MAX]; /* a bit for those with ", ", else 0 */
    unsigned int masks[LISTS_MAX]; /* of lists that lose the blanks */
    int list_count;

    char *buffer; /* fits every candidate */
};

static as_span after(as_span text, apr_size_t n)
{
    return (as_span){ text.at + n, text.len - n };
}

static int is_same(as_span a, as_span b)
{
    return a.len == b.len && (a.len == 0 || !memcmp(a.at, b.at, a.len));
}

static char *put(char *to, as_span text)
{
    if (text.len)
        memcpy(to, text.at, text.len);
    return to + text.len;
}

static as_span upto(const char *start, const char *end)
{
    return (as_span){ start, (apr_size_t)(end - start) };
}

static void add_choice(aws4_readings *readings, int dimension, as_span text)
{
    int i, count = readings->counts[dimension];

    for (i = 0; i < count; i++)
        if (is_same(readings->lines[dimension][i], text))
            return;
    if (count == CHOICES_MAX)
        return;
    readings->lines[dimension][count] = text;
    readings->counts[dimension] = count + 1;
}

/* ---- paths ----------------------------------------------------------- */

int aws4_is_s3(as_span service, const char *const *list)
{
    static const char *const s3[] = { "s3", "s3-outposts", "s3-object-lambda",
                                      "s3express", NULL };

    for (list = list ? list : s3; *list; list++)
        if (as_span_is(service, *list))
            return 1;
    return 0;
}

/* S3 decodes once and encodes once; %2F is no "/" and stays. */
static as_span recoded(apr_pool_t *pool, as_span path, int plus_is_blank)
{
    char *start = apr_palloc(pool, AWS4_ENCODED_MAX(path.len) + 1);
    char *to = start, c;

    for (; path.len; path = after(path, 1)) {
        if (aws4_escape(&c, path)) {
            to = aws4_encode(to, (as_span){ &c, 1 }, "");
            path = after(path, 2);
            continue;
        }
        c = *path.at == '+' && plus_is_blank ? ' ' : *path.at;
        to = aws4_encode(to, (as_span){ &c, 1 }, "/");
    }
    return upto(start, to);
}

static as_span take_segment(as_span *rest)
{
    const char *slash = rest->len ? memchr(rest->at, '/', rest->len) : NULL;
    as_span segment = { rest->at,
                        slash ? (apr_size_t)(slash - rest->at) : rest->len };

    *rest = after(*rest, segment.len + (slash != NULL));
    return segment;
}

static char *without_last(char *start, char *to)
{
    while (to > start && *--to != '/')
        ;
    return to;
}

/* RFC 3986 section 5.2.4, and empty segments go as well. The text is not
 * decoded: "%2e" is no dot. */
static as_span normalised(apr_pool_t *pool, as_span path)
{
    char *start = apr_palloc(pool, path.len + 2), *to = start;
    int is_folder = path.len && path.at[path.len - 1] == '/';

    while (path.len) {
        as_span segment = take_segment(&path);

        if (as_span_is(segment, ".."))
            to = without_last(start, to);
        else if (segment.len && !as_span_is(segment, ".")) {
            *to++ = '/';
            to = put(to, segment);
        }
    }
    if (to == start || is_folder)
        *to++ = '/';
    return upto(start, to);
}

static as_span encoded(apr_pool_t *pool, as_span path)
{
    char *start = apr_palloc(pool, AWS4_ENCODED_MAX(path.len) + 1);

    return upto(start, aws4_encode(start, path, "/"));
}

/* The rules of S3 and of other services are never tried on one request: what
 * is /a%2520b by one is /a%20b by the other. */
static void add_paths(aws4_readings *readings, as_span path, int s3,
                      const aws4_compat *compat, apr_pool_t *pool)
{
    if (s3) {
        add_choice(readings, PATH, recoded(pool, path, 0));
        add_choice(readings, PATH, path);
        if (compat->plus_path)
            add_choice(readings, PATH, recoded(pool, path, 1));
        return;
    }
    add_choice(readings, PATH, encoded(pool, normalised(pool, path)));
    if (compat->no_normalise)
        add_choice(readings, PATH, encoded(pool, path));
    if (compat->raw_path)
        add_choice(readings, PATH, path);
}

/* ---- queries --------------------------------------------------------- */

static as_span encoded_part(apr_pool_t *pool, as_span text)
{
    char *start = apr_palloc(pool, AWS4_ENCODED_MAX(text.len) + 1);

    return upto(start, aws4_encode(start, text, ""));
}

static int compare(as_span a, as_span b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name_then_value(const void *left, const void *right)
{
    const aws4_param *a = left, *b = right;
    int order = compare(a->name, b->name);

    return order ? order : compare(a->value, b->value);
}

/* Encodes in place what is to be signed, and returns how much that is. */
static int keep_signed(aws4_query *query, int is_query, int is_tokenless,
                       apr_pool_t *pool)
{
    int i, kept = 0;

    for (i = 0; i < query->count; i++) {
        const aws4_param *param = &query->params[i];

        if ((is_query && as_span_is(param->name, "X-Amz-Signature"))
            || (is_tokenless
                && as_span_is(param->name, "X-Amz-Security-Token")))
            continue;
        query->params[kept++]
            = (aws4_param){ encoded_part(pool, param->name),
                            encoded_part(pool, param->value) };
    }
    return kept;
}

static as_span joined(apr_pool_t *pool, const aws4_query *query)
{
    apr_size_t size = 1;
    char *start, *to;
    int i;

    for (i = 0; i < query->count; i++)
        size += query->params[i].name.len + query->params[i].value.len + 2;
    to = start = apr_palloc(pool, size);
    for (i = 0; i < query->count; i++) {
        if (i)
            *to++ = '&';
        to = put(to, query->params[i].name);
        *to++ = '=';
        to = put(to, query->params[i].value);
    }
    return upto(start, to);
}

static int add_query(aws4_readings *readings, as_span text, aws4_plus plus,
                     int is_tokenless, apr_pool_t *pool)
{
    aws4_query query;

    if (aws4_query_read(&query, text, plus, pool) != APR_SUCCESS)
        return 0;
    query.count = keep_signed(&query, readings->credentials->is_query,
                              is_tokenless, pool);
    if (query.count)
        qsort(query.params, (size_t)query.count, sizeof(aws4_param),
              by_name_then_value);
    add_choice(readings, QUERY, joined(pool, &query));
    return 1;
}

/* Some services add the token after signing. It is checked anyway. */
static int add_queries(aws4_readings *readings, as_span text,
                       const aws4_compat *compat, apr_pool_t *pool)
{
    const aws4_request_credentials *sent = readings->credentials;

    if (!add_query(readings, text, AWS4_PLUS_SPACE, 0, pool))
        return 0;
    if (sent->is_query && sent->token.at)
        add_query(readings, text, AWS4_PLUS_SPACE, 1, pool);
    if (compat->plus_literal)
        add_query(readings, text, AWS4_PLUS_LITERAL, 0, pool);
    if (compat->raw_query && !sent->is_query)
        add_choice(readings, QUERY, text);
    return 1;
}

/* ---- headers --------------------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static as_span trimmed(as_span text)
{
    while (text.len && is_blank(*text.at))
        text = after(text, 1);
    while (text.len && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

static const char *header(const aws4_message *message, apr_pool_t *pool,
                          as_span name)
{
    return apr_table_get(message->headers, as_string(pool, name));
}

static int is_list(as_span value)
{
    apr_size_t i;

    for (i = 0; i + 1 < value.len; i++)
        if (value.at[i] == ',' && is_blank(value.at[i + 1]))
            return 1;
    return 0;
}

static int has_run(as_span value)
{
    apr_size_t i;

    for (i = 0; i + 1 < value.len; i++)
        if (is_blank(value.at[i]) && is_blank(value.at[i + 1]))
            return 1;
    return value.len && memchr(value.at, '\t', value.len);
}

/* Which lists lose their blanks: none, all, then some of the first ones. */
static void set_masks(aws4_readings *readings)
{
    unsigned int all = (1U << readings->list_count) - 1, mask;
    int count = 1;

    readings->masks[0] = 0;
    if (all)
        readings->masks[count++] = all;
    for (mask = 1; mask < all && count < LISTS_MAX; mask++)
        readings->masks[count++] = mask;
    readings->counts[LISTS] = count;
}

static int take_headers(aws4_readings *readings, const aws4_compat *compat,
                        apr_pool_t *pool)
{
    const aws4_request_credentials *sent = readings->credentials;
    int i, runs = 0;

    for (i = 0; i < sent->name_count; i++) {
        const char *value = header(readings->message, pool, sent->names[i]);

        if (!value)
            return 0;
        readings->values[i] = trimmed(as_span_of(value));
        runs += has_run(readings->values[i]);
        if (is_list(readings->values[i]) && readings->list_count < 31)
            readings->lists[i] = 1U << readings->list_count++;
    }
    set_masks(readings);
    readings->counts[FOLDING] = compat->unfolded && runs ? 2 : 1;
    return 1;
}

/* A run of blanks as one, or as it is; after a comma none, if it is to be as
 * before httpd joined the fields. */
static char *put_value(char *to, as_span value, int folds, int drops)
{
    const char *start = to;

    for (; value.len; value = after(value, 1)) {
        if (!is_blank(*value.at)) {
            *to++ = *value.at;
            continue;
        }
        if (drops && to > start && to[-1] == ',')
            continue;
        if (folds && to > start && to[-1] == ' ')
            continue;
        *to++ = *value.at == '\t' && !folds ? '\t' : ' ';
    }
    return to;
}

static char *put_headers(char *to, const aws4_readings *readings)
{
    const aws4_request_credentials *sent = readings->credentials;
    unsigned int mask = readings->masks[readings->choice[LISTS]];
    int i, folds = readings->choice[FOLDING] == 0;

    for (i = 0; i < sent->name_count; i++) {
        to = put(to, sent->names[i]);
        *to++ = ':';
        to = put_value(to, readings->values[i], folds,
                       (mask & readings->lists[i]) != 0);
        *to++ = '\n';
    }
    return to;
}

/* ---- what must be signed --------------------------------------------- */

const char *const aws4_more_signed[] = {
    "destination", "overwrite", "depth", "if", "lock-token", "content-range",
    "x-http-method-override", "x-http-method", "x-method-override", NULL
};

static int must_be_signed(const char *name, const char *const *more)
{
    if (!strncasecmp(name, "x-amz-", 6))
        return strcasecmp(name, "x-amz-content-sha256") != 0;
    for (; more && *more; more++)
        if (!strcasecmp(name, *more))
            return 1;
    return 0;
}

const char *aws4_unsigned_header(const aws4_message *message,
                                 const aws4_request_credentials *credentials,
                                 const char *const *more)
{
    const apr_array_header_t *rows = apr_table_elts(message->headers);
    const apr_table_entry_t *row = (const apr_table_entry_t *)rows->elts;
    int i;

    if (!aws4_signs(credentials, as_span_of("host")))
        return "host";
    for (i = 0; i < rows->nelts; i++)
        if (must_be_signed(row[i].key, more)
            && !aws4_signs(credentials, as_span_of(row[i].key)))
            return row[i].key;
    return NULL;
}

/* ---- the payload line ------------------------------------------------ */

static const struct {
    const char *line;
    aws4_fault fault;
    aws4_body body;
} payloads[] = {
    { "UNSIGNED-PAYLOAD", AWS4_OK, AWS4_BODY_OPEN },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", AWS4_OK, AWS4_BODY_CHUNKS },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", AWS4_OK,
      AWS4_BODY_CHUNKS_TRAILER },
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER", AWS4_OK, AWS4_BODY_CHUNKS_OPEN },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", AWS4_STREAMING, 0 },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", AWS4_STREAMING, 0 },
    { "STREAMING-AWS4-HMAC-SHA256-EVENTS", AWS4_STREAMING, 0 },
};

#define PAYLOADS ((int)(sizeof(payloads) / sizeof(payloads[0])))

static aws4_fault named_payload(aws4_payload *payload, const char **why,
                                int is_query)
{
    int i = PAYLOADS;

    while (--i >= 0 && !as_span_is(payload->line, payloads[i].line))
        ;
    *why = "x-amz-content-sha256 is no hash and no known word";
    if (i < 0)
        return AWS4_PAYLOAD;
    *why = "a presigned URL for a body in chunks";
    if (is_query && payloads[i].body > AWS4_BODY_OPEN)
        return AWS4_PAYLOAD;
    *why = payloads[i].fault ? "chunks of a kind that is not supported" : NULL;
    payload->body = payloads[i].body;
    return payloads[i].fault;
}

/* Presigned, the query counts first, and a header only if it is signed. */
static as_span content_sha256(const aws4_message *message,
                              const aws4_request_credentials *credentials)
{
    static const char name[] = "x-amz-content-sha256";

    if (credentials->content_sha256.at)
        return credentials->content_sha256;
    if (credentials->is_query && !aws4_signs(credentials, as_span_of(name)))
        return (as_span){ NULL, 0 };
    return as_span_of(apr_table_get(message->headers, name));
}

/* Nothing is said of the body: S3's presigned URLs leave it open, all else has
 * its hash signed. */
static aws4_fault silent_payload(aws4_payload *payload,
                                 const aws4_message *message, int is_open,
                                 apr_pool_t *pool)
{
    char hex[2 * AS_SHA256_LEN + 1];

    payload->body = is_open ? AWS4_BODY_OPEN : AWS4_BODY_HIDDEN_HASH;
    if (is_open)
        payload->line = as_span_of("UNSIGNED-PAYLOAD");
    if (is_open || !message->body_sha256)
        return AWS4_OK;
    as_hex_put(hex, message->body_sha256, AS_SHA256_LEN);
    payload->line = as_span_of(apr_pstrdup(pool, hex));
    return AWS4_OK;
}

aws4_fault aws4_payload_read(aws4_payload *payload, const char **why,
                             const aws4_message *message,
                             const aws4_request_credentials *credentials,
                             int s3, apr_pool_t *pool)
{
    memset(payload, 0, sizeof(*payload));
    payload->line = content_sha256(message, credentials);
    *why = NULL;
    if (!payload->line.at)
        return silent_payload(payload, message, s3 && credentials->is_query,
                              pool);
    payload->body = AWS4_BODY_HASHED;
    if (payload->line.len == (apr_size_t)2 * AS_SHA256_LEN
        && as_hex_take(payload->sha256, payload->line))
        return AWS4_OK;
    return named_payload(payload, why, credentials->is_query);
}

/* ---- candidates ------------------------------------------------------ */

static apr_size_t longest(const aws4_readings *readings, int dimension)
{
    apr_size_t len = 0;
    int i;

    for (i = 0; i < readings->counts[dimension]; i++)
        if (readings->lines[dimension][i].len > len)
            len = readings->lines[dimension][i].len;
    return len;
}

static apr_size_t size_of(const aws4_readings *readings)
{
    const aws4_request_credentials *sent = readings->credentials;
    apr_size_t size = readings->message->method.len + longest(readings, PATH)
                      + longest(readings, QUERY) + sent->signed_headers.len
                      + longest(readings, PAYLOAD) + 5;
    int i;

    for (i = 0; i < sent->name_count; i++)
        size += sent->names[i].len + readings->values[i].len + 2;
    return size;
}

static aws4_fault take_apart(aws4_readings *readings, const char **why,
                             int s3, const aws4_compat *compat,
                             apr_pool_t *pool)
{
    aws4_target target;

    *why = "nothing that can be signed as a target";
    if (aws4_target_read(&target, readings->message->target) != APR_SUCCESS)
        return AWS4_TARGET;
    *why = "too many parameters in the query";
    if (!add_queries(readings, target.query, compat, pool))
        return AWS4_TARGET;
    add_paths(readings, target.path, s3, compat, pool);
    *why = "a signed header is not there";
    if (!take_headers(readings, compat, pool))
        return AWS4_ABSENT;
    *why = NULL;
    return AWS4_OK;
}

aws4_fault aws4_readings_begin(aws4_readings **readings, const char **why,
                               const aws4_message *message,
                               const aws4_request_credentials *credentials,
                               const aws4_payload *payload, int s3,
                               const aws4_compat *compat, apr_pool_t *pool)
{
    aws4_readings *made = apr_pcalloc(pool, sizeof(*made));
    aws4_fault fault;

    made->message = message;
    made->credentials = credentials;
    fault = take_apart(made, why, s3, compat, pool);
    if (fault != AWS4_OK)
        return fault;
    add_choice(made, PAYLOAD, payload->line);
    if (compat->empty_hash && payload->body == AWS4_BODY_HIDDEN_HASH)
        add_choice(made, PAYLOAD, as_span_of(EMPTY));
    made->index = -1;
    made->buffer = apr_palloc(pool, size_of(made));
    *readings = made;
    return AWS4_OK;
}

/* Sets the choices that a number stands for and returns their sum, or -1 if
 * the number is too large. */
static int choose(aws4_readings *readings)
{
    int i, sum = 0, rest = readings->index;

    for (i = 0; i < DIMENSIONS; i++) {
        readings->choice[i] = rest % readings->counts[i];
        rest /= readings->counts[i];
        sum += readings->choice[i];
    }
    return rest ? -1 : sum;
}

static int farthest(const aws4_readings *readings)
{
    int i, sum = 0;

    for (i = 0; i < DIMENSIONS; i++)
        sum += readings->counts[i] - 1;
    return sum;
}

/* Those that differ least from the strict one come first. */
static int choose_next(aws4_readings *readings)
{
    while (readings->distance <= farthest(readings)) {
        int distance;

        readings->index++;
        distance = choose(readings);
        if (distance == readings->distance)
            return 1;
        if (distance < 0) {
            readings->distance++;
            readings->index = -1;
        }
    }
    return 0;
}

static char *put_line(char *to, const aws4_readings *readings, int dimension)
{
    return put(to,
               readings->lines[dimension][readings->choice[dimension]]);
}

int aws4_readings_next(as_span *canonical, aws4_readings *readings)
{
    char *to = readings->buffer;

    if (readings->made == AWS4_READINGS_MAX || !choose_next(readings))
        return 0;
    readings->made++;
    to = put(to, readings->message->method);
    *to++ = '\n';
    to = put_line(to, readings, PATH);
    *to++ = '\n';
    to = put_line(to, readings, QUERY);
    *to++ = '\n';
    to = put_headers(to, readings);
    *to++ = '\n';
    to = put(to, readings->credentials->signed_headers);
    *to++ = '\n';
    to = put_line(to, readings, PAYLOAD);
    *canonical = upto(readings->buffer, to);
    return 1;
}

int aws4_readings_is_open(const aws4_readings *readings)
{
    return readings->choice[PAYLOAD] > 0;
}

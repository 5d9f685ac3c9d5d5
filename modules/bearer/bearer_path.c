/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Names of claims and what applications get to see of their values.
 *
 *     path    = ( name / quoted ) *( "." name / quoted / index )
 *     name    = 1*<any octet but controls, blank, "." "[" "]" "/" and DQUOTE>
 *     quoted  = "[" DQUOTE 1*<any octet but controls and DQUOTE> DQUOTE "]"
 *     index   = "[" 1*4DIGIT "]"
 *
 * A name with dots or slashes (an URL) has to be quoted: taken apart at its
 * dots it would silently name something else.
 */
#include <math.h>

#include "bearer_path.h"

#define TEXT_MAX 4096

static int is_name_char(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f && !strchr(".[]/\"", c);
}

/* Takes the octets up to `end` and `end` itself. */
static int take_until(const char **name, const char **rest, const char *end,
                      apr_pool_t *pool)
{
    const char *stop = strstr(*rest, end);

    if (!stop || stop == *rest)
        return 0;
    *name = apr_pstrmemdup(pool, *rest, (apr_size_t)(stop - *rest));
    *rest = stop + strlen(end);
    return 1;
}

static int take_index(apr_size_t *index, const char **rest)
{
    int digits = 0;

    *index = 0;
    for (; apr_isdigit(**rest) && digits < 4; (*rest)++, digits++)
        *index = *index * 10 + (apr_size_t)(**rest - '0');
    return digits && *(*rest)++ == ']';
}

static int take_name(const char **name, const char **rest, apr_pool_t *pool)
{
    const char *start = *rest;

    while (**rest && is_name_char(**rest))
        (*rest)++;
    *name = apr_pstrmemdup(pool, start, (apr_size_t)(*rest - start));
    return *rest != start;
}

static int take_step(bearer_path *path, const char **rest, apr_pool_t *pool)
{
    int first = path->count == 0;
    const char **name = &path->steps[path->count].name;

    if (strncmp(*rest, "[\"", 2) == 0) {
        *rest += 2;
        return take_until(name, rest, "\"]", pool);
    }
    if (**rest == '[' && !first) {
        *rest += 1;
        return take_index(&path->steps[path->count].index, rest);
    }
    if (!first && *(*rest)++ != '.')
        return 0;
    return take_name(name, rest, pool);
}

const char *bearer_path_parse(bearer_path *path, const char *text,
                              apr_pool_t *pool)
{
    const char *rest = text, *at;

    memset(path, 0, sizeof(*path));
    path->text = apr_pstrdup(pool, text);
    for (at = text; *at; at++)
        if (apr_iscntrl(*at))
            return "the name of a claim has no control characters";
    do {
        if (path->count == BEARER_PATH_MAX)
            return "the name of a claim has eight parts at most";
        if (!take_step(path, &rest, pool))
            return apr_psprintf(pool, "'%s' is not the name of a claim; a part "
                                "with dots or slashes is written [\"...\"]",
                                text);
        path->count++;
    } while (*rest);
    return NULL;
}

json_t *bearer_path_find(const bearer_path *path, json_t *claims)
{
    json_t *at = claims;
    int i;

    for (i = 0; at && i < path->count; i++)
        at = path->steps[i].name
                 ? json_object_get(at, path->steps[i].name)
                 : json_array_get(at, path->steps[i].index);
    return at;
}

/* ---- values ---------------------------------------------------------- */

/* What is being written; full says that it did not fit. */
typedef struct writer {
    char *at, *end;
    int full;
} writer;

static void put(writer *out, const char *text, apr_size_t len,
                const char *escape)
{
    static const char hex[] = "0123456789ABCDEF";
    apr_size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (out->end - out->at < 3) {
            out->full = 1;
            return;
        }
        if (c >= 0x20 && c < 0x7f && !strchr(escape, c)) {
            *out->at++ = (char)c;
            continue;
        }
        *out->at++ = '%';
        *out->at++ = hex[c >> 4];
        *out->at++ = hex[c & 15];
    }
}

static void put_json(writer *out, json_t *value, const char *escape)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (!text) {
        out->full = 1;
        return;
    }
    put(out, text, strlen(text), escape);
    free(text);
}

/* A time may come as 1.7e9, and must not be shown like that. */
static int is_whole(json_t *value)
{
    double number = json_real_value(value);

    return json_is_real(value) && fabs(number) < 9007199254740992.0
           && floor(number) == number;
}

static void put_value(writer *out, json_t *value, const char *escape)
{
    char number[32];
    int len;

    if (json_is_string(value)) {
        put(out, json_string_value(value), json_string_length(value), escape);
        return;
    }
    if (!is_whole(value)) {
        put_json(out, value, escape);
        return;
    }
    len = apr_snprintf(number, sizeof(number), "%.0f", json_real_value(value));
    put(out, number, (apr_size_t)len, "%");
}

static void put_array(writer *out, json_t *array)
{
    size_t i;
    json_t *element;

    json_array_foreach(array, i, element) {
        if (i)
            put(out, ",", 1, "%");
        put_value(out, element, "%,");
        if (out->full)
            return;
    }
}

const char *bearer_claim_text(apr_pool_t *pool, json_t *value)
{
    char text[TEXT_MAX];
    writer out = { text, text + TEXT_MAX, 0 };

    if (!value || json_is_null(value))
        return NULL;
    if (json_is_array(value)) {
        if (!json_array_size(value))
            return NULL;
        put_array(&out, value);
    }
    else
        put_value(&out, value, "%");
    return out.full ? NULL
                    : apr_pstrmemdup(pool, text, (apr_size_t)(out.at - text));
}

static int is_one(json_t *claim, const char *value)
{
    char number[32];

    if (json_is_string(claim))
        return strlen(value) == json_string_length(claim)
               && strcmp(value, json_string_value(claim)) == 0;
    if (json_is_integer(claim)) {
        apr_snprintf(number, sizeof(number), "%" APR_INT64_T_FMT,
                     (apr_int64_t)json_integer_value(claim));
        return strcmp(value, number) == 0;
    }
    if (json_is_boolean(claim))
        return strcmp(value, json_is_true(claim) ? "true" : "false") == 0;
    return 0;
}

int bearer_claim_is(json_t *claim, const char *value)
{
    size_t i;
    json_t *element;

    if (!json_is_array(claim))
        return is_one(claim, value);
    json_array_foreach(claim, i, element)
        if (is_one(element, value))
            return 1;
    return 0;
}

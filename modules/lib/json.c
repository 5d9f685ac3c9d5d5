/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON, RFC 8259, from strangers:
 *
 *     value  = object / array / string / number / "true" / "false" / "null"
 *     object = "{" [ string ":" value *( "," string ":" value ) ] "}"
 *     array  = "[" [ value *( "," value ) ] "]"
 *
 * jansson's reader takes a token apart letter by letter, which costs more than
 * all else that is done with it but its signature; it nests to 2048 and counts
 * nothing. Ours reads the structure, plain strings and plain whole numbers. For
 * any other string or number it asks jansson, which refuses NUL, bad UTF-8 and
 * what it cannot hold.
 */
#include "json.h"

#define DIGITS_MAX 18 /* always fit into 64 bits */
#define NAME_LEN 63   /* of a member; for a longer one memory is asked for */

typedef struct reader {
    const char *at, *end;
    int depth, members; /* that may still come */
} reader;

static json_t *take_value(reader *in);

static int is_at(const reader *in, char c)
{
    return in->at < in->end && *in->at == c;
}

static void skip_space(reader *in)
{
    while (is_at(in, ' ') || is_at(in, '\n') || is_at(in, '\r')
           || is_at(in, '\t'))
        in->at++;
}

/* One of "{}[]:,", with white space around it. */
static int skip(reader *in, char c)
{
    skip_space(in);
    if (!is_at(in, c))
        return 0;
    in->at++;
    skip_space(in);
    return 1;
}

/* ---- strings, numbers, words ----------------------------------------- */

/* The text up to end as jansson reads it; NULL if it does not. */
static json_t *ask_jansson(reader *in, const char *end)
{
    const char *at = in->at;

    in->at = end;
    return json_loadb(at, (size_t)(end - at), JSON_DECODE_ANY, NULL);
}

static const char *end_of_string(const reader *in)
{
    const char *at = in->at + 1;

    for (; at < in->end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < in->end)
            at++;
    return at < in->end ? at + 1 : at;
}

/* A string that means what is written. */
static int take_plain(as_span *text, reader *in)
{
    const char *begin = in->at + 1, *at = begin;

    if (!is_at(in, '"'))
        return 0;
    while (at < in->end && *at >= ' ' && *at < 0x7f && *at != '"'
           && *at != '\\')
        at++;
    if (at == in->end || *at != '"')
        return 0;
    *text = (as_span){ begin, (apr_size_t)(at - begin) };
    in->at = at + 1;
    return 1;
}

static json_t *take_string(reader *in)
{
    as_span text;

    if (take_plain(&text, in))
        return json_stringn_nocheck(text.at, text.len);
    return is_at(in, '"') ? ask_jansson(in, end_of_string(in)) : NULL;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *end_of_number(const reader *in)
{
    const char *at = in->at;

    while (at < in->end && (is_digit(*at) || (*at && strchr("+-.eE", *at))))
        at++;
    return at;
}

static json_t *take_number(reader *in)
{
    const char *end = end_of_number(in), *first = in->at + (*in->at == '-');
    const char *at = first;
    json_int_t number = 0;

    while (at < end && is_digit(*at) && at - first < DIGITS_MAX)
        number = 10 * number + (*at++ - '0');
    if (at == first || at < end || (*first == '0' && at - first > 1))
        return ask_jansson(in, end);
    number = first > in->at ? -number : number;
    in->at = end;
    return json_integer(number);
}

static int skip_word(reader *in, const char *word, size_t len)
{
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
        return 0;
    in->at += len;
    return 1;
}

static json_t *take_word(reader *in)
{
    if (skip_word(in, "true", 4))
        return json_true();
    if (skip_word(in, "false", 5))
        return json_false();
    return skip_word(in, "null", 4) ? json_null() : NULL;
}

/* ---- objects and arrays ---------------------------------------------- */

/* A value for a name that has none yet. */
static int take_named(json_t *object, reader *in, const char *name)
{
    json_t *value = skip(in, ':') ? take_value(in) : NULL;

    if (value && !json_object_get(object, name))
        return json_object_set_new_nocheck(object, name, value) == 0;
    json_decref(value);
    return 0;
}

static int take_member(json_t *object, reader *in)
{
    const char *begin = in->at;
    char room[NAME_LEN + 1];
    as_span plain;
    json_t *name;
    int ok;

    if (take_plain(&plain, in) && plain.len <= NAME_LEN) {
        memcpy(room, plain.at, plain.len);
        room[plain.len] = '\0';
        return take_named(object, in, room);
    }
    in->at = begin;
    name = take_string(in);
    ok = name && take_named(object, in, json_string_value(name));
    json_decref(name);
    return ok;
}

static int take_element(json_t *array, reader *in)
{
    return json_array_append_new(array, take_value(in)) == 0;
}

/* What stands between two brackets; made is freed if it is wrong. */
static json_t *take_all(reader *in, json_t *made, char last,
                        int (*take)(json_t *made, reader *in))
{
    int ok = made && in->depth-- > 0 && in->members-- > 0;

    if (ok && !skip(in, last)) {
        for (ok = take(made, in); ok && skip(in, ',');)
            ok = in->members-- > 0 && take(made, in);
        ok = ok && skip(in, last);
    }
    in->depth++;
    if (ok)
        return made;
    json_decref(made);
    return NULL;
}

static json_t *take_value(reader *in)
{
    if (in->at == in->end)
        return NULL;
    if (*in->at == '"')
        return take_string(in);
    if (is_digit(*in->at) || *in->at == '-')
        return take_number(in);
    if (skip(in, '{'))
        return take_all(in, json_object(), '}', take_member);
    if (skip(in, '['))
        return take_all(in, json_array(), ']', take_element);
    return take_word(in);
}

/* ---- the whole text -------------------------------------------------- */

static apr_status_t release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

apr_status_t as_json_object(json_t **object, as_span text,
                            const as_json_limits *limits, apr_pool_t *pool)
{
    reader in = { text.at, text.at + text.len, limits->depth,
                  limits->members };

    *object = NULL;
    if (!text.len)
        return APR_EINVAL;
    skip_space(&in);
    if (!is_at(&in, '{'))
        return APR_EINVAL;
    *object = take_value(&in);
    if (!*object)
        return APR_EINVAL;
    apr_pool_cleanup_register(pool, *object, release, apr_pool_cleanup_null);
    skip_space(&in);
    if (in.at == in.end)
        return APR_SUCCESS;
    *object = NULL;
    return APR_EINVAL;
}

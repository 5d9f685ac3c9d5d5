/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * jansson refuses duplicate members, NUL, bad UTF-8 and numbers that it cannot
 * hold, but nests to 2048 and counts nothing. So the brackets and commas are
 * counted before it gets to see the text.
 */
#include "json.h"

/* Just behind the closing quote of the string that begins at i. */
static apr_size_t skip_string(as_span text, apr_size_t i)
{
    for (i++; i < text.len && text.at[i] != '"'; i++)
        if (text.at[i] == '\\')
            i++;
    return i + 1;
}

static int within(as_span text, const as_json_limits *limits)
{
    apr_size_t i = 0;
    int depth = 0, members = 0;

    while (i < text.len) {
        char c = text.at[i];

        if (c == '"') {
            i = skip_string(text, i);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        if (c == '}' || c == ']')
            depth--;
        if (c == '{' || c == '[' || c == ',')
            members++;
        if (depth > limits->depth || members > limits->members)
            return 0;
        i++;
    }
    return 1;
}

static apr_status_t release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

apr_status_t as_json_object(json_t **object, as_span text,
                            const as_json_limits *limits, apr_pool_t *pool)
{
    *object = NULL;
    if (text.len == 0 || !within(text, limits))
        return APR_EINVAL;
    *object = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!*object)
        return APR_EINVAL;
    apr_pool_cleanup_register(pool, *object, release, apr_pool_cleanup_null);
    if (json_is_object(*object))
        return APR_SUCCESS;
    *object = NULL;
    return APR_EINVAL;
}

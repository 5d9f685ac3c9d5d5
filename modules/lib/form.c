/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Forms, as the URL standard of the WHATWG writes them:
 *
 *     form  = [ field *( "&" field ) ]
 *     field = 1*char "=" *char
 *     char  = "+" / "%" HEXDIG HEXDIG / visible ASCII but "&", "+" and "%"
 */
#include "form.h"

/* 0..15, or -1 */
static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)apr_tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Into `out`, which has room for all of text. */
static const char *decode(as_span *out, char *room, as_span text)
{
    apr_size_t i, n = 0;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c <= 0x20 || c >= 0x7f)
            return "a byte that must be escaped";
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = i + 2 < text.len ? hex(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;

            if (high < 0 || low < 0)
                return "a bad percent-escape";
            c = (unsigned char)(high << 4 | low);
            if (c == '\0')
                return "an escaped NUL";
            i += 2;
        }
        room[n++] = (char)c;
    }
    room[n] = '\0';
    *out = (as_span){ room, n };
    return NULL;
}

static int same(as_span a, as_span b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static const char *add(as_fields *fields, as_span piece, apr_pool_t *pool)
{
    const char *equals = memchr(piece.at, '=', piece.len);
    const char *why;
    as_field *field = &fields->field[fields->count];
    apr_size_t len;
    char *room;
    int i;

    if (!equals)
        return "a field without \"=\"";
    if (fields->count == AS_FIELDS_MAX)
        return "too many fields";

    len = (apr_size_t)(equals - piece.at);
    room = apr_palloc(pool, piece.len + 2);
    why = decode(&field->name, room, (as_span){ piece.at, len });
    if (why)
        return why;
    if (!field->name.len)
        return "a field without a name";
    why = decode(&field->value, room + len + 1,
                 (as_span){ equals + 1, piece.len - len - 1 });
    if (why)
        return why;

    for (i = 0; i < fields->count; i++)
        if (same(fields->field[i].name, field->name))
            return "a field twice";
    fields->count++;
    return NULL;
}

apr_status_t as_fields_parse(as_fields *fields, const char **why, as_span body,
                             apr_pool_t *pool)
{
    fields->count = 0;
    if (!body.len)
        return APR_SUCCESS;

    for (;;) {
        const char *end = memchr(body.at, '&', body.len);
        apr_size_t len = end ? (apr_size_t)(end - body.at) : body.len;

        *why = add(fields, (as_span){ body.at, len }, pool);
        if (*why)
            return APR_EINVAL;
        if (!end)
            return APR_SUCCESS;
        body = (as_span){ end + 1, body.len - len - 1 };
    }
}

const as_span *as_fields_get(const as_fields *fields, const char *name)
{
    int i;

    for (i = 0; i < fields->count; i++)
        if (as_span_is(fields->field[i].name, name))
            return &fields->field[i].value;
    return NULL;
}

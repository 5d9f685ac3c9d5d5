/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * UTF-8, RFC 3629 section 4. The second octet alone is limited beyond 80 to BF,
 * in the rows below.
 */
#include "text.h"

static const struct {
    unsigned char first_from, first_to;
    unsigned char second_from, second_to;
    unsigned char len;
} forms[] = {
    { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
    { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
    { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
    { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static int is_between(unsigned char octet, unsigned char from,
                      unsigned char to)
{
    return octet >= from && octet <= to;
}

/* The octets of the first character, or 0 if they are none. */
static apr_size_t length_of(const unsigned char *at, apr_size_t left)
{
    apr_size_t i = 0, k;

    while (!is_between(at[0], forms[i].first_from, forms[i].first_to))
        if (++i == sizeof(forms) / sizeof(forms[0]))
            return 0;
    if (forms[i].len > left)
        return 0;
    if (forms[i].len > 1
        && !is_between(at[1], forms[i].second_from, forms[i].second_to))
        return 0;
    for (k = 2; k < forms[i].len; k++)
        if (!is_between(at[k], 0x80, 0xbf))
            return 0;
    return forms[i].len;
}

int as_text_is_utf8(as_span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    apr_size_t i = 0, len;

    for (; i < text.len; i += len) {
        len = length_of(at + i, text.len - i);
        if (len == 0)
            return 0;
    }
    return 1;
}

int as_text_has_controls(as_span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return 1;
        if (at[i] == 0xc2 && i + 1 < text.len
            && is_between(at[i + 1], 0x80, 0x9f))
            return 1;
    }
    return 0;
}

const char *as_text_of_latin1(apr_pool_t *pool, as_span text)
{
    char *made = apr_palloc(pool, 2 * text.len + 1), *end = made;
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if (octet >= 0x80)
            *end++ = (char)(0xc0 | octet >> 6);
        *end++ = (char)(octet < 0x80 ? octet : 0x80 | (octet & 0x3f));
    }
    *end = '\0';
    return made;
}

int as_text_is_ascii(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return 0;
    return 1;
}

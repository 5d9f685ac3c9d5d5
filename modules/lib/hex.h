/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * hex.h - octets as hexadecimal digits.
 */
#ifndef AS_HEX_H
#define AS_HEX_H

#include "authscheme_span.h"

/* The value of a digit in either case, or -1. */
static APR_INLINE int as_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower-case digits, terminated: room for 2 * len + 1 characters. */
static APR_INLINE void as_hex_put(char *hex, const unsigned char *octets,
                                  apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    apr_size_t i;

    for (i = 0; i < len; i++) {
        *hex++ = digits[octets[i] >> 4];
        *hex++ = digits[octets[i] & 0xf];
    }
    *hex = '\0';
}

/* Half as many octets; 0 if there is anything but digits, or an odd number of
 * them. */
static APR_INLINE int as_hex_take(unsigned char *octets, as_span hex)
{
    apr_size_t i;

    if (hex.len % 2)
        return 0;
    for (i = 0; i < hex.len; i += 2) {
        int high = as_hex_digit(hex.at[i]), low = as_hex_digit(hex.at[i + 1]);

        if (high < 0 || low < 0)
            return 0;
        octets[i / 2] = (unsigned char)(high << 4 | low);
    }
    return 1;
}

#endif

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * hex.h - octets as hexadecimal digits.
 */
#ifndef AS_HEX_H
#define AS_HEX_H

#include "authscheme_span.h"

/* The value of a digit in either case, or -1. Without branches: a processor
 * can't guess them, and digits may be secret. */
static APR_INLINE int as_hex_digit(char c)
{
    unsigned int octet = (unsigned char)c;
    unsigned int digit = octet - '0', letter = (octet | 0x20) - 'a';
    int is_digit = digit < 10, is_letter = letter < 6;

    return is_digit * (int)(digit + 1) + is_letter * (int)(letter + 11) - 1;
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

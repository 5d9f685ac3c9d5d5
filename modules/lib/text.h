/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * text.h - what clients mean to be text: UTF-8, or what is not.
 */
#ifndef AS_TEXT_H
#define AS_TEXT_H

#include "authscheme_span.h"

/* UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing beyond
 * U+10FFFF. NUL is a character like others. */
int as_text_is_utf8(as_span text);

/* Octets below 0x80 alone. */
int as_text_is_ascii(as_span text);

/* Whether there is a control character in UTF-8 text: U+0000 to U+001F, U+007F
 * to U+009F. */
int as_text_has_controls(as_span text);

/* UTF-8 for text in ISO 8859-1, which no octets can fail to be. */
const char *as_text_of_latin1(apr_pool_t *pool, as_span text);

#endif

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Public keys in DER, RFC 5280 section 4.1, of the kinds that we know:
 *
 *     SubjectPublicKeyInfo = SEQUENCE { SEQUENCE { algorithm, parameters },
 *                                       BIT STRING }
 *
 * A curve fixes everything in front of the point, so that is compared as it
 * is; RSA is read. Either way a key has one encoding, and nothing of what
 * strangers send reaches OpenSSL's decoders, which take far more than this and
 * need ten times as long as the check of a signature.
 */
#include "algorithm.h"

#define SPKI_MAX 4096 /* octets; RSA 8192 has 1,062 */

enum { INTEGER = 0x02, BIT_STRING = 0x03, SEQUENCE = 0x30 };

static void skip(as_span *rest, apr_size_t n)
{
    rest->at += n;
    rest->len -= n;
}

static int skip_text(as_span *rest, as_span text)
{
    if (rest->len < text.len || memcmp(rest->at, text.at, text.len) != 0)
        return 0;
    skip(rest, text.len);
    return 1;
}

static unsigned int octet(as_span bytes, apr_size_t n)
{
    return (unsigned char)bytes.at[n];
}

/* A length in its shortest form, X.690 section 10.1, up to 65,535. */
static int take_length(apr_size_t *len, as_span *rest)
{
    apr_size_t more = 0;

    if (!rest->len)
        return 0;
    *len = octet(*rest, 0);
    skip(rest, 1);
    if (*len < 0x80)
        return 1;
    more = *len - 0x80;
    if (more < 1 || more > 2 || rest->len < more || !octet(*rest, 0))
        return 0;
    *len = octet(*rest, 0);
    if (more == 2)
        *len = *len << 8 | octet(*rest, 1);
    skip(rest, more);
    return more == 2 || *len >= 0x80;
}

/* The content of one element; rest moves behind it. */
static int take(as_span *content, as_span *rest, unsigned int tag)
{
    apr_size_t len;

    if (!rest->len || octet(*rest, 0) != tag)
        return 0;
    skip(rest, 1);
    if (!take_length(&len, rest) || len > rest->len)
        return 0;
    *content = (as_span){ rest->at, len };
    skip(rest, len);
    return 1;
}

/* The only element of whole. */
static int take_all(as_span *content, as_span whole, unsigned int tag)
{
    return take(content, &whole, tag) && !whole.len;
}

/* A number above zero: a zero octet leads where the first bit would be a sign,
 * and nowhere else. */
static int take_number(as_span *number, as_span *rest)
{
    if (!take(number, rest, INTEGER) || !number->len)
        return 0;
    if (octet(*number, 0))
        return octet(*number, 0) < 0x80;
    skip(number, 1);
    return number->len && octet(*number, 0) >= 0x80;
}

/* RSAPublicKey = SEQUENCE { modulus, publicExponent }, RFC 8017 A.1.1 */
static int read_rsa(as_span *n, as_span *e, as_span der)
{
    static const char algorithm[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d"
                                    "\x01\x01\x01\x05\x00";
    as_span bits, rest;

    if (!take_all(&rest, der, SEQUENCE)
        || !skip_text(&rest, (as_span){ algorithm, sizeof(algorithm) - 1 })
        || !take_all(&bits, rest, BIT_STRING)
        || !skip_text(&bits, (as_span){ "", 1 }) /* no unused bits */
        || !take_all(&rest, bits, SEQUENCE))
        return 0;
    return take_number(n, &rest) && take_number(e, &rest) && !rest.len;
}

static const as_key_kind *read_point(as_span *point, as_span der)
{
    const as_key_kind *kind;
    int i;

    for (i = 0; (kind = as_key_kind_at(i)); i++) {
        *point = der;
        if (kind->spki.len && skip_text(point, kind->spki)
            && point->len == as_key_point_len(kind))
            return kind;
    }
    return NULL;
}

apr_status_t as_key_from_spki(const as_key **key, const char **why,
                              as_span der, apr_pool_t *pool)
{
    const as_key_kind *kind;
    as_span n, e, point;

    *key = NULL;
    if (der.len <= SPKI_MAX && read_rsa(&n, &e, der))
        return as_key_from_rsa(key, why, n, e, pool);
    kind = read_point(&point, der);
    if (kind)
        return as_key_from_point(key, why, kind, point, pool);
    *why = "not the DER of an RSA, Ed25519 or Ed448 key or of an uncompressed "
           "point of P-256, P-384, P-521 or secp256k1";
    return APR_EINVAL;
}

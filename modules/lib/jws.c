/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JWS in compact form:
 *
 *     BASE64URL(header) "." BASE64URL(payload) "." BASE64URL(signature)
 *
 * The header is the sender's wish and decides nothing: the caller says which
 * algorithm and whose keys; "kid" only picks among those. Keys in the header
 * ("jwk", "x5c") and addresses of keys ("jku", "x5u") are not looked at.
 */
#include "base64.h"
#include "json.h"
#include "jws.h"

#define TRIES_MAX 8

static const as_json_limits header_limits = { 8, 64 };

/* RFC 7515 section 4.1: strings where they are present. */
static const char *const strings[] = { "alg", "kid", "typ", "cty", "x5t",
                                       "x5t#S256" };

/* What asks for processing that we do not do: extensions of any kind (RFC 7515
 * section 4.1.11), unencoded payloads (RFC 7797), JWE (RFC 7516). */
static const char *const refused[] = { "crit", "b64", "enc", "zip" };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The text up to the next dot or the end. 0 if there is none left. */
static int take_segment(as_span *segment, as_span *rest)
{
    const char *dot;

    if (!rest->at)
        return 0;
    *segment = *rest;
    dot = rest->len ? memchr(rest->at, '.', rest->len) : NULL;
    if (!dot) {
        *rest = (as_span){ NULL, 0 };
        return 1;
    }
    segment->len = (apr_size_t)(dot - rest->at);
    *rest = (as_span){ dot + 1, rest->len - segment->len - 1 };
    return 1;
}

static int split(as_span part[3], as_span text)
{
    return take_segment(&part[0], &text) && take_segment(&part[1], &text)
           && take_segment(&part[2], &text) && !text.at;
}

static apr_status_t read_header(json_t **header, as_span encoded,
                                apr_pool_t *pool)
{
    as_span text;

    if (encoded.len > AS_JWS_HEADER_MAX
        || as_base64url_decode(&text, encoded, pool) != APR_SUCCESS)
        return APR_EINVAL;
    return as_json_object(header, text, &header_limits, pool);
}

int as_jws_looks_like_one(as_span text, apr_pool_t *pool)
{
    as_span part[3];
    json_t *header;

    return split(part, text)
           && read_header(&header, part[0], pool) == APR_SUCCESS
           && json_is_string(json_object_get(header, "alg"))
           && !json_object_get(header, "enc");
}

static const char *judge_header(json_t *header)
{
    apr_size_t i;

    for (i = 0; i < COUNT(strings); i++) {
        json_t *value = json_object_get(header, strings[i]);

        if (value && !json_is_string(value))
            return "a header member has the wrong type";
    }
    if (!json_object_get(header, "alg"))
        return "the header has no alg";
    for (i = 0; i < COUNT(refused); i++)
        if (json_object_get(header, refused[i]))
            return "the header asks for crit, b64, enc or zip";
    return NULL;
}

static const char *text_of(json_t *header, const char *name)
{
    return json_string_value(json_object_get(header, name));
}

apr_status_t as_jws_parse(as_jws *jws, const char **why, as_span text,
                          apr_pool_t *pool)
{
    as_span part[3];

    memset(jws, 0, sizeof(*jws));
    *why = "not three segments";
    if (!text.at || !split(part, text))
        return APR_EINVAL;
    *why = "the signature is empty";
    if (!part[2].len)
        return APR_EINVAL;
    *why = "the header is not a small JSON object in base64url";
    if (read_header(&jws->header, part[0], pool) != APR_SUCCESS)
        return APR_EINVAL;
    *why = judge_header(jws->header);
    if (*why)
        return APR_EINVAL;
    *why = "the payload or the signature is not base64url, or too long";
    if (part[1].len > (AS_JWS_PAYLOAD_MAX * 4 + 2) / 3
        || as_base64url_decode(&jws->payload, part[1], pool) != APR_SUCCESS
        || as_base64url_decode(&jws->signature, part[2], pool) != APR_SUCCESS)
        return APR_EINVAL;

    *why = NULL;
    jws->alg = as_span_of(text_of(jws->header, "alg"));
    jws->kid = text_of(jws->header, "kid");
    jws->typ = text_of(jws->header, "typ");
    jws->x5t = text_of(jws->header, "x5t#S256");
    jws->signed_text = (as_span){ text.at, part[0].len + 1 + part[1].len };
    return APR_SUCCESS;
}

static int is_named(const char *name, const char *wanted)
{
    return name && strcmp(name, wanted) == 0;
}

static int is_candidate(const as_key *key, const as_jws *jws,
                        const as_key_set *set)
{
    if (set->count == 1 && !key->kid)
        return 1;
    if (jws->kid)
        return is_named(key->kid, jws->kid);
    if (jws->x5t)
        return is_named(key->thumbprint_x509, jws->x5t);
    return 1;
}

as_jws_result as_jws_verify(const as_jws *jws, const as_algorithm *alg,
                            const as_key_set *set)
{
    int i, tries = 0;

    for (i = 0; i < set->count && tries < TRIES_MAX; i++) {
        const as_key *key = set->keys[i];

        if (!as_key_fits(key, alg) || !is_candidate(key, jws, set))
            continue;
        if (as_key_verifies(key, alg, jws->signed_text, jws->signature))
            return AS_JWS_VERIFIED;
        tries++;
    }
    return tries ? AS_JWS_FORGED : AS_JWS_NO_KEY;
}

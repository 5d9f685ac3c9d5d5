/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "hex.h"
#include "payload.h"

static const struct {
    const char *value;
    aws4_payload_kind kind;
} kinds[] = {
    { "UNSIGNED-PAYLOAD", AWS4_PAYLOAD_UNSIGNED },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", AWS4_PAYLOAD_CHUNKED },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      AWS4_PAYLOAD_CHUNKED_TRAILER },
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER", AWS4_PAYLOAD_UNSIGNED_TRAILER },
};

static int take_hash(unsigned char hash[AS_SHA256_LEN], as_span value)
{
    return value.len == (apr_size_t)2 * AS_SHA256_LEN
           && as_hex_take(hash, value);
}

aws4_payload_kind aws4_payload_kind_of(as_span value)
{
    static const as_span streaming = { "STREAMING-", 10 };
    unsigned char unused[AS_SHA256_LEN];
    apr_size_t i;

    if (!value.at)
        return AWS4_PAYLOAD_ABSENT;
    if (take_hash(unused, value))
        return AWS4_PAYLOAD_HASH;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (as_span_is(value, kinds[i].value))
            return kinds[i].kind;
    return value.len > streaming.len
           && !memcmp(value.at, streaming.at, streaming.len)
               ? AWS4_PAYLOAD_UNSUPPORTED : AWS4_PAYLOAD_INVALID;
}

static apr_status_t free_ctx(void *ctx)
{
    EVP_MD_CTX_free(ctx);
    return APR_SUCCESS;
}

int aws4_sum_begin(aws4_sum *payload, as_span value, apr_pool_t *pool)
{
    payload->ctx = NULL;
    if (!take_hash(payload->promised, value))
        return 0;
    payload->ctx = EVP_MD_CTX_new();
    if (!payload->ctx)
        return 0;
    apr_pool_cleanup_register(pool, payload->ctx, free_ctx,
                              apr_pool_cleanup_null);
    return EVP_DigestInit_ex(payload->ctx, as_sha256_md(), NULL) == 1;
}

int aws4_sum_update(aws4_sum *payload, as_span piece)
{
    return EVP_DigestUpdate(payload->ctx, piece.at, piece.len) == 1;
}

int aws4_sum_finish(aws4_sum *payload)
{
    unsigned char hash[AS_SHA256_LEN];

    return EVP_DigestFinal_ex(payload->ctx, hash, NULL) == 1
           && CRYPTO_memcmp(hash, payload->promised, sizeof(hash)) == 0;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Nonces are random: with 96 bits of them, four thousand million secrets may be
 * sealed under one key.
 */
#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base64.h"
#include "seal.h"

#define PREFIX "v1."
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define NONCE_LEN 12
#define TAG_LEN 16
#define OVERHEAD (NONCE_LEN + TAG_LEN)

/* Looked up once: OpenSSL 3 would do it with every use. */
static const EVP_CIPHER *aes_256_gcm(void)
{
    static _Atomic(EVP_CIPHER *) found;
    EVP_CIPHER *cipher = atomic_load_explicit(&found, memory_order_acquire);

    if (!cipher) {
        cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        atomic_store_explicit(&found, cipher, memory_order_release);
    }
    return cipher;
}

/* What is authenticated beside the secret: the version, too, so that a text
 * can't be passed off as one of another. */
static int add_name(EVP_CIPHER_CTX *ctx, as_span name)
{
    int n;

    return EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)PREFIX,
                            (int)PREFIX_LEN) == 1
           && EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)name.at,
                               (int)name.len) == 1;
}

static int encrypt(unsigned char *out, as_span secret,
                   const unsigned char *key, as_span name)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *at = out + NONCE_LEN;
    int n, end;
    int ok = ctx && aes_256_gcm()
             && EVP_EncryptInit_ex(ctx, aes_256_gcm(), NULL, key, out) == 1
             && add_name(ctx, name)
             && EVP_EncryptUpdate(ctx, at, &n,
                                  (const unsigned char *)secret.at,
                                  (int)secret.len) == 1
             && EVP_EncryptFinal_ex(ctx, at + n, &end) == 1
             && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
                                    at + secret.len) == 1;

    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        ERR_clear_error();
    return ok;
}

static int decrypt(unsigned char *out, as_span sealed,
                   const unsigned char *key, as_span name)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const unsigned char *nonce = (const unsigned char *)sealed.at;
    int len = (int)(sealed.len - OVERHEAD), n, end;
    unsigned char tag[TAG_LEN];
    int ok;

    memcpy(tag, nonce + NONCE_LEN + len, sizeof(tag));
    ok = ctx && aes_256_gcm()
         && EVP_DecryptInit_ex(ctx, aes_256_gcm(), NULL, key, nonce) == 1
         && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1
         && add_name(ctx, name)
         && EVP_DecryptUpdate(ctx, out, &n, nonce + NONCE_LEN, len) == 1
         && EVP_DecryptFinal_ex(ctx, out + n, &end) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        ERR_clear_error();
    return ok;
}

static int is_name(as_span name)
{
    return name.len > 0 && name.len <= AS_SEAL_MAX;
}

apr_status_t as_seal(const char **text, as_span secret,
                     const unsigned char key[AS_SHA256_LEN], as_span name,
                     apr_pool_t *pool)
{
    unsigned char *bytes;
    as_span sealed;

    if (!secret.len || secret.len > AS_SEAL_MAX || !is_name(name))
        return APR_EINVAL;
    bytes = apr_palloc(pool, secret.len + OVERHEAD);
    if (as_random(bytes, NONCE_LEN) != APR_SUCCESS
        || !encrypt(bytes, secret, key, name))
        return APR_EGENERAL;
    sealed = (as_span){ (const char *)bytes, secret.len + OVERHEAD };
    *text = apr_pstrcat(pool, PREFIX, as_base64url_encode(pool, sealed),
                        NULL);
    return APR_SUCCESS;
}

apr_status_t as_unseal(as_span *secret, as_span text,
                       const unsigned char key[AS_SHA256_LEN], as_span name,
                       apr_pool_t *pool)
{
    as_span sealed;
    apr_size_t len;
    char *out;

    if (text.len < PREFIX_LEN || text.len > 2 * AS_SEAL_MAX
        || memcmp(text.at, PREFIX, PREFIX_LEN) != 0 || !is_name(name))
        return APR_EINVAL;
    text = (as_span){ text.at + PREFIX_LEN, text.len - PREFIX_LEN };
    if (as_base64url_decode(&sealed, text, pool) != APR_SUCCESS
        || sealed.len <= OVERHEAD || sealed.len > AS_SEAL_MAX + OVERHEAD)
        return APR_EINVAL;

    len = sealed.len - OVERHEAD;
    out = apr_pcalloc(pool, len + 1);
    if (!decrypt((unsigned char *)out, sealed, key, name)) {
        as_wipe(out, len); /* it is written before the tag is checked */
        return APR_EACCES;
    }
    *secret = (as_span){ out, len };
    return APR_SUCCESS;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <openssl/err.h>

#include "hex.h"
#include "sid.h"

#define TAG_LEN 16

static const unsigned char no_iv[12]; /* each key seals once */

/* ---- the octets that are sealed -------------------------------------- */

static apr_size_t fixed_len(const as_mutual_alg *alg)
{
    return MUTUAL_PRINT_LEN + 3 * alg->len;
}

static apr_size_t pack(unsigned char *out, const mutual_pending *pending,
                       const as_mutual_alg *alg)
{
    apr_size_t len = strlen(pending->user);

    memcpy(out, pending->print.digits, MUTUAL_PRINT_LEN);
    memcpy(out + MUTUAL_PRINT_LEN, pending->numbers.octets, 2 * alg->len);
    memcpy(out + MUTUAL_PRINT_LEN + 2 * alg->len, pending->s, alg->len);
    memcpy(out + fixed_len(alg), pending->user, len);
    return fixed_len(alg) + len;
}

static void unpack(mutual_pending *pending, const unsigned char *in,
                   apr_size_t len, const as_mutual_alg *alg)
{
    memset(pending, 0, sizeof(*pending));
    memcpy(pending->print.digits, in, MUTUAL_PRINT_LEN);
    memcpy(pending->numbers.octets, in + MUTUAL_PRINT_LEN, 2 * alg->len);
    memcpy(pending->s, in + MUTUAL_PRINT_LEN + 2 * alg->len, alg->len);
    memcpy(pending->user, in + fixed_len(alg), len - fixed_len(alg));
}

/* ---- sealing --------------------------------------------------------- */

static int derive(unsigned char out[AS_SHA256_LEN],
                  const unsigned char key[AS_SHA256_LEN], const char *nonce)
{
    as_span secret = { (const char *)key, AS_SHA256_LEN };
    as_span part = { nonce, MUTUAL_NONCE_LEN };

    return as_mac(out, secret, &part, 1) == APR_SUCCESS;
}

/* out gets the ciphertext and the tag. */
static int encrypt(unsigned char *out, const unsigned char *in, apr_size_t len,
                   const unsigned char *key, as_span place)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n, end;
    int ok = ctx
             && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, no_iv)
                    == 1
             && EVP_EncryptUpdate(ctx, NULL, &n,
                                  (const unsigned char *)place.at,
                                  (int)place.len) == 1
             && EVP_EncryptUpdate(ctx, out, &n, in, (int)len) == 1
             && EVP_EncryptFinal_ex(ctx, out + n, &end) == 1
             && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
                                    out + len) == 1;

    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        ERR_clear_error();
    return ok;
}

/* in holds the ciphertext and the tag. */
static int decrypt(unsigned char *out, unsigned char *in, apr_size_t len,
                   const unsigned char *key, as_span place)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n, end;
    int ok = ctx
             && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, no_iv)
                    == 1
             && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
                                    in + len) == 1
             && EVP_DecryptUpdate(ctx, NULL, &n,
                                  (const unsigned char *)place.at,
                                  (int)place.len) == 1
             && EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1
             && EVP_DecryptFinal_ex(ctx, out + n, &end) == 1;

    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        ERR_clear_error();
    return ok;
}

const char *mutual_sid_seal(apr_pool_t *pool, const mutual_pending *pending,
                            const as_mutual_alg *alg, const char *nonce,
                            const unsigned char key[AS_SHA256_LEN],
                            as_span place)
{
    unsigned char plain[MUTUAL_SID_MAX], octets[MUTUAL_SID_MAX];
    unsigned char own[AS_SHA256_LEN];
    apr_size_t len = pack(plain, pending, alg);
    apr_size_t all = MUTUAL_NONCE_LEN + len + TAG_LEN;
    char *text = apr_palloc(pool, 2 * all + 1);
    int ok = derive(own, key, nonce)
             && encrypt(octets + MUTUAL_NONCE_LEN, plain, len, own, place);

    memcpy(octets, nonce, MUTUAL_NONCE_LEN);
    as_hex_put(text, octets, all);
    as_wipe(plain, sizeof(plain));
    as_wipe(own, sizeof(own));
    return ok ? text : NULL;
}

int mutual_sid_nonce(char nonce[MUTUAL_NONCE_LEN + 1], as_span sid)
{
    if (sid.len < 2 * MUTUAL_NONCE_LEN
        || !as_hex_take((unsigned char *)nonce,
                        (as_span){ sid.at, 2 * MUTUAL_NONCE_LEN }))
        return 0;
    nonce[MUTUAL_NONCE_LEN] = '\0';
    return 1;
}

apr_status_t mutual_sid_open(mutual_pending *pending, as_span sid,
                             const as_mutual_alg *alg,
                             const unsigned char key[AS_SHA256_LEN],
                             as_span place)
{
    unsigned char plain[MUTUAL_SID_MAX], octets[MUTUAL_SID_MAX];
    unsigned char own[AS_SHA256_LEN];
    apr_size_t overhead = MUTUAL_NONCE_LEN + TAG_LEN, len;
    int ok = sid.len <= 2 * MUTUAL_SID_MAX
             && sid.len / 2 >= overhead + fixed_len(alg)
             && sid.len / 2 <= overhead + fixed_len(alg) + MUTUAL_USER_MAX
             && as_hex_take(octets, sid);

    if (!ok)
        return APR_EACCES;
    len = sid.len / 2 - overhead;
    ok = derive(own, key, (const char *)octets)
         && decrypt(plain, octets + MUTUAL_NONCE_LEN, len, own, place);
    if (ok)
        unpack(pending, plain, len, alg);
    as_wipe(plain, sizeof(plain));
    as_wipe(own, sizeof(own));
    return ok ? APR_SUCCESS : APR_EACCES;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "digest_hash.h"
#include "secret.h"

static const as_digest_alg algorithms[] = {
    { "SHA-256", "SHA-256", 0, 64, 0 },
    { "SHA-512-256", "SHA-512-256", 0, 64, 1 },
    { "MD5", "MD5", 0, 32, 2 },
    { "SHA-256-sess", "SHA-256", 1, 64, 0 },
    { "SHA-512-256-sess", "SHA-512-256", 1, 64, 1 },
    { "MD5-sess", "MD5", 1, 32, 2 },
};

#define ALGORITHMS ((int)(sizeof(algorithms) / sizeof(algorithms[0])))
#define BASES 3

const as_digest_alg *as_digest_alg_find(as_span name)
{
    int i;

    for (i = 0; i < ALGORITHMS; i++)
        if (as_span_is_nocase(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

const as_digest_alg *as_digest_alg_base(int index)
{
    return index >= 0 && index < BASES ? &algorithms[index] : NULL;
}

/* OpenSSL 3 looks EVP_sha256() up in its providers with every use, which takes
 * longer than to hash an answer. What it found once is the same for ever,
 * whichever thread found it. */
static const EVP_MD *md_of(const as_digest_alg *alg)
{
    static const char *const names[BASES] = { "SHA256", "SHA512-256", "MD5" };
    static _Atomic(EVP_MD *) found[BASES];
    EVP_MD *md = atomic_load_explicit(&found[alg->index],
                                      memory_order_acquire);

    if (!md) {
        md = EVP_MD_fetch(NULL, names[alg->index], NULL);
        atomic_store_explicit(&found[alg->index], md, memory_order_release);
    }
    return md;
}

static int hash(unsigned char out[EVP_MAX_MD_SIZE], EVP_MD_CTX *ctx,
                const EVP_MD *md, const as_span *parts, int count)
{
    int i, ok = EVP_DigestInit_ex(ctx, md, NULL) == 1;

    for (i = 0; ok && i < count; i++)
        ok = (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1)
             && EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1;
    return ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

static void write_hex(char *hex, const unsigned char *octets, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    apr_size_t i;

    for (i = 0; i < len / 2; i++) {
        hex[2 * i] = digits[octets[i] >> 4];
        hex[2 * i + 1] = digits[octets[i] & 15];
    }
    hex[len] = '\0';
}

apr_status_t as_digest_hash(char hex[AS_DIGEST_HEX_MAX + 1],
                            const as_digest_alg *alg, const as_span *parts,
                            int count)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = md_of(alg);
    apr_size_t len = 0;

    if (ctx && md && hash(out, ctx, md, parts, count))
        len = alg->hex_len;
    else
        ERR_clear_error();
    EVP_MD_CTX_free(ctx);
    write_hex(hex, out, len);
    as_wipe(out, sizeof(out));
    return len ? APR_SUCCESS : APR_EGENERAL;
}

/* ---- piece by piece -------------------------------------------------- */

struct as_digest_sum {
    EVP_MD_CTX *ctx;
    apr_size_t hex_len;
};

static apr_status_t free_context(void *sum)
{
    EVP_MD_CTX_free(((as_digest_sum *)sum)->ctx);
    return APR_SUCCESS;
}

as_digest_sum *as_digest_sum_begin(const as_digest_alg *alg, apr_pool_t *pool)
{
    as_digest_sum *sum = apr_palloc(pool, sizeof(*sum));
    const EVP_MD *md = md_of(alg);

    sum->ctx = EVP_MD_CTX_new();
    sum->hex_len = alg->hex_len;
    apr_pool_cleanup_register(pool, sum, free_context, apr_pool_cleanup_null);
    return sum->ctx && md && EVP_DigestInit_ex(sum->ctx, md, NULL) == 1 ? sum
                                                                       : NULL;
}

int as_digest_sum_add(as_digest_sum *sum, as_span piece)
{
    return EVP_DigestUpdate(sum->ctx, piece.at, piece.len) == 1;
}

int as_digest_sum_end(char hex[AS_DIGEST_HEX_MAX + 1], as_digest_sum *sum)
{
    unsigned char out[EVP_MAX_MD_SIZE];

    hex[0] = '\0';
    if (EVP_DigestFinal_ex(sum->ctx, out, NULL) != 1)
        return 0;
    write_hex(hex, out, sum->hex_len);
    return 1;
}

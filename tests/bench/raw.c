/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * raw - what OpenSSL alone needs to check one signature.
 *
 *     raw KEYFILE TEXTFILE SIGNATUREFILE
 *
 * KEYFILE holds a public key in PEM; a file without one is an HMAC-SHA-256
 * secret. The signature is in OpenSSL's own form (ECDSA: DER). Every line "N"
 * on stdin checks it N times, as a server must: with a context of its own each
 * time, with the key and the digest at hand. Answers with the nanoseconds of
 * processor time per check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

typedef struct bytes {
    unsigned char at[65536];
    size_t len;
} bytes;

static bytes key, text, signature;
static EVP_PKEY *pkey;
static EVP_MD *sha256;

static void read_file(bytes *out, const char *name)
{
    FILE *file = fopen(name, "rb");

    if (!file) {
        perror(name);
        exit(1);
    }
    out->len = fread(out->at, 1, sizeof(out->at), file);
    fclose(file);
}

static int check_mac(void)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    return HMAC(sha256, key.at, (int)key.len, text.at, text.len, mac, &len)
           && len == signature.len
           && CRYPTO_memcmp(mac, signature.at, len) == 0;
}

static int check_signature(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx
             && EVP_DigestVerifyInit(ctx, NULL, sha256, NULL, pkey) == 1
             && EVP_DigestVerify(ctx, signature.at, signature.len, text.at,
                                 text.len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

static double processor_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    char line[32];
    BIO *pem;

    if (argc != 4) {
        fprintf(stderr, "usage: raw KEYFILE TEXTFILE SIGNATUREFILE\n");
        return 2;
    }
    read_file(&key, argv[1]);
    read_file(&text, argv[2]);
    read_file(&signature, argv[3]);
    pem = BIO_new_mem_buf(key.at, (int)key.len);
    pkey = PEM_read_bio_PUBKEY(pem, NULL, NULL, NULL);
    BIO_free(pem);
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    while (fgets(line, sizeof(line), stdin)) {
        long count = atol(line), i;
        double begun = processor_time();

        for (i = 0; i < count; i++)
            if (!(pkey ? check_signature() : check_mac())) {
                fprintf(stderr, "the signature does not verify\n");
                return 1;
            }
        printf("%.0f\n", (processor_time() - begun) / (double)count);
        fflush(stdout);
    }
    return 0;
}

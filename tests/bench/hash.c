/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * hash - what OpenSSL alone needs for the SHA-256 of a body.
 *
 *     hash OCTETS
 *
 * Every line "N" on stdin hashes so many octets N times, in pieces of 8 KiB as
 * they come to a server. Answers with the nanoseconds of processor time for
 * each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#define PIECE 8192

static unsigned char piece[PIECE];

static int hash(const EVP_MD *md, size_t size)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

    for (; ok && size > PIECE; size -= PIECE)
        ok = EVP_DigestUpdate(ctx, piece, PIECE) == 1;
    ok = ok && EVP_DigestUpdate(ctx, piece, size) == 1
         && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
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
    size_t size = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

    if (!size || !md) {
        fprintf(stderr, "usage: hash OCTETS\n");
        return 2;
    }
    memset(piece, 'a', sizeof(piece));
    while (fgets(line, sizeof(line), stdin)) {
        long count = atol(line), i;
        double begun = processor_time();

        for (i = 0; i < count; i++)
            if (!hash(md, size)) {
                fprintf(stderr, "OpenSSL can not hash\n");
                return 1;
            }
        printf("%.0f\n", (processor_time() - begun) / (double)count);
        fflush(stdout);
    }
    EVP_MD_free(md);
    return 0;
}

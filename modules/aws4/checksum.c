/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Three cyclic redundancy checks and two hashes behind one interface. Bodies
 * of any size pass here, so the CRCs take eight octets at a time with eight
 * tables each ("slicing by eight"), which the compiler makes.
 */
#include "checksum.h"

/* ---- tables ---------------------------------------------------------- */

typedef apr_uint64_t crc_tables[8][256];

/*
 * Table k holds what the octet n in the register becomes in k + 1 octets' time.
 * A CRC is linear, so that is the sum of what becomes of each bit of n; and bit
 * i is, after i steps, the register 1. All of it follows from what 1 becomes
 * after 1, 2, ... 64 steps: eight of these to a table.
 */
#define ENTRY(n, s1, s2, s3, s4, s5, s6, s7, s8)        \
    (((n) & 0x80 ? (s1) : 0) ^ ((n) & 0x40 ? (s2) : 0)  \
   ^ ((n) & 0x20 ? (s3) : 0) ^ ((n) & 0x10 ? (s4) : 0)  \
   ^ ((n) & 0x08 ? (s5) : 0) ^ ((n) & 0x04 ? (s6) : 0)  \
   ^ ((n) & 0x02 ? (s7) : 0) ^ ((n) & 0x01 ? (s8) : 0))
#define ENTRIES4(n, ...)                                \
    ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), \
    ENTRY((n) + 2, __VA_ARGS__), ENTRY((n) + 3, __VA_ARGS__)
#define ENTRIES16(n, ...)                                       \
    ENTRIES4(n, __VA_ARGS__), ENTRIES4((n) + 4, __VA_ARGS__),   \
    ENTRIES4((n) + 8, __VA_ARGS__), ENTRIES4((n) + 12, __VA_ARGS__)
#define ENTRIES64(n, ...)                                         \
    ENTRIES16(n, __VA_ARGS__), ENTRIES16((n) + 16, __VA_ARGS__),  \
    ENTRIES16((n) + 32, __VA_ARGS__), ENTRIES16((n) + 48, __VA_ARGS__)
#define TABLE(...)                                              \
    { ENTRIES64(0, __VA_ARGS__), ENTRIES64(64, __VA_ARGS__),    \
      ENTRIES64(128, __VA_ARGS__), ENTRIES64(192, __VA_ARGS__) }

static const crc_tables crc32 = {
    TABLE(0xedb88320, 0x76dc4190, 0x3b6e20c8, 0x1db71064,
          0x0edb8832, 0x076dc419, 0xee0e612c, 0x77073096),
    TABLE(0x3b83984b, 0xf0794f05, 0x958424a2, 0x4ac21251,
          0xc8d98a08, 0x646cc504, 0x32366282, 0x191b3141),
    TABLE(0xe1351b80, 0x709a8dc0, 0x384d46e0, 0x1c26a370,
          0x0e1351b8, 0x0709a8dc, 0x0384d46e, 0x01c26a37),
    TABLE(0xed59b63b, 0x9b14583d, 0xa032af3e, 0x5019579f,
          0xc5b428ef, 0x8f629757, 0xaa09c88b, 0xb8bc6765),
    TABLE(0xb1e6b092, 0x58f35849, 0xc1c12f04, 0x60e09782,
          0x30704bc1, 0xf580a6c0, 0x7ac05360, 0x3d6029b0),
    TABLE(0x1eb014d8, 0x0f580a6c, 0x07ac0536, 0x03d6029b,
          0xec53826d, 0x9b914216, 0x4dc8a10b, 0xcb5cd3a5),
    TABLE(0x8816eaf2, 0x440b7579, 0xcfbd399c, 0x67de9cce,
          0x33ef4e67, 0xf44f2413, 0x979f1129, 0xa6770bb4),
    TABLE(0x533b85da, 0x299dc2ed, 0xf9766256, 0x7cbb312b,
          0xd3e51bb5, 0x844a0efa, 0x4225077d, 0xccaa009e),
};

static const crc_tables crc32c = {
    TABLE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f,
          0x8ad958cf, 0xc79a971f, 0xe13b70f7, 0xf26b8303),
    TABLE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181,
          0x9d14c3b8, 0x4e8a61dc, 0x274530ee, 0x13a29877),
    TABLE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a,
          0x38513ec5, 0x9edea41a, 0x4f6f520d, 0xa541927e),
    TABLE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d,
          0xf64463e6, 0x7b2231f3, 0xbf672381, 0xdd45aab8),
    TABLE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3,
          0xc5670b91, 0xe045beb0, 0x7022df58, 0x38116fac),
    TABLE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e,
          0x6006181f, 0xb2f53777, 0xdb8ca0c3, 0xef306b19),
    TABLE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6,
          0x4e2dfd53, 0xa5e0c5d1, 0xd0065990, 0x68032cc8),
    TABLE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4,
          0x423b04da, 0x211d826d, 0x9278fa4e, 0x493c7d27),
};

static const crc_tables crc64nvme = {
    TABLE(0x9a6c9329ac4bc9b5, 0xd75adabd7a6e2d6f, 0xf1c1fe77117cdf02,
          0x78e0ff3b88be6f81, 0xa61cecb46814fe75, 0xc962e5739841b68f,
          0xfedde190606b12f2, 0x7f6ef0c830358979),
    TABLE(0xa5dbeb4db4510d09, 0xc881668f76634f31, 0xfe2c206e177a6e2d,
          0xe57a831ea7f6fea3, 0xe8d1d2a6ffb0b6e4, 0x7468e9537fd85b72,
          0x3a3474a9bfec2db9, 0x8776a97d73bddf69),
    TABLE(0xd9d7c79715952601, 0xf68770e226815ab5, 0xe12f2b58bf0b64ef,
          0xeafb0685f3ce7bc2, 0x757d8342f9e73de1, 0xa0d25288d0b85745,
          0xca05ba6dc417e217, 0xff6e4e1f4e4038be),
    TABLE(0x7fb7270fa7201c5f, 0xa5b700ae7fdbc79a, 0x52db80573fede3cd,
          0xb301530233bd3853, 0xc3ec3aa8b595559c, 0x61f61d545acaaace,
          0x30fb0eaa2d655567, 0x8211147cbaf96306),
    TABLE(0x41088a3e5d7cb183, 0xbae8d63682f59174, 0x5d746b1b417ac8ba,
          0x2eba358da0bd645d, 0x8d3189ef7c157b9b, 0xdcf457de12417478,
          0x6e7a2bef0920ba3c, 0x373d15f784905d1e),
    TABLE(0x1b9e8afbc2482e8f, 0x97a3d6544d6fdef2, 0x4bd1eb2a26b7ef79,
          0xbf8466bcbf103e09, 0xc5aea077f3c3d6b1, 0xf8bbc31255aa22ed,
          0xe63172a0869ed8c3, 0xe9742a79ef04a5d4),
    TABLE(0x74ba153cf78252ea, 0x3a5d0a9e7bc12975, 0x8742166691ab5d0f,
          0xd9cd981ae49e6732, 0x6ce6cc0d724f3399, 0xac1ff52f156c5079,
          0xcc6369be26fde189, 0xfc5d27f6bf353971),
    TABLE(0xe44200d2f3d1550d, 0xe84d9340d5a36333, 0xee4a5a89c69a782c,
          0x77252d44e34d3c16, 0x3b9296a271a69e0b, 0x87a5d878949886b0,
          0x43d2ec3c4a4c4358, 0x21e9761e252621ac),
};

/* ---- sums ------------------------------------------------------------ */

static APR_INLINE apr_uint64_t little_endian(const unsigned char at[8])
{
    return (apr_uint64_t)at[0] | (apr_uint64_t)at[1] << 8
           | (apr_uint64_t)at[2] << 16 | (apr_uint64_t)at[3] << 24
           | (apr_uint64_t)at[4] << 32 | (apr_uint64_t)at[5] << 40
           | (apr_uint64_t)at[6] << 48 | (apr_uint64_t)at[7] << 56;
}

static apr_uint64_t add_octets(apr_uint64_t crc, const crc_tables tables,
                               as_span piece)
{
    const unsigned char *at = (const unsigned char *)piece.at;
    const unsigned char *end = at + piece.len;

    for (; end - at >= 8; at += 8) {
        crc ^= little_endian(at);
        crc = tables[7][crc & 0xff] ^ tables[6][crc >> 8 & 0xff]
              ^ tables[5][crc >> 16 & 0xff] ^ tables[4][crc >> 24 & 0xff]
              ^ tables[3][crc >> 32 & 0xff] ^ tables[2][crc >> 40 & 0xff]
              ^ tables[1][crc >> 48 & 0xff] ^ tables[0][crc >> 56];
    }
    for (; at < end; at++)
        crc = tables[0][(crc ^ *at) & 0xff] ^ crc >> 8;
    return crc;
}

struct aws4_checksum_alg {
    const char *name;
    const crc_tables *tables; /* of a CRC */
    unsigned int len;         /* octets of it */
    const EVP_MD *(*md)(void);
};

static const aws4_checksum_alg algs[] = {
    { "x-amz-checksum-crc32", &crc32, 4, NULL },
    { "x-amz-checksum-crc32c", &crc32c, 4, NULL },
    { "x-amz-checksum-crc64nvme", &crc64nvme, 8, NULL },
    { "x-amz-checksum-sha1", NULL, 0, EVP_sha1 },
    { "x-amz-checksum-sha256", NULL, 0, EVP_sha256 },
};

const aws4_checksum_alg *aws4_checksum_find(as_span name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
        if (as_span_is_nocase(name, algs[i].name))
            return &algs[i];
    return NULL;
}

static apr_status_t free_ctx(void *ctx)
{
    EVP_MD_CTX_free(ctx);
    return APR_SUCCESS;
}

int aws4_checksum_begin(aws4_checksum *sum, const aws4_checksum_alg *alg,
                        apr_pool_t *pool)
{
    *sum = (aws4_checksum){ alg, APR_UINT64_MAX, NULL };
    if (alg->tables) {
        sum->crc >>= 64 - 8 * alg->len;
        return 1;
    }
    sum->ctx = EVP_MD_CTX_new();
    if (!sum->ctx)
        return 0;
    apr_pool_cleanup_register(pool, sum->ctx, free_ctx,
                              apr_pool_cleanup_null);
    return EVP_DigestInit_ex(sum->ctx, alg->md(), NULL) == 1;
}

int aws4_checksum_add(aws4_checksum *sum, as_span piece)
{
    if (sum->ctx)
        return EVP_DigestUpdate(sum->ctx, piece.at, piece.len) == 1;
    sum->crc = add_octets(sum->crc, *sum->alg->tables, piece);
    return 1;
}

static unsigned int put_crc(unsigned char *octets, const aws4_checksum *sum)
{
    unsigned int i, len = sum->alg->len;

    for (i = 0; i < len; i++)
        octets[i] = (unsigned char)(~sum->crc >> 8 * (len - 1 - i) & 0xff);
    return len;
}

int aws4_checksum_is(aws4_checksum *sum, as_span value)
{
    unsigned char octets[EVP_MAX_MD_SIZE];
    char text[4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1];
    unsigned int len;

    if (!sum->ctx)
        len = put_crc(octets, sum);
    else if (EVP_DigestFinal_ex(sum->ctx, octets, &len) != 1)
        return 0;
    EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
    return as_span_is(value, text);
}

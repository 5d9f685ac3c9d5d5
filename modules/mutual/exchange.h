/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * exchange.h - the numbers of a key exchange of Mutual, as the server comes to
 * them: RFC 8120 section 12 and RFC 8121 sections 3 and 4.
 *
 *     t_1  = H(1 | K_c1)              K_s1 = (J * K_c1^t_1)^S_s1
 *     t_2  = H(2 | K_c1 | K_s1)       z    = (K_c1 * g^t_2)^S_s1
 *     VK_c = H(4 | K_c1 | K_s1 | z | VI(nc) | VS(vh))      the client's proof
 *     VK_s = H(3 | the same)                               ours
 *
 * z is the secret that only comes out equal on both sides if the password is
 * right. vh names the server as the client sees it.
 */
#ifndef MUTUAL_EXCHANGE_H
#define MUTUAL_EXCHANGE_H

#include "mutual_verifier.h"

#define MUTUAL_VH_MAX 600 /* octets: an origin, or the hash of a certificate */

typedef enum mutual_side {
    MUTUAL_SERVER = 3, /* VK_s */
    MUTUAL_CLIENT = 4  /* VK_c */
} mutual_side;

/* What both sides hash: K_c1, K_s1 and z, one after the other, alg->len octets
 * each. z is a secret, so wipe it. */
typedef struct mutual_numbers {
    unsigned char octets[3 * AS_MUTUAL_LEN_MAX];
} mutual_numbers;

static APR_INLINE unsigned char *mutual_kc1(mutual_numbers *numbers)
{
    return numbers->octets;
}

static APR_INLINE unsigned char *mutual_ks1(mutual_numbers *numbers,
                                            const as_mutual_alg *alg)
{
    return numbers->octets + alg->len;
}

static APR_INLINE unsigned char *mutual_z(mutual_numbers *numbers,
                                          const as_mutual_alg *alg)
{
    return numbers->octets + 2 * alg->len;
}

/* Sets K_s1, from the K_c1 that is in numbers and that kc1 was read from, from
 * the user's J and our secret. APR_EINVAL if it is trivial: the exchange must
 * not go on. */
apr_status_t mutual_answer_kex(mutual_numbers *numbers,
                               const as_mutual_group *group,
                               const as_mutual_element *kc1,
                               const as_mutual_element *j,
                               const unsigned char *s);

/* Sets z, from K_c1 and K_s1 and our secret. */
apr_status_t mutual_agree(mutual_numbers *numbers,
                          const as_mutual_group *group,
                          const unsigned char *s);

/* VK_c or VK_s, alg->hash_len octets. APR_EINVAL if vh is too long. */
apr_status_t mutual_proof(unsigned char out[AS_MUTUAL_HASH_MAX],
                          const as_mutual_group *group,
                          const mutual_numbers *numbers, mutual_side side,
                          apr_uint64_t nc, as_span vh);

#endif

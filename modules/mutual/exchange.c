/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <openssl/err.h>

#include "exchange.h"
#include "secret.h"

#define INPUT_MAX (1 + 3 * AS_MUTUAL_LEN_MAX + 2 * AS_MUTUAL_VI_MAX \
                   + MUTUAL_VH_MAX)

/* The first octet of everything that is hashed. */
enum { TAG_T1 = 1, TAG_T2 = 2 };

static apr_status_t hash(unsigned char *out, const as_mutual_group *group,
                         const unsigned char *input, apr_size_t len)
{
    if (EVP_Digest(input, len, out, NULL, as_mutual_group_md(group), NULL)
        == 1)
        return APR_SUCCESS;
    ERR_clear_error();
    return APR_EGENERAL;
}

/* H(tag | the first `count` numbers) */
static apr_status_t hash_numbers(unsigned char *out,
                                 const as_mutual_group *group,
                                 const mutual_numbers *numbers,
                                 unsigned char tag, apr_size_t count)
{
    unsigned char input[1 + 2 * AS_MUTUAL_LEN_MAX];
    apr_size_t len = count * as_mutual_group_alg(group)->len;

    input[0] = tag;
    memcpy(input + 1, numbers->octets, len);
    return hash(out, group, input, 1 + len);
}

apr_status_t mutual_answer_kex(mutual_numbers *numbers,
                               const as_mutual_group *group,
                               const as_mutual_element *kc1,
                               const as_mutual_element *j,
                               const unsigned char *s)
{
    unsigned char t1[AS_MUTUAL_HASH_MAX];
    apr_status_t rv = hash_numbers(t1, group, numbers, TAG_T1, 1);

    if (rv != APR_SUCCESS)
        return rv;
    return as_mutual_step(mutual_ks1(numbers, as_mutual_group_alg(group)),
                          group, j, kc1, t1, s);
}

apr_status_t mutual_agree(mutual_numbers *numbers,
                          const as_mutual_group *group, const unsigned char *s)
{
    const as_mutual_alg *alg = as_mutual_group_alg(group);
    as_span octets = { (const char *)mutual_kc1(numbers), alg->len };
    unsigned char t2[AS_MUTUAL_HASH_MAX];
    as_mutual_element *kc1;
    apr_status_t rv = hash_numbers(t2, group, numbers, TAG_T2, 2);

    if (rv != APR_SUCCESS)
        return rv;
    kc1 = as_mutual_element_read(group, octets);
    rv = kc1 ? as_mutual_step(mutual_z(numbers, alg), group, kc1, NULL, t2, s)
             : APR_EINVAL;
    as_mutual_element_free(kc1);
    return rv;
}

apr_status_t mutual_proof(unsigned char out[AS_MUTUAL_HASH_MAX],
                          const as_mutual_group *group,
                          const mutual_numbers *numbers, mutual_side side,
                          apr_uint64_t nc, as_span vh)
{
    apr_size_t len = 3 * as_mutual_group_alg(group)->len;
    unsigned char input[INPUT_MAX], *end = input + 1 + len;
    apr_status_t rv;

    if (vh.len > MUTUAL_VH_MAX)
        return APR_EINVAL;
    input[0] = (unsigned char)side;
    memcpy(input + 1, numbers->octets, len);
    end = as_mutual_put_number(end, nc);
    end = as_mutual_put_string(end, vh);
    rv = hash(out, group, input, (apr_size_t)(end - input));
    as_wipe(input, (apr_size_t)(end - input));
    return rv;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A number of the key exchange, as a stranger sends it: the first octet chooses
 * the algorithm, the rest is the text. What is taken has one spelling, and is
 * an element that comes out of the group's arithmetic as it went in.
 */
#include <ctype.h>

#include "fuzz.h"
#include "message.h"

static const as_mutual_group *group_of(int nth)
{
    static as_mutual_group *groups[AS_MUTUAL_ALGS];

    if (!groups[nth])
        groups[nth] = as_mutual_group_make(as_mutual_alg_at(nth));
    REQUIRE(groups[nth]);
    return groups[nth];
}

static void try_spelling(apr_pool_t *pool, const as_mutual_alg *alg,
                         as_span text, const unsigned char *octets)
{
    const char *again = mutual_number_text(pool, alg, octets, alg->len);
    apr_size_t i;

    again += *again == '"';
    for (i = 0; i < text.len; i++)
        REQUIRE(alg->is_hex ? tolower(text.at[i]) == again[i]
                            : text.at[i] == again[i]);
}

/* (e * g^0)^1 = e */
static void try_element(const as_mutual_group *group,
                        const unsigned char *octets)
{
    static const unsigned char zero[AS_MUTUAL_HASH_MAX];
    const as_mutual_alg *alg = as_mutual_group_alg(group);
    unsigned char one[AS_MUTUAL_LEN_MAX] = { 0 }, out[AS_MUTUAL_LEN_MAX];
    as_mutual_element *element = as_mutual_element_read(
        group, (as_span){ (const char *)octets, alg->len });

    if (!element)
        return;
    one[alg->len - 1] = 1;
    REQUIRE(as_mutual_step(out, group, element, NULL, zero, one)
            == APR_SUCCESS);
    REQUIRE(memcmp(out, octets, alg->len) == 0);
    as_mutual_element_free(element);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    unsigned char octets[AS_MUTUAL_LEN_MAX];
    const as_mutual_alg *alg;
    int nth;

    if (!size)
        return 0;
    nth = data[0] % AS_MUTUAL_ALGS;
    alg = as_mutual_alg_at(nth);
    if (!mutual_number(octets, alg->len, alg, fuzz_span(data + 1, size - 1)))
        return 0;
    try_spelling(pool, alg, fuzz_span(data + 1, size - 1), octets);
    try_element(group_of(nth), octets);
    return 0;
}

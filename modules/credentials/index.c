/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Two hash tables with open addressing over the lines of a file. A slot holds
 * where a line begins, plus one, and 24 bits of its hash, so that hardly any
 * line is taken apart in vain. The hash is keyed anew for each index: who may
 * choose names can't make them meet.
 */
#include "digest_hash.h"
#include "index.h"
#include "secret.h"
#include "siphash.h"

#define WHERE_BITS 40
#define WHERE_MASK ((APR_UINT64_C(1) << WHERE_BITS) - 1)

typedef struct table {
    apr_uint64_t *slots;
    apr_uint64_t mask; /* of a power of two */
} table;

struct cred_index {
    as_span text;
    as_siphash_key key;
    table by_name;     /* kind, id, realm, place */
    table by_userhash; /* H(id ":" realm) of kind digest */
    apr_uint64_t example[AS_CRED_KINDS]; /* where a record of the kind begins,
                                            0: there is none */
    apr_size_t count;
};

/* ---- tables ---------------------------------------------------------- */

static int make_table(table *t, apr_size_t count, apr_pool_t *pool)
{
    apr_uint64_t room = 8;

    while (room < count + count / 2)
        room *= 2;
    t->slots = apr_pcalloc(pool, (apr_size_t)room * sizeof(*t->slots));
    t->mask = room - 1;
    return t->slots != NULL;
}

/* The next slot from *at on that holds this hash; 0 at the end of its chain. */
static int next_slot(const table *t, apr_uint64_t hash, apr_uint64_t *at,
                     apr_uint64_t *where)
{
    apr_uint64_t slot;

    for (; (slot = t->slots[*at & t->mask]) != 0; ++*at) {
        if (slot >> WHERE_BITS != hash >> WHERE_BITS)
            continue;
        *where = (slot & WHERE_MASK) - 1;
        ++*at;
        return 1;
    }
    return 0;
}

static void put(table *t, apr_uint64_t hash, apr_uint64_t where)
{
    apr_uint64_t at = hash;

    while (t->slots[at & t->mask])
        at++;
    t->slots[at & t->mask] = (hash & ~WHERE_MASK) | (where + 1);
}

/* ---- hashes ---------------------------------------------------------- */

static const int name_fields[] = { AS_CRED_ID, AS_CRED_REALM, AS_CRED_PLACE };

#define NAME_FIELDS (sizeof(name_fields) / sizeof(name_fields[0]))

static apr_uint64_t hash_name(const cred_index *index,
                              const as_cred_line *line)
{
    static const as_span end = { "\n", 1 };
    as_siphash h;
    char kind = (char)line->kind;
    unsigned int i;

    as_siphash_begin(&h, &index->key);
    as_siphash_add(&h, (as_span){ &kind, 1 });
    for (i = 0; i < NAME_FIELDS; i++) {
        as_siphash_add(&h, line->text[name_fields[i]]);
        as_siphash_add(&h, end);
    }
    return as_siphash_end(&h);
}

static apr_uint64_t hash_text(const cred_index *index, as_span text)
{
    as_siphash h;

    as_siphash_begin(&h, &index->key);
    as_siphash_add(&h, text);
    return as_siphash_end(&h);
}

static int is_same(const as_cred_line *a, const as_cred_line *b, int field)
{
    as_span x = a->text[field], y = b->text[field];

    return x.len == y.len && (x.len == 0 || !memcmp(x.at, y.at, x.len));
}

static int is_namesake(const as_cred_line *a, const as_cred_line *b)
{
    unsigned int i;

    for (i = 0; i < NAME_FIELDS; i++)
        if (!is_same(a, b, name_fields[i]))
            return 0;
    return a->kind == b->kind;
}

/* ---- reading --------------------------------------------------------- */

static int line_at(as_cred_line *line, const cred_index *index,
                   apr_uint64_t where, apr_pool_t *scratch)
{
    as_span rest = { index->text.at + where,
                     index->text.len - (apr_size_t)where };
    as_span text;

    return as_cred_take_line(&text, &rest)
           && !as_cred_scan(line, text, scratch);
}

/* The line where something begins, from 1 on. */
static apr_size_t number_of(const cred_index *index, apr_uint64_t where)
{
    const char *at = index->text.at, *end = at + where;
    apr_size_t number = 1;

    while ((at = memchr(at, '\n', (apr_size_t)(end - at))) != NULL) {
        at++;
        number++;
    }
    return number;
}

static const char *complain(const cred_index *index, apr_uint64_t where,
                            const char *why, apr_pool_t *pool)
{
    return apr_psprintf(pool, "line %" APR_SIZE_T_FMT ": %s",
                        number_of(index, where), why);
}

/* ---- building -------------------------------------------------------- */

static const char *check_first(const cred_index *index,
                               const as_cred_line *line, apr_uint64_t hash,
                               apr_pool_t *scratch)
{
    apr_uint64_t at = hash, where;
    as_cred_line other;

    while (next_slot(&index->by_name, hash, &at, &where))
        if (line_at(&other, index, where, scratch)
            && is_namesake(line, &other)
            && is_same(line, &other, AS_CRED_ALGORITHM))
            return apr_psprintf(scratch, "the same credential stands in line "
                                "%" APR_SIZE_T_FMT, number_of(index, where));
    return NULL;
}

static const char *put_userhash(cred_index *index, const as_cred_line *line,
                                apr_uint64_t where, apr_pool_t *scratch)
{
    char hex[AS_DIGEST_HEX_MAX + 1];
    as_cred cred;
    as_span parts[2];

    as_cred_of_line(&cred, line, scratch);
    parts[0] = as_span_of(cred.id);
    parts[1] = as_span_of(cred.realm);
    if (as_digest_hash(hex, as_digest_alg_find(as_span_of(cred.algorithm)),
                       parts, 2) != APR_SUCCESS)
        return "OpenSSL can't hash the user's name by this algorithm";
    put(&index->by_userhash, hash_text(index, as_span_of(hex)), where);
    return NULL;
}

static const char *put_line(cred_index *index, as_span text,
                            apr_pool_t *scratch)
{
    apr_uint64_t where = (apr_uint64_t)(text.at - index->text.at), hash;
    as_cred_line line;
    const char *why = as_cred_scan(&line, text, scratch);

    if (why)
        return as_cred_explain(&line, why, scratch);
    hash = hash_name(index, &line);
    why = check_first(index, &line, hash, scratch);
    if (why)
        return why;
    put(&index->by_name, hash, where);
    index->example[line.kind] = where;
    index->count++;
    return line.kind == AS_CRED_DIGEST
               ? put_userhash(index, &line, where, scratch)
               : NULL;
}

/* What a digest line begins with, after blanks. */
static int is_digest(as_span line)
{
    while (line.len && *line.at == ' ')
        line = (as_span){ line.at + 1, line.len - 1 };
    return line.len > 7 && !memcmp(line.at, "digest ", 7);
}

static int make_tables(cred_index *index, apr_pool_t *pool)
{
    apr_size_t lines = 0, digests = 0;
    as_span rest = index->text, line;

    while (as_cred_take_line(&line, &rest)) {
        lines++;
        digests += (apr_size_t)is_digest(line);
    }
    return make_table(&index->by_name, lines, pool)
           && make_table(&index->by_userhash, digests, pool);
}

static const char *put_lines(cred_index *index, apr_pool_t *pool)
{
    as_span rest = index->text, line;
    const char *why = NULL;
    apr_pool_t *scratch;

    if (!as_cred_take_line(&line, &rest) || !as_cred_is_header(line))
        return "line 1: is not " AS_CRED_HEADER;
    if (apr_pool_create(&scratch, pool) != APR_SUCCESS)
        return "no memory";
    while (!why && as_cred_take_line(&line, &rest)) {
        if (!as_cred_is_record(line))
            continue;
        why = put_line(index, line, scratch);
        if (why)
            why = complain(index, (apr_uint64_t)(line.at - index->text.at),
                           why, pool);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return why;
}

const char *cred_index_build(cred_index **index, as_span text,
                             apr_pool_t *pool)
{
    cred_index *made = apr_pcalloc(pool, sizeof(*made));

    *index = NULL;
    made->text = text;
    if (text.len >= WHERE_MASK)
        return "the file is too large";
    if (as_random((unsigned char *)&made->key, sizeof(made->key))
            != APR_SUCCESS
        || !make_tables(made, pool))
        return "no memory, or the system has no randomness";
    *index = made;
    return put_lines(made, pool);
}

apr_size_t cred_index_count(const cred_index *index)
{
    return index->count;
}

/* ---- finding --------------------------------------------------------- */

/* Whether a comes before b. */
static int is_before(const as_cred_line *a, const as_cred_line *b)
{
    as_span x = a->text[AS_CRED_ALGORITHM], y = b->text[AS_CRED_ALGORITHM];
    int order = memcmp(x.at ? x.at : "", y.at ? y.at : "",
                       x.len < y.len ? x.len : y.len);

    return order ? order < 0 : x.len < y.len;
}

/* What is not there costs what is there, for the time must not tell which names
 * exist: another record is taken apart instead. 0 if there is none. */
static int take_another(as_cred *cred, const cred_index *index,
                        as_cred_kind kind, apr_pool_t *pool)
{
    apr_uint64_t where = index->example[kind];
    as_cred_line line;

    if (!where || !line_at(&line, index, where, pool))
        return 0;
    as_cred_of_line(cred, &line, pool);
    return 1;
}

apr_status_t cred_index_find(as_cred *cred, const cred_index *index,
                             as_cred_kind kind, const char *id,
                             const char *realm, const char *place,
                             const char *algorithm, apr_pool_t *pool)
{
    as_cred_line wanted = { .kind = kind }, line, best = { 0 };
    apr_uint64_t hash, at, where;
    as_cred nobody;
    int found = 0;

    wanted.text[AS_CRED_ID] = as_cred_escape(as_span_of(id), pool);
    wanted.text[AS_CRED_REALM] = as_cred_escape(as_span_of(realm), pool);
    wanted.text[AS_CRED_PLACE] = as_cred_escape(as_span_of(place), pool);
    at = hash = hash_name(index, &wanted);
    while (next_slot(&index->by_name, hash, &at, &where)) {
        if (!line_at(&line, index, where, pool)
            || !is_namesake(&line, &wanted)
            || (algorithm
                && !as_span_is(line.text[AS_CRED_ALGORITHM], algorithm))
            || (found && !is_before(&line, &best)))
            continue;
        best = line;
        found = 1;
    }
    if (!found) {
        take_another(&nobody, index, kind, pool);
        return APR_NOTFOUND;
    }
    as_cred_of_line(cred, &best, pool);
    return APR_SUCCESS;
}

static int has_userhash(const as_cred *cred, const char *userhash)
{
    char hex[AS_DIGEST_HEX_MAX + 1];
    as_span parts[] = { as_span_of(cred->id), as_span_of(cred->realm) };

    return as_digest_hash(hex, as_digest_alg_find(as_span_of(cred->algorithm)),
                          parts, 2) == APR_SUCCESS
           && !strcmp(hex, userhash);
}

apr_status_t cred_index_find_userhash(as_cred *cred, const cred_index *index,
                                      const char *userhash, const char *realm,
                                      const char *algorithm, apr_pool_t *pool)
{
    apr_uint64_t hash = hash_text(index, as_span_of(userhash)), at = hash;
    apr_uint64_t where;
    as_cred_line line;
    as_cred nobody;

    while (next_slot(&index->by_userhash, hash, &at, &where)) {
        if (!line_at(&line, index, where, pool)
            || !as_span_is(line.text[AS_CRED_ALGORITHM], algorithm))
            continue;
        as_cred_of_line(cred, &line, pool);
        if (!strcmp(cred->realm, realm) && has_userhash(cred, userhash))
            return APR_SUCCESS;
    }
    if (take_another(&nobody, index, AS_CRED_DIGEST, pool))
        has_userhash(&nobody, userhash);
    return APR_NOTFOUND;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A table that may forget: who is not found has to prove himself anew. So it is
 * no replay table; that a proof which began a session can't begin it again is
 * for its caller to see to.
 *
 * The table is made of buckets of 8 slots; a lock guards every 32nd bucket.
 * Whoever dies with a lock may leave a slot half written, so the next to lock
 * empties those buckets.
 *
 * A session knows when it began, and is none before: a clock that is set back
 * ends sessions and never lengthens them. What has ended is wiped, for the data
 * is as good as a password while it lives.
 */
#include <stdatomic.h>

#include "lock.h"
#include "secret.h"
#include "session_table.h"

#define MAGIC "authscheme sessions 1"
#define STRIPES 32 /* thread sanitizer follows at most 64 locks at once */
#define WAYS 8
#define WORDS (CORE_SESSION_WINDOW / 64)
#define SAMPLE 1024 /* buckets that are looked at for an estimate */

typedef struct slot {
    unsigned char key[CORE_SESSION_KEY_LEN];
    apr_time_t begins;
    apr_time_t ends; /* 0 = nobody's */
    apr_uint64_t highest;
    apr_uint64_t seen[WORDS]; /* bit n: highest - n has come */
    apr_size_t len;
    unsigned char data[];
} slot;

struct core_sessions_shared {
    char magic[sizeof(MAGIC)];
    apr_uint64_t size, data_max, buckets;
    unsigned char salt[AS_SHA256_LEN];
    _Atomic apr_uint64_t evicted;
    core_lock stripes[STRIPES];
    unsigned char at[];
};

typedef struct core_sessions_shared shared;

/* ---- making a table -------------------------------------------------- */

static apr_uint64_t slot_size(apr_uint64_t data_max)
{
    return (sizeof(slot) + data_max + 7) & ~(apr_uint64_t)7;
}

static apr_uint64_t buckets_in(apr_size_t size, apr_size_t data_max)
{
    return (size - sizeof(shared)) / (WAYS * slot_size(data_max));
}

static int is_possible(apr_size_t size, apr_size_t data_max)
{
    return size >= CORE_SESSIONS_MIN && data_max > 0
           && data_max <= CORE_SESSION_DATA_MAX;
}

apr_status_t core_sessions_format(core_sessions *sessions, void *memory,
                                  apr_size_t size, apr_size_t data_max)
{
    shared *s = memory;

    if (!is_possible(size, data_max))
        return APR_EINVAL;
    s->size = size;
    s->data_max = data_max;
    s->buckets = buckets_in(size, data_max);
    if (as_random(s->salt, sizeof(s->salt)) != APR_SUCCESS
        || !core_locks_make(s->stripes, STRIPES))
        return APR_EGENERAL;
    memcpy(s->magic, MAGIC, sizeof(MAGIC));
    sessions->shared = s;
    return APR_SUCCESS;
}

apr_status_t core_sessions_attach(core_sessions *sessions, void *memory,
                                  apr_size_t size, apr_size_t data_max)
{
    shared *s = memory;

    if (!is_possible(size, data_max)
        || memcmp(s->magic, MAGIC, sizeof(MAGIC)) != 0 || s->size != size
        || s->data_max != data_max || s->buckets != buckets_in(size, data_max))
        return APR_EINVAL;
    sessions->shared = s;
    return APR_SUCCESS;
}

apr_status_t core_session_key(unsigned char key[CORE_SESSION_KEY_LEN],
                              const core_sessions *sessions,
                              const as_span *parts, int count)
{
    as_span salt = { (const char *)sessions->shared->salt, AS_SHA256_LEN };

    return as_mac(key, salt, parts, count);
}

/* ---- slots ----------------------------------------------------------- */

static apr_uint64_t bucket_of(const shared *s,
                              const unsigned char key[CORE_SESSION_KEY_LEN])
{
    apr_uint64_t number;

    memcpy(&number, key, sizeof(number));
    return number % s->buckets;
}

static slot *slot_at(shared *s, apr_uint64_t bucket, int way)
{
    apr_uint64_t size = slot_size(s->data_max);

    return (slot *)(void *)(s->at + (bucket * WAYS + (unsigned int)way) * size);
}

static void empty(const shared *s, slot *at)
{
    as_wipe(at, slot_size(s->data_max));
}

static void empty_bucket(shared *s, apr_uint64_t bucket)
{
    int way;

    for (way = 0; way < WAYS; way++)
        empty(s, slot_at(s, bucket, way));
}

static int lock(shared *s, apr_uint64_t bucket)
{
    core_locked got = core_lock_take(&s->stripes[bucket % STRIPES]);
    apr_uint64_t i;

    if (got == CORE_LOCK_ORPHAN)
        for (i = bucket % STRIPES; i < s->buckets; i += STRIPES)
            empty_bucket(s, i);
    return got != CORE_LOCK_NONE;
}

static void unlock(shared *s, apr_uint64_t bucket)
{
    core_lock_drop(&s->stripes[bucket % STRIPES]);
}

static int lives(const slot *at, apr_time_t now)
{
    return at->begins <= now && now < at->ends;
}

/* The session of that key, if it lives; what is over is wiped on the way. */
static slot *find(shared *s, apr_uint64_t bucket,
                  const unsigned char key[CORE_SESSION_KEY_LEN],
                  apr_time_t now)
{
    slot *found = NULL;
    int way;

    for (way = 0; way < WAYS; way++) {
        slot *at = slot_at(s, bucket, way);

        if (!at->ends)
            continue;
        if (!lives(at, now))
            empty(s, at);
        else if (memcmp(at->key, key, CORE_SESSION_KEY_LEN) == 0)
            found = at;
    }
    return found;
}

/* One that is nobody's, or else the one that is over first. */
static slot *make_room(shared *s, apr_uint64_t bucket)
{
    slot *best = slot_at(s, bucket, 0);
    int way;

    for (way = 1; way < WAYS && best->ends; way++) {
        slot *at = slot_at(s, bucket, way);

        if (at->ends < best->ends)
            best = at;
    }
    if (best->ends)
        atomic_fetch_add_explicit(&s->evicted, 1, memory_order_relaxed);
    empty(s, best);
    return best;
}

/* ---- using it -------------------------------------------------------- */

apr_status_t core_session_put(core_sessions *sessions,
                              const unsigned char key[CORE_SESSION_KEY_LEN],
                              as_span data, apr_time_t ends)
{
    shared *s = sessions->shared;
    apr_uint64_t bucket = bucket_of(s, key);
    apr_time_t now;
    slot *at;

    if (!data.len || data.len > s->data_max)
        return APR_EINVAL;
    if (!lock(s, bucket))
        return APR_EGENERAL;
    now = sessions->clock();
    at = find(s, bucket, key, now);
    if (at)
        empty(s, at);
    else
        at = make_room(s, bucket);
    memcpy(at->key, key, CORE_SESSION_KEY_LEN);
    memcpy(at->data, data.at, data.len);
    at->len = data.len;
    at->begins = now;
    at->ends = ends;
    unlock(s, bucket);
    return APR_SUCCESS;
}

apr_size_t core_session_get(unsigned char *data, core_sessions *sessions,
                            const unsigned char key[CORE_SESSION_KEY_LEN])
{
    shared *s = sessions->shared;
    apr_uint64_t bucket = bucket_of(s, key);
    apr_size_t len = 0;
    const slot *at;

    if (!lock(s, bucket))
        return 0;
    at = find(s, bucket, key, sessions->clock());
    if (at) {
        len = at->len;
        memcpy(data, at->data, len);
    }
    unlock(s, bucket);
    return len;
}

/* by > 0 */
static void move_window(slot *at, apr_uint64_t by)
{
    apr_uint64_t words = by / 64, bits = by % 64;
    int i;

    for (i = WORDS - 1; i >= 0; i--) {
        apr_uint64_t from = (apr_uint64_t)i - words, word = 0;

        if ((apr_uint64_t)i >= words) {
            word = at->seen[from] << bits;
            if (bits && from > 0)
                word |= at->seen[from - 1] >> (64 - bits);
        }
        at->seen[i] = word;
    }
}

/* No number has come yet: highest is 0, and its bit not set. */
static int is_first(slot *at, apr_uint64_t number, unsigned int window)
{
    apr_uint64_t back, bit;

    if (number > at->highest) {
        move_window(at, number - at->highest);
        at->highest = number;
    }
    back = at->highest - number;
    if (back >= window || back >= CORE_SESSION_WINDOW)
        return 0;
    bit = (apr_uint64_t)1 << back % 64;
    if (at->seen[back / 64] & bit)
        return 0;
    at->seen[back / 64] |= bit;
    return 1;
}

core_numbered core_session_use(core_sessions *sessions,
                               const unsigned char key[CORE_SESSION_KEY_LEN],
                               apr_uint64_t number, unsigned int window)
{
    shared *s = sessions->shared;
    apr_uint64_t bucket = bucket_of(s, key);
    core_numbered result = CORE_NUMBER_LOST;
    slot *at;

    if (!lock(s, bucket))
        return CORE_NUMBER_FAILED;
    at = find(s, bucket, key, sessions->clock());
    if (at) {
        result = is_first(at, number, window) ? CORE_NUMBER_FIRST
                                              : CORE_NUMBER_USED;
        if (result == CORE_NUMBER_USED)
            empty(s, at);
    }
    unlock(s, bucket);
    return result;
}

void core_session_end(core_sessions *sessions,
                      const unsigned char key[CORE_SESSION_KEY_LEN])
{
    shared *s = sessions->shared;
    apr_uint64_t bucket = bucket_of(s, key);
    slot *at;

    if (!lock(s, bucket))
        return;
    at = find(s, bucket, key, sessions->clock());
    if (at)
        empty(s, at);
    unlock(s, bucket);
}

/* ---- what an administrator can see ----------------------------------- */

static apr_uint64_t count_live(shared *s, apr_uint64_t bucket, apr_time_t now)
{
    apr_uint64_t live = 0;
    int way;

    for (way = 0; way < WAYS; way++)
        live += (apr_uint64_t)lives(slot_at(s, bucket, way), now);
    return live;
}

core_sessions_counts core_sessions_count(core_sessions *sessions)
{
    shared *s = sessions->shared;
    apr_uint64_t nth, n = s->buckets < SAMPLE ? s->buckets : SAMPLE;
    core_sessions_counts counts = { 0 };
    apr_time_t now = sessions->clock();

    counts.room = s->buckets * WAYS;
    counts.evicted = atomic_load(&s->evicted);
    for (nth = 0; nth < n && lock(s, nth); nth++) {
        counts.live += count_live(s, nth, now);
        unlock(s, nth);
    }
    if (n)
        counts.live = counts.live * s->buckets / n;
    return counts;
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The replay table. A cache forgets when it is full, and what it forgot can be
 * used again. This table may have to forget as well, but it knows what it can
 * no longer tell, and says "stale" to that: the client comes back with a fresh
 * nonce, and a recorded proof never counts as new.
 *
 * The table is made of buckets of 16 entries. Each bucket has a floor: a proof
 * that is absent and was issued at or before the floor may have been here. An
 * entry that makes room, expired or not, raises the floor of its bucket to its
 * own time of issue. Expired ones go first, then those issued earliest, because
 * they raise the floor least. For what was issued before the table was made,
 * `start` is such a floor in all buckets.
 *
 * Expired entries raise the floor too, because "expired" depends on a clock
 * that may be set back and on a lifetime that may be configured anew.
 *
 * The clock. Floors hold whatever it does, so a step back reopens nothing; but
 * until the clock has passed the floors again, fresh proofs would be stale as
 * well. So a step back by more than five seconds starts a new epoch: the
 * buckets are emptied and the floors fall. The number of the epoch is part of
 * every nonce that we make, so that proofs of an earlier epoch no longer
 * verify; and if one was checked just before the step, its epoch is told apart
 * here. Proofs without a nonce of ours carry a time that their client wrote
 * and know no epoch: for them the latest time that any such proof had before
 * the step stays a floor. They may be refused as long as the step was, but not
 * longer, and a nonce helps them out of it.
 *
 * The time is read after the highest time seen, never before: a process that
 * was stopped in between cannot mistake its own delay for a step.
 *
 * Locks are robust mutexes inside the table, one for every 32nd bucket. If the
 * holder of one dies, an entry may be half written. The next to lock empties
 * those buckets and sets their floors to the present.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "secret.h"
#include "table.h"

#define MAGIC "authscheme 1"
#define STRIPES 32 /* thread sanitizer follows at most 64 locks at once */
#define WAYS 16
#define STEP apr_time_from_sec(5)       /* back, and it is a new epoch */
#define TICK apr_time_from_msec(100)    /* how far `high` may lag behind */
#define NEWS_EVERY apr_time_from_sec(60)
#define SAMPLE 1024 /* buckets that are looked at for an estimate */

typedef struct entry {
    unsigned char key[CORE_KEY_LEN];
    apr_time_t issued;
    apr_time_t expires; /* 0 = no entry here */
    apr_uint64_t highest;
    apr_uint64_t seen[2]; /* bit n: highest - n was used */
} entry;

typedef struct bucket {
    apr_time_t floor;
    apr_uint64_t epoch;
    entry entries[WAYS];
} bucket;

typedef struct stripe {
    _Alignas(64) pthread_mutex_t mutex;
} stripe;

struct core_table_shared {
    char magic[sizeof(MAGIC)];
    apr_uint64_t size, bucket_size, buckets;
    unsigned char salt[AS_SHA256_LEN];

    _Atomic apr_uint64_t epoch; /* written with all stripes locked */
    apr_time_t start;           /* the same */
    apr_time_t unstamped_floor; /* the same */
    _Atomic apr_time_t unstamped_high; /* latest issued, of this epoch */
    _Atomic apr_time_t high;    /* latest time seen, of this epoch */
    _Atomic apr_time_t retired; /* 0 = in use */

    _Atomic apr_uint64_t dropped;
    _Atomic apr_uint64_t told; /* of dropped */
    _Atomic apr_time_t told_at;

    stripe stripes[STRIPES];
    bucket at[];
};

typedef struct core_table_shared shared;

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

static void raise_to(_Atomic apr_time_t *mark, apr_time_t now)
{
    apr_time_t old = atomic_load(mark);

    while (old < now && !atomic_compare_exchange_weak(mark, &old, now))
        ;
}

/* ---- locks ----------------------------------------------------------- */

static void empty(bucket *b, apr_uint64_t epoch, apr_time_t floor)
{
    b->epoch = epoch;
    b->floor = floor;
    memset(b->entries, 0, sizeof(b->entries));
}

/* Whoever held the lock died, maybe in the middle of a write. */
static void recover(core_table *table, int nth)
{
    shared *s = table->shared;
    apr_time_t now = later(atomic_load(&s->high) + TICK, table->clock());
    apr_uint64_t i;
    int way;

    for (i = (apr_uint64_t)nth; i < s->buckets; i += STRIPES) {
        apr_time_t floor = later(s->at[i].floor, now);

        for (way = 0; way < WAYS; way++)
            floor = later(floor, s->at[i].entries[way].issued);
        empty(&s->at[i], atomic_load(&s->epoch), floor);
    }
}

static int unlock(core_table *table, int nth)
{
    return pthread_mutex_unlock(&table->shared->stripes[nth].mutex) == 0;
}

/* 1 if it is locked now. */
static int lock(core_table *table, int nth)
{
    pthread_mutex_t *mutex = &table->shared->stripes[nth].mutex;
    int error = pthread_mutex_lock(mutex);

    if (error != EOWNERDEAD)
        return error == 0;
    recover(table, nth);
    if (pthread_mutex_consistent(mutex) == 0)
        return 1;
    unlock(table, nth);
    return 0;
}

static int lock_all(core_table *table)
{
    int nth;

    for (nth = 0; nth < STRIPES && lock(table, nth); nth++)
        ;
    if (nth == STRIPES)
        return 1;
    while (nth-- > 0)
        unlock(table, nth);
    return 0;
}

static void unlock_all(core_table *table)
{
    int nth;

    for (nth = STRIPES; nth-- > 0;)
        unlock(table, nth);
}

static int make_mutexes(shared *s)
{
    pthread_mutexattr_t attr;
    int nth, ok;

    if (pthread_mutexattr_init(&attr) != 0)
        return 0;
    ok = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0
         && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0;
    for (nth = 0; ok && nth < STRIPES; nth++)
        ok = pthread_mutex_init(&s->stripes[nth].mutex, &attr) == 0;
    pthread_mutexattr_destroy(&attr);
    return ok;
}

/* ---- the clock ------------------------------------------------------- */

static int is_turned_back(core_table *table, apr_time_t *now)
{
    apr_time_t high = atomic_load(&table->shared->high);

    *now = table->clock();
    return *now < high - STEP;
}

/* In this order, so that one who is killed on the way leaves a table in which
 * nothing is new that should not be, and in which the step is found again. */
static void begin_epoch(core_table *table)
{
    shared *s = table->shared;
    apr_time_t now;

    if (!lock_all(table))
        return;
    if (is_turned_back(table, &now)) {
        s->unstamped_floor = later(later(s->unstamped_floor, s->start),
                                   atomic_load(&s->unstamped_high));
        if (atomic_load(&s->retired))
            atomic_store(&s->retired, 1); /* nothing is new here any more */
        atomic_fetch_add(&s->epoch, 1);
        s->start = 0;
        atomic_store(&s->unstamped_high, 0);
        atomic_store(&s->high, now);
    }
    unlock_all(table);
}

static apr_time_t look_at_clock(core_table *table)
{
    _Atomic apr_time_t *high = &table->shared->high;
    apr_time_t now;

    if (is_turned_back(table, &now))
        begin_epoch(table);
    else if (now > atomic_load(high) + TICK)
        raise_to(high, now);
    return now;
}

apr_uint64_t core_table_epoch(core_table *table)
{
    look_at_clock(table);
    return atomic_load(&table->shared->epoch);
}

/* ---- making a table -------------------------------------------------- */

static void succeed(shared *s, core_table *before)
{
    shared *old = before->shared;

    atomic_store(&s->epoch, core_table_epoch(before));
    s->start = later(s->start, atomic_load(&old->high) + TICK);
    s->unstamped_floor = later(old->unstamped_floor,
                               atomic_load(&old->unstamped_high));
}

apr_status_t core_table_format(core_table *table, void *memory,
                               apr_size_t size, core_table *before)
{
    shared *s = memory;

    if (size < CORE_TABLE_MIN)
        return APR_EINVAL;
    s->size = size;
    s->bucket_size = sizeof(bucket);
    s->buckets = (size - sizeof(*s)) / sizeof(bucket);
    s->start = table->clock();
    if (before)
        succeed(s, before);
    atomic_store(&s->high, s->start);
    if (as_random(s->salt, sizeof(s->salt)) != APR_SUCCESS || !make_mutexes(s))
        return APR_EGENERAL;
    memcpy(s->magic, MAGIC, sizeof(MAGIC));
    table->shared = s;
    return APR_SUCCESS;
}

apr_status_t core_table_attach(core_table *table, void *memory,
                               apr_size_t size)
{
    shared *s = memory;

    if (size < CORE_TABLE_MIN || memcmp(s->magic, MAGIC, sizeof(MAGIC)) != 0
        || s->size != size || s->bucket_size != sizeof(bucket)
        || s->buckets != (size - sizeof(*s)) / sizeof(bucket))
        return APR_EINVAL;
    table->shared = s;
    return APR_SUCCESS;
}

void core_table_retire(core_table *table)
{
    atomic_store(&table->shared->retired, look_at_clock(table));
}

/* ---- using it -------------------------------------------------------- */

apr_status_t core_table_key(unsigned char key[CORE_KEY_LEN],
                            const core_table *table, const as_span *parts,
                            int count)
{
    as_span salt = { (const char *)table->shared->salt, AS_SHA256_LEN };

    return as_mac(key, salt, parts, count);
}

static apr_uint64_t bucket_of(const shared *s,
                              const unsigned char key[CORE_KEY_LEN])
{
    apr_uint64_t number;

    memcpy(&number, key, sizeof(number));
    return number % s->buckets;
}

static entry *find(bucket *b, const unsigned char key[CORE_KEY_LEN])
{
    int way;

    for (way = 0; way < WAYS; way++)
        if (b->entries[way].expires
            && memcmp(b->entries[way].key, key, CORE_KEY_LEN) == 0)
            return &b->entries[way];
    return NULL;
}

/* by > 0 */
static void move_window(entry *e, apr_uint64_t by)
{
    if (by < 64) {
        e->seen[1] = e->seen[1] << by | e->seen[0] >> (64 - by);
        e->seen[0] <<= by;
        return;
    }
    e->seen[1] = by < CORE_WINDOW ? e->seen[0] << (by - 64) : 0;
    e->seen[0] = 0;
}

static core_use mark(entry *e, apr_uint64_t count)
{
    apr_uint64_t back, bit;

    if (count > e->highest) {
        move_window(e, count - e->highest);
        e->highest = count;
        e->seen[0] |= 1;
        return CORE_FIRST;
    }
    back = e->highest - count;
    if (back >= CORE_WINDOW)
        return CORE_STALE;
    bit = (apr_uint64_t)1 << back % 64;
    if (e->seen[back / 64] & bit)
        return CORE_SEEN;
    e->seen[back / 64] |= bit;
    return CORE_FIRST;
}

/* Can a proof that is not in its bucket never have been there? */
static int is_new(shared *s, const bucket *b, const core_proof *proof,
                  apr_time_t now)
{
    apr_time_t floor = later(s->start, b->floor);
    apr_time_t retired;

    if (proof->epoch == CORE_UNSTAMPED) {
        raise_to(&s->unstamped_high, proof->issued);
        floor = later(floor, s->unstamped_floor);
    }
    retired = atomic_load(&s->retired);
    return proof->issued > floor && proof->expires > now
           && (!retired || proof->issued <= retired);
}

static int goes_before(const entry *a, const entry *b, apr_time_t now)
{
    int a_lives = a->expires > now, b_lives = b->expires > now;

    return a_lives == b_lives ? a->issued < b->issued : b_lives;
}

/* The entry that costs least. An empty one is expired and issued at 0. */
static entry *cheapest(bucket *b, apr_time_t now)
{
    entry *best = &b->entries[0];
    int way;

    for (way = 1; way < WAYS; way++)
        if (goes_before(&b->entries[way], best, now))
            best = &b->entries[way];
    return best;
}

/* Where the proof may be written down, or NULL if the bucket is full of live
 * entries that are all younger: then it is the one to be dropped. */
static entry *make_room(shared *s, bucket *b, const core_proof *proof,
                        apr_time_t now)
{
    entry *e = cheapest(b, now);

    if (e->expires > now) {
        atomic_fetch_add(&s->dropped, 1);
        if (e->issued >= proof->issued)
            return NULL;
    }
    b->floor = later(b->floor, e->issued);
    return e;
}

static core_use judge(shared *s, bucket *b, const core_proof *proof,
                      apr_uint64_t count, apr_time_t now)
{
    apr_uint64_t epoch = atomic_load(&s->epoch);
    entry *e;

    if (proof->epoch != CORE_UNSTAMPED && proof->epoch != epoch)
        return CORE_STALE;
    if (b->epoch != epoch)
        empty(b, epoch, 0);
    e = find(b, proof->key);
    if (e)
        return mark(e, count);
    if (!is_new(s, b, proof, now))
        return CORE_STALE;
    e = make_room(s, b, proof, now);
    if (!e)
        return CORE_STALE;
    memcpy(e->key, proof->key, CORE_KEY_LEN);
    e->issued = proof->issued;
    e->expires = proof->expires;
    e->highest = count;
    e->seen[0] = 1;
    e->seen[1] = 0;
    return CORE_FIRST;
}

core_use core_table_use(core_table *table, const core_proof *proof,
                        apr_uint64_t count)
{
    shared *s = table->shared;
    apr_time_t now = look_at_clock(table);
    apr_uint64_t nth = bucket_of(s, proof->key);
    int held = (int)(nth % STRIPES);
    core_use use;

    if (count == 0)
        return CORE_SEEN; /* counts begin at 1: never the first */
    if (!lock(table, held))
        return CORE_FAILED;
    use = judge(s, &s->at[nth], proof, count, now);
    return unlock(table, held) ? use : CORE_FAILED;
}

/* ---- what an administrator can see ----------------------------------- */

apr_uint64_t core_table_news(core_table *table)
{
    shared *s = table->shared;
    apr_uint64_t dropped = atomic_load(&s->dropped);
    apr_time_t told_at = atomic_load(&s->told_at);
    apr_time_t now;

    if (dropped == atomic_load(&s->told))
        return 0;
    now = table->clock();
    if (now >= told_at && now < told_at + NEWS_EVERY)
        return 0;
    if (!atomic_compare_exchange_strong(&s->told_at, &told_at, now))
        return 0;
    return dropped - atomic_exchange(&s->told, dropped);
}

static apr_uint64_t count_live(const bucket *b, apr_time_t now)
{
    apr_uint64_t live = 0;
    int way;

    for (way = 0; way < WAYS; way++)
        live += b->entries[way].expires > now;
    return live;
}

core_table_counts core_table_count(core_table *table)
{
    shared *s = table->shared;
    apr_uint64_t nth, n = s->buckets < SAMPLE ? s->buckets : SAMPLE;
    core_table_counts counts = { 0 };
    apr_time_t now = look_at_clock(table);

    counts.epoch = atomic_load(&s->epoch);
    counts.room = s->buckets * WAYS;
    counts.dropped = atomic_load(&s->dropped);
    for (nth = 0; nth < n && lock(table, (int)(nth % STRIPES)); nth++) {
        if (s->at[nth].epoch == counts.epoch)
            counts.live += count_live(&s->at[nth], now);
        unlock(table, (int)(nth % STRIPES));
    }
    if (n)
        counts.live = counts.live * s->buckets / n;
    return counts;
}

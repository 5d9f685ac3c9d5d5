/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The replay table: T-SHM-02, 03, 06, 07, 08, 09, 11, T-TIM-01. It is included
 * and not linked, so that a test can die in the middle of a write.
 *
 * Under thread sanitizer:
 *     configure CC=clang --enable-sanitizers=thread
 *     make check TESTS=tests/unit/test_table
 */
#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../modules/core/table.c"

#define SECOND APR_USEC_PER_SEC
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define NOON (APR_INT64_C(1790000000) * SECOND)

static _Atomic apr_time_t time_is;

static apr_time_t fake_clock(void)
{
    return atomic_load(&time_is);
}

static void *map(apr_size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(memory != MAP_FAILED);
    return memory;
}

static core_table table_of(apr_size_t size, core_table *before)
{
    core_table table = { NULL, fake_clock };

    assert_int_equal(core_table_format(&table, map(size), size, before),
                     APR_SUCCESS);
    return table;
}

static core_table table_made_at_noon(apr_size_t size)
{
    core_table table;

    time_is = NOON;
    table = table_of(size, NULL);
    time_is += SECOND;
    return table;
}

/* One of the smallest size; a second has passed. */
static core_table small_table(void)
{
    return table_made_at_noon(CORE_TABLE_MIN);
}

/* One with room for a few hundred proofs of one moment. */
static core_table roomy_table(void)
{
    return table_made_at_noon(16 * CORE_TABLE_MIN);
}

static void drop(core_table *table)
{
    munmap(table->shared, table->shared->size);
}

/* The nth proof, made now, good for a minute. */
static core_proof proof_of(core_table *table, apr_uint64_t nth)
{
    as_span name = { (const char *)&nth, sizeof(nth) };
    core_proof proof;

    assert_int_equal(core_table_key(proof.key, table, &name, 1), APR_SUCCESS);
    proof.epoch = core_table_epoch(table);
    proof.issued = time_is;
    proof.expires = time_is + 60 * SECOND;
    return proof;
}

/* The nth proof that falls into the first bucket. */
static core_proof neighbour(core_table *table, int nth)
{
    apr_uint64_t name = 0;
    core_proof proof;

    do {
        proof = proof_of(table, name++);
        nth -= bucket_of(table->shared, proof.key) == 0;
    } while (nth >= 0);
    return proof;
}

static core_proof unstamped(core_proof proof)
{
    proof.epoch = CORE_UNSTAMPED;
    return proof;
}

static core_use use(core_table *table, core_proof proof)
{
    return core_table_use(table, &proof, 1);
}

/* ---- one use, and numbered uses -------------------------------------- */

static void is_first_once(void **state)
{
    core_table table = small_table();
    core_proof a = proof_of(&table, 1), b = proof_of(&table, 2);

    (void)state;
    assert_int_equal(use(&table, a), CORE_FIRST);
    assert_int_equal(use(&table, a), CORE_SEEN);
    assert_int_equal(use(&table, b), CORE_FIRST);
    assert_int_equal(use(&table, b), CORE_SEEN);
    assert_int_equal(use(&table, a), CORE_SEEN);
    drop(&table);
}

#define MAX APR_UINT64_MAX
#define LAST 999 /* ends a row */

static const struct {
    struct {
        apr_uint64_t count;
        int expected;
    } uses[12];
} windows[] = {
    /* in order, each once */
    { { { 1, CORE_FIRST }, { 2, CORE_FIRST }, { 3, CORE_FIRST },
        { 2, CORE_SEEN }, { 3, CORE_SEEN }, { 1, CORE_SEEN }, { 0, LAST } } },
    /* in any order */
    { { { 5, CORE_FIRST }, { 1, CORE_FIRST }, { 4, CORE_FIRST },
        { 2, CORE_FIRST }, { 3, CORE_FIRST }, { 4, CORE_SEEN },
        { 1, CORE_SEEN }, { 5, CORE_SEEN }, { 6, CORE_FIRST }, { 0, LAST } } },
    /* 127 back can be told, 128 back cannot */
    { { { 200, CORE_FIRST }, { 73, CORE_FIRST }, { 72, CORE_STALE },
        { 73, CORE_SEEN }, { 201, CORE_FIRST }, { 73, CORE_STALE },
        { 74, CORE_FIRST }, { 0, LAST } } },
    { { { 128, CORE_FIRST }, { 1, CORE_FIRST }, { 1, CORE_SEEN },
        { 129, CORE_FIRST }, { 1, CORE_STALE }, { 0, LAST } } },
    /* across the two words of the window */
    { { { 1, CORE_FIRST }, { 64, CORE_FIRST }, { 1, CORE_SEEN },
        { 65, CORE_FIRST }, { 1, CORE_SEEN }, { 64, CORE_SEEN },
        { 2, CORE_FIRST }, { 66, CORE_FIRST }, { 1, CORE_SEEN },
        { 2, CORE_SEEN }, { 0, LAST } } },
    { { { 3, CORE_FIRST }, { 67, CORE_FIRST }, { 3, CORE_SEEN },
        { 130, CORE_FIRST }, { 3, CORE_SEEN }, { 67, CORE_SEEN },
        { 131, CORE_FIRST }, { 3, CORE_STALE }, { 67, CORE_SEEN },
        { 0, LAST } } },
    /* a leap forgets what is behind the window, and nothing else */
    { { { 7, CORE_FIRST }, { 134, CORE_FIRST }, { 7, CORE_SEEN },
        { 262, CORE_FIRST }, { 134, CORE_STALE }, { 135, CORE_FIRST },
        { 0, LAST } } },
    { { { 1, CORE_FIRST }, { 1000000, CORE_FIRST }, { 1, CORE_STALE },
        { 999999, CORE_FIRST }, { 1000000, CORE_SEEN }, { 0, LAST } } },
    /* the ends of the numbers */
    { { { 0, CORE_SEEN }, { 1, CORE_FIRST }, { 0, CORE_SEEN }, { 0, LAST } } },
    { { { MAX, CORE_FIRST }, { MAX, CORE_SEEN }, { MAX - 1, CORE_FIRST },
        { MAX - 127, CORE_FIRST }, { MAX - 128, CORE_STALE },
        { 1, CORE_STALE }, { 0, CORE_SEEN }, { 0, LAST } } },
    { { { 1, CORE_FIRST }, { MAX, CORE_FIRST }, { 1, CORE_STALE },
        { 2, CORE_STALE }, { 0, LAST } } },
};

static void tells_128_counts_apart(void **state)
{
    core_table table = small_table();
    size_t row;
    int i;

    (void)state;
    for (row = 0; row < COUNT(windows); row++) {
        core_proof proof = proof_of(&table, row);

        for (i = 0; windows[row].uses[i].expected != LAST; i++) {
            apr_uint64_t count = windows[row].uses[i].count;

            if ((int)core_table_use(&table, &proof, count)
                != windows[row].uses[i].expected)
                fail_msg("row %d, use %d", (int)row, i);
        }
    }
    drop(&table);
}

static void refuses_what_it_cannot_know(void **state)
{
    core_table table = small_table();
    core_proof proof = proof_of(&table, 1);

    (void)state;
    proof.issued = NOON - 1;
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.issued = NOON; /* when the table was made */
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.issued = 0;
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.issued = -HOUR;
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.issued = NOON + 1;
    proof.expires = time_is; /* over */
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.expires = 0;
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.expires = time_is + 1;
    proof.epoch = 1; /* has not begun */
    assert_int_equal(use(&table, proof), CORE_STALE);
    proof.epoch = 0;
    assert_int_equal(use(&table, proof), CORE_FIRST);
    drop(&table);
}

/* ---- full ------------------------------------------------------------ */

static void never_forgets_silently(void **state)
{
    core_table table = small_table();
    core_proof *proofs = malloc(5000 * sizeof(*proofs));
    int i, fresh = 0, stale = 0;

    (void)state;
    for (i = 0; i < 5000; i++) {
        time_is += SECOND / 1000;
        proofs[i] = proof_of(&table, (apr_uint64_t)i);
        fresh += use(&table, proofs[i]) == CORE_FIRST;
    }
    assert_int_equal(fresh, 5000); /* each is younger than what it drops */
    for (i = 0; i < 5000; i++) {
        core_use again = use(&table, proofs[i]);

        assert_true(again == CORE_SEEN || again == CORE_STALE);
        stale += again == CORE_STALE;
    }
    assert_true(stale > 0);
    assert_true(core_table_count(&table).dropped >= (apr_uint64_t)stale);
    assert_int_equal(core_table_count(&table).live,
                     core_table_count(&table).room);
    free(proofs);
    drop(&table);
}

static void drops_the_oldest_of_a_bucket(void **state)
{
    core_table table = small_table();
    core_proof proofs[WAYS + 2];
    int i;

    (void)state;
    for (i = 0; i < WAYS + 2; i++) {
        time_is += SECOND / 10;
        proofs[i] = neighbour(&table, i);
    }
    for (i = WAYS - 1; i >= 0; i--)
        assert_int_equal(use(&table, proofs[i]), CORE_FIRST);
    assert_int_equal(use(&table, proofs[WAYS]), CORE_FIRST);
    assert_int_equal(use(&table, proofs[0]), CORE_STALE);
    for (i = 1; i <= WAYS; i++)
        assert_int_equal(use(&table, proofs[i]), CORE_SEEN);
    /* An unused one that is older than all the others is the one to go. */
    proofs[WAYS + 1].issued = proofs[1].issued - 1;
    assert_int_equal(use(&table, proofs[WAYS + 1]), CORE_STALE);
    assert_int_equal(use(&table, proofs[1]), CORE_SEEN);
    assert_int_equal(core_table_count(&table).dropped, 2);
    drop(&table);
}

static void takes_expired_entries_first(void **state)
{
    core_table table = small_table();
    core_proof brief, lasting, other;
    int i;

    (void)state;
    lasting = neighbour(&table, 0);
    lasting.expires = time_is + HOUR;
    assert_int_equal(use(&table, lasting), CORE_FIRST);
    time_is += SECOND;
    brief = neighbour(&table, 1);
    assert_int_equal(use(&table, brief), CORE_FIRST);
    time_is += 61 * SECOND;
    for (i = 2; i < WAYS + 1; i++)
        assert_int_equal(use(&table, neighbour(&table, i)), CORE_FIRST);
    assert_int_equal(use(&table, lasting), CORE_SEEN);
    assert_int_equal(core_table_count(&table).dropped, 0);

    /* Somebody made the lifetime longer: still not new. */
    brief.expires = time_is + HOUR;
    assert_int_equal(use(&table, brief), CORE_STALE);
    other = neighbour(&table, WAYS + 1);
    other.issued = brief.issued;
    assert_int_equal(use(&table, other), CORE_STALE);
    drop(&table);
}

static void says_so_once_a_minute(void **state)
{
    core_table table = small_table();
    int i;

    (void)state;
    for (i = 0; i < WAYS; i++)
        use(&table, neighbour(&table, i));
    assert_int_equal(core_table_news(&table), 0);
    time_is++;
    use(&table, neighbour(&table, WAYS));
    assert_int_equal(core_table_news(&table), 1);
    time_is++;
    use(&table, neighbour(&table, WAYS + 1));
    use(&table, neighbour(&table, WAYS + 2));
    assert_int_equal(core_table_news(&table), 0);
    time_is += 60 * SECOND;
    assert_int_equal(core_table_news(&table), 2);
    assert_int_equal(core_table_news(&table), 0);
    drop(&table);
}

/* ---- the clock ------------------------------------------------------- */

static const apr_time_t back[] = { 5 * SECOND + 1, HOUR, 30 * DAY, 400 * DAY,
                                   NOON - HOUR };

static void a_step_back_reopens_nothing(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(back); i++) {
        core_table table = small_table();
        core_proof used = proof_of(&table, 1), unused = proof_of(&table, 2);
        core_proof dated = unstamped(proof_of(&table, 3));
        core_proof fresh;

        assert_int_equal(use(&table, used), CORE_FIRST);
        assert_int_equal(use(&table, dated), CORE_FIRST);
        time_is -= back[i];
        assert_int_equal(use(&table, used), CORE_STALE);
        assert_int_equal(core_table_epoch(&table), 1);
        assert_int_equal(use(&table, unused), CORE_STALE);
        assert_int_equal(use(&table, dated), CORE_STALE);

        /* Nobody is locked out. */
        fresh = proof_of(&table, 4);
        assert_int_equal(use(&table, fresh), CORE_FIRST);
        assert_int_equal(use(&table, fresh), CORE_SEEN);

        /* The old times come again. */
        time_is += back[i];
        assert_int_equal(use(&table, used), CORE_STALE);
        assert_int_equal(use(&table, unused), CORE_STALE);
        assert_int_equal(use(&table, dated), CORE_STALE);
        assert_int_equal(use(&table, proof_of(&table, 5)), CORE_FIRST);

        /* And what only has its client's date is welcome after the step. */
        time_is++;
        dated = unstamped(proof_of(&table, 6));
        assert_int_equal(use(&table, dated), CORE_FIRST);
        assert_int_equal(use(&table, dated), CORE_SEEN);
        assert_int_equal(core_table_epoch(&table), 1);
        drop(&table);
    }
}

/* It may have been used before this server was started. */
static void a_step_back_reopens_nothing_older(void **state)
{
    core_table table = small_table();
    core_proof older = unstamped(proof_of(&table, 1));

    (void)state;
    older.issued = NOON - SECOND;
    time_is -= HOUR;
    assert_int_equal(use(&table, older), CORE_STALE);
    assert_int_equal(core_table_epoch(&table), 1);
    drop(&table);
}

static void a_small_step_back_reopens_nothing(void **state)
{
    core_table table = small_table();
    core_proof used = neighbour(&table, 0);
    int i;

    (void)state;
    assert_int_equal(use(&table, used), CORE_FIRST);
    time_is += 62 * SECOND;
    for (i = 1; i <= WAYS; i++)
        assert_int_equal(use(&table, neighbour(&table, i)), CORE_FIRST);
    time_is -= 4 * SECOND; /* and it is not expired any more */
    assert_true(used.expires > time_is);
    assert_int_equal(use(&table, used), CORE_STALE);
    assert_int_equal(core_table_epoch(&table), 0);
    drop(&table);
}

static const apr_time_t forward[] = { HOUR, 400 * DAY, 12 * 366 * DAY,
                                      80 * 366 * DAY, 8000 * 366 * DAY };

static void a_wrong_date_and_back(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(forward); i++) {
        core_table table = small_table();
        core_proof used = proof_of(&table, 1);

        assert_int_equal(use(&table, used), CORE_FIRST);
        time_is += forward[i];
        assert_int_equal(use(&table, proof_of(&table, 2)), CORE_FIRST);
        time_is -= forward[i];
        assert_int_equal(use(&table, used), CORE_STALE);
        assert_int_equal(use(&table, proof_of(&table, 3)), CORE_FIRST);
        /* Nobody used a date of its own meanwhile. */
        assert_int_equal(use(&table, unstamped(proof_of(&table, 4))),
                         CORE_FIRST);
        drop(&table);
    }
}

static unsigned dice(unsigned sides)
{
    static apr_uint64_t seed = 20;

    seed = seed * APR_UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(seed >> 33) % sides;
}

/* Whatever the clock does, no proof is the first twice. */
static void a_mad_clock_reopens_nothing(void **state)
{
    static const apr_time_t leaps[] = { 1, SECOND, 3 * SECOND, 61 * SECOND,
                                        HOUR, 400 * DAY };
    enum { PROOFS = 3000, ROUNDS = 100000 };
    core_table table = small_table();
    core_proof *proofs = calloc(PROOFS, sizeof(*proofs));
    char *used = calloc(PROOFS, 1);
    int i, accepted = 0;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        unsigned nth = dice(PROOFS);
        apr_time_t leap = leaps[dice(COUNT(leaps))];

        if (dice(50) == 0)
            time_is += dice(2) || time_is < 800 * DAY ? leap : -leap;
        time_is += dice(10000);
        if (!proofs[nth].expires || dice(4) == 0) {
            proofs[nth] = proof_of(&table, (apr_uint64_t)i);
            if (dice(3) == 0)
                proofs[nth].epoch = CORE_UNSTAMPED;
            used[nth] = 0;
        }
        proofs[nth].expires = time_is + SECOND; /* as if for ever */
        if (use(&table, proofs[nth]) == CORE_FIRST) {
            assert_int_equal(used[nth]++, 0);
            accepted++;
        }
    }
    assert_true(accepted > ROUNDS / 8);
    assert_true(core_table_epoch(&table) > 10);
    free(proofs);
    free(used);
    drop(&table);
}

/* ---- another table takes over ---------------------------------------- */

static void a_new_table_knows_what_it_does_not_know(void **state)
{
    core_table old = small_table(), young;
    core_proof used = proof_of(&old, 1), unused = proof_of(&old, 2), fresh;
    core_proof dated = unstamped(proof_of(&old, 3));

    (void)state;
    dated.issued += 2 * SECOND; /* its client's clock is ahead */
    assert_int_equal(use(&old, used), CORE_FIRST);
    assert_int_equal(use(&old, dated), CORE_FIRST);
    core_table_retire(&old);
    young = table_of(2 * CORE_TABLE_MIN, &old);
    time_is += SECOND;
    assert_int_equal(use(&young, used), CORE_STALE);
    assert_int_equal(use(&young, unused), CORE_STALE);
    assert_int_equal(use(&young, dated), CORE_STALE);

    /* Old children still work off what they have. */
    assert_int_equal(use(&old, unused), CORE_FIRST);
    assert_int_equal(use(&old, used), CORE_SEEN);

    fresh = proof_of(&young, 4);
    assert_int_equal(use(&young, fresh), CORE_FIRST);
    assert_int_equal(use(&old, fresh), CORE_STALE);
    drop(&old);
    drop(&young);
}

static void a_retired_table_stays_so_after_a_step(void **state)
{
    core_table old = small_table(), young;
    core_proof fresh;

    (void)state;
    time_is += 20 * SECOND;
    core_table_retire(&old);
    young = table_of(CORE_TABLE_MIN, &old);
    time_is -= 15 * SECOND;
    fresh = proof_of(&young, 1);
    assert_int_equal(core_table_epoch(&young), 1);
    assert_int_equal(core_table_epoch(&old), 1);
    assert_int_equal(use(&young, fresh), CORE_FIRST);
    assert_int_equal(use(&old, fresh), CORE_STALE);
    drop(&old);
    drop(&young);
}

static void the_clock_goes_back_between_two_tables(void **state)
{
    core_table old = small_table(), young;
    core_proof used;

    (void)state;
    time_is += HOUR;
    used = proof_of(&old, 1);
    assert_int_equal(use(&old, used), CORE_FIRST);
    time_is -= HOUR / 2;
    core_table_retire(&old);
    young = table_of(CORE_TABLE_MIN, &old);
    assert_int_equal(core_table_epoch(&young), 1);
    time_is += HOUR / 2;
    assert_int_equal(use(&young, used), CORE_STALE);
    drop(&old);
    drop(&young);
}

static void takes_hold_of_its_own_tables_only(void **state)
{
    core_table table = small_table(), again = { NULL, fake_clock };
    apr_size_t size = CORE_TABLE_MIN;
    core_proof used = proof_of(&table, 1);
    void *other = map(size);

    (void)state;
    assert_int_equal(use(&table, used), CORE_FIRST);
    assert_int_equal(core_table_attach(&again, table.shared, size),
                     APR_SUCCESS);
    assert_int_equal(use(&again, used), CORE_SEEN);
    assert_int_equal(core_table_attach(&again, table.shared, 2 * size),
                     APR_EINVAL);
    assert_int_equal(core_table_attach(&again, table.shared, 0), APR_EINVAL);
    table.shared->bucket_size++;
    assert_int_equal(core_table_attach(&again, table.shared, size),
                     APR_EINVAL);
    assert_int_equal(core_table_attach(&again, other, size), APR_EINVAL);
    assert_int_equal(core_table_format(&again, other, size - 1, NULL),
                     APR_EINVAL);
    munmap(other, size);
    drop(&table);
}

/* ---- many at once ---------------------------------------------------- */

enum { CHILDREN = 8, PROOFS = 400 };

/* How often each proof was the first, for all processes and threads. */
typedef struct tally {
    core_table table;
    core_proof proofs[PROOFS];
    _Atomic int first[PROOFS];
    _Atomic int failed;
} tally;

static tally *tally_of(core_table table)
{
    tally *all = map(sizeof(*all));
    int i;

    all->table = table;
    for (i = 0; i < PROOFS; i++)
        all->proofs[i] = proof_of(&table, (apr_uint64_t)i);
    return all;
}

static void use_all(tally *all)
{
    int i;

    for (i = 0; i < PROOFS; i++) {
        core_use is = use(&all->table, all->proofs[i]);

        all->first[i] += is == CORE_FIRST;
        all->failed += is == CORE_FAILED;
    }
}

static pid_t child(void (*run)(tally *), tally *all)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid)
        return pid;
    run(all);
    _exit(0);
}

static void wait_for(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void one_of_many_processes_is_first(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);
    pid_t pids[CHILDREN];
    int i;

    (void)state;
    for (i = 0; i < CHILDREN; i++)
        pids[i] = child(use_all, all);
    for (i = 0; i < CHILDREN; i++)
        wait_for(pids[i]);
    for (i = 0; i < PROOFS; i++)
        assert_int_equal(all->first[i], 1);
    assert_int_equal(all->failed, 0);
    munmap(all, sizeof(*all));
    drop(&table);
}

/* Half an entry, and gone. */
static void die_while_writing(tally *all)
{
    entry *e = &all->table.shared->at[0].entries[0];

    if (lock(&all->table, 0)) {
        memset(e->key, 0xee, CORE_KEY_LEN / 2);
        e->expires = HOUR;
        kill(getpid(), SIGKILL);
    }
    _exit(1);
}

static void a_dead_writer_harms_nobody(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);
    core_proof used, elsewhere = proof_of(&table, 0), fresh;
    int i;

    (void)state;
    for (i = 1; bucket_of(table.shared, elsewhere.key) % STRIPES == 0; i++)
        elsewhere = proof_of(&table, (apr_uint64_t)i);
    used = neighbour(&table, 0);
    used.issued += 2 * SECOND;
    assert_int_equal(use(&table, used), CORE_FIRST);
    assert_int_equal(use(&table, elsewhere), CORE_FIRST);
    wait_for(child(die_while_writing, all));

    assert_int_equal(use(&table, used), CORE_STALE);
    assert_int_equal(use(&table, neighbour(&table, 1)), CORE_STALE);
    assert_int_equal(use(&table, elsewhere), CORE_SEEN);
    time_is += 3 * SECOND;
    assert_int_equal(use(&table, used), CORE_STALE);
    fresh = neighbour(&table, 2);
    assert_int_equal(use(&table, fresh), CORE_FIRST);
    assert_int_equal(use(&table, fresh), CORE_SEEN);
    munmap(all, sizeof(*all));
    drop(&table);
}

static void die_while_all_is_locked(tally *all)
{
    if (lock_all(&all->table))
        kill(getpid(), SIGKILL);
    _exit(1);
}

static void a_dead_holder_of_all_locks_harms_nobody(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);

    (void)state;
    wait_for(child(die_while_all_is_locked, all));
    use_all(all);
    time_is += HOUR;
    assert_int_equal(use(&table, proof_of(&table, 1)), CORE_FIRST);
    time_is -= HOUR / 2;
    assert_int_equal(core_table_epoch(&table), 1);
    assert_int_equal(use(&table, proof_of(&table, 2)), CORE_FIRST);
    assert_int_equal(all->failed, 0);
    munmap(all, sizeof(*all));
    drop(&table);
}

static void use_all_for_ever(tally *all)
{
    for (;;)
        use_all(all);
}

static void children_are_killed_under_load(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);
    int i, round;

    (void)state;
    for (round = 0; round < 200; round++) {
        pid_t pids[2] = { child(use_all_for_ever, all),
                          child(use_all_for_ever, all) };

        for (i = 0; i < 2; i++) {
            usleep(dice(1500));
            kill(pids[i], SIGKILL);
            wait_for(pids[i]);
        }
    }
    use_all(all);
    assert_int_equal(all->failed, 0);
    for (i = 0; i < PROOFS; i++)
        assert_true(all->first[i] <= 1);
    time_is += SECOND;
    for (i = 0; i < PROOFS; i++) {
        core_proof fresh = proof_of(&table, (apr_uint64_t)(PROOFS + i));

        assert_int_equal(use(&table, fresh), CORE_FIRST);
    }
    munmap(all, sizeof(*all));
    drop(&table);
}

/* A mutex that nobody mended: no answer, and no second unlock. */
static void a_broken_lock_fails(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);
    core_proof proof = neighbour(&table, 0);
    pthread_mutex_t *mutex = &table.shared->stripes[0].mutex;

    (void)state;
    wait_for(child(die_while_writing, all));
    assert_int_equal(pthread_mutex_lock(mutex), EOWNERDEAD);
    assert_int_equal(pthread_mutex_unlock(mutex), 0); /* never consistent */
    assert_int_equal(use(&table, proof), CORE_FAILED);
    assert_int_equal(use(&table, proof), CORE_FAILED);
    /* The others go on, and a new epoch waits. */
    time_is -= HOUR;
    assert_int_equal(core_table_epoch(&table), 0);
    assert_int_equal(core_table_count(&table).live, 0);
    munmap(all, sizeof(*all));
    drop(&table);
}

static void *use_all_in_thread(void *data)
{
    tally *all = data;
    int i;

    for (i = 0; i < 20; i++) {
        use_all(all);
        core_table_count(&all->table);
        core_table_news(&all->table);
    }
    return NULL;
}

static void *move_the_clock(void *data)
{
    tally *all = data;
    int i;

    for (i = 0; i < 20; i++) {
        time_is += i % 2 ? HOUR : -HOUR;
        assert_int_equal(use(&all->table, proof_of(&all->table, 1)
                             ) == CORE_FAILED, 0);
    }
    return NULL;
}

static void run_threads(tally *all, void *(*last)(void *))
{
    pthread_t threads[CHILDREN];
    int i;

    for (i = 0; i < CHILDREN; i++)
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i ? use_all_in_thread : last, all), 0);
    for (i = 0; i < CHILDREN; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(all->failed, 0);
}

static void one_of_many_threads_is_first(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);
    int i;

    (void)state;
    run_threads(all, use_all_in_thread);
    for (i = 0; i < PROOFS; i++)
        assert_int_equal(all->first[i], 1);
    munmap(all, sizeof(*all));
    drop(&table);
}

static void threads_stand_a_mad_clock(void **state)
{
    core_table table = roomy_table();
    tally *all = tally_of(table);
    int i;

    (void)state;
    run_threads(all, move_the_clock);
    for (i = 0; i < PROOFS; i++)
        assert_true(all->first[i] <= 1);
    munmap(all, sizeof(*all));
    drop(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_first_once),
        cmocka_unit_test(tells_128_counts_apart),
        cmocka_unit_test(refuses_what_it_cannot_know),
        cmocka_unit_test(never_forgets_silently),
        cmocka_unit_test(drops_the_oldest_of_a_bucket),
        cmocka_unit_test(takes_expired_entries_first),
        cmocka_unit_test(says_so_once_a_minute),
        cmocka_unit_test(a_step_back_reopens_nothing),
        cmocka_unit_test(a_step_back_reopens_nothing_older),
        cmocka_unit_test(a_small_step_back_reopens_nothing),
        cmocka_unit_test(a_wrong_date_and_back),
        cmocka_unit_test(a_mad_clock_reopens_nothing),
        cmocka_unit_test(a_new_table_knows_what_it_does_not_know),
        cmocka_unit_test(a_retired_table_stays_so_after_a_step),
        cmocka_unit_test(the_clock_goes_back_between_two_tables),
        cmocka_unit_test(takes_hold_of_its_own_tables_only),
        cmocka_unit_test(one_of_many_processes_is_first),
        cmocka_unit_test(a_dead_writer_harms_nobody),
        cmocka_unit_test(a_dead_holder_of_all_locks_harms_nobody),
        cmocka_unit_test(children_are_killed_under_load),
        cmocka_unit_test(a_broken_lock_fails),
        cmocka_unit_test(one_of_many_threads_is_first),
        cmocka_unit_test(threads_stand_a_mad_clock),
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}

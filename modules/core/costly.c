/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What is costly to find out. A password hash is slow on purpose, and HTTP
 * sends the password with every request: so the answer is remembered for a
 * while, and only so many are worked out at once, that who guesses passwords
 * does not take the whole machine.
 *
 * Both live as long as the server does, over graceful restarts. The key of the
 * cache is random and never leaves its memory: stopping the server ends it.
 */
#include <unistd.h>

#include "httpd.h"
#include "http_protocol.h"
#include "apr_hash.h"

#include "cache.h"
#include "core.h"
#include "segment.h"
#include "turns.h"

#define SETTINGS "authscheme-costly"
#define CACHE_DEFAULT (1024 * 1024)
#define CACHE_LIMIT ((apr_size_t)1 << 30)
#define QUEUE_DEFAULT 32
#define PATIENCE apr_time_from_sec(10)

/* What the directives said; 0 is the default. */
typedef struct settings {
    apr_size_t cache;
    int checks;
    int queue; /* counts if checks is not 0 */
} settings;

static core_cache cache = { NULL, apr_time_now };
static core_turns turns = { NULL, PATIENCE };

/* ---- directives ------------------------------------------------------ */

static settings *settings_of(apr_pool_t *pconf)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, SETTINGS, pconf);
    if (!found) {
        found = apr_pcalloc(pconf, sizeof(settings));
        apr_pool_userdata_setn(found, SETTINGS, NULL, pconf);
    }
    return found;
}

const char *core_cache_directive(cmd_parms *cmd, void *conf, const char *arg)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    settings *set = settings_of(cmd->server->process->pconf);

    (void)conf;
    if (error)
        return error;
    if (set->cache)
        return "AuthSchemeCache stands here twice";
    set->cache = core_size_of(arg, CORE_CACHE_MIN, CACHE_LIMIT);
    return set->cache ? NULL : "AuthSchemeCache takes a size from 16k to 1g, "
                               "for example 4m";
}

/* A number from least to most, or -1. */
static int number_of(const char *text, int least, int most)
{
    char *end;
    apr_int64_t number = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10)
                                            : -1;

    return number >= least && number <= most && !*end ? (int)number : -1;
}

const char *core_checks_directive(cmd_parms *cmd, void *conf, const char *arg,
                                  const char *queue)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    settings *set = settings_of(cmd->server->process->pconf);

    (void)conf;
    if (error)
        return error;
    if (set->checks)
        return "AuthSchemeChecks stands here twice";
    set->checks = number_of(arg, 1, CORE_TURNS_MOST);
    set->queue = queue ? number_of(queue, 0, CORE_QUEUE_MOST) : QUEUE_DEFAULT;
    if (set->checks < 0 || set->queue < 0)
        return "AuthSchemeChecks takes how many slow checks run at once, 1 to "
               "256, and how many may wait, 0 to 1024";
    return NULL;
}

/* ---- shared memory --------------------------------------------------- */

static apr_status_t open_cache(apr_size_t size, server_rec *s)
{
    core_segment *seg;
    int is_new;
    apr_status_t rv = core_segment_keep(&seg, &is_new, "authscheme-cache",
                                        size, s);

    if (rv != APR_SUCCESS)
        return rv;
    if (!is_new
        && core_cache_attach(&cache, core_segment_at(seg), size)
               == APR_SUCCESS)
        return APR_SUCCESS;
    return core_cache_format(&cache, core_segment_at(seg), size);
}

static apr_status_t open_turns(int at_once, int queue, server_rec *s)
{
    apr_size_t size = core_turns_size(at_once, queue);
    core_segment *seg;
    int is_new;
    apr_status_t rv = core_segment_keep(&seg, &is_new, "authscheme-checks",
                                        size, s);

    if (rv != APR_SUCCESS)
        return rv;
    if (!is_new
        && core_turns_attach(&turns, core_segment_at(seg), at_once, queue)
               == APR_SUCCESS)
        return APR_SUCCESS;
    return core_turns_format(&turns, core_segment_at(seg), at_once, queue);
}

/* Half of the machine, so that the other half is there for whoever has signed
 * in. */
static int checks_default(void)
{
    long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;

    if (half < 1)
        return 1;
    return half > CORE_TURNS_MOST ? CORE_TURNS_MOST : (int)half;
}

apr_status_t core_costly_open(apr_pool_t *pconf, server_rec *s)
{
    const settings *set = settings_of(pconf);
    apr_status_t rv = open_cache(set->cache ? set->cache : CACHE_DEFAULT, s);

    if (rv != APR_SUCCESS)
        return rv;
    if (set->checks)
        return open_turns(set->checks, set->queue, s);
    return open_turns(checks_default(), QUEUE_DEFAULT, s);
}

/* ---- services -------------------------------------------------------- */

/* 1 if there is a cache, and the answer a name in it. */
static int name_answer(unsigned char key[CORE_CACHE_KEY_LEN],
                       const char *space, const as_span *parts, int count)
{
    as_span all[AS_PARTS_MAX + 1];

    if (!cache.shared || count > AS_PARTS_MAX)
        return 0;
    all[0] = as_span_of(space);
    memcpy(&all[1], parts, sizeof(*parts) * (apr_size_t)count);
    return core_cache_key(key, &cache, all, count + 1) == APR_SUCCESS;
}

void core_remember(request_rec *r, const char *space, const as_span *parts,
                   int count, apr_uint32_t value,
                   apr_interval_time_t lifetime)
{
    unsigned char key[CORE_CACHE_KEY_LEN];

    (void)r;
    if (name_answer(key, space, parts, count))
        core_cache_put(&cache, key, value, lifetime);
}

apr_uint32_t core_recall(request_rec *r, const char *space,
                         const as_span *parts, int count)
{
    unsigned char key[CORE_CACHE_KEY_LEN];

    (void)r;
    if (!name_answer(key, space, parts, count))
        return 0;
    return core_cache_get(&cache, key);
}

/* The same number for all that comes from one place: an IPv4 address, or the
 * network that an IPv6 address is in. */
static apr_uint32_t who_asks(const apr_sockaddr_t *addr)
{
    const char *at = addr->ipaddr_ptr;
    apr_ssize_t len = addr->ipaddr_len;

#if APR_HAVE_IPV6
    if (addr->family == APR_INET6
        && IN6_IS_ADDR_V4MAPPED(&addr->sa.sin6.sin6_addr)) {
        at += 12;
        len = 4;
    }
#endif
    if (len > 8)
        len = 8;
    return len > 0 ? apr_hashfunc_default(at, &len) : 0;
}

as_turn core_turn_begin(request_rec *r, int *nth,
                        int (*is_answered)(void *baton), void *baton)
{
    static const as_turn meaning[] = {
        [CORE_TURN_OURS] = AS_TURN_OURS,
        [CORE_TURN_NEEDLESS] = AS_TURN_NEEDLESS,
        [CORE_TURN_NEVER] = AS_TURN_NEVER,
    };

    if (!turns.shared)
        return AS_TURN_NEVER;
    return meaning[core_turns_begin(&turns, nth, who_asks(r->useragent_addr),
                                    is_answered, baton)];
}

void core_turn_end(int nth)
{
    core_turns_end(&turns, nth);
}

/* ---- what an administrator can see ----------------------------------- */

#define COUNTER "%" APR_UINT64_T_FMT

static void show_short(request_rec *r, const core_cache_counts *answers,
                       const core_turns_counts *checks)
{
    ap_rprintf(r, "AuthSchemeCache-room: " COUNTER "\n"
               "AuthSchemeCache-live: " COUNTER "\n"
               "AuthSchemeCache-hits: " COUNTER "\n"
               "AuthSchemeCache-misses: " COUNTER "\n"
               "AuthSchemeCache-evicted: " COUNTER "\n",
               answers->room, answers->live, answers->hits, answers->misses,
               answers->evicted);
    ap_rprintf(r, "AuthSchemeChecks-limit: %u\n"
               "AuthSchemeChecks-running: %u\n"
               "AuthSchemeChecks-queue: %u\n"
               "AuthSchemeChecks-queued: %u\n"
               "AuthSchemeChecks-taken: " COUNTER "\n"
               "AuthSchemeChecks-waited: " COUNTER "\n"
               "AuthSchemeChecks-needless: " COUNTER "\n"
               "AuthSchemeChecks-refused: " COUNTER "\n",
               checks->at_once, checks->running, checks->places,
               checks->queued, checks->taken, checks->waited,
               checks->needless, checks->refused);
}

static void show_long(request_rec *r, const core_cache_counts *answers,
                      const core_turns_counts *checks)
{
    ap_rprintf(r, "<p>Answers remembered: about " COUNTER ", room for "
               COUNTER ", " COUNTER " found, " COUNTER " not found, " COUNTER
               " dropped before their time.</p>\n",
               answers->live, answers->room, answers->hits, answers->misses,
               answers->evicted);
    ap_rprintf(r, "<p>Slow checks: %u of %u running, %u of %u waiting, "
               COUNTER " made, " COUNTER " of them after a wait, " COUNTER
               " spared by another's answer, " COUNTER " turned away.</p>\n",
               checks->running, checks->at_once, checks->queued,
               checks->places, checks->taken, checks->waited,
               checks->needless, checks->refused);
}

void core_costly_show(request_rec *r, int is_short)
{
    core_cache_counts answers;
    core_turns_counts checks;

    if (!cache.shared || !turns.shared)
        return;
    answers = core_cache_count(&cache);
    checks = core_turns_count(&turns);
    if (is_short)
        show_short(r, &answers, &checks);
    else
        show_long(r, &answers, &checks);
}

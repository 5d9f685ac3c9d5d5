/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The challenges of one answer. Ours come from the schemes; a stock module is
 * asked through the hook it has, and what it puts into the header is taken out
 * again, because one sets the field, another joins it and a third adds to it.
 * At the end every challenge is one field line (or, by configuration, all of
 * them one line), in the order of the list.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"

#include "core.h"

#define CHALLENGES_MAX 24 /* per answer; clients read some kilobytes of header */

struct as_challenges {
    const char *lines[CHALLENGES_MAX];
    int count;
    int is_alone;    /* one scheme wants to be the only one */
    int is_optional; /* for an answer that needs no user */
    const char *withheld; /* why a scheme has added nothing */
};

static int is_proxy(request_rec *r)
{
    return r->proxyreq == PROXYREQ_PROXY;
}

const char *core_credentials_field(request_rec *r)
{
    return is_proxy(r) ? "Proxy-Authorization" : "Authorization";
}

const char *core_challenge_field(request_rec *r)
{
    return is_proxy(r) ? "Proxy-Authenticate" : "WWW-Authenticate";
}

void core_challenge_add(as_challenges *set, const char *challenge)
{
    if (set->count < CHALLENGES_MAX)
        set->lines[set->count++] = challenge;
}

void core_challenge_alone(as_challenges *set)
{
    set->is_alone = 1;
}

void core_challenge_withhold(as_challenges *set, const char *reason)
{
    if (!set->withheld)
        set->withheld = reason;
}

int core_challenge_is_optional(const as_challenges *set)
{
    return set->is_optional;
}

/* ---- what stock modules say ------------------------------------------ */

static int join(void *data, const char *name, const char *value)
{
    apr_array_header_t *found = data;

    (void)name;
    APR_ARRAY_PUSH(found, const char *) = value;
    return 1;
}

const char *core_take_challenges(request_rec *r)
{
    const char *field = core_challenge_field(r);
    apr_array_header_t *found;

    if (!apr_table_get(r->err_headers_out, field))
        return NULL;
    found = apr_array_make(r->pool, 2, sizeof(const char *));
    apr_table_do(join, found, r->err_headers_out, field, NULL);
    apr_table_unset(r->err_headers_out, field);
    if (found->nelts == 1)
        return APR_ARRAY_IDX(found, 0, const char *);
    return apr_array_pstrcat(r->pool, found, ',');
}

/* A module without the hook is asked for access, without credentials. */
static void ask_without_credentials(request_rec *r, core_record *rec,
                                    const core_entry *entry)
{
    const char *field = core_credentials_field(r);
    const char *credentials = apr_table_get(r->headers_in, field);

    apr_table_unset(r->headers_in, field);
    core_ask_stock(r, rec, entry);
    if (credentials)
        apr_table_setn(r->headers_in, field, credentials);
}

static const char *stock_challenge(request_rec *r, core_record *rec,
                                   const core_entry *entry)
{
    char *user = r->user, *type = r->ap_auth_type;
    int answer;

    if (entry == rec->used && rec->stock_challenge)
        return rec->stock_challenge;
    /* mod_auth_digest needs what it noted when it saw the request first; a
     * request that was refused before that has no record of ours either. */
    if (!core_record_peek(core_root(r)))
        return NULL;

    rec->trying = entry;
    answer = ap_run_note_auth_failure(r, entry->type);
    rec->trying = NULL;
    if (answer == DECLINED)
        ask_without_credentials(r, rec, entry);
    r->user = user;
    r->ap_auth_type = type;
    return core_take_challenges(r);
}

/* ---- the set --------------------------------------------------------- */

/* The challenges of one entry are added to the set; 1 if they are all. */
static int collect_ours(request_rec *r, const core_record *rec,
                        const core_entry *entry, as_challenges *set)
{
    int failed = entry == rec->used && rec->attempt.verdict != AS_GRANTED;
    int before = set->count;

    entry->scheme->challenge(r, failed ? &rec->attempt : NULL, set);
    if (!set->is_alone)
        return 0;
    set->count -= before;
    memmove(set->lines, set->lines + before,
            (apr_size_t)set->count * sizeof(set->lines[0]));
    return 1;
}

static void collect(request_rec *r, core_record *rec, as_challenges *set)
{
    int i, is_done = 0;

    for (i = 0; i < rec->list->count && !is_done; i++) {
        const core_entry *entry = &rec->list->entries[i];
        const char *line;

        if (entry->scheme) {
            is_done = collect_ours(r, rec, entry, set);
            continue;
        }
        line = stock_challenge(r, rec, entry);
        if (line)
            core_challenge_add(set, line);
    }
}

static const char *joined(request_rec *r, const as_challenges *set)
{
    const char *line = set->lines[0];
    int i;

    for (i = 1; i < set->count; i++)
        line = apr_pstrcat(r->pool, line, ", ", set->lines[i], NULL);
    return line;
}

static void emit(request_rec *r, const as_challenges *set)
{
    const core_conf *conf = ap_get_module_config(r->per_dir_config,
                                                 &authscheme_module);
    const char *field = core_challenge_field(r);
    int i;

    apr_table_unset(r->err_headers_out, field);
    if (!set->count)
        return;
    if (conf->form == CORE_FORM_LIST)
        apr_table_addn(r->err_headers_out, field, joined(r, set));
    else
        for (i = 0; i < set->count; i++)
            apr_table_addn(r->err_headers_out, field, set->lines[i]);

    /* Nonces must be fresh, RFC 9111 lets a cache keep a 401. */
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
}

int core_offer(request_rec *r, core_record *rec)
{
    as_challenges set;

    if (core_is_error_document(r))
        return 1;
    memset(&set, 0, sizeof(set));
    apr_table_unset(r->err_headers_out, core_challenge_field(r));
    collect(r, rec, &set);
    emit(r, &set);
    rec->withheld = set.withheld;
    return set.count;
}

void core_offer_optional(request_rec *r, apr_table_t *headers,
                         const char *field)
{
    core_record *rec = core_record_get(r);
    as_challenges set;
    int i;

    memset(&set, 0, sizeof(set));
    set.is_optional = 1;
    rec->list = core_list_of(r);
    collect(r, rec, &set);
    for (i = 0; i < set.count; i++)
        apr_table_addn(headers, field, set.lines[i]);
}

int core_explain(request_rec *r, core_record *rec)
{
    const as_scheme *scheme = rec->attempt.scheme;
    as_challenges set;

    memset(&set, 0, sizeof(set));
    if (!scheme || !scheme->explain
        || !scheme->explain(r, &rec->attempt, &set))
        return 0;
    if (!core_is_error_document(r))
        emit(r, &set);
    return 1;
}

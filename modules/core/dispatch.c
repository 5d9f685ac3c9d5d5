/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Authentication by a list. Our check_authn hook runs before all others: it
 * reads which scheme the client used, asks the scheme of that name alone, and
 * makes a status of its verdict. A stock module is asked by running the same
 * hook again while ap_auth_type() names its entry only. Nothing falls through:
 * a wrong answer of one scheme is not tried with another.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"

#include "core.h"
#include "grammar.h"

APLOG_USE_MODULE(authscheme);

#define RETRY_AFTER "5" /* seconds, with a 503 */

/* ---- records --------------------------------------------------------- */

core_record *core_record_peek(request_rec *r)
{
    return ap_get_module_config(r->request_config, &authscheme_module);
}

core_record *core_record_get(request_rec *r)
{
    core_record *rec = core_record_peek(r);

    if (!rec) {
        rec = apr_pcalloc(r->pool, sizeof(*rec));
        ap_set_module_config(r->request_config, &authscheme_module, rec);
    }
    return rec;
}

core_record *core_record_standing(request_rec *r)
{
    for (;;) {
        core_record *rec = core_record_peek(r);

        if (rec && rec->judged)
            return rec->attempt.verdict == AS_GRANTED ? rec : NULL;
        if (r->prev && r->prev->per_dir_config == r->per_dir_config)
            r = r->prev;
        else if (r->main && r->main->per_dir_config == r->per_dir_config)
            r = r->main;
        else
            return NULL;
    }
}

request_rec *core_root(request_rec *r)
{
    while (r->main || r->prev)
        r = r->main ? r->main : r->prev;
    return r;
}

void **core_claims_slot(request_rec *r)
{
    core_record *rec = core_record_peek(core_root(r));

    return rec ? &rec->claims : NULL;
}

static int is_challenged(int status)
{
    return status == HTTP_UNAUTHORIZED
           || status == HTTP_PROXY_AUTHENTICATION_REQUIRED;
}

int core_is_error_document(request_rec *r)
{
    for (r = r->prev; r; r = r->prev)
        if (is_challenged(r->status))
            return 1;
    return 0;
}

int core_is_our_error_document(request_rec *r)
{
    for (r = r->prev; r; r = r->prev) {
        const core_record *rec = core_record_peek(r);

        if (is_challenged(r->status) && rec && rec->list)
            return 1;
    }
    return 0;
}

/* ---- stock modules --------------------------------------------------- */

static int status_of(as_verdict verdict)
{
    static const int statuses[] = {
        [AS_DENIED] = HTTP_UNAUTHORIZED,
        [AS_GRANTED] = OK,
        [AS_STALE] = HTTP_UNAUTHORIZED,
        [AS_CONTINUE] = HTTP_UNAUTHORIZED,
        [AS_CONTRADICTORY] = HTTP_BAD_REQUEST,
        [AS_OVERSIZED] = HTTP_REQUEST_ENTITY_TOO_LARGE,
        [AS_FORBIDDEN] = HTTP_FORBIDDEN,
        [AS_UNAVAILABLE] = HTTP_SERVICE_UNAVAILABLE,
        [AS_BROKEN] = HTTP_INTERNAL_SERVER_ERROR,
    };

    return statuses[verdict];
}

int core_ask_stock(request_rec *r, core_record *rec, const core_entry *entry)
{
    int status;

    rec->trying = entry;
    status = ap_run_check_user_id(r);
    rec->trying = NULL;
    return status;
}

/* mod_auth_digest says so when only the age of the nonce was wrong. */
static int says_stale(const char *challenge)
{
    return challenge && strstr(challenge, "stale=true");
}

/* "Negotiate <token>": the next leg of an exchange. */
static int says_continue(const char *challenge)
{
    return challenge && !strncmp(challenge, "Negotiate ", 10);
}

as_attempt *core_stock_attempt(request_rec *r)
{
    core_record *rec = core_record_peek(r);

    return rec && rec->trying ? &rec->attempt : NULL;
}

static as_verdict stock_refusal(as_attempt *attempt, int answer,
                                const char *challenge)
{
    if (answer == HTTP_SERVICE_UNAVAILABLE)
        return as_fail(attempt, APR_SUCCESS, "the module of this AuthType "
                                             "cannot tell, see above");
    if (answer == HTTP_BAD_REQUEST)
        return as_contradict(attempt, "the module of this AuthType finds the "
                                      "credentials malformed");
    if (answer == HTTP_FORBIDDEN)
        return as_forbid(attempt, AS_DISABLED,
                         "the module of this AuthType forbids this user");
    if (says_stale(challenge))
        return as_stale(attempt, "the nonce is too old or not of this server");
    if (says_continue(challenge))
        return as_continue(attempt);
    return as_deny(attempt, AS_INVALID,
                   "the module of this AuthType refuses the credentials");
}

/* Whether somebody below the module has said why it answers so; what was said
 * of another answer, such as that one of several providers has no such user, is
 * forgotten. */
static int is_explained(as_attempt *attempt, int answer)
{
    if (attempt->reason && status_of(attempt->verdict) == answer)
        return 1;
    memset(attempt, 0, sizeof(*attempt));
    return 0;
}

/* Sets *status to what httpd should return if that is not the verdict's. */
static as_verdict judge_stock(request_rec *r, core_record *rec, int *status)
{
    as_attempt *attempt = &rec->attempt;
    int answer = core_ask_stock(r, rec, rec->used);
    int is_told = is_explained(attempt, answer);

    if (answer == OK && r->user)
        return as_grant(attempt, r->user);
    rec->stock_challenge = core_take_challenges(r);
    if (is_told)
        return attempt->verdict;
    if (answer == HTTP_UNAUTHORIZED || answer == HTTP_BAD_REQUEST
        || answer == HTTP_FORBIDDEN || answer == HTTP_SERVICE_UNAVAILABLE)
        return stock_refusal(attempt, answer, rec->stock_challenge);
    if (answer == OK || answer == DECLINED)
        return as_break(attempt, "no module answers for this AuthType");

    *status = answer;
    return as_break(attempt, "the module of this AuthType failed, see above");
}

/* ---- whose credentials ----------------------------------------------- */

static as_found look(request_rec *r, const core_entry *entry)
{
    const as_scheme *scheme = entry->scheme;

    return scheme && scheme->find ? scheme->find(r) : AS_FOUND_NONE;
}

/* Whether credentials were put into the request elsewhere, too. */
static int sent_elsewhere(request_rec *r, const core_record *rec)
{
    int i;

    for (i = 0; i < rec->list->count; i++)
        if (look(r, &rec->list->entries[i]) == AS_FOUND_SENT)
            return 1;
    return 0;
}

static as_verdict judge_ours(request_rec *r, core_record *rec,
                             const as_credentials *sent)
{
    const as_scheme *scheme = rec->used->scheme;
    as_attempt *attempt = &rec->attempt;

    attempt->scheme = scheme;
    if (sent && scheme->form != AS_FORM_OWN && sent->form != scheme->form) {
        as_deny(attempt, AS_MALFORMED,
                "the credentials are not in the scheme's syntax");
        return attempt->verdict = scheme->malformed;
    }
    return scheme->authenticate(r, sent, attempt);
}

/* A lone word may be a key that somebody sent without naming a scheme: only
 * what has credentials after it is a scheme's name for the log. */
static as_verdict unoffered(request_rec *r, as_attempt *attempt,
                            const as_credentials *sent)
{
    if (sent->form != AS_FORM_NONE)
        attempt->detail = as_string(r->pool, sent->scheme);
    return as_deny(attempt, AS_UNOFFERED, "the scheme is not offered here");
}

/* The Authorization field, by the scheme it names. */
static as_verdict judge_field(request_rec *r, core_record *rec,
                              const char *field, int *status)
{
    as_attempt *attempt = &rec->attempt;
    as_span value = as_span_of(field);
    as_credentials sent;
    apr_status_t rv = as_credentials_parse(&sent, value, r->pool);

    if (rv != APR_SUCCESS && as_is_joined(value))
        return as_contradict(attempt, "more than one Authorization field");
    if (!sent.scheme.len)
        return as_deny(attempt, AS_MALFORMED, "no scheme is named");

    rec->used = core_list_find(rec->list, sent.scheme);
    if (!rec->used)
        return unoffered(r, attempt, &sent);
    if (sent_elsewhere(r, rec))
        return as_contradict(attempt, "credentials in more than one place");
    if (!rec->used->scheme)
        return judge_stock(r, rec, status);
    if (rv != APR_SUCCESS)
        sent.form = AS_FORM_NONE;
    return judge_ours(r, rec, &sent);
}

/* Stock modules that read no Authorization field, such as mod_auth_form. */
static int tokenless_grants(request_rec *r, core_record *rec)
{
    int i, status;

    for (i = 0; i < rec->list->count; i++) {
        const core_entry *entry = &rec->list->entries[i];

        if (!entry->tokenless)
            continue;
        rec->used = entry;
        status = core_ask_stock(r, rec, entry);
        memset(&rec->attempt, 0, sizeof(rec->attempt));
        if (status == OK && r->user)
            return 1;
        core_take_challenges(r);
        r->user = NULL;
        rec->used = NULL;
    }
    return 0;
}

/* No Authorization field: a query parameter, a form, a cookie. */
static as_verdict judge_elsewhere(request_rec *r, core_record *rec)
{
    as_attempt *attempt = &rec->attempt;
    int i, sent = 0;

    for (i = 0; i < rec->list->count; i++) {
        as_found found = look(r, &rec->list->entries[i]);

        if (found == AS_FOUND_SENT && ++sent > 1)
            return as_contradict(attempt, "credentials in more than one place");
        if (found == AS_FOUND_SENT
            || (found == AS_FOUND_AMBIENT && !rec->used)) {
            rec->used = &rec->list->entries[i];
            rec->elsewhere = 1;
        }
    }
    if (rec->used)
        return judge_ours(r, rec, NULL);
    if (tokenless_grants(r, rec))
        return as_grant(attempt, r->user);
    return as_deny(attempt, AS_MISSING, "no credentials");
}

/* A browser goes on to send the cookie of a session that is over: whoever
 * need not sign in is a guest then. */
static int is_guests(request_rec *r, const core_entry *entry)
{
    as_attempt trial = { 0 };
    as_verdict verdict;

    if (!ap_auth_name(r))
        return 0;
    trial.scheme = entry->scheme;
    verdict = entry->scheme->authenticate(r, NULL, &trial);
    return verdict == AS_DENIED || verdict == AS_STALE;
}

int core_has_credentials(request_rec *r, const core_list *list)
{
    const char *field = apr_table_get(r->headers_in,
                                      core_credentials_field(r));
    as_credentials sent;
    int i;

    if (field) {
        as_credentials_parse(&sent, as_span_of(field), r->pool);
        return sent.scheme.len && core_list_find(list, sent.scheme);
    }
    for (i = 0; i < list->count; i++) {
        const core_entry *entry = &list->entries[i];
        as_found found = look(r, entry);

        if (found == AS_FOUND_SENT
            || (found == AS_FOUND_AMBIENT && !is_guests(r, entry)))
            return 1;
    }
    return 0;
}

/* ---- from verdict to status ------------------------------------------ */

static int is_proper_user(const char *user)
{
    if (!user || !*user)
        return 0;
    for (; *user; user++)
        if (apr_iscntrl(*user))
            return 0;
    return 1;
}

static int grant(request_rec *r, core_record *rec)
{
    const as_scheme *scheme = rec->attempt.scheme;

    if (!scheme) /* the stock module has done all this */
        return OK;
    r->user = (char *)rec->attempt.user;
    r->ap_auth_type = (char *)scheme->name;
    if (scheme->publish)
        scheme->publish(r, &rec->attempt);
    if (scheme->confirm)
        scheme->confirm(r, &rec->attempt);
    /* RFC 9111 section 3.5 protects Authorization only. Not in headers_out: a
     * proxied answer takes the place of all that stands there. */
    if (rec->elsewhere)
        apr_table_setn(r->err_headers_out, "Cache-Control", "private");
    return OK;
}

static int refuse(request_rec *r, core_record *rec, int status)
{
    /* Stock modules name the user before they have checked anything. */
    r->user = NULL;
    r->ap_auth_type = NULL;

    if (status == HTTP_UNAUTHORIZED && !core_offer(r, rec)) {
        rec->attempt.reason = rec->withheld
                                  ? rec->withheld
                                  : "no scheme of the list may be used here";
        rec->attempt.problem = AS_INSECURE;
        status = HTTP_FORBIDDEN;
    }
    if (status == HTTP_BAD_REQUEST)
        core_explain(r, rec);
    if (status == HTTP_SERVICE_UNAVAILABLE)
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    return status;
}

int core_answer(request_rec *r, const as_attempt *attempt, int status)
{
    const as_scheme *scheme = attempt->scheme;

    return scheme && scheme->answer && !r->main && !core_is_error_document(r)
                   && scheme->answer(r, attempt, status)
               ? DONE : status;
}

static int conclude(request_rec *r, core_record *rec, int status)
{
    as_attempt *attempt = &rec->attempt;
    int is_answered = attempt->status == AP_FILTER_ERROR;

    if (is_answered)
        attempt->status = APR_SUCCESS; /* it is no reason for the log */
    if (attempt->verdict == AS_GRANTED && attempt->scheme
        && !is_proper_user(attempt->user)) {
        as_deny(attempt, AS_UNACCEPTABLE,
                "the user's name is empty or has control characters");
        status = HTTP_UNAUTHORIZED;
    }
    rec->judged = 1;
    status = status == OK ? grant(r, rec) : refuse(r, rec, status);
    core_report(r, rec, status);
    if (status == OK)
        return OK;
    return is_answered ? AP_FILTER_ERROR : core_answer(r, attempt, status);
}

static int judge(request_rec *r, core_record *rec, const core_list *list)
{
    const char *field = apr_table_get(r->headers_in,
                                      core_credentials_field(r));
    int status = OK;
    as_verdict verdict;

    rec->list = list;
    rec->used = NULL;
    rec->stock_challenge = NULL;
    rec->elsewhere = 0;
    memset(&rec->attempt, 0, sizeof(rec->attempt));
    r->user = NULL;
    r->ap_auth_type = NULL;
    core_identity_separate(r);

    if (!list->count)
        verdict = as_break(&rec->attempt, "AuthType names an unknown scheme");
    else if (!core_record_peek(core_root(r))) /* mod_auth_digest would crash */
        verdict = as_contradict(&rec->attempt,
                                "httpd refused the request before it was read");
    else if (!ap_auth_name(r))
        verdict = as_break(&rec->attempt, "AuthName is missing");
    else if (field)
        verdict = judge_field(r, rec, field, &status);
    else
        verdict = judge_elsewhere(r, rec);
    return conclude(r, rec, status != OK ? status : status_of(verdict));
}

/* ---- entry points ---------------------------------------------------- */

static int add_field(void *headers, const char *name, const char *value)
{
    apr_table_addn(headers, name, value);
    return 1;
}

/* An ErrorDocument 401 in a place of its own is not what was asked for: its
 * challenges would come among, or instead of, those of the first answer. Both
 * requests share the one table. */
static int check_error_document(request_rec *r, core_record *rec,
                                const core_list *list)
{
    apr_table_t *kept = apr_table_copy(r->pool, r->err_headers_out);
    int status;

    rec->preserving = 1;
    status = list ? judge(r, rec, list) : ap_run_check_user_id(r);
    rec->preserving = 0;
    if (status != OK) {
        apr_table_clear(r->err_headers_out);
        apr_table_do(add_field, r->err_headers_out, kept, NULL);
    }
    return status;
}

int core_check_authn(request_rec *r)
{
    const core_list *list = core_list_of(r);
    core_record *rec = core_record_peek(r);

    if (rec && (rec->trying || rec->preserving))
        return DECLINED;
    if (core_is_our_error_document(r))
        return check_error_document(r, core_record_get(r), list);
    if (list)
        return judge(r, core_record_get(r), list);
    return DECLINED;
}

int core_authenticate(request_rec *r, const as_scheme *only,
                      const as_scheme *but, const as_attempt **attempt)
{
    core_record *rec = core_record_get(r);
    const core_list *list = core_list_of(r);
    int status;

    if (only || but)
        list = core_list_filter(r, list, only, but);
    if (!list) {
        static const core_list nothing = { NULL, 0 };

        list = &nothing;
    }
    status = judge(r, rec, list);
    if (attempt)
        *attempt = rec->attempt.problem == AS_MISSING ? NULL : &rec->attempt;
    return status;
}

int core_refuse(request_rec *r, const as_attempt *attempt)
{
    core_record *rec = core_record_get(r);

    rec->list = core_list_of(r);
    if (!rec->list || !core_list_entry(rec->list, attempt->scheme))
        rec->list = core_list_filter(r, rec->list, attempt->scheme, NULL);
    rec->used = core_list_entry(rec->list, attempt->scheme);
    rec->attempt = *attempt;
    return conclude(r, rec, status_of(attempt->verdict));
}

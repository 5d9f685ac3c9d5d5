/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Invitations: whoever has the code may register one key for the account that
 * it was made for. The store has the SHA-256 of the code; a code that was used
 * is revoked there, so that an administrator sees what became of it.
 */
#include "httpd.h"
#include "http_log.h"
#include "apr_escape.h"

#include "glue.h"
#include "secret.h"
#include "text.h"

APLOG_USE_MODULE(authscheme_hoba);

/* One for this realm goes before one for every realm. */
apr_status_t hoba_invite_find(const as_cred **invite, request_rec *r,
                              as_span code)
{
    const as_store *store = as_store_get();
    const char *realm = as_realm(r), *id;
    unsigned char hash[AS_SHA256_LEN];
    apr_status_t rv;

    if (!store)
        return APR_ENOTIMPL;
    if (as_sha256(hash, code) != APR_SUCCESS)
        return APR_EGENERAL;
    id = apr_pescape_hex(r->pool, hash, sizeof(hash), 0);
    rv = store->find(invite, r, AS_CRED_INVITE, id, realm, "", NULL);
    if (rv == APR_NOTFOUND && *realm)
        rv = store->find(invite, r, AS_CRED_INVITE, id, "", "", NULL);
    return rv;
}

const char *hoba_invite_unfit(const as_cred *invite, apr_time_t now)
{
    as_span user = as_span_of(invite->user);

    if (invite->state == AS_CRED_PENDING)
        return "the invitation is not approved yet";
    if (invite->state != AS_CRED_ACTIVE)
        return "the invitation was used, or is revoked";
    if (invite->expires && invite->expires <= now)
        return "the invitation's time is over";
    if (!user.len || !as_text_is_utf8(user) || as_text_has_controls(user))
        return "the invitation's user is no name";
    return NULL;
}

static apr_status_t set_state(request_rec *r, const as_cred *invite,
                              as_cred_state state, as_cred_state was)
{
    as_cred cred = *invite;

    cred.state = state;
    return as_store_get()->update(r, &cred, was);
}

apr_status_t hoba_invite_use(request_rec *r, const as_cred *invite)
{
    return set_state(r, invite, AS_CRED_REVOKED, AS_CRED_ACTIVE);
}

void hoba_invite_restore(request_rec *r, const as_cred *invite)
{
    apr_status_t rv = set_state(r, invite, AS_CRED_ACTIVE, AS_CRED_REVOKED);

    if (rv != APR_SUCCESS)
        hoba_invite_lost(r, invite, rv);
}

void hoba_invite_lost(request_rec *r, const as_cred *invite, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r,
                  "authscheme: HOBA invitation %.12s of account \"%s\" is "
                  "used up, and no key may have come of it; see htauth hoba "
                  "list, and make another if none did",
                  invite->id, ap_escape_logitem(r->pool, invite->user));
}

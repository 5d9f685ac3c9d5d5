/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Places where signing in is optional (AuthSchemeOptional): Require lets
 * everybody in, and httpd does not look at credentials then. We have it look at
 * those that are there, so that the application knows the user and wrong ones
 * are refused; and who sent none gets his answer with the challenges in
 * Optional-WWW-Authenticate, RFC 8053 section 3.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_request.h"
#include "util_filter.h"

#include "core.h"

#define FIELD "Optional-WWW-Authenticate"

static ap_filter_rec_t *offer_handle;

static int is_optional(request_rec *r)
{
    const core_conf *conf = ap_get_module_config(r->per_dir_config,
                                                 &authscheme_module);

    return conf->optional == CORE_ON && r->proxyreq != PROXYREQ_PROXY
           && core_list_of(r) != NULL;
}

/* Runs only where nobody has to sign in. */
int core_force_authn(request_rec *r)
{
    return is_optional(r) && core_has_credentials(r, core_list_of(r))
               ? OK : DECLINED;
}

/* What else than Authorization may make another answer of it. */
static int reads_cookies(request_rec *r)
{
    const core_list *list = core_list_of(r);
    int i;

    for (i = 0; i < list->count; i++)
        if (list->entries[i].tokenless
            || (list->entries[i].scheme && list->entries[i].scheme->find))
            return 1;
    return 0;
}

/* The handler, or what it stands for, may answer 401 by itself: then the
 * challenges are its own, and ours may not stand beside them. */
static apr_status_t offer(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;

    ap_remove_output_filter(f);
    apr_table_mergen(r->headers_out, "Vary", reads_cookies(r)
                                                 ? "Authorization, Cookie"
                                                 : "Authorization");
    if (!r->user && r->status != HTTP_UNAUTHORIZED)
        core_offer_optional(r, r->headers_out, FIELD);
    return ap_pass_brigade(f->next, bb);
}

void core_insert_offer(request_rec *r)
{
    if (!r->main && is_optional(r) && !core_is_error_document(r))
        ap_add_output_filter_handle(offer_handle, NULL, r, r->connection);
}

void core_register_optional(void)
{
    offer_handle = ap_register_output_filter("AUTHSCHEME_OPTIONAL", offer,
                                             NULL, AP_FTYPE_CONTENT_SET);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Authentication-Info: what a scheme says to somebody who has proven himself.
 * It stands in the answer once, although httpd may have judged several requests
 * for it (a directory's index is one of its own), and in none that is a 401,
 * whoever made that: the handler, an ErrorDocument that the user may see, a
 * place that the request was redirected to.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "util_filter.h"

#include "core.h"

#define FIELD "Authentication-Info"

static ap_filter_rec_t *settle_handle;

void core_settle_info(request_rec *r)
{
    const char *info = apr_table_get(r->err_headers_out, FIELD);

    if (r->status == HTTP_UNAUTHORIZED)
        apr_table_unset(r->err_headers_out, FIELD);
    else if (info)
        apr_table_setn(r->err_headers_out, FIELD, info);
}

/* A CGI program or a back end makes its 401 itself. */
static apr_status_t settle(ap_filter_t *f, apr_bucket_brigade *bb)
{
    ap_remove_output_filter(f);
    core_settle_info(f->r);
    return ap_pass_brigade(f->next, bb);
}

void core_insert_info(request_rec *r)
{
    if (!r->main && apr_table_get(r->err_headers_out, FIELD))
        ap_add_output_filter_handle(settle_handle, NULL, r, r->connection);
}

void core_register_info(void)
{
    settle_handle = ap_register_output_filter("AUTHSCHEME_INFO", settle, NULL,
                                              AP_FTYPE_CONTENT_SET);
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Whether a request is for this server. httpd gives one with any Host to the
 * first virtual host of an address; a proof that names its server by Host must
 * not be taken there, or a rogue server could pass on what it was sent.
 */
#include "httpd.h"
#include "http_core.h"

#include "core.h"

static int is_alias(const char *host, const apr_array_header_t *names,
                    int is_wild)
{
    int i;

    for (i = 0; names && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (name && (is_wild ? ap_strcasecmp_match(host, name) == 0
                             : !ap_cstr_casecmp(host, name)))
            return 1;
    }
    return 0;
}

int core_host_is_own(request_rec *r)
{
    const server_rec *s = r->server;
    const char *host = r->hostname;

    return !host
           || (s->server_hostname
               && !ap_cstr_casecmp(host, s->server_hostname))
           || is_alias(host, s->names, 0) || is_alias(host, s->wild_names, 1);
}

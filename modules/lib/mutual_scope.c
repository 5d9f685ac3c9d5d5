/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <stdlib.h>

#include "mutual_scope.h"

#define PORT_DIGITS 5

/* ---- its grammar ----------------------------------------------------- */

static int is_one_of(char c, const char *letters)
{
    return c && strchr(letters, c);
}

static int is_host(as_span host)
{
    apr_size_t i;

    if (host.len == 0 || host.at[0] == '.' || host.at[host.len - 1] == '.')
        return 0;
    for (i = 0; i < host.len; i++)
        if (!is_one_of(host.at[i], "abcdefghijklmnopqrstuvwxyz0123456789-."))
            return 0;
    return 1;
}

static int is_ipv6(as_span host)
{
    apr_size_t i;

    if (host.len < 4 || host.at[0] != '[' || host.at[host.len - 1] != ']')
        return 0;
    for (i = 1; i + 1 < host.len; i++)
        if (!is_one_of(host.at[i], "abcdef0123456789:."))
            return 0;
    return 1;
}

/* ":8443", shortest and not the scheme's own; empty is right as well. */
static int is_port(as_span port, const char *usual)
{
    char digits[PORT_DIGITS + 1] = "";
    apr_size_t i;

    if (port.len == 0)
        return 1;
    if (port.len < 2 || port.len > PORT_DIGITS + 1 || port.at[0] != ':'
        || port.at[1] == '0' || as_span_is(port, usual))
        return 0;
    for (i = 1; i < port.len; i++)
        if (!apr_isdigit(port.at[i]))
            return 0;
    memcpy(digits, port.at + 1, port.len - 1);
    return atoi(digits) <= 65535; /* NOLINT(cert-err34-c): digits */
}

static as_span after(as_span text, apr_size_t n)
{
    return (as_span){ text.at + n, text.len - n };
}

static int begins(as_span text, const char *with)
{
    apr_size_t len = strlen(with);

    return text.len >= len && memcmp(text.at, with, len) == 0;
}

static int is_server(as_span rest, const char *usual_port)
{
    apr_size_t i = 0;
    as_span host;

    if (begins(rest, "["))
        while (i < rest.len && rest.at[i] != ']')
            i++;
    while (i < rest.len && rest.at[i] != ':')
        i++;
    host = (as_span){ rest.at, i };
    return (is_host(host) || is_ipv6(host))
           && is_port(after(rest, i), usual_port);
}

int as_mutual_scope_fits(as_span scope)
{
    if (begins(scope, "https://"))
        return is_server(after(scope, 8), ":443");
    if (begins(scope, "http://"))
        return is_server(after(scope, 7), ":80");
    if (begins(scope, "*."))
        return is_host(after(scope, 2));
    return is_host(scope) || is_ipv6(scope);
}

/* ---- origins --------------------------------------------------------- */

const char *as_mutual_host(apr_pool_t *pool, const char *host)
{
    int is_bare = strchr(host, ':') && host[0] != '[';
    char *made = apr_pstrcat(pool, is_bare ? "[" : "", host,
                             is_bare ? "]" : "", NULL), *c;

    for (c = made; *c; c++)
        *c = (char)apr_tolower(*c);
    return made;
}

const char *as_mutual_origin_text(apr_pool_t *pool,
                                  const as_mutual_origin *origin)
{
    return apr_pstrcat(pool, origin->scheme, "://", origin->host, ":",
                       apr_itoa(pool, (int)origin->port), NULL);
}

/* ---- what it covers -------------------------------------------------- */

const char *as_mutual_scope_of(apr_pool_t *pool,
                               const as_mutual_origin *origin)
{
    unsigned int usual = strcmp(origin->scheme, "https") ? 80 : 443;

    if (origin->port == usual)
        return apr_pstrcat(pool, origin->scheme, "://", origin->host, NULL);
    return as_mutual_origin_text(pool, origin);
}

/* example.com covers www.example.com; ample.com doesn't. */
static int is_below(const char *host, as_span domain)
{
    apr_size_t len = strlen(host);

    if (len == domain.len)
        return as_span_is(domain, host);
    return len > domain.len && host[len - domain.len - 1] == '.'
           && as_span_is(domain, host + len - domain.len);
}

static int is_origin(as_span scope, const as_mutual_origin *origin)
{
    unsigned int usual = strcmp(origin->scheme, "https") ? 80 : 443;
    char port[PORT_DIGITS + 2] = "";
    apr_size_t scheme = strlen(origin->scheme), host = strlen(origin->host);

    if (origin->port != usual)
        apr_snprintf(port, sizeof(port), ":%u", origin->port);
    return begins(scope, origin->scheme)
           && begins(after(scope, scheme), "://")
           && begins(after(scope, scheme + 3), origin->host)
           && as_span_is(after(scope, scheme + 3 + host), port);
}

int as_mutual_scope_covers(as_span scope, const as_mutual_origin *origin)
{
    if (begins(scope, "http://") || begins(scope, "https://"))
        return is_origin(scope, origin);
    if (begins(scope, "*."))
        return is_below(origin->host, after(scope, 2));
    return as_span_is(scope, origin->host);
}

int as_mutual_scope_has(as_span scope, const char *host)
{
    apr_size_t scheme = begins(scope, "https://") ? 8
                        : begins(scope, "http://") ? 7 : 0;
    as_span rest = after(scope, scheme);

    if (begins(scope, "*."))
        return is_below(host, after(scope, 2));
    return begins(rest, host)
           && (rest.len == strlen(host) || rest.at[strlen(host)] == ':');
}

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * How the client names this server: both sides hash it into their proofs, so
 * that a proof made for one server is worth nothing at another. It must come
 * from the configuration and never from the request alone: a rogue server could
 * pass on what a client proved to it, with its own name in Host.
 *
 * Over TLS the name is the hash of the certificate (RFC 5929 section 4). A
 * virtual host may have several, for RSA and ECDSA. mod_ssl can't tell which
 * one a resumed connection began with, so any of them is taken, and our proof
 * names the one that the client's did: all their keys are ours.
 */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "apr_optional_hooks.h"

#include "glue.h"

APLOG_USE_MODULE(authscheme_mutual);

#define DEFAULT_HTTPS_PORT 443

/* What mod_ssl calls when a virtual host's certificates are loaded; it ships no
 * header for this hook. */
typedef int ssl_HOOK_init_server_t(server_rec *s, apr_pool_t *p, int is_proxy,
                                   SSL_CTX *ctx);

/* ---- the origin ------------------------------------------------------ */

/* The port is never taken from the request: a rogue server on another port of
 * this host could send its own. Whoever names a scheme in ServerName means the
 * scheme's port if he names none. */
static unsigned int port_of(const request_rec *r)
{
    const server_rec *s = r->server;

    if (s->port)
        return s->port;
    if (s->server_scheme)
        return strcmp(s->server_scheme, "https") ? DEFAULT_HTTP_PORT
                                                 : DEFAULT_HTTPS_PORT;
    return r->connection->local_addr->port;
}

int mutual_scope_suits(const char *scope, const server_rec *s,
                       apr_pool_t *pool)
{
    const char *name = s->server_hostname;
    int i;

    if (!name || (s->wild_names && s->wild_names->nelts))
        return 1;
    for (i = 0; name; i++) {
        if (as_mutual_scope_has(as_span_of(scope), as_mutual_host(pool, name)))
            return 1;
        name = s->names && i < s->names->nelts
                   ? APR_ARRAY_IDX(s->names, i, const char *) : NULL;
    }
    return 0;
}

static void take_origin(mutual_host *host, request_rec *r)
{
    const char *name = r->hostname;

    host->is_ours = as_host_is_own(r);
    if (!name || !host->is_ours)
        name = r->server->server_hostname;
    host->origin.scheme = as_is_tls(r) || !strcmp(ap_http_scheme(r), "https")
                              ? "https" : "http";
    host->origin.host = as_mutual_host(r->pool, name ? name : "");
    host->origin.port = port_of(r);
}

/* ---- certificates ---------------------------------------------------- */

/* The hash of its signature, unless that is broken; RFC 5929 section 4.1. */
static const EVP_MD *hash_of(X509 *certificate)
{
    int md = NID_undef;

    if (X509_get_signature_info(certificate, &md, NULL, NULL, NULL) != 1)
        return NULL;
    if (md == NID_md5 || md == NID_sha1)
        md = NID_sha256;
    return EVP_get_digestbynid(md);
}

/* 0 for a certificate whose signature has no hash, or two. */
static int add_print(apr_array_header_t *prints, X509 *certificate)
{
    unsigned char octets[EVP_MAX_MD_SIZE];
    const EVP_MD *md = hash_of(certificate);
    unsigned int len;

    if (!md || X509_digest(certificate, md, octets, &len) != 1)
        return 0;
    APR_ARRAY_PUSH(prints, as_span)
        = (as_span){ apr_pmemdup(prints->pool, octets, len), len };
    return 1;
}

const char *mutual_read_certificate(apr_array_header_t *prints,
                                    const char *file, apr_pool_t *pool)
{
    BIO *in = BIO_new_file(file, "r");
    X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    const char *wrong = NULL;

    if (!in)
        wrong = "can't be read";
    else if (!certificate)
        wrong = "has no certificate in PEM";
    else if (!add_print(prints, certificate))
        wrong = "has a certificate without a hash of its own in RFC 5929 "
                "(Ed25519)";
    else if (prints->nelts > MUTUAL_VH_MOST)
        wrong = "is one certificate too many";
    X509_free(certificate);
    BIO_free(in);
    return wrong ? apr_psprintf(pool, "MutualCertificate: %s %s", file, wrong)
                 : NULL;
}

/* The certificates of a virtual host, as mod_ssl has them loaded. Walking
 * through them moves OpenSSL's current one: it is put back. */
static int note_certificates(server_rec *s, apr_pool_t *p, int is_proxy,
                             SSL_CTX *ctx)
{
    apr_array_header_t *prints = apr_array_make(p, 2, sizeof(as_span));
    X509 *current = SSL_CTX_get0_certificate(ctx);
    long more = is_proxy ? 0 : SSL_CTX_set_current_cert(ctx,
                                                        SSL_CERT_SET_FIRST);

    for (; more == 1;
         more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT))
        if (!add_print(prints, SSL_CTX_get0_certificate(ctx))
            && ap_state_query(AP_SQ_MAIN_STATE)
                   != AP_SQ_MS_CREATE_PRE_CONFIG)
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         "a certificate of %s has no hash for Mutual "
                         "(RFC 5929): clients can't use Mutual with it",
                         s->server_hostname);
    if (current)
        SSL_CTX_select_current_cert(ctx, current);
    if (!is_proxy)
        mutual_server_of(s)->prints = prints;
    return OK;
}

void mutual_register_certificates(void)
{
    APR_OPTIONAL_HOOK(ssl, init_server, note_certificates, NULL, NULL,
                      APR_HOOK_MIDDLE);
}

/* ---- both ------------------------------------------------------------ */

static void add_prints(mutual_host *host, const apr_array_header_t *prints)
{
    int i;

    for (i = 0; prints && i < prints->nelts && host->count < MUTUAL_VH_MOST;
         i++)
        host->vh[host->count++] = APR_ARRAY_IDX(prints, i, as_span);
}

/* A client without SNI gets the certificate of the first virtual host, and
 * finds the one of its Host behind it. */
static void take_certificates(mutual_host *host, request_rec *r,
                              const mutual_conf *conf)
{
    server_rec *first = r->connection->base_server;

    if (conf->prints) {
        add_prints(host, conf->prints);
        return;
    }
    add_prints(host, mutual_server_of(r->server)->prints);
    if (first != r->server)
        add_prints(host, mutual_server_of(first)->prints);
}

mutual_host mutual_host_of(request_rec *r, const mutual_conf *conf)
{
    mutual_host host = { .count = 0 };

    take_origin(&host, r);
    host.is_by_certificate
        = conf->validation == MUTUAL_BY_CONNECTION
              ? !strcmp(host.origin.scheme, "https")
              : conf->validation == MUTUAL_END_POINT;
    if (host.is_by_certificate)
        take_certificates(&host, r, conf);
    else
        host.vh[host.count++] = as_span_of(as_mutual_origin_text(
            r->pool, &host.origin));
    return host;
}

const char *mutual_validation_of(const mutual_host *host)
{
    return host->is_by_certificate ? "tls-server-end-point" : "host";
}

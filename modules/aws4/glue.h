/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * glue.h - what the files of mod_authscheme_aws4 share.
 *
 *     mod_authscheme_aws4.c   directives, the challenge, the scheme
 *     answer.c                a signed request, judged in steps
 *     key.c                   whose key it is, and what is derived from it
 *     body.c                  the body, verified on its way to the handler
 *     error.c                 answers in the form that AWS' clients read
 */
#ifndef AWS4_GLUE_H
#define AWS4_GLUE_H

#include "authscheme.h"
#include "chunked.h"
#include "fault.h"
#include "verify.h"

extern module AP_MODULE_DECLARE_DATA authscheme_aws4_module;

/* ---- mod_authscheme_aws4.c ------------------------------------------- */

#define AWS4_UNSET (-1)

typedef enum aws4_when { AWS4_NEVER, AWS4_OVER_TLS, AWS4_ALWAYS } aws4_when;

typedef struct aws4_conf {
    const char *const *regions;  /* Aws4Region, ends with NULL; NULL: any */
    const char *const *services; /* Aws4Service; the same */
    int regions_set, services_set;
    int skew;                    /* Aws4ClockSkew, seconds */
    int presigned;               /* Aws4Presigned */
    int unsigned_payload;        /* Aws4UnsignedPayload, an aws4_when */
    int body_limit;              /* Aws4BodyLimit, octets */
    int xml;                     /* Aws4ErrorBody */
} aws4_conf;

/* With the defaults in the place of what is not set. */
aws4_conf aws4_conf_of(request_rec *r);

/* ---- answer.c -------------------------------------------------------- */

/* How far a check has come; attempt->data of the scheme. */
typedef struct aws4_try {
    aws4_conf conf;
    aws4_message message;
    aws4_request_credentials sent;
    aws4_policy policy;
    aws4_checked checked;
    aws4_fault fault;     /* the last that was found */
    const as_cred *cred;  /* the key's record, or NULL: nobody's */
    unsigned char key[AS_SHA256_LEN];
    unsigned char tag[AS_SHA256_LEN]; /* of the key in the cache */
    int has_tag;                      /* it may be put there */
} aws4_try;

as_verdict aws4_authenticate(request_rec *r, const as_credentials *sent,
                             as_attempt *attempt);

/* The client's own request, of which this may be a part. */
request_rec *aws4_initial(request_rec *r);

/* Whether the URL is a presigned one. */
as_found aws4_find(request_rec *r);

/* ---- key.c ----------------------------------------------------------- */

/* Sets cred and key of t. AS_GRANTED for "go on", also where nobody has that
 * key; or a verdict on our side. */
as_verdict aws4_find_key(aws4_try *t, request_rec *r, as_attempt *attempt);

/* The signature was right: the key is at hand for the next request. */
void aws4_keep_key(const aws4_try *t);

/* ---- error.c --------------------------------------------------------- */

/* The scheme's answer to a refusal. */
int aws4_answer(request_rec *r, const as_attempt *attempt, int status);

/* Sends the whole answer; what others say after it is dropped. `more` is XML
 * for the inside of it, or "". */
void aws4_send_error(request_rec *r, int status, const char *code,
                     const char *message, const char *more);

void aws4_register_error(void);

/* ---- body.c ---------------------------------------------------------- */

/* Let the handler see the body of a request only as far as it is verified:
 * never its last octets, nor its end, before the hash or the last signature
 * held. AS_GRANTED for "go on", or a verdict. */
as_verdict aws4_guard_hash(request_rec *r, as_attempt *attempt, as_span hash);

/* An aws-chunked body is decoded as well, and the fields that speak of its
 * framing are changed. */
as_verdict aws4_guard_chunks(request_rec *r, as_attempt *attempt,
                             const aws4_chunked_terms *terms);

/* Reads a body of up to `limit` octets, for the signature is over its hash, and
 * keeps it for the handler. */
as_verdict aws4_hash_body(unsigned char hash[AS_SHA256_LEN], request_rec *r,
                          int limit, as_attempt *attempt);

/* Of a request that is refused: whether the body is right is no matter any
 * more, and who waits to be asked for it is not. */
void aws4_discard_body(request_rec *r);

void aws4_register_body(void);

#endif

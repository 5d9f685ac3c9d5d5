/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * authscheme_cred.h - what the credential store keeps. The part of the
 * contract about credentials that knows no server: authscheme.h includes it,
 * and so does htauth.
 */
#ifndef AUTHSCHEME_CRED_H
#define AUTHSCHEME_CRED_H

#include "apr_time.h"

#include "authscheme_span.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum as_cred_kind {
    AS_CRED_PASSWORD, /* id = user;    value = crypt(3) hash */
    AS_CRED_DIGEST,   /* id = user;    value = H(A1), lower-case hexadecimal */
    AS_CRED_MUTUAL,   /* id = user;    value = J(pi) */
    AS_CRED_AWS4,     /* id = access key id;     value = sealed secret */
    AS_CRED_TOKEN,    /* id = SHA-256 of a token, hexadecimal; no value */
    AS_CRED_HOBA,     /* id = kid;     value = DER SubjectPublicKeyInfo */
    AS_CRED_INVITE,   /* id = SHA-256 of a code that lets its holder register
                         one HOBA key for `user`, hexadecimal; no value */
    AS_CRED_KINDS     /* how many there are */
} as_cred_kind;

typedef enum as_cred_state {
    AS_CRED_PENDING, /* enrolled, not yet approved: does not authenticate */
    AS_CRED_ACTIVE,
    AS_CRED_REVOKED
} as_cred_state;

/*
 * One credential. (kind, id, realm, place, algorithm) is unique. Strings that
 * do not apply are "" and never NULL. Whose memory it is in says the function
 * that returns it.
 */
typedef struct as_cred {
    as_cred_kind kind;
    const char *id;
    const char *realm;     /* the realm it is good for, not quoted; "" where
                              it is good for every realm (password, token) */
    const char *place;     /* HOBA: origin; Mutual: auth-scope */
    const char *algorithm; /* the scheme's own name of it */
    const char *user;      /* r->user when it authenticates */
    as_span value;         /* see as_cred_kind */
    const char *label;     /* free UTF-8 text: the device, the token's use */
    const char *scope;     /* token: its scopes, separated by blanks */
    as_cred_state state;
    apr_time_t created;
    apr_time_t expires;    /* 0 = never */
    apr_time_t not_before; /* proofs issued earlier are dead (logout) */
} as_cred;

#ifdef __cplusplus
}
#endif

#endif

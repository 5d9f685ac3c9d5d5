/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * fault.h - what may be wrong with a signed request. Each fault has one word
 * for logs and counters, and the code and status that S3 answers it with
 * ("Error responses" in the Amazon S3 API Reference).
 */
#ifndef AWS4_FAULT_H
#define AWS4_FAULT_H

typedef enum aws4_fault {
    AWS4_OK,
    AWS4_NONE,            /* no credentials of AWS4-HMAC-SHA256 at all */
    AWS4_MALFORMED,       /* the Authorization field */
    AWS4_QUERY_MALFORMED, /* the same in a presigned URL */
    AWS4_TWO_FORMS,       /* both at once */
    AWS4_OTHER_ALGORITHM, /* SigV2, SigV4A, another provider's */
    AWS4_TARGET,          /* nothing that can be signed, or too much of it */
    AWS4_BAD_DATE,        /* none, unreadable, or unsigned */
    AWS4_SKEWED,          /* outside of the window */
    AWS4_NOT_YET,         /* a presigned URL of the future */
    AWS4_EXPIRED,         /* and of the past */
    AWS4_SCOPE,           /* a day, region or service that is not wanted */
    AWS4_UNSIGNED,        /* a header that must be signed and is not */
    AWS4_ABSENT,          /* a header that is signed and not there */
    AWS4_PAYLOAD,         /* x-amz-content-sha256 has no known value */
    AWS4_STREAMING,       /* or one that nobody here implements */
    AWS4_PAYLOAD_OPEN,    /* a body without a signature, not allowed here */
    AWS4_BODY_FIRST,      /* no fault: the body's hash must be known */
    AWS4_MISMATCH,        /* the signature */
    AWS4_TOKEN,           /* a session token that no key has */
    AWS4_BROKEN,          /* we could not tell */
    AWS4_FAULTS
} aws4_fault;

typedef struct aws4_fault_row {
    const char *word; /* stable: counters and logs go by it */
    const char *code; /* of S3's vocabulary */
    int status;
} aws4_fault_row;

/* Never NULL. */
const aws4_fault_row *aws4_fault_about(aws4_fault fault);

#endif

/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * secret_file.h - the file of AuthSchemeSecret, and the keys that are derived
 * of it. Server and htauth read the same file and must come to the same keys.
 */
#ifndef AS_SECRET_FILE_H
#define AS_SECRET_FILE_H

#include "secret.h"

/* The secret of a file. NULL, or what is wrong for the administrator, in pool:
 * not a regular file, readable or writable by too many, too short, too long. */
const char *as_secret_read(unsigned char secret[AS_SHA256_LEN],
                           const char *file, apr_pool_t *pool);

/* A key for a purpose. Wipe it after use. */
apr_status_t as_secret_derive(unsigned char key[AS_SHA256_LEN],
                              const unsigned char secret[AS_SHA256_LEN],
                              const char *purpose);

#endif

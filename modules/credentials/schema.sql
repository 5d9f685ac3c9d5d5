-- Licensed under the Apache License, Version 2.0; see LICENSE.
--
-- The table of `AuthCredentials dbd:`, for SQLite and PostgreSQL alike:
--
--     sqlite3 keys.db < schema.sql
--     psql -d DATABASE -f schema.sql
--
-- A table that was made before there was a column userhash gets it by
--
--     ALTER TABLE authscheme_credentials
--         ADD COLUMN userhash VARCHAR(64) NOT NULL DEFAULT '';
--
-- One row is one credential. Who can write here can sign in as anybody; the
-- rows hold verifiers and public keys, never a password.

CREATE TABLE authscheme_credentials (
    -- 'password', 'digest', 'mutual', 'aws4', 'token', 'hoba' or 'invite'
    kind        VARCHAR(16)  NOT NULL,
    -- what the client names: its user, access key id, or key id (kid)
    id          VARCHAR(512) NOT NULL,
    -- the realm (AuthName) that it is good for; '' for kinds without one
    realm       VARCHAR(255) NOT NULL DEFAULT '',
    -- HOBA: the origin, as https://example.com:443; Mutual: the auth-scope
    place       VARCHAR(512) NOT NULL DEFAULT '',
    -- the scheme's own name of the algorithm
    algorithm   VARCHAR(64)  NOT NULL DEFAULT '',
    -- who it is: REMOTE_USER
    username    VARCHAR(255) NOT NULL,
    -- the verifier as text; for HOBA the public key, base64url of its DER
    value       TEXT         NOT NULL,
    -- free text, such as the name of a device
    label       TEXT         NOT NULL DEFAULT '',
    -- tokens: their scopes, separated by blanks
    scope       TEXT         NOT NULL DEFAULT '',
    -- only 'active' signs in. Approve: pending to active; close: to revoked
    state       VARCHAR(8)   NOT NULL DEFAULT 'active'
                CHECK (state IN ('pending', 'active', 'revoked')),
    -- microseconds since 1970; expires 0 is never; what was issued before
    -- not_before is dead (logout)
    created     BIGINT       NOT NULL DEFAULT 0,
    expires     BIGINT       NOT NULL DEFAULT 0,
    not_before  BIGINT       NOT NULL DEFAULT 0,
    -- digest: H(id ":" realm) by the algorithm, lower-case hexadecimal, for
    -- clients that send their name hashed (DigestUserhash)
    userhash    VARCHAR(64)  NOT NULL DEFAULT '',

    PRIMARY KEY (kind, id, realm, place, algorithm)
);

-- How many credentials does a user have?
CREATE INDEX authscheme_credentials_user
    ON authscheme_credentials (kind, username, realm, place);

-- Whose name is hashed like that?
CREATE INDEX authscheme_credentials_userhash
    ON authscheme_credentials (kind, userhash, realm, algorithm);

-- What waits for approval?
CREATE INDEX authscheme_credentials_state
    ON authscheme_credentials (state, kind);

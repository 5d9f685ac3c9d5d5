# cmocka programs: one per file of the library or of a protocol.
if HAVE_CMOCKA
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(srcdir)/modules/core \
                -I$(srcdir)/modules/hoba -I$(srcdir)/modules/credentials -I$(srcdir)/modules/digest -I$(srcdir)/modules/mutual -I$(srcdir)/modules/aws4 -I$(srcdir)/modules/bearer \
                -DVECTORS='"$(abs_srcdir)/tests/unit/vectors"'
UNIT_LDADD    = libjose.la libauthscheme.la $(CMOCKA_LIBS) $(APR_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)

UNIT_TESTS = tests/unit/test_base64 tests/unit/test_grammar
check_PROGRAMS += $(UNIT_TESTS)
TESTS          += $(UNIT_TESTS)

tests_unit_test_base64_SOURCES   = tests/unit/test_base64.c tests/unit/unit.h
tests_unit_test_base64_CPPFLAGS  = $(UNIT_CPPFLAGS)
tests_unit_test_base64_LDADD     = $(UNIT_LDADD)

tests_unit_test_grammar_SOURCES  = tests/unit/test_grammar.c tests/unit/unit.h
tests_unit_test_grammar_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_grammar_LDADD    = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_nonce tests/unit/test_table
tests_unit_test_nonce_SOURCES    = tests/unit/test_nonce.c tests/unit/unit.h
tests_unit_test_nonce_CPPFLAGS   = $(UNIT_CPPFLAGS)
tests_unit_test_nonce_LDADD      = $(UNIT_LDADD)

# includes modules/core/table.c
tests_unit_test_table_SOURCES    = tests/unit/test_table.c tests/unit/unit.h
tests_unit_test_table_CPPFLAGS   = $(UNIT_CPPFLAGS)
tests_unit_test_table_LDADD      = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_key tests/unit/test_wycheproof
tests_unit_test_key_SOURCES  = tests/unit/test_key.c tests/unit/unit.h \
                               tests/unit/vectors/keys.h
tests_unit_test_key_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_key_LDADD    = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_spki
tests_unit_test_spki_SOURCES  = tests/unit/test_spki.c tests/unit/unit.h \
                                tests/unit/vectors/keys.h
tests_unit_test_spki_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_spki_LDADD    = $(UNIT_LDADD)

tests_unit_test_wycheproof_SOURCES  = tests/unit/test_wycheproof.c tests/unit/unit.h
tests_unit_test_wycheproof_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wycheproof_LDADD    = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_json tests/unit/test_jws tests/unit/test_jwk
tests_unit_test_json_SOURCES  = tests/unit/test_json.c tests/unit/unit.h
tests_unit_test_json_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_json_LDADD    = $(UNIT_LDADD)

tests_unit_test_jws_SOURCES  = tests/unit/test_jws.c tests/unit/unit.h \
                              tests/unit/vectors/jose.h
tests_unit_test_jws_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_jws_LDADD    = $(UNIT_LDADD)

tests_unit_test_jwk_SOURCES  = tests/unit/test_jwk.c tests/unit/unit.h \
                              tests/unit/vectors/jose.h
tests_unit_test_jwk_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_jwk_LDADD    = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_bearer tests/unit/test_bearer_keys
tests_unit_test_bearer_SOURCES  = tests/unit/test_bearer.c tests/unit/unit.h
tests_unit_test_bearer_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bearer_LDADD    = libbearer.la $(UNIT_LDADD)

tests_unit_test_bearer_keys_SOURCES  = tests/unit/test_bearer_keys.c tests/unit/unit.h \
                                       tests/unit/vectors/keys.h tests/unit/vectors/jose.h
tests_unit_test_bearer_keys_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bearer_keys_LDADD    = libbearer.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_digest_hash
tests_unit_test_digest_hash_SOURCES  = tests/unit/test_digest_hash.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_digest_hash_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_digest_hash_LDADD    = $(UNIT_LDADD)

# These include modules/core/cache.c, turns.c and session_table.c.
UNIT_TESTS += tests/unit/test_cache tests/unit/test_turns \
              tests/unit/test_session_table
tests_unit_test_session_table_SOURCES  = tests/unit/test_session_table.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_session_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_session_table_LDADD    = $(UNIT_LDADD)

tests_unit_test_cache_SOURCES     = tests/unit/test_cache.c tests/unit/unit.h
tests_unit_test_cache_CPPFLAGS    = $(UNIT_CPPFLAGS)
tests_unit_test_cache_LDADD       = $(UNIT_LDADD)

tests_unit_test_turns_SOURCES     = tests/unit/test_turns.c tests/unit/unit.h
tests_unit_test_turns_CPPFLAGS    = $(UNIT_CPPFLAGS)
tests_unit_test_turns_LDADD       = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_password
tests_unit_test_password_SOURCES  = tests/unit/test_password.c tests/unit/unit.h
tests_unit_test_password_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_password_LDADD    = libpassword.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_cred
tests_unit_test_cred_SOURCES      = tests/unit/test_cred.c tests/unit/unit.h
tests_unit_test_cred_CPPFLAGS     = $(UNIT_CPPFLAGS)
tests_unit_test_cred_LDADD        = libcred.la libpassword.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_cred_index
tests_unit_test_cred_index_SOURCES  = tests/unit/test_cred_index.c tests/unit/unit.h
tests_unit_test_cred_index_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cred_index_LDADD    = libindex.la libcred.la libpassword.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_text
tests_unit_test_text_SOURCES     = tests/unit/test_text.c tests/unit/unit.h
tests_unit_test_text_CPPFLAGS    = $(UNIT_CPPFLAGS)
tests_unit_test_text_LDADD       = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_form
tests_unit_test_form_SOURCES     = tests/unit/test_form.c tests/unit/unit.h
tests_unit_test_form_CPPFLAGS    = $(UNIT_CPPFLAGS)
tests_unit_test_form_LDADD       = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_hoba tests/unit/test_hoba_session
tests_unit_test_hoba_SOURCES     = tests/unit/test_hoba.c tests/unit/unit.h
tests_unit_test_hoba_CPPFLAGS    = $(UNIT_CPPFLAGS)
tests_unit_test_hoba_LDADD       = libhoba.la $(UNIT_LDADD)

tests_unit_test_hoba_session_SOURCES  = tests/unit/test_hoba_session.c tests/unit/unit.h
tests_unit_test_hoba_session_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_hoba_session_LDADD    = libhoba.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test_digest
tests_unit_test_digest_SOURCES  = tests/unit/test_digest.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_digest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_digest_LDADD    = libdigest.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_mutual
tests_unit_test_mutual_SOURCES  = tests/unit/test_mutual.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_mutual_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_mutual_LDADD    = libmutual.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_mutual_verifier tests/unit/test_seal
tests_unit_test_mutual_verifier_SOURCES  = tests/unit/test_mutual_verifier.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_mutual_verifier_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_mutual_verifier_LDADD    = $(UNIT_LDADD)

tests_unit_test_seal_SOURCES  = tests/unit/test_seal.c tests/unit/unit.h
tests_unit_test_seal_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_seal_LDADD    = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_aws4
tests_unit_test_aws4_SOURCES  = tests/unit/test_aws4.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_aws4_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_aws4_LDADD    = libaws4.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test_aws4_body
tests_unit_test_aws4_body_SOURCES  = tests/unit/test_aws4_body.c tests/unit/unit.h tests/unit/load.h
tests_unit_test_aws4_body_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_aws4_body_LDADD    = libaws4body.la $(UNIT_LDADD)
endif
EXTRA_DIST += tests/unit/vectors/aws4 tests/unit/vectors/digest tests/unit/vectors/hoba tests/unit/vectors/mutual tests/unit/vectors/wycheproof

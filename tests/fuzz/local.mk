# One libFuzzer target per parser. `make check` replays the seeds with any
# compiler; to fuzz:
#
#     ./configure CC=clang --enable-fuzzers --enable-sanitizers
#     make fuzzers
#     tests/fuzz/fuzz_jws -max_total_time=600 NEW_CORPUS tests/fuzz/seeds/jws
FUZZ_TARGETS = tests/fuzz/fuzz_credentials tests/fuzz/fuzz_jws \
               tests/fuzz/fuzz_jwks tests/fuzz/fuzz_pem
FUZZ_LDADD   = libjose.la libauthscheme.la $(APR_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS)
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/modules/hoba -I$(srcdir)/modules/digest -I$(srcdir)/modules/mutual -I$(srcdir)/modules/aws4 -I$(srcdir)/modules/bearer
FUZZ_COMMON  = tests/fuzz/fuzz.h
if FUZZERS
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_LINK = $(AM_LDFLAGS)
FUZZ_COMMON += tests/fuzz/replay.c
endif

check_PROGRAMS += $(FUZZ_TARGETS)
TESTS          += tests/fuzz/replay-seeds
EXTRA_DIST     += tests/fuzz/replay-seeds tests/fuzz/replay.c tests/fuzz/seeds
fuzzers: $(FUZZ_TARGETS)

tests_fuzz_fuzz_credentials_SOURCES  = tests/fuzz/fuzz_credentials.c $(FUZZ_COMMON)
tests_fuzz_fuzz_credentials_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_credentials_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_credentials_LDADD    = $(FUZZ_LDADD)

tests_fuzz_fuzz_jws_SOURCES  = tests/fuzz/fuzz_jws.c $(FUZZ_COMMON)
tests_fuzz_fuzz_jws_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_jws_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_jws_LDADD    = $(FUZZ_LDADD)

tests_fuzz_fuzz_jwks_SOURCES  = tests/fuzz/fuzz_jwks.c $(FUZZ_COMMON)
tests_fuzz_fuzz_jwks_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_jwks_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_jwks_LDADD    = $(FUZZ_LDADD)

tests_fuzz_fuzz_pem_SOURCES  = tests/fuzz/fuzz_pem.c $(FUZZ_COMMON)
tests_fuzz_fuzz_pem_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_pem_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_pem_LDADD    = $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_form
tests_fuzz_fuzz_form_SOURCES  = tests/fuzz/fuzz_form.c $(FUZZ_COMMON)
tests_fuzz_fuzz_form_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_form_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_form_LDADD    = $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_hoba_result
tests_fuzz_fuzz_hoba_result_SOURCES  = tests/fuzz/fuzz_hoba_result.c $(FUZZ_COMMON)
tests_fuzz_fuzz_hoba_result_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_hoba_result_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_hoba_result_LDADD    = libhoba.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_json
tests_fuzz_fuzz_json_SOURCES  = tests/fuzz/fuzz_json.c $(FUZZ_COMMON)
tests_fuzz_fuzz_json_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_json_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_json_LDADD    = $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_bearer
tests_fuzz_fuzz_bearer_SOURCES  = tests/fuzz/fuzz_bearer.c $(FUZZ_COMMON)
tests_fuzz_fuzz_bearer_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_bearer_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_bearer_LDADD    = libbearer.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_password
tests_fuzz_fuzz_password_SOURCES  = tests/fuzz/fuzz_password.c $(FUZZ_COMMON)
tests_fuzz_fuzz_password_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_password_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_password_LDADD    = libpassword.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_credfile
tests_fuzz_fuzz_credfile_SOURCES  = tests/fuzz/fuzz_credfile.c $(FUZZ_COMMON)
tests_fuzz_fuzz_credfile_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_credfile_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_credfile_LDADD    = libcred.la libpassword.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_digest
tests_fuzz_fuzz_digest_SOURCES  = tests/fuzz/fuzz_digest.c $(FUZZ_COMMON)
tests_fuzz_fuzz_digest_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_digest_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_digest_LDADD    = libdigest.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_import
tests_fuzz_fuzz_import_SOURCES  = tests/fuzz/fuzz_import.c \
                                  modules/htauth/lines.c \
                                  modules/htauth/names.c $(FUZZ_COMMON)
tests_fuzz_fuzz_import_CPPFLAGS = $(FUZZ_CPPFLAGS) $(UTF8PROC_CFLAGS) \
                                  -I$(srcdir)/modules/htauth
tests_fuzz_fuzz_import_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_import_LDADD    = libcred.la libpassword.la $(UTF8PROC_LIBS) \
                                  $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_mutual tests/fuzz/fuzz_mutual_number
tests_fuzz_fuzz_mutual_SOURCES  = tests/fuzz/fuzz_mutual.c $(FUZZ_COMMON)
tests_fuzz_fuzz_mutual_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_mutual_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_mutual_LDADD    = libmutual.la $(FUZZ_LDADD)

tests_fuzz_fuzz_mutual_number_SOURCES  = tests/fuzz/fuzz_mutual_number.c $(FUZZ_COMMON)
tests_fuzz_fuzz_mutual_number_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_mutual_number_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_mutual_number_LDADD    = libmutual.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_aws4_chunked
tests_fuzz_fuzz_aws4_chunked_SOURCES  = tests/fuzz/fuzz_aws4_chunked.c $(FUZZ_COMMON)
tests_fuzz_fuzz_aws4_chunked_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_aws4_chunked_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_aws4_chunked_LDADD    = libaws4body.la $(FUZZ_LDADD)

FUZZ_TARGETS += tests/fuzz/fuzz_aws4_credentials tests/fuzz/fuzz_aws4_canonical
tests_fuzz_fuzz_aws4_credentials_SOURCES  = tests/fuzz/fuzz_aws4_credentials.c $(FUZZ_COMMON)
tests_fuzz_fuzz_aws4_credentials_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_aws4_credentials_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_aws4_credentials_LDADD    = libaws4.la $(FUZZ_LDADD)

tests_fuzz_fuzz_aws4_canonical_SOURCES  = tests/fuzz/fuzz_aws4_canonical.c $(FUZZ_COMMON)
tests_fuzz_fuzz_aws4_canonical_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_aws4_canonical_LDFLAGS  = $(FUZZ_LINK)
tests_fuzz_fuzz_aws4_canonical_LDADD    = libaws4.la $(FUZZ_LDADD)

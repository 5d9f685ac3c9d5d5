# The library is linked into every module; it holds no state.
noinst_LTLIBRARIES += libauthscheme.la
libauthscheme_la_SOURCES = \
    modules/lib/base64.c modules/lib/base64.h \
    modules/lib/digest_hash.c modules/lib/digest_hash.h \
    modules/lib/extended.c modules/lib/extended.h \
    modules/lib/form.c modules/lib/form.h \
    modules/lib/grammar.c modules/lib/grammar.h \
    modules/lib/hex.h \
    modules/lib/nonce.c modules/lib/nonce.h \
    modules/lib/mutual_group.c modules/lib/mutual_group.h \
    modules/lib/mutual_scope.c modules/lib/mutual_scope.h \
    modules/lib/mutual_verifier.c modules/lib/mutual_verifier.h \
    modules/lib/seal.c modules/lib/seal.h \
    modules/lib/secret.c modules/lib/secret.h \
    modules/lib/text.c modules/lib/text.h \
    modules/lib/secret_file.c modules/lib/secret_file.h \
    modules/lib/algorithm.c modules/lib/algorithm.h \
    modules/lib/key.c modules/lib/key.h \
    modules/lib/pem.c modules/lib/spki.c
libauthscheme_la_LIBADD = $(CRYPTO_LIBS)

# Password hashes, for who verifies or makes them.
noinst_LTLIBRARIES += libpassword.la
libpassword_la_SOURCES = modules/lib/password.c modules/lib/password.h
libpassword_la_LIBADD  = $(XCRYPT_LIBS)

# The credential file's lines, for the store and htauth; goes with both
# libraries above.
noinst_LTLIBRARIES += libcred.la
libcred_la_SOURCES = modules/lib/cred.c modules/lib/cred.h \
    modules/lib/siphash.c modules/lib/siphash.h

# JSON and what is made of it, for the modules that read it.
noinst_LTLIBRARIES += libjose.la
libjose_la_SOURCES = \
    modules/lib/json.c modules/lib/json.h \
    modules/lib/jwk.c modules/lib/jwk.h \
    modules/lib/jws.c modules/lib/jws.h
libjose_la_LIBADD = $(JANSSON_LIBS) $(CRYPTO_LIBS)

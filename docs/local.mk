dist_man_MANS += docs/htauth.1
EXTRA_DIST += \
    docs/clients.md \
    docs/design.md \
    docs/guide-five-minutes.md \
    docs/guide-passwords-without-sending-passwords.md \
    docs/guide-s3-clients-on-webdav.md \
    docs/guide-write-a-scheme.md \
    docs/performance.md \
    docs/mod_authscheme.md \
    docs/mod_authscheme_aws4.md \
    docs/mod_authscheme_bearer.md \
    docs/mod_authscheme_credentials.md \
    docs/mod_authscheme_digest.md \
    docs/mod_authscheme_hoba.md \
    docs/mod_authscheme_mutual.md \
    docs/guide-why-was-i-refused.md \
    docs/mutual-exchange.svg \
    docs/mutual-in-a-browser/README.md \
    docs/mutual-in-a-browser/index.html \
    docs/mutual-in-a-browser/mutual.js \
    docs/examples/mod_authscheme_toy.c \
    docs/examples/mutual-impostor.py

httpdinc_HEADERS += modules/include/authscheme.h \
    modules/include/authscheme_span.h modules/include/authscheme_cred.h

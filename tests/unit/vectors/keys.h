/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Keys for tests, made for nothing else: with openssl(1), the broken ones by
 * building their DER by hand. The RFC*_KEY are those of RFC 7638 section 3.1,
 * RFC 8037 appendix A and RFC 9449 figure 14.
 */
#ifndef KEYS_H
#define KEYS_H

#define BEGIN_PUBLIC "-----BEGIN PUBLIC KEY-----"
#define END_PUBLIC "-----END PUBLIC KEY-----"

#define RSA_2048 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArzuU4uJ/sykqioT/jMln\n" \
    "JSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cPzFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ\n" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2+K8CtEx4kN4MfGOohU9Cq\n" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID\n" \
    "Z789L6XlhDSRQJsc8zjhRHO8o/x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2\n" \
    "2zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei\n" \
    "BQIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_2048_BASE64URL \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArzuU4uJ_sykqioT_jMln" \
    "JSu4Yr_FsdviLynEU1zXoVEzdPH3Y_cPzFAMFUW9XbAl5_n8IG9MxNWVCNfNRivJ" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2-K8CtEx4kN4MfGOohU9Cq" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID" \
    "Z789L6XlhDSRQJsc8zjhRHO8o_x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2" \
    "2zeM5VBAJiWip2Sx_PKx_ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei" \
    "BQIDAQAB"

#define P_256 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbHzRDV/B3W49oDF7Goh7mPp9w6bO\n" \
    "NJkDu00ZtBDejS3fL6mNS6ySFCET9bPFx3sgiinq5vCTBT3+L3xaxjhv4A==\n" \
    "-----END PUBLIC KEY-----\n"

#define P_384 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2NbJyK6v2hnWkexde+YsPH0aq/kP3SH5\n" \
    "RbaWwh8FVEW8UqXrIFV6ev+W48mNKk9cophlTadrhcHYt9YGUKxz6iVl2RZsJ2Uk\n" \
    "XzvV2cgSEmphT2tj71ux7ROkMIzlLK5w\n" \
    "-----END PUBLIC KEY-----\n"

#define P_521 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBUAZj88MNNtQpzXyYa6/TMUQHN0I7\n" \
    "ivQOnl5/GcG+PA0Nv3mLqsT2+WkUlI9DGMmV7Uvi5TlzqJdYLIzvFau4xuEA9/4J\n" \
    "LsVuJ1eH27R1/ABvTHZP7f1wG6WZbuCT2m/cAmHHuINnw0cm6/P45I2ThVztDkAR\n" \
    "6Dq4iunCVM/++DiXSFQ=\n" \
    "-----END PUBLIC KEY-----\n"

#define P_521_BODY_UNPADDED \
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBUAZj88MNNtQpzXyYa6/TMUQHN0I7" \
    "ivQOnl5/GcG+PA0Nv3mLqsT2+WkUlI9DGMmV7Uvi5TlzqJdYLIzvFau4xuEA9/4J" \
    "LsVuJ1eH27R1/ABvTHZP7f1wG6WZbuCT2m/cAmHHuINnw0cm6/P45I2ThVztDkAR" \
    "6Dq4iunCVM/++DiXSFQ"

#define SECP256K1 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeQIKQjoSpdO1Oz9I0iPsaz5UXB0kk4cI\n" \
    "tRZ+V2Y6dy2xo0cQFUNFcbjFbR6Yqt2D3MYzEDQGFYMccn5g6lSv5w==\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEASt/gC+6mDdiDvj/6rMQsPZiKfKvJeesG3RZPcCbof+8=\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_BODY \
    "MCowBQYDK2VwAyEASt/gC+6mDdiDvj/6rMQsPZiKfKvJeesG3RZPcCbof+8="

#define ED448 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MEMwBQYDK2VxAzoAFD3RWNF7Xyqz3TAA1smQ5SV1c00NnKrJxwX/2dPiv9pCYQDI\n" \
    "wPxbioQc0UHyh/7tTN/hLTIIB0wA\n" \
    "-----END PUBLIC KEY-----\n"

#define PRIVATE_PKCS8 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MC4CAQAwBQYDK2VwBCIEIIjOuK+WxsZdFoRj5J05UxFL75339VepBhLS6fk5f2ZD\n" \
    "-----END PRIVATE KEY-----\n"

#define PRIVATE_PKCS8_BODY \
    "MC4CAQAwBQYDK2VwBCIEIIjOuK+WxsZdFoRj5J05UxFL75339VepBhLS6fk5f2ZD"

#define PRIVATE_EC \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIEcRqFuEi7L9b6B5wvryOvHdX3s18fJTXyh0PNOUecBaoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEbHzRDV/B3W49oDF7Goh7mPp9w6bONJkDu00ZtBDejS3fL6mNS6yS\n" \
    "FCET9bPFx3sgiinq5vCTBT3+L3xaxjhv4A==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define RSA_PKCS1 \
    "-----BEGIN RSA PUBLIC KEY-----\n" \
    "MIIBCgKCAQEArzuU4uJ/sykqioT/jMlnJSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cP\n" \
    "zFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ7NYG01aQCmoUqkBSClaAcsQmayDqAeeg\n" \
    "miDEDfJYAF2+K8CtEx4kN4MfGOohU9CqHI6rNAZouclc64cshGbsdzHeZfji9EJv\n" \
    "pgd7JbAC81x9MtErXJ4uVcn2Dz2puUIDZ789L6XlhDSRQJsc8zjhRHO8o/x9dwxm\n" \
    "rYvudvs0sU1BJpMCgAhvM57z1jl9eHW22zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3b\n" \
    "lhuMAmEkwBY08mLbY9t3InwkzkV9TceiBQIDAQAB\n" \
    "-----END RSA PUBLIC KEY-----\n"

#define RSA_PKCS1_BODY \
    "MIIBCgKCAQEArzuU4uJ/sykqioT/jMlnJSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cP" \
    "zFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ7NYG01aQCmoUqkBSClaAcsQmayDqAeeg" \
    "miDEDfJYAF2+K8CtEx4kN4MfGOohU9CqHI6rNAZouclc64cshGbsdzHeZfji9EJv" \
    "pgd7JbAC81x9MtErXJ4uVcn2Dz2puUIDZ789L6XlhDSRQJsc8zjhRHO8o/x9dwxm" \
    "rYvudvs0sU1BJpMCgAhvM57z1jl9eHW22zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3b" \
    "lhuMAmEkwBY08mLbY9t3InwkzkV9TceiBQIDAQAB"

#define CERTIFICATE \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBMjCB5aADAgECAhQlQjcqPqtQ+VT/PBPj9wfQ5x+fTzAFBgMrZXAwDzENMAsG\n" \
    "A1UEAwwEdGVzdDAeFw0yNjExMjUwMTU4MjNaFw0yNjEyMDUwMTU4MjNaMA8xDTAL\n" \
    "BgNVBAMMBHRlc3QwKjAFBgMrZXADIQB2JuyTqYgBIW9X8ukmEbObo6RAKrcZBA65\n" \
    "1IVOEALjPqNTMFEwHQYDVR0OBBYEFIfhW9ijspto3VAP1bfTNjCugCw0MB8GA1Ud\n" \
    "IwQYMBaAFIfhW9ijspto3VAP1bfTNjCugCw0MA8GA1UdEwEB/wQFMAMBAf8wBQYD\n" \
    "K2VwA0EAMFn2oyEKwJtWTeDLFcPx6zB4xDRrJLV4y8hkckqBdP9oO0MfyP1uGpPx\n" \
    "FpgRjbtTq12q5vqMHMJjo46auXu7AA==\n" \
    "-----END CERTIFICATE-----\n"

#define RSA_1024 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9jalxYZKERJdMHtG9eBVkxuRc\n" \
    "vjrUOyLTw9fGDt41TU0E8r/dzpWpd2GiMoxOIrZrgAP3MS8HfaFFouZ68kOR87sp\n" \
    "CbEvHg995mBl4zaum/8i7kHVZeDG+OKiPxZ1PdonJCybsA4uGjKdvNtGdkNloW9R\n" \
    "36Qv2uPlmkw741yhZQIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_8200 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIEIzANBgkqhkiG9w0BAQEFAAOCBBAAMIIECwKCBAIAgOzxOuXE4vj0BeQ0LAB2\n" \
    "csZwRLXjNZX+LSvRFBchbPWWUgZ1DMd5xkHDV59NOki3yrMxZj64zW9Z4w/j9Phd\n" \
    "SwSxgOZfdkShxZflsPSi/5bR5B4J+9VWSwfojw1rJlm3e7m9Nf+ixpo56CyNCO55\n" \
    "NSAClqNR1X26vr78nvV+t2d4C0SqlJi6XafPOnAC8whQgsOppSnYLrm2s94RAApn\n" \
    "MDVxNLDhDWCgvLyPGOmM5OHq19znEB3eCY7PmR3Ilb2CejFmnJHkL6Sq09mLNnB5\n" \
    "/ycJyuR9o+Y/SCZChkC3Uw/E0GbFlIQ7tVvOAGxkCYg7afiKHBMHeT6AXY7h5Hqs\n" \
    "zHPF6js2sOw85GMt85E89BIqIv/YfWzCgYpvSuF8LC5vGntXLCmKVR05K5n30p76\n" \
    "6W4ACxUK4yB/6MdUOGWN6jn0uhuOPy+B2bZNWx/KjqcDG4eugnCWdDfqmkp9yXKn\n" \
    "bVrKvXpul9jWwGY6Rsl+7N5gyxyoBEfQzIF93XmlBBg9o6uohftcjm+/yfXHaKti\n" \
    "NvWIMc9c5OHxfv1rGkyBqSmrAq0ictcnkrrBeQWhxS2CzSC6flnXfiDp/tZWLynW\n" \
    "arVoi1fcQQBm3VykxKEfscSvrlkk9kKZwKrSXdCxDrO2tlfaUtjHFh3Ugmf5IYmh\n" \
    "9Mp8SLXf6US0lsos0aZFLvLG4lAkcKxll4uU609HvBS7pJPYeH9R3oB0FITNfCyL\n" \
    "r17BpJoH+TbTp5WOVUgUtMEiYV6S3fN4+7y7Lo9BxCVdgxTGF4fMlB/pRcNU/9Nw\n" \
    "AmtaeVw2Qg6BbGqoLeTF2fzJuI21hYdg6boQg6CXGhWgp2x6wfnBclenQk44pmO5\n" \
    "lV5kWmCExcyqI3RvrLralK1IXEPbuhkcmHgjvyvxgcNm0ixXGL/trN/bCHdU6wxq\n" \
    "W8FRJpVxB5CsepNyXpdhLPt+UhaYcgQ8xBgFQFIkUMAGaxYhPvlNTrNWKRVu6FHy\n" \
    "aDf0FzcPUtT+uEFmsa1vErABglUmp+L1uvSe7zCR2vu7oYizggcdCw+j/+8eHZ4A\n" \
    "Bzk+EpNBXHeYWcrdcC6CgMuzRk6YcQVU5qFqSar+axMt7mWBCo6uPynJvlqhgW7a\n" \
    "r2NezhPdfbprOatHgXT/uxAJNBszScyUYHmVfJIDumRK16kRQSXm7ngcJ2qSJctS\n" \
    "3cTG/Ip+n+dljR/Jj3w8fnaczkQPdl/w0a9Tgfcnh18O3aW6807kXgyXpyAVOZFZ\n" \
    "yXrDxC6aOx1gc0yE/YJyUU3pZQdLMQtFNBN1b7raXs31C+9Bn7WhaTx0fGy33YDv\n" \
    "H8SwE7lExoW2iTkrf0zekmbll+Svv5aSQU82bNGW3a3aBlla1+y7v7x2k7/XARYK\n" \
    "S6cCAwEAAQ==\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_E1 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEArzuU4uJ/sykqioT/jMln\n" \
    "JSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cPzFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ\n" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2+K8CtEx4kN4MfGOohU9Cq\n" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID\n" \
    "Z789L6XlhDSRQJsc8zjhRHO8o/x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2\n" \
    "2zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei\n" \
    "BQIBAQ==\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_E3 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEArzuU4uJ/sykqioT/jMln\n" \
    "JSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cPzFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ\n" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2+K8CtEx4kN4MfGOohU9Cq\n" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID\n" \
    "Z789L6XlhDSRQJsc8zjhRHO8o/x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2\n" \
    "2zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei\n" \
    "BQIBAw==\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_E65536 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArzuU4uJ/sykqioT/jMln\n" \
    "JSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cPzFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ\n" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2+K8CtEx4kN4MfGOohU9Cq\n" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID\n" \
    "Z789L6XlhDSRQJsc8zjhRHO8o/x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2\n" \
    "2zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei\n" \
    "BQIDAQAA\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_E80 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBKjANBgkqhkiG9w0BAQEFAAOCARcAMIIBEgKCAQEArzuU4uJ/sykqioT/jMln\n" \
    "JSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cPzFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ\n" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2+K8CtEx4kN4MfGOohU9Cq\n" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID\n" \
    "Z789L6XlhDSRQJsc8zjhRHO8o/x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2\n" \
    "2zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei\n" \
    "BQILAIAAAAAAAAAAAAE=\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_EVEN \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArzuU4uJ/sykqioT/jMln\n" \
    "JSu4Yr/FsdviLynEU1zXoVEzdPH3Y/cPzFAMFUW9XbAl5/n8IG9MxNWVCNfNRivJ\n" \
    "7NYG01aQCmoUqkBSClaAcsQmayDqAeegmiDEDfJYAF2+K8CtEx4kN4MfGOohU9Cq\n" \
    "HI6rNAZouclc64cshGbsdzHeZfji9EJvpgd7JbAC81x9MtErXJ4uVcn2Dz2puUID\n" \
    "Z789L6XlhDSRQJsc8zjhRHO8o/x9dwxmrYvudvs0sU1BJpMCgAhvM57z1jl9eHW2\n" \
    "2zeM5VBAJiWip2Sx/PKx/ekSa4k2Sa3blhuMAmEkwBY08mLbY9t3InwkzkV9Tcei\n" \
    "BAIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"

#define RSA_PSS \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBAKN8bIXilwOMp+SG8ZuiKqMZ\n" \
    "uXPxYxnXebQkbdF+Q6gryht0xRpnEMWeWdubiCCmnIykpb+ELdq/FxMkhLMyot6k\n" \
    "owEl80nV4uq80/jCvoGT3KqIKhyyzDNFWIHlUsURZc+6SsuSjzZMbuqEIxAp15oj\n" \
    "Bns2FFfQbZiXPWky5uW+jFJEv3+L9PKEZuKMr+sRb00G/bR5WpfxujbL4qJlW2gM\n" \
    "A5AScCrCo1VLmZmxwRD0gvg1dKrWxlmcbiaQXTPeuv+l5eI9s2GjmV2GIgvEsvsw\n" \
    "/VSRLbawpYjDk0E1bHpTUFtt/MePja5yRsYVL9aC6Hy3AGyhSWuudqV3UJ6cI0UC\n" \
    "AwEAAQ==\n" \
    "-----END PUBLIC KEY-----\n"

#define P_224 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "ME4wEAYHKoZIzj0CAQYFK4EEACEDOgAEjEh0hw4+L8qpqzeZtGzzpaAgJSeEsImo\n" \
    "7pNU0kR8W7+CgKwVq7hnakGpzIdSOpBznIIz59ODxWQ=\n" \
    "-----END PUBLIC KEY-----\n"

#define BRAINPOOL \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFowFAYHKoZIzj0CAQYJKyQDAwIIAQEHA0IABFP33HSHZzUwsfyx7iIW9L/W6XKH\n" \
    "i55y0c3gQ0YyLL2IEPuZ7dPCGQQsXsQhKZ700b3HcEgviuG0YBt/7rOR328=\n" \
    "-----END PUBLIC KEY-----\n"

#define P_256_COMPRESSED \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACbHzRDV/B3W49oDF7Goh7mPp9w6bO\n" \
    "NJkDu00ZtBDejS0=\n" \
    "-----END PUBLIC KEY-----\n"

#define P_256_EXPLICIT \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n" \
    "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n" \
    "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n" \
    "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n" \
    "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n" \
    "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABGx80Q1fwd1uPaAxexqIe5j6\n" \
    "fcOmzjSZA7tNGbQQ3o0t3y+pjUuskhQhE/Wzxcd7IIop6ubwkwU9/i98WsY4b+A=\n" \
    "-----END PUBLIC KEY-----\n"

#define P_256_OFF \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbHzRDV/B3W49oDF7Goh7mPp9w6bO\n" \
    "NJkDu00ZtBDejS3fL6mNS6ySFCET9bPFx3sgiinq5vCTBT3+L3xaxjhv4Q==\n" \
    "-----END PUBLIC KEY-----\n"

#define P_256_INFINITY \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAA\n" \
    "-----END PUBLIC KEY-----\n"

#define X25519 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VuAyEAMLNtuqnq4VD8DC/AOkagsvrBaktMOE0tMpfMPxMT81Y=\n" \
    "-----END PUBLIC KEY-----\n"

#define DSA \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIDRjCCAjkGByqGSM44BAEwggIsAoIBAQCBtjbf2QFigIncurWAlbxxw7fhMlp+\n" \
    "2XIfKvrPkS/Jh6B8WpnSeiTTRssnofdlx3Iz8vy/8i6nfq8qQJ0jKaseZ7nRSVNP\n" \
    "icFZgyE57Oeq6sh0X6iG84PiQrTsPNwiaoHuLaP6gu2DzmqX19MR/39QmlxgtxMJ\n" \
    "Gld8MWNimYXNxYW2YsFNhLMcYBurmBwbw2YkfFQwLHWmi+JYdjtkyFpYW38lYc+/\n" \
    "RLzndqXWSqT1Sbxs6pgtnGvnWpFFFeeNMw9NbVc2gnp/r+Khup2fhjO+narIgCoe\n" \
    "5GQjoM+gfScscjgdNWbA5oA/dxImT1ZpkCebBa2OeNtxS5p/s3ILGTdhAiEAoQ6d\n" \
    "B8weBTqnaC3q50Yriyzem1Drt2jp7aCcqpyCPx8CggEAN4uur7Svmv6aPAoyTdUA\n" \
    "mLCZmtAAup5XDkasAjUCxjYkYh8urrrCG1rGQ6SUfQ7ZoEuLZsmrLQdxkM2kn/AS\n" \
    "Z8MbDci9a3fTGXqh4KdEtV2jmyuQVjfOuqYJshomATfXBHctgGQJL5CYl3NoYFjm\n" \
    "svUzlfUpLVoxB4Hbz4DO5VKBcvfh3A1LokIy/CaJZm4tnFyAxrexxIdnR83byDKe\n" \
    "7NFEmkPrX6bYQV6764dfcMo/b2b/MhhxAX6n6ZqXcBU8bNcpRJTYiGBxIiRORSK4\n" \
    "yaFZvux006QcAKJYEMo7+XSCvhaBPCpfcJShX3XwNhtR3dR9j5kHUFnmit04w0Ym\n" \
    "IwOCAQUAAoIBAFdlpf4s97FN2A0s2EHnmrMn45POV66pYYTGTdWD05Obyx1tl/PY\n" \
    "26lSNcSCyQM3+irLbc/ntx97jUT6yTL+djV0PpGZz6soxig4+gtaO2/6iY+9dNxF\n" \
    "Hg8Fq9Om33MiNaSB2UUT/peURHplEozUvLn47CS1tOAY4Pyw1cMKBVoIYT+0HtY+\n" \
    "RPjvUk8IfM7CB11mGt7HhqzUuN8z+EDGt03MNtjPLhguhCwZwlX5n2w6Kmcj3ijv\n" \
    "8Yx7gPI9+8IEgJuYBg8osZ8mf3iB2evun5/4O+YzFce3vbkromU5vUKaj52r3tl+\n" \
    "U8Ty3PZFiDAF5d5a4TvNEWP+r1NQ/AEswY8=\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_ZERO \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_ONE \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_ONE_NEGATIVE \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_ORDER_8 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEAJuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_SHORT \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCkwBQYDK2VwAyAAgZw722//WQXeESAeAZdZ8Jo0Xj6rRsSilrzfX+AY3A==\n" \
    "-----END PUBLIC KEY-----\n"

#define ED448_ORDER_2 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MEMwBQYDK2VxAzoA/v////////////////////////////////////7/////////\n" \
    "//////////////////////////8A\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_TRAILING \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEASt/gC+6mDdiDvj/6rMQsPZiKfKvJeesG3RZPcCbof+8A\n" \
    "-----END PUBLIC KEY-----\n"

#define ED25519_LONG_LENGTH \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIEqMAUGAytlcAMhAErf4Avupg3Yg74/+qzELD2YinyryXnrBt0WT3Am6H/v\n" \
    "-----END PUBLIC KEY-----\n"

#define RFC7638_KEY \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0vx7agoebGcQSuuPiLJX\n" \
    "ZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\n" \
    "oc/BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ/2W+5JsGY4Hc5n9yBXArwl93lqt\n" \
    "7/RN5w6Cf0h4QyQ5v+65YGjQR0/FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0\n" \
    "zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt+bFTWhAI4vMQFh6WeZu0f\n" \
    "M4lFd2NcRwr3XPksINHaQ+G/xBniIqbw0Ls1jF44+csFCur+kEgU8awapJzKnqDK\n" \
    "gwIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"

#define RFC8037_KEY \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
    "-----END PUBLIC KEY-----\n"

#define RFC9449_KEY \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl8tFrhx+34tV3hRICRDY9zCkDlpB\n" \
    "hF42UQUfWVAWBFv1UTiN/86T+jrjNtNOVy40lqMea3q/1MNWtTQJ28ZEMA==\n" \
    "-----END PUBLIC KEY-----\n"

#define P_521_ZERO_LED \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAAOsVbLafr3I7rW50ya9+puyUnoE+\n" \
    "DEvVP9/dEeE3LDPifjTwzXh8Hnmd0m+b2sLUdPeVpz3zJI5Ruat0OOgJ7RwAAP9i\n" \
    "a8ZArxe2VEcsI8Qp27f/uDLwfNG7Js4mQcNtRmIGBMJDXetvbNCt0CxElg+ARKeJ\n" \
    "l+Xhvo4IsbIKU7nnhCg=\n" \
    "-----END PUBLIC KEY-----\n"

#define P_521_ZERO_LED_THUMBPRINT \
    "GZORPsvnJfIQn-7ANN3yV17YwEVB03LeQQfItwqNX9I"

#define RFC8037_TEXT \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"

#define RFC8037_SIGNATURE \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt" \
    "9g7sVvpAr_MuM0KAg"

#endif

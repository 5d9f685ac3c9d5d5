/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "fault.h"

static const aws4_fault_row rows[AWS4_FAULTS] = {
    [AWS4_OK] = { "ok", "", 200 },
    [AWS4_NONE] = { "none", "AccessDenied", 401 },
    [AWS4_MALFORMED] = { "malformed", "AuthorizationHeaderMalformed", 400 },
    [AWS4_QUERY_MALFORMED] = { "query-malformed",
                               "AuthorizationQueryParametersError", 400 },
    [AWS4_TWO_FORMS] = { "two-forms", "InvalidArgument", 400 },
    [AWS4_OTHER_ALGORITHM] = { "other-algorithm", "InvalidRequest", 400 },
    [AWS4_TARGET] = { "target", "InvalidURI", 400 },
    [AWS4_BAD_DATE] = { "bad-date", "AccessDenied", 403 },
    [AWS4_SKEWED] = { "skewed", "RequestTimeTooSkewed", 403 },
    [AWS4_NOT_YET] = { "not-yet", "AccessDenied", 403 },
    [AWS4_EXPIRED] = { "expired", "AccessDenied", 403 },
    [AWS4_SCOPE] = { "scope", "AuthorizationHeaderMalformed", 400 },
    [AWS4_UNSIGNED] = { "unsigned", "AccessDenied", 403 },
    [AWS4_ABSENT] = { "absent", "SignatureDoesNotMatch", 403 },
    [AWS4_PAYLOAD] = { "payload", "InvalidArgument", 400 },
    [AWS4_STREAMING] = { "streaming", "NotImplemented", 501 },
    [AWS4_PAYLOAD_OPEN] = { "payload-open", "AccessDenied", 403 },
    [AWS4_BODY_FIRST] = { "body-first", "InternalError", 500 },
    [AWS4_MISMATCH] = { "mismatch", "SignatureDoesNotMatch", 403 },
    [AWS4_TOKEN] = { "token", "InvalidToken", 400 },
    [AWS4_BROKEN] = { "broken", "InternalError", 500 },
};

const aws4_fault_row *aws4_fault_about(aws4_fault fault)
{
    return &rows[fault < AWS4_FAULTS ? fault : AWS4_BROKEN];
}

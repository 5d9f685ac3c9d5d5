/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "authscheme.h"
module AP_MODULE_DECLARE_DATA authscheme_module;
AP_DECLARE_MODULE(authscheme) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, NULL, AP_MODULE_FLAG_NONE };

include modules/include/local.mk
include modules/lib/local.mk
include modules/core/local.mk
include modules/credentials/local.mk
include modules/bearer/local.mk
include modules/hoba/local.mk
include modules/digest/local.mk
include modules/htauth/local.mk

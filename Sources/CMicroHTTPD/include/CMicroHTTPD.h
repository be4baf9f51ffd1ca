// libmicrohttpd for Swift: the library's header, and wrappers for its variadic functions.
#ifndef C_MICRO_HTTPD_H
#define C_MICRO_HTTPD_H

#include <microhttpd.h>

#endif

// The C ABI between the Apus server and its plugins.
#ifndef APUS_PLUGIN_H
#define APUS_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#endif

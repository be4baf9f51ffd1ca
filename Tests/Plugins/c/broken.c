// Plugins that break the rules of apus_plugin.h, each in one way: chosen by -DVARIANT=... when it is compiled.

#include "apus_plugin_arrow.h"

static int fine(void *state, const struct ArrowArray *arguments, int64_t rows, struct ArrowArray *out,
                ApusError *error) {
  (void)state;
  (void)arguments;
  ApusMaker maker;
  apus_make(&maker, 8, rows, error);
  for (int64_t row = 0; row < rows; row++) apus_put(&maker, &row, 8, error);
  return apus_finish(&maker, out, error);
}

static const uint32_t int8_type[] = {APUS_TYPE_INT8};
static const uint32_t no_type[] = {424242};

static ApusScalarFunction function = {
    .size = sizeof(ApusScalarFunction),
    .name = "fine",
    .parameter_count = 1,
    .parameters = int8_type,
    .result = APUS_TYPE_INT8,
    .evaluate = fine,
};
static const ApusScalarFunction *scalars[] = {&function};
static ApusBackend backend = {.size = sizeof(ApusBackend)};

int apus_plugin_init(uint32_t abi, const ApusHost *host, ApusPlugin *out, ApusError *error) {
  (void)abi;
  (void)host;
  (void)no_type;
  out->abi = APUS_ABI_VERSION;
  out->threading = APUS_THREADS_SERIAL_PLUGIN;
  out->capabilities = APUS_PLUGIN_SCALARS;
  out->name = "broken";
  out->version = "1";
  out->scalar_count = 1;
  out->scalars = scalars;
  out->backend = NULL;
  (void)backend;
  switch (VARIANT) {
    case 1: out->abi = 99u << 16; break;
    case 2: return apus_error(error, "22023", 1, "no luck today");
    case 3: out->name = NULL; break;
    case 4: out->name = "other"; break;
    case 5: out->scalars = NULL; break;
    case 6: scalars[0] = NULL; break;
    case 7: function.evaluate = NULL; break;
    case 8: out->capabilities |= APUS_PLUGIN_SOURCES; break;
    case 9: out->capabilities |= 1ull << 40; break;
    case 10: out->size = 4; break;
    case 11: function.parameters = no_type; break;
    case 12: out->capabilities |= APUS_PLUGIN_BACKEND, out->backend = &backend; break;
    case 13: out->threading = 77; break;
    case 14: out->capabilities |= APUS_PLUGIN_BACKEND; break;
    case 15: function.size = 16; break;
    case 16: return APUS_FAILED;
    case 17: out->scalar_count = (size_t)-1; break;
    case 18: out->capabilities = APUS_PLUGIN_ENRICHMENTS; break;
    case 19: function.name = "No Such Name"; break;
    default: break;
  }
  return APUS_OK;
}

// An Apus plugin in C: two functions and an aggregate.
//
//   haversine_km(lat1, lon1, lat2, lon2) float8   the distance of two places on a sphere of the Earth's size
//   geohash(lat, lon, precision) text             the place as a geohash of 1 to 12 characters
//   spread(x) float8                              the difference between the largest and the smallest value
//
// Build:  cc -std=c11 -O2 -fPIC -shared -I ../../../Sources/CApusABI/include geo.c -o geo.so -lm
// Use:    CREATE EXTENSION geo;  SELECT haversine_km(52.52, 13.40, 48.86, 2.35);

#include <math.h>

#include "apus_plugin_arrow.h"

#define DEGREE (3.14159265358979323846 / 180)
#define EARTH_KM 6371.0088

// haversine_km ----------------------------------------------------------------------------------------------------

static int haversine(void *state, const struct ArrowArray *arguments, int64_t rows, struct ArrowArray *out,
                     ApusError *error) {
  (void)state;
  struct ArrowArray **column = arguments->children;
  ApusMaker result;
  int status = apus_make(&result, sizeof(double), rows, error);
  for (int64_t row = 0; row < rows && status == APUS_OK; row++) {
    // The function is strict: what it gives for null arguments does not count.
    double lat1 = apus_float8(column[0], row) * DEGREE, lon1 = apus_float8(column[1], row) * DEGREE;
    double lat2 = apus_float8(column[2], row) * DEGREE, lon2 = apus_float8(column[3], row) * DEGREE;
    double a = pow(sin((lat2 - lat1) / 2), 2) + cos(lat1) * cos(lat2) * pow(sin((lon2 - lon1) / 2), 2);
    double km = 2 * EARTH_KM * asin(sqrt(a > 1 ? 1 : a));
    status = apus_put(&result, &km, sizeof km, error);
  }
  if (status == APUS_OK) return apus_finish(&result, out, error);
  apus_maker_free(&result);
  return status;
}

// geohash ---------------------------------------------------------------------------------------------------------

static void encode(double lat, double lon, int precision, char *out) {
  static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  double south = -90, north = 90, west = -180, east = 180;
  for (int index = 0, isLongitude = 1; index < precision; index++) {
    int digit = 0;
    for (int bit = 0; bit < 5; bit++, isLongitude = !isLongitude) {
      double *low = isLongitude ? &west : &south, *high = isLongitude ? &east : &north;
      double middle = (*low + *high) / 2;
      int isAbove = (isLongitude ? lon : lat) >= middle;
      digit = digit * 2 + isAbove;
      *(isAbove ? low : high) = middle;
    }
    out[index] = digits[digit];
  }
}

static int geohash(void *state, const struct ArrowArray *arguments, int64_t rows, struct ArrowArray *out,
                   ApusError *error) {
  (void)state;
  struct ArrowArray **column = arguments->children;
  ApusMaker result;
  int status = apus_make(&result, 0, rows, error);
  for (int64_t row = 0; row < rows && status == APUS_OK; row++) {
    if (apus_is_null(column[0], row) || apus_is_null(column[1], row) || apus_is_null(column[2], row)) {
      status = apus_put(&result, NULL, 0, error);
      continue;
    }
    int32_t precision = apus_int4(column[2], row);
    if (precision < 1 || precision > 12) {
      status = apus_error(error, "22023", 0, "the precision of a geohash is 1 to 12, not %d", (int)precision);
      continue;
    }
    char text[12];
    encode(apus_float8(column[0], row), apus_float8(column[1], row), precision, text);
    status = apus_put(&result, text, (size_t)precision, error);
  }
  if (status == APUS_OK) return apus_finish(&result, out, error);
  apus_maker_free(&result);
  return status;
}

// spread ----------------------------------------------------------------------------------------------------------

typedef struct {
  double low, high;
  uint8_t isSet;
} Range;

typedef struct {
  Range *ranges;
  uint32_t count;
} Ranges;

static int create(void *state, void **states, ApusError *error) {
  (void)state;
  *states = calloc(1, sizeof(Ranges));
  return *states == NULL ? apus_error(error, "53200", 1, "out of memory") : APUS_OK;
}

static int grow(void *states, uint32_t count, ApusError *error) {
  Ranges *own = states;
  if (count <= own->count) return APUS_OK;
  Range *ranges = realloc(own->ranges, count * sizeof(Range));
  if (ranges == NULL) return apus_error(error, "53200", 1, "out of memory");
  memset(ranges + own->count, 0, (count - own->count) * sizeof(Range));
  own->ranges = ranges;
  own->count = count;
  return APUS_OK;
}

static void widen(Range *range, double low, double high) {
  if (!range->isSet || low < range->low) range->low = low;
  if (!range->isSet || high > range->high) range->high = high;
  range->isSet = 1;
}

static int accumulate(void *states, const struct ArrowArray *arguments, int64_t rows, const uint32_t *groups,
                      ApusError *error) {
  (void)error;
  Ranges *own = states;
  for (int64_t row = 0; row < rows; row++) {
    double value = apus_float8(arguments->children[0], row);
    widen(&own->ranges[groups == NULL ? 0 : groups[row]], value, value);
  }
  return APUS_OK;
}

static int merge(void *states, void *other, const uint32_t *mapping, uint32_t count, ApusError *error) {
  (void)error;
  Ranges *own = states, *theirs = other;
  for (uint32_t group = 0; group < count; group++) {
    Range *range = &theirs->ranges[group];
    if (range->isSet) widen(&own->ranges[mapping[group]], range->low, range->high);
  }
  return APUS_OK;
}

static int finalise(void *states, uint32_t count, struct ArrowArray *out, ApusError *error) {
  Ranges *own = states;
  ApusMaker result;
  int status = apus_make(&result, sizeof(double), count, error);
  for (uint32_t group = 0; group < count && status == APUS_OK; group++) {
    double spread = own->ranges[group].high - own->ranges[group].low;
    status = apus_put(&result, own->ranges[group].isSet ? &spread : NULL, sizeof spread, error);
  }
  if (status == APUS_OK) return apus_finish(&result, out, error);
  apus_maker_free(&result);
  return status;
}

static void release_bytes(ApusBytes *bytes) { free((void *)bytes->data); }

/// A version, and the two bounds when there are any.
static int serialise(void *states, uint32_t group, ApusBytes *out, ApusError *error) {
  Range *range = &((Ranges *)states)->ranges[group];
  uint8_t *bytes = malloc(17);
  if (bytes == NULL) return apus_error(error, "53200", 1, "out of memory");
  bytes[0] = 1;
  memcpy(bytes + 1, &range->low, 8);
  memcpy(bytes + 9, &range->high, 8);
  out->data = bytes;
  out->length = range->isSet ? 17 : 1;
  out->release = release_bytes;
  return APUS_OK;
}

static int deserialise(void *states, uint32_t group, const uint8_t *data, size_t length, ApusError *error) {
  if (length == 0 || data[0] != 1 || (length != 1 && length != 17))
    return apus_error(error, "XX001", 0, "a state of spread is damaged");
  double low, high;
  if (length == 1) return APUS_OK;
  memcpy(&low, data + 1, 8);
  memcpy(&high, data + 9, 8);
  widen(&((Ranges *)states)->ranges[group], low, high);
  return APUS_OK;
}

static size_t byte_count(void *states) { return sizeof(Ranges) + ((Ranges *)states)->count * sizeof(Range); }

static void release(void *states) {
  free(((Ranges *)states)->ranges);
  free(states);
}

// The plugin ------------------------------------------------------------------------------------------------------

static const uint32_t four_floats[] = {APUS_TYPE_FLOAT8, APUS_TYPE_FLOAT8, APUS_TYPE_FLOAT8, APUS_TYPE_FLOAT8};
static const uint32_t place_and_precision[] = {APUS_TYPE_FLOAT8, APUS_TYPE_FLOAT8, APUS_TYPE_INT4};

static const ApusScalarFunction haversine_function = {
    .size = sizeof(ApusScalarFunction),
    .name = "haversine_km",
    .description = "the distance of two places in kilometres",
    .flags = APUS_FUNCTION_IMMUTABLE | APUS_FUNCTION_STRICT | APUS_FUNCTION_NEVER_FAILS,
    .parameter_count = 4,
    .parameters = four_floats,
    .result = APUS_TYPE_FLOAT8,
    .evaluate = haversine,
};
static const ApusScalarFunction geohash_function = {
    .size = sizeof(ApusScalarFunction),
    .name = "geohash",
    .description = "a place as a geohash",
    .flags = APUS_FUNCTION_IMMUTABLE | APUS_FUNCTION_STRICT,
    .parameter_count = 3,
    .parameters = place_and_precision,
    .result = APUS_TYPE_TEXT,
    .evaluate = geohash,
};
static const ApusAggregateFunction spread_function = {
    .size = sizeof(ApusAggregateFunction),
    .name = "spread",
    .description = "the largest value less the smallest",
    .flags = APUS_FUNCTION_STRICT,
    .parameter_count = 1,
    .parameters = four_floats,
    .result = APUS_TYPE_FLOAT8,
    .create = create,
    .grow = grow,
    .accumulate = accumulate,
    .merge = merge,
    .finalise = finalise,
    .serialise = serialise,
    .deserialise = deserialise,
    .byte_count = byte_count,
    .release = release,
};
static const ApusScalarFunction *const scalars[] = {&haversine_function, &geohash_function};
static const ApusAggregateFunction *const aggregates[] = {&spread_function};

int apus_plugin_init(uint32_t abi, const ApusHost *host, ApusPlugin *out, ApusError *error) {
  (void)host;
  if (abi >> 16 != APUS_ABI_MAJOR)
    return apus_error(error, "0A000", 0, "geo is made for version %d of the plugin interface", APUS_ABI_MAJOR);
  out->abi = APUS_ABI_VERSION;
  out->threading = APUS_THREADS_PARALLEL;
  out->capabilities = APUS_PLUGIN_SCALARS | APUS_PLUGIN_AGGREGATES;
  out->name = "geo";
  out->version = "1.0.0";
  out->description = "distances and geohashes, an example";
  out->scalar_count = sizeof scalars / sizeof *scalars;
  out->scalars = scalars;
  out->aggregate_count = sizeof aggregates / sizeof *aggregates;
  out->aggregates = aggregates;
  return APUS_OK;
}

// Helpers for plugins in C: reading the columns that the host passes, and making those that a function gives back.
// They use malloc and free, and only the formats that the host writes. apus_plugin.h is complete without them.
#ifndef APUS_PLUGIN_ARROW_H
#define APUS_PLUGIN_ARROW_H

#include <stdlib.h>
#include <string.h>

#include "apus_plugin.h"

// Reading. `row` counts from 0; the values of null rows mean nothing.

static inline int apus_is_null(const struct ArrowArray *column, int64_t row) {
  if (column->null_count == 0 || column->buffers[0] == NULL) return 0;
  int64_t place = column->offset + row;
  return !((((const uint8_t *)column->buffers[0])[place / 8] >> (place % 8)) & 1);
}
static inline int apus_bool(const struct ArrowArray *column, int64_t row) {
  int64_t place = column->offset + row;
  return (((const uint8_t *)column->buffers[1])[place / 8] >> (place % 8)) & 1;
}
static inline int16_t apus_int2(const struct ArrowArray *column, int64_t row) {
  return ((const int16_t *)column->buffers[1])[column->offset + row];
}
static inline int32_t apus_int4(const struct ArrowArray *column, int64_t row) {
  return ((const int32_t *)column->buffers[1])[column->offset + row];
}
/// int8, time, timestamp and timestamptz too.
static inline int64_t apus_int8(const struct ArrowArray *column, int64_t row) {
  return ((const int64_t *)column->buffers[1])[column->offset + row];
}
static inline float apus_float4(const struct ArrowArray *column, int64_t row) {
  return ((const float *)column->buffers[1])[column->offset + row];
}
static inline double apus_float8(const struct ArrowArray *column, int64_t row) {
  return ((const double *)column->buffers[1])[column->offset + row];
}
/// text, bytea, numeric, jsonb: not NUL-terminated.
static inline const char *apus_bytes(const struct ArrowArray *column, int64_t row, size_t *length) {
  const int32_t *offsets = (const int32_t *)column->buffers[1] + column->offset;
  *length = (size_t)(offsets[row + 1] - offsets[row]);
  return *length == 0 ? "" : (const char *)column->buffers[2] + offsets[row];
}

// Making. A maker grows by values in order and is finished once; on failure, or to give up, it is freed.

typedef struct ApusMaker {
  /// Bytes a value; 0 for values of any length.
  size_t width;
  int64_t count;
  int64_t null_count;
  uint8_t *validity;
  int64_t capacity;
  int32_t *offsets;
  uint8_t *values;
  size_t length;
  size_t space;
} ApusMaker;

/// `width`: 2, 4, 8 or 16 bytes, 0 for text and bytea. (A bool column has bits: see apus_make_bool.)
static inline int apus_make(ApusMaker *maker, size_t width, int64_t rows, ApusError *error) {
  memset(maker, 0, sizeof *maker);
  maker->width = width;
  maker->capacity = rows < 1 ? 1 : rows;
  maker->space = (width == 0 ? 16 : width) * (size_t)maker->capacity;
  maker->validity = (uint8_t *)calloc(1, (size_t)maker->capacity / 8 + 1);
  maker->values = (uint8_t *)malloc(maker->space);
  maker->offsets = width == 0 ? (int32_t *)calloc((size_t)maker->capacity + 1, sizeof(int32_t)) : NULL;
  if (maker->validity == NULL || maker->values == NULL || (width == 0 && maker->offsets == NULL))
    return apus_error(error, "53200", 1, "out of memory");
  return APUS_OK;
}

static inline void apus_maker_free(ApusMaker *maker) {
  free(maker->validity);
  free(maker->offsets);
  free(maker->values);
  memset(maker, 0, sizeof *maker);
}

/// Adds a value: `width` bytes, or `length` bytes when the width is 0. NULL adds null. No more than were announced.
static inline int apus_put(ApusMaker *maker, const void *value, size_t length, ApusError *error) {
  if (maker->count >= maker->capacity) return apus_error(error, "XX000", 0, "more values than rows");
  size_t size = maker->width == 0 ? (value == NULL ? 0 : length) : maker->width;
  if (maker->length + size > (size_t)INT32_MAX)
    return apus_error(error, "54000", 0, "the values of a batch pass 2 GiB");
  if (maker->length + size > maker->space) {
    size_t space = maker->space * 2 + size;
    uint8_t *grown = (uint8_t *)realloc(maker->values, space);
    if (grown == NULL) return apus_error(error, "53200", 1, "out of memory");
    maker->values = grown;
    maker->space = space;
  }
  if (value == NULL) {
    maker->null_count++;
    memset(maker->values + maker->length, 0, size);
  } else {
    maker->validity[maker->count / 8] |= (uint8_t)(1u << (maker->count % 8));
    memcpy(maker->values + maker->length, value, size);
  }
  maker->length += size;
  maker->count++;
  if (maker->width == 0) maker->offsets[maker->count] = (int32_t)maker->length;
  return APUS_OK;
}

static inline void apus_release_made(struct ArrowArray *array) {
  for (int64_t index = 0; index < array->n_buffers; index++) free((void *)array->buffers[index]);
  free((void *)array->buffers);
  array->release = NULL;
}

/// Gives the column away; the maker is empty afterwards.
static inline int apus_finish(ApusMaker *maker, struct ArrowArray *out, ApusError *error) {
  const void **buffers = (const void **)calloc(3, sizeof(void *));
  if (buffers == NULL) {
    apus_maker_free(maker);
    return apus_error(error, "53200", 1, "out of memory");
  }
  memset(out, 0, sizeof *out);
  out->length = maker->count;
  out->null_count = maker->null_count;
  out->n_buffers = maker->width == 0 ? 3 : 2;
  out->buffers = buffers;
  buffers[0] = maker->validity;
  buffers[1] = maker->width == 0 ? (void *)maker->offsets : (void *)maker->values;
  buffers[2] = maker->width == 0 ? (void *)maker->values : NULL;
  out->release = apus_release_made;
  memset(maker, 0, sizeof *maker);
  return APUS_OK;
}

/// A bool column of bytes that are 0, 1 or, for null, 2.
static inline int apus_make_bool(const uint8_t *flags, int64_t rows, struct ArrowArray *out, ApusError *error) {
  ApusMaker maker;
  size_t bytes = (size_t)rows / 8 + 1;
  memset(&maker, 0, sizeof maker);
  maker.width = 1;
  maker.count = rows;
  maker.validity = (uint8_t *)calloc(1, bytes);
  maker.values = (uint8_t *)calloc(1, bytes);
  if (maker.validity == NULL || maker.values == NULL) {
    apus_maker_free(&maker);
    return apus_error(error, "53200", 1, "out of memory");
  }
  for (int64_t row = 0; row < rows; row++) {
    if (flags[row] > 1) {
      maker.null_count++;
      continue;
    }
    maker.validity[row / 8] |= (uint8_t)(1u << (row % 8));
    if (flags[row]) maker.values[row / 8] |= (uint8_t)(1u << (row % 8));
  }
  return apus_finish(&maker, out, error);
}

#endif  // APUS_PLUGIN_ARROW_H

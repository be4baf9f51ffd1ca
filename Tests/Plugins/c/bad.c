// A plugin that loads and then misbehaves: functions that give malformed Arrow data, and a backend whose tables each
// break a promise, or keep one that is seldom made (inexact answers, partial groups, a scan that waits).

#include <time.h>

#include "apus_plugin_arrow.h"

// Functions -------------------------------------------------------------------------------------------------------

enum { SHORT = 1, UNSET, OFFSETS, UTF8, NULLS, BUFFERS, BUFFER_COUNT, NEGATIVE, SILENT, STATE, JSON, NUMERIC, NUL };

static int misbehave(void *state, const struct ArrowArray *arguments, int64_t rows, struct ArrowArray *out,
                     ApusError *error) {
  (void)arguments;
  int kind = (int)(intptr_t)state;
  ApusMaker maker;
  int isText = kind == OFFSETS || kind == UTF8 || kind == JSON || kind == NUMERIC || kind == NUL;
  apus_make(&maker, isText ? 0 : 8, rows, error);
  for (int64_t row = 0; row < rows; row++) {
    const char *text = kind == UTF8 ? "\xff\xfe!" : kind == NUL ? "a\0b" : "{abc";
    if (isText) apus_put(&maker, text, 3, error);
    else apus_put(&maker, &row, 8, error);
  }
  switch (kind) {
    case UNSET: apus_maker_free(&maker); return APUS_OK;
    case SILENT: apus_maker_free(&maker); return APUS_FAILED;
    case STATE: apus_maker_free(&maker); return apus_error(error, "P0001", 1, "%d rows are too many", (int)rows);
    default: break;
  }
  int status = apus_finish(&maker, out, error);
  if (status != APUS_OK) return status;
  switch (kind) {
    case SHORT: out->length = rows - 1; break;
    case OFFSETS: ((int32_t *)out->buffers[1])[rows] = 1; break;
    case NULLS: out->null_count = rows; free((void *)out->buffers[0]); out->buffers[0] = NULL; break;
    case BUFFERS: free((void *)out->buffers[1]); out->buffers[1] = NULL; break;
    case BUFFER_COUNT: out->n_buffers = 1; break;
    case NEGATIVE: out->length = -5; break;
    default: break;
  }
  return APUS_OK;
}

static const uint32_t int8_type[] = {APUS_TYPE_INT8};

#define FUNCTION(id, kind, type)                                                                               \
  static const ApusScalarFunction id = {.size = sizeof(ApusScalarFunction), .name = #id, .parameter_count = 1, \
                                        .flags = APUS_FUNCTION_VOLATILE, .parameters = int8_type,              \
                                        .result = type, .state = (void *)(intptr_t)kind, .evaluate = misbehave}
FUNCTION(bad_short, SHORT, APUS_TYPE_INT8);
FUNCTION(bad_unset, UNSET, APUS_TYPE_INT8);
FUNCTION(bad_offsets, OFFSETS, APUS_TYPE_TEXT);
FUNCTION(bad_utf8, UTF8, APUS_TYPE_TEXT);
FUNCTION(bad_nulls, NULLS, APUS_TYPE_INT8);
FUNCTION(bad_buffers, BUFFERS, APUS_TYPE_INT8);
FUNCTION(bad_buffer_count, BUFFER_COUNT, APUS_TYPE_INT8);
FUNCTION(bad_negative, NEGATIVE, APUS_TYPE_INT8);
FUNCTION(bad_silent, SILENT, APUS_TYPE_INT8);
FUNCTION(bad_state, STATE, APUS_TYPE_INT8);
FUNCTION(bad_json, JSON, APUS_TYPE_JSONB);
FUNCTION(bad_numeric, NUMERIC, APUS_TYPE_NUMERIC);
FUNCTION(bad_nul, NUL, APUS_TYPE_TEXT);
static const ApusScalarFunction *const scalars[] = {
    &bad_short,    &bad_unset,  &bad_offsets, &bad_utf8, &bad_nulls,   &bad_buffers, &bad_buffer_count,
    &bad_negative, &bad_silent, &bad_state,   &bad_json, &bad_numeric, &bad_nul};

// The backend -----------------------------------------------------------------------------------------------------
// Every table has the rows 0 to 9 of (id int8, name text), the name being n0, n1 or n2.

static const ApusHost *host_;

struct ApusServer {
  int unused;
};

enum { COLUMN_ID, COLUMN_NAME, COLUMN_COUNT, COLUMN_SUM };

struct ApusScan {
  char table[64];
  int columns[16];
  int count;
  int isPartial;
  int next;
  volatile int isCancelled;
  char description[64];
};

static int open_server(void *state, size_t count, const ApusOption *options, ApusServer **out, ApusError *error) {
  (void)state;
  for (size_t index = 0; index < count; index++)
    if (strcmp(options[index].key, "broken") == 0) return apus_error(error, "08001", 1, "nobody is there");
  *out = calloc(1, sizeof(ApusServer));
  return APUS_OK;
}
static void close_server(ApusServer *server) { free(server); }
static int probe(ApusServer *server, ApusServerInfo *out, ApusError *error) {
  (void)server;
  (void)error;
  strcpy(out->version, "0");
  out->capabilities = APUS_BACKEND_DESCRIBE;
  return APUS_OK;
}
static int list_tables(ApusServer *server, const char *schema, ApusNames *out, ApusError *error) {
  (void)server;
  (void)schema;
  (void)error;
  static const char *const names[] = {"inexact", "partial"};
  out->count = 2;
  out->names = names;
  return APUS_OK;
}
static int describe_table(ApusServer *server, const ApusTable *table, struct ArrowSchema *out, ApusError *error) {
  (void)server;
  if (strcmp(table->name, "unknown") == 0) return apus_error(error, "42P01", 0, "relation \"unknown\" does not exist");
  if (host_->field(0, -1, "", 0, 2, out, error) != APUS_OK) return APUS_FAILED;
  host_->field(APUS_TYPE_INT8, -1, "id", 0, 0, out->children[0], error);
  return host_->field(APUS_TYPE_TEXT, -1, "name", 1, 0, out->children[1], error);
}

static int prepare(ApusServer *server, const ApusTable *table, const ApusScanRequest *request, ApusScan **out,
                   ApusScanAnswer *answer, ApusError *error) {
  (void)server;
  if (strcmp(table->name, "noscan") == 0) return APUS_OK;
  if (strcmp(table->name, "fails") == 0) return apus_error(error, "08006", 1, "the storage is away");
  ApusScan *scan = calloc(1, sizeof *scan);
  snprintf(scan->table, sizeof scan->table, "%s", table->name);
  int isInexact = strcmp(table->name, "inexact") == 0, isLiar = strcmp(table->name, "liar") == 0;
  for (size_t index = 0; index < request->filter_count; index++)
    if (isInexact) answer->filters[index] = APUS_INEXACT;
  if (request->limit >= 0 && (isInexact || isLiar)) answer->limit = isLiar ? APUS_EXACT : APUS_INEXACT;
  if (request->has_aggregation && request->filter_count == 0 && strcmp(table->name, "partial") == 0) {
    answer->aggregation = APUS_INEXACT;
    scan->isPartial = 1;
    for (size_t index = 0; index < request->grouping_count; index++) {
      if (request->groupings[index].kind != APUS_GROUP_COLUMN) answer->aggregation = APUS_UNSUPPORTED;
      scan->columns[scan->count++] = (int)request->groupings[index].column.column;
    }
    for (size_t index = 0; index < request->aggregate_count; index++) {
      int kind = request->aggregates[index].function;
      if (kind != APUS_AGGREGATE_COUNT_ROWS && kind != APUS_AGGREGATE_SUM) answer->aggregation = APUS_UNSUPPORTED;
      scan->columns[scan->count++] = kind == APUS_AGGREGATE_SUM ? COLUMN_SUM : COLUMN_COUNT;
    }
    if (answer->aggregation == APUS_UNSUPPORTED) scan->isPartial = scan->count = 0;
  }
  if (!scan->isPartial)
    for (size_t index = 0; index < request->column_count; index++)
      scan->columns[scan->count++] = (int)request->columns[index].column;
  if (strcmp(table->name, "fewcolumns") == 0) scan->count--;
  snprintf(scan->description, sizeof scan->description, "rows of %s, limit %d", table->name, (int)request->limit);
  answer->description = scan->description;
  *out = scan;
  return APUS_OK;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  ApusScan *scan = stream->private_data;
  ApusError error = {.size = sizeof error};
  host_->field(0, -1, "", 0, scan->count, out, &error);
  for (int index = 0; index < scan->count; index++) {
    uint32_t type = APUS_TYPE_INT8;
    if (scan->columns[index] == COLUMN_NAME) type = APUS_TYPE_TEXT;
    if (scan->columns[index] == COLUMN_SUM) type = APUS_TYPE_NUMERIC;
    if (strcmp(scan->table, "wrongtypes") == 0) type = APUS_TYPE_FLOAT8;
    host_->field(type, -1, "", 1, 0, out->children[index], &error);
  }
  return 0;
}

static void release_batch(struct ArrowArray *batch) {
  for (int64_t index = 0; index < batch->n_children; index++) {
    if (batch->children[index]->release) batch->children[index]->release(batch->children[index]);
    free(batch->children[index]);
  }
  free(batch->children);
  free((void *)batch->buffers);
  batch->release = NULL;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  ApusScan *scan = stream->private_data;
  memset(out, 0, sizeof *out);
  if (strcmp(scan->table, "streamfails") == 0 && scan->next > 0) return 5;
  if (strcmp(scan->table, "slow") == 0) {
    struct timespec pause = {0, 2000000};
    for (int turn = 0; turn < 15000 && !scan->isCancelled; turn++) nanosleep(&pause, NULL);
    return 4;
  }
  if (scan->next >= 10) return 0;
  // Partial groups come as two batches of every row by itself.
  int rows = 5;
  out->length = rows;
  out->n_buffers = 1;
  out->buffers = calloc(1, sizeof(void *));
  out->n_children = scan->count;
  out->children = calloc((size_t)scan->count + 1, sizeof(void *));
  out->release = release_batch;
  if (strcmp(scan->table, "rownulls") == 0) out->null_count = 2;
  for (int index = 0; index < scan->count; index++) {
    out->children[index] = calloc(1, sizeof(struct ArrowArray));
    int kind = scan->columns[index];
    ApusMaker maker;
    apus_make(&maker, kind == COLUMN_NAME || kind == COLUMN_SUM ? 0 : 8, rows, NULL);
    for (int row = 0; row < rows; row++) {
      int64_t id = scan->next + row, one = 1;
      char text[16];
      int length = snprintf(text, sizeof text, kind == COLUMN_NAME ? "n%d" : "%d",
                            (int)(kind == COLUMN_NAME ? id % 3 : id));
      if (kind == COLUMN_NAME || kind == COLUMN_SUM) apus_put(&maker, text, (size_t)length, NULL);
      else apus_put(&maker, kind == COLUMN_COUNT ? &one : &id, 8, NULL);
    }
    apus_finish(&maker, out->children[index], NULL);
    if (strcmp(scan->table, "shortcolumn") == 0) out->children[index]->length = 3;
  }
  scan->next += rows;
  return 0;
}

static const char *last_error(struct ArrowArrayStream *stream) {
  ApusScan *scan = stream->private_data;
  return scan->isCancelled ? "57014: canceled at the storage" : "08006:the connection was lost";
}
static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static int execute(ApusScan *scan, struct ArrowArrayStream *out, ApusError *error) {
  (void)error;
  memset(out, 0, sizeof *out);
  out->get_schema = get_schema;
  out->get_next = get_next;
  out->get_last_error = last_error;
  out->release = strcmp(scan->table, "nostream") == 0 ? NULL : release_stream;
  out->private_data = scan;
  return APUS_OK;
}
static void cancel(ApusScan *scan) { scan->isCancelled = 1; }
static void release_scan(ApusScan *scan) { free(scan); }

static const ApusOptionSpec broken = {.size = sizeof(ApusOptionSpec), .name = "broken", .scope = APUS_OPTION_SERVER};
static const ApusOptionSpec token = {.size = sizeof(ApusOptionSpec), .name = "token", .scope = APUS_OPTION_SERVER,
                                     .secret = 1};
static const ApusOptionSpec *const options[] = {&broken, &token};
static const ApusBackend backend = {
    .size = sizeof(ApusBackend),
    .capabilities = APUS_BACKEND_DESCRIBE,
    .option_count = 2,
    .options = options,
    .open = open_server,
    .close = close_server,
    .probe = probe,
    .list_tables = list_tables,
    .describe_table = describe_table,
    .prepare_scan = prepare,
    .execute_scan = execute,
    .cancel_scan = cancel,
    .release_scan = release_scan,
};

int apus_plugin_init(uint32_t abi, const ApusHost *host, ApusPlugin *out, ApusError *error) {
  if (abi >> 16 != APUS_ABI_MAJOR) return apus_error(error, "0A000", 0, "another version");
  host_ = host;
  out->abi = APUS_ABI_VERSION;
  out->threading = APUS_THREADS_PARALLEL;
  out->capabilities = APUS_PLUGIN_SCALARS | APUS_PLUGIN_BACKEND;
  out->name = "bad";
  out->version = "1";
  out->scalar_count = sizeof scalars / sizeof *scalars;
  out->scalars = scalars;
  out->backend = &backend;
  return APUS_OK;
}

// The C ABI between the Apus server and its plugins: what a plugin exports, what it is given, how data crosses.
// docs/PLUGINS.md tells the same as a guide.
//
// RULES
// 1. A plugin is a shared library with one exported symbol, `apus_plugin_init`. Nothing else is looked up in it.
// 2. Every function that can fail returns 0 for success and anything else for failure, and then fills the ApusError.
//    On failure its out parameters are left as they were: the host releases nothing of them.
// 3. Structs that begin with `size` may grow at their end in later versions. Whoever makes one sets `size` to the
//    sizeof that it was compiled with; whoever reads one reads no field past `size`. Structs without `size` are final.
//    A function pointer that is NULL, or lies past `size`, is absent.
// 4. Whoever allocates frees: data is handed over with a `release` callback, which the receiver calls once. Pointers
//    in requests (options, filters, columns, schemas, argument arrays) are borrowed: they are valid during the call
//    only, and the callee neither changes nor releases them.
// 5. Data crosses as Arrow C data: a batch is a struct array ("+s") whose children are the columns, without nulls of
//    its own; a single column is an array of its type. The host checks what it is given (counts, buffers, offsets,
//    UTF-8) and turns what is broken into an error.
// 6. Strings are NUL-terminated UTF-8 unless a length stands beside them.
// 7. Threads: see ApusThreading. Callbacks of the host may be called from any thread.
// 8. No exception, longjmp or signal crosses the border, and a plugin neither exits nor changes the process (signal
//    handlers, locale, working directory).
#ifndef APUS_PLUGIN_H
#define APUS_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------------------
// The Arrow C data and stream interfaces (https://arrow.apache.org/docs/format/CDataInterface.html), as published.

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE

// ---------------------------------------------------------------------------------------------------------------
// Version

/// major << 16 | minor. A minor version only adds at the ends of structs and new constants; plugin and host of one
/// major version work together whatever their minors.
#define APUS_ABI_MAJOR 1
#define APUS_ABI_MINOR 0
#define APUS_ABI_VERSION ((uint32_t)((APUS_ABI_MAJOR << 16) | APUS_ABI_MINOR))

#if defined(__GNUC__)
#define APUS_EXPORT __attribute__((visibility("default")))
#else
#define APUS_EXPORT
#endif

/// The name by which Swift sees a struct.
#if defined(__clang__)
#define APUS_SWIFT_NAME(name) __attribute__((swift_name(name)))
#else
#define APUS_SWIFT_NAME(name)
#endif

// ---------------------------------------------------------------------------------------------------------------
// Types
//
// A type is PostgreSQL's OID. How its values lie in Arrow arrays:
//
//   type          Arrow format            host also reads    values
//   bool          b
//   int2/4/8      s / i / l               smaller integers
//   float4/8      f / g                   f as float8
//   numeric       u   apus:type=numeric   d:P,S (128 bits)   the text as PostgreSQL writes it: 12.50, NaN, Infinity
//   text          u                       U                  UTF-8 without NUL
//   varchar, bpchar, name
//                 u   apus:type=...       U                  as text
//   json, jsonb   u   apus:type=...       U                  as text; jsonb is normalised by the host when it reads
//   bytea         z                       Z
//   uuid          w:16                                       16 bytes in the order of the text form
//   date          tdD                                        days since 1970-01-01
//   time          ttu                                        microseconds since midnight
//   timestamp     tsu:                    tss: tsm: tsn:     microseconds since 1970-01-01 00:00
//   timestamptz   tsu:UTC                 tss/tsm/tsn, any zone name: values are UTC in any case
//   interval      tin                                        int32 months, int32 days, int64 nanoseconds
//   T[]           +l of T                                    one dimension
//
// `apus:type` is a key of the field's metadata: the type's name where the format alone does not tell. The canonical
// extension names of Arrow (ARROW:extension:name of arrow.json, arrow.uuid) are written too, and read when apus:type
// is missing. `apus:typmod` is the modifier (numeric(12,2), varchar(10)) as a decimal number, PostgreSQL's atttypmod.
// A field without ARROW_FLAG_NULLABLE is NOT NULL. The infinities of date, timestamp and timestamptz are the largest
// and the smallest number of their width. Dictionary-encoded columns are read, never sent. ApusHost.field makes such a
// schema, ApusHost.type_of and typmod_of read it.

#define APUS_TYPE_BOOL 16u
#define APUS_TYPE_BYTEA 17u
#define APUS_TYPE_NAME 19u
#define APUS_TYPE_INT8 20u
#define APUS_TYPE_INT2 21u
#define APUS_TYPE_INT4 23u
#define APUS_TYPE_TEXT 25u
#define APUS_TYPE_JSON 114u
#define APUS_TYPE_FLOAT4 700u
#define APUS_TYPE_FLOAT8 701u
#define APUS_TYPE_BPCHAR 1042u
#define APUS_TYPE_VARCHAR 1043u
#define APUS_TYPE_DATE 1082u
#define APUS_TYPE_TIME 1083u
#define APUS_TYPE_TIMESTAMP 1114u
#define APUS_TYPE_TIMESTAMPTZ 1184u
#define APUS_TYPE_INTERVAL 1186u
#define APUS_TYPE_NUMERIC 1700u
#define APUS_TYPE_UUID 2950u
#define APUS_TYPE_JSONB 3802u
// Arrays of the above, where they are of use.
#define APUS_TYPE_BOOL_ARRAY 1000u
#define APUS_TYPE_INT2_ARRAY 1005u
#define APUS_TYPE_INT4_ARRAY 1007u
#define APUS_TYPE_TEXT_ARRAY 1009u
#define APUS_TYPE_INT8_ARRAY 1016u
#define APUS_TYPE_FLOAT4_ARRAY 1021u
#define APUS_TYPE_FLOAT8_ARRAY 1022u
#define APUS_TYPE_TIMESTAMPTZ_ARRAY 1185u
#define APUS_TYPE_NUMERIC_ARRAY 1231u

// ---------------------------------------------------------------------------------------------------------------
// Errors

#define APUS_OK 0
#define APUS_FAILED 1

/// The caller owns the struct, clears it and sets `size`; the callee fills it when it fails. Longer texts are cut.
typedef struct APUS_SWIFT_NAME("ApusPluginError") ApusError {
  size_t size;
  /// Five characters of PostgreSQL's appendix A and a NUL; "" counts as XX000.
  char sqlstate[8];
  /// 1 when the same call may succeed later (the remote server is not reachable, a deadlock).
  int32_t retry;
  int32_t reserved;
  /// One line, lower case, without a full stop. Never a password.
  char message[1024];
  char detail[1024];
  char hint[512];
} ApusError APUS_SWIFT_NAME("ApusPluginError");

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
/// Fills an error and returns APUS_FAILED, so that a function may end with `return apus_error(err, "22023", 0, ...)`.
static inline int apus_error(ApusError *error, const char *sqlstate, int retry, const char *format, ...) {
  if (error == NULL) return APUS_FAILED;
  size_t index = 0;
  for (; index < 5 && sqlstate != NULL && sqlstate[index] != 0; index++) error->sqlstate[index] = sqlstate[index];
  error->sqlstate[index] = 0;
  error->retry = retry;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return APUS_FAILED;
}

// ---------------------------------------------------------------------------------------------------------------
// The host

#define APUS_LOG_DEBUG 0
#define APUS_LOG_INFO 1
#define APUS_LOG_WARNING 2
#define APUS_LOG_ERROR 3

/// What the server offers to a plugin. Lives as long as the process.
typedef struct ApusHost {
  size_t size;
  /// The ABI version of the host.
  uint32_t abi;
  uint32_t reserved;
  /// "0.1.0"
  const char *server_version;
  /// Writes a line to the server's log. Never rows, keys or passwords.
  void (*log)(int32_t level, const char *message);
  /// Makes the schema of one field of a type as the table above says, to be released by its `release`. `typmod` -1 for
  /// none. Type 0 makes an empty "+s" with room for `children` fields, for the schema of a batch: then its children,
  /// allocated and zeroed, are to be filled by `field` too. `children` counts only for type 0.
  int (*field)(
    uint32_t type, int32_t typmod, const char *name, int nullable, int64_t children, struct ArrowSchema *out,
    ApusError *error);
  /// The type of a field, 0 when it is none of ours.
  uint32_t (*type_of)(const struct ArrowSchema *field);
  /// The modifier of a field, -1 for none.
  int32_t (*typmod_of)(const struct ArrowSchema *field);
} ApusHost;

// ---------------------------------------------------------------------------------------------------------------
// Shared pieces

/// An option as the user gave it in OPTIONS (...) or WITH (...).
typedef struct ApusOption {
  const char *key;
  const char *value;
} ApusOption;

#define APUS_OPTION_SERVER 1
#define APUS_OPTION_TABLE 2

/// An option that a backend knows. Unknown ones are refused by the host, which also asks for the required ones.
typedef struct ApusOptionSpec {
  size_t size;
  const char *name;
  const char *description;
  /// APUS_OPTION_SERVER, APUS_OPTION_TABLE or both.
  uint32_t scope;
  /// 1: CREATE SERVER (or the table) must give it.
  int32_t required;
  /// 1: never shown. `password` is secret whatever is said here.
  int32_t secret;
  int32_t reserved;
} ApusOptionSpec;

/// Bytes that their maker frees.
typedef struct ApusBytes {
  const uint8_t *data;
  size_t length;
  /// May be NULL when there is nothing to free.
  void (*release)(struct ApusBytes *);
  void *private_data;
} ApusBytes;

/// Names that their maker frees.
typedef struct ApusNames {
  size_t count;
  const char *const *names;
  void (*release)(struct ApusNames *);
  void *private_data;
} ApusNames;

/// Which calls may overlap.
typedef enum ApusThreading {
  /// All calls come one after the other, though from different threads.
  APUS_THREADS_SERIAL_PLUGIN = 0,
  /// Calls that concern one ApusServer (its scans, streams and transactions too) come one after the other; those of
  /// different servers, and function calls, may overlap.
  APUS_THREADS_SERIAL_SERVER = 1,
  /// Any calls may overlap, but for calls on one scan, one stream, one transaction or one set of aggregate states.
  APUS_THREADS_PARALLEL = 2,
} ApusThreading;
// In all cases `cancel_scan` may come while another call on the same scan runs.

// ---------------------------------------------------------------------------------------------------------------
// Functions

#define APUS_FUNCTION_IMMUTABLE 0u
/// Same result for the same arguments within one statement.
#define APUS_FUNCTION_STABLE 1u
#define APUS_FUNCTION_VOLATILE 2u
#define APUS_FUNCTION_VOLATILITY_MASK 3u
/// Null in, null out. The host still passes null rows; what the function gives for them is ignored.
#define APUS_FUNCTION_STRICT 4u
/// The last parameter repeats.
#define APUS_FUNCTION_VARIADIC 8u
/// Never fails for valid arguments, so that the host may evaluate it on rows that it will not need.
#define APUS_FUNCTION_NEVER_FAILS 16u

typedef struct ApusScalarFunction {
  size_t size;
  /// Lower case: what SQL calls.
  const char *name;
  const char *description;
  uint32_t flags;
  uint32_t parameter_count;
  const uint32_t *parameters;
  uint32_t result;
  uint32_t reserved;
  /// Handed to `evaluate`.
  void *state;
  /// `arguments` is a batch of `rows` rows with a column a parameter (no column when there is no parameter), all in the
  /// formats that the host writes; `rows` may be 0. `out` becomes an array of the result type with `rows` rows.
  int (*evaluate)(
    void *state, const struct ArrowArray *arguments, int64_t rows, struct ArrowArray *out, ApusError *error);
} ApusScalarFunction;

/// An aggregate. Its states are held by the plugin in one object for many groups, numbered from 0.
/// Merging states in any order must give the same result: the host aggregates in parallel.
typedef struct ApusAggregateFunction {
  size_t size;
  const char *name;
  const char *description;
  uint32_t flags;
  uint32_t parameter_count;
  const uint32_t *parameters;
  uint32_t result;
  uint32_t reserved;
  void *state;
  /// New states, for no group yet.
  int (*create)(void *state, void **states, ApusError *error);
  /// Room for groups up to `count`; new ones are in the initial state.
  int (*grow)(void *states, uint32_t count, ApusError *error);
  /// Adds rows: row i to group `groups[i]`, or all rows to group 0 when `groups` is NULL. Nulls are not left out, but
  /// with APUS_FUNCTION_STRICT the host leaves out rows with a null argument.
  int (*accumulate)(
    void *states, const struct ArrowArray *arguments, int64_t rows, const uint32_t *groups, ApusError *error);
  /// Merges the other's group i into group `mapping[i]`, for i below `count`.
  int (*merge)(void *states, void *other, const uint32_t *mapping, uint32_t count, ApusError *error);
  /// The results of groups 0 to count-1 as an array of the result type. The states stay valid.
  int (*finalise)(void *states, uint32_t count, struct ArrowArray *out, ApusError *error);
  /// A group's state as bytes, in a format of the plugin's own with a version in it.
  int (*serialise)(void *states, uint32_t group, ApusBytes *out, ApusError *error);
  /// Merges such bytes, which may come from disk and be damaged, into a group.
  int (*deserialise)(void *states, uint32_t group, const uint8_t *data, size_t length, ApusError *error);
  /// Memory held, for budgets.
  size_t (*byte_count)(void *states);
  void (*release)(void *states);
} ApusAggregateFunction;

/// A function in FROM: constant arguments in, rows out.
typedef struct ApusTableFunction {
  size_t size;
  const char *name;
  const char *description;
  uint32_t flags;
  uint32_t parameter_count;
  const uint32_t *parameters;
  void *state;
  /// The columns of the result: a "+s" schema.
  int (*columns)(void *state, struct ArrowSchema *out, ApusError *error);
  /// The rows for one set of arguments, a batch of one row. The host reads no further than it needs, then releases.
  int (*open)(void *state, const struct ArrowArray *arguments, struct ArrowArrayStream *out, ApusError *error);
} ApusTableFunction;

// ---------------------------------------------------------------------------------------------------------------
// Storage backends

/// A connection to a storage, as CREATE SERVER describes it; the plugin's own struct.
typedef struct ApusServer ApusServer;
/// A prepared scan; the plugin's own struct.
typedef struct ApusScan ApusScan;
/// A transaction that writes; the plugin's own struct.
typedef struct ApusTransaction ApusTransaction;

/// A table as a call names it.
typedef struct ApusTable {
  size_t size;
  /// Where the storage has it: the options schema_name and table_name where given. Else `schema` is NULL and `name` the
  /// name in Apus for a foreign table; for a table that Apus owns, `name` is one that Apus made (apus_<id>_<name>) and
  /// `schema` NULL: the backend's default place.
  const char *schema;
  const char *name;
  /// The columns as Apus declares them, a "+s" schema; NULL in describe_table. Their names are those of the storage
  /// (the option column_name where given).
  const struct ArrowSchema *columns;
  /// The table's options without schema_name and table_name.
  size_t option_count;
  const ApusOption *options;
  /// 1: a table that Apus owns.
  int32_t owned;
  int32_t reserved;
} ApusTable;

/// A column as a request names it.
typedef struct ApusColumnRef {
  /// Its place in ApusTable.columns, from 0.
  uint32_t column;
  /// Its type; with a path, the type of what the path gives (text for ->>, jsonb for ->).
  uint32_t type;
  /// A path into a jsonb column (only for backends with APUS_BACKEND_PATHS): keys from the outside in.
  size_t path_count;
  const char *const *path;
} ApusColumnRef;

#define APUS_VALUE_NULL 0
/// `integer`: 0 or 1.
#define APUS_VALUE_BOOL 1
/// `integer`: int2/4/8; date in days, time in microseconds, timestamp and timestamptz in microseconds since 1970.
#define APUS_VALUE_INTEGER 2
/// `real`: float4, float8.
#define APUS_VALUE_REAL 3
/// `data` and `length`, not NUL-terminated: text and kin, numeric as text, json.
#define APUS_VALUE_TEXT 4
/// `data` and `length`: bytea; uuid as its 16 bytes.
#define APUS_VALUE_BYTES 5

/// A constant. `kind` says which field holds it, `type` what it is.
typedef struct ApusValue {
  int32_t kind;
  uint32_t type;
  int64_t integer;
  double real;
  const char *data;
  size_t length;
} ApusValue;

#define APUS_FILTER_COMPARE 1
/// `column` IN `values`; none of them is null.
#define APUS_FILTER_IN 2
#define APUS_FILTER_IS_NULL 3
#define APUS_FILTER_IS_NOT_NULL 4
/// `column` LIKE 'prefix%', the prefix being `values[0]` as it is, without escapes.
#define APUS_FILTER_PREFIX 5
#define APUS_FILTER_AND 6
#define APUS_FILTER_OR 7
/// NOT of the one child, by three-valued logic.
#define APUS_FILTER_NOT 8

#define APUS_COMPARE_EQUAL 1
#define APUS_COMPARE_NOT_EQUAL 2
#define APUS_COMPARE_LESS 3
#define APUS_COMPARE_LESS_OR_EQUAL 4
#define APUS_COMPARE_GREATER 5
#define APUS_COMPARE_GREATER_OR_EQUAL 6

/// A condition. Its semantics are PostgreSQL's in the C collation: text compares by bytes; NaN is equal to itself and
/// above all numbers; a comparison with null is unknown, and only rows for which the whole is true pass. A backend
/// whose storage differs (a case-blind collation, padded chars) answers APUS_INEXACT when it lets through more rows
/// and APUS_UNSUPPORTED when it could lose some. Kinds and comparisons that it does not know it answers with
/// APUS_UNSUPPORTED.
typedef struct ApusFilter {
  int32_t kind;
  /// APUS_COMPARE_...; 0 for other kinds.
  int32_t comparison;
  ApusColumnRef column;
  size_t value_count;
  const ApusValue *values;
  size_t child_count;
  const struct ApusFilter *children;
} ApusFilter;

#define APUS_GROUP_COLUMN 1
/// Buckets of time: timestamptz, timestamp or date `column` down to the start of its bucket. Of `bucket_months`
/// months or of `bucket_micros` microseconds (the other is 0), counted from `bucket_origin` (microseconds since 1970,
/// in UTC): floor((t - origin) / width) * width + origin. The result has the column's type; null and the infinities
/// stay what they are.
#define APUS_GROUP_TIME_BUCKET 2

typedef struct ApusGrouping {
  int32_t kind;
  int32_t bucket_months;
  ApusColumnRef column;
  int64_t bucket_micros;
  int64_t bucket_origin;
} ApusGrouping;

/// count(*): `column` says nothing. The result is int8.
#define APUS_AGGREGATE_COUNT_ROWS 1
/// count(column): int8.
#define APUS_AGGREGATE_COUNT 2
/// sum(column), null without rows, exact: int8 for int2 and int4, numeric for int8 and numeric (a scale as PostgreSQL
/// gives it). The host does not offer sums of floats, since their bits depend on the order of addition.
#define APUS_AGGREGATE_SUM 3
#define APUS_AGGREGATE_MIN 4
#define APUS_AGGREGATE_MAX 5

typedef struct ApusAggregateCall {
  int32_t function;
  /// The type of the result.
  uint32_t type;
  ApusColumnRef column;
  /// FILTER (WHERE ...), or NULL.
  const ApusFilter *filter;
} ApusAggregateCall;

/// What is asked of a scan. Without aggregation the result has one column for each of `columns`; with it, the groupings
/// and then the aggregates. Rows are the more selective the more of it the backend takes over, as its answer says.
typedef struct ApusScanRequest {
  size_t size;
  /// A transaction of the same server in which the rows written so far must be seen; NULL for none.
  ApusTransaction *transaction;
  size_t column_count;
  const ApusColumnRef *columns;
  /// Conjuncts.
  size_t filter_count;
  const ApusFilter *filters;
  /// No more than these many rows are needed, after the filters; -1 for all. Never beside an aggregation.
  int64_t limit;
  /// 1: an aggregation is asked for, by `groupings` (maybe none: one row) and `aggregates` (maybe none: distinct keys).
  int32_t has_aggregation;
  int32_t reserved;
  size_t grouping_count;
  const ApusGrouping *groupings;
  size_t aggregate_count;
  const ApusAggregateCall *aggregates;
} ApusScanRequest;

#define APUS_UNSUPPORTED 0
/// Filters: some rows that do not match may come; the host tests them again. Limit: more rows than asked may come.
/// Aggregation: several rows of one group may come, which the host merges.
#define APUS_INEXACT 1
#define APUS_EXACT 2

/// What the backend takes over. A limit may be taken over only when all filters are APUS_EXACT, and so may an
/// aggregation; the host asks again without them when a filter is not.
typedef struct ApusScanAnswer {
  size_t size;
  /// One a filter, made by the host and preset to APUS_UNSUPPORTED.
  int32_t *filters;
  int32_t limit;
  /// When APUS_UNSUPPORTED, the scan yields `columns` as if no aggregation had been asked for.
  int32_t aggregation;
  /// For EXPLAIN: the remote SQL, say. Owned by the scan; NULL for none.
  const char *description;
  /// Rows that the scan may yield, or -1.
  int64_t row_estimate;
} ApusScanAnswer;

/// create_table and drop_table work: `USING backend`.
#define APUS_BACKEND_CREATE 1u
/// begin, append, commit, rollback work.
#define APUS_BACKEND_APPEND 2u
/// delete_rows works.
#define APUS_BACKEND_DELETE 4u
/// list_tables and describe_table work: CREATE FOREIGN TABLE without columns, IMPORT FOREIGN SCHEMA.
#define APUS_BACKEND_DESCRIBE 8u
/// Column references may have paths into jsonb columns.
#define APUS_BACKEND_PATHS 16u
/// A scan given a transaction sees what that transaction wrote. Without it, reading a table after writing it in the
/// same transaction is refused by the host.
#define APUS_BACKEND_READ_OWN_WRITES 32u

typedef struct ApusServerInfo {
  size_t size;
  /// The storage's version, for people.
  char version[128];
  /// APUS_BACKEND_... of this very server; a subset of those of the backend.
  uint64_t capabilities;
} ApusServerInfo;

typedef struct ApusBackend {
  size_t size;
  uint64_t capabilities;
  size_t option_count;
  const ApusOptionSpec *const *options;
  void *state;

  /// A server from its options. It may connect now or later; the host opens one per CREATE SERVER, on first use, keeps
  /// it, and opens it anew when its options change.
  int (*open)(void *state, size_t option_count, const ApusOption *options, ApusServer **out, ApusError *error);
  void (*close)(ApusServer *server);
  /// Connects, if that is not done yet, and tells what the storage can do.
  int (*probe)(ApusServer *server, ApusServerInfo *out, ApusError *error);

  /// The tables of a schema of the storage (NULL: its default one).
  int (*list_tables)(ApusServer *server, const char *schema, ApusNames *out, ApusError *error);
  /// The columns of a table as a "+s" schema, with the Apus types that fit; columns of types that have none are left
  /// out and named in the log. 42P01 when there is no such table.
  int (*describe_table)(ApusServer *server, const ApusTable *table, struct ArrowSchema *out, ApusError *error);
  /// Outside transactions. 42P07 when it exists.
  int (*create_table)(ApusServer *server, const ApusTable *table, ApusError *error);
  /// No error when there is no such table.
  int (*drop_table)(ApusServer *server, const ApusTable *table, ApusError *error);

  /// Answers what the scan takes over, without running it. Called for EXPLAIN and for plans that are never run.
  int (*prepare_scan)(
    ApusServer *server, const ApusTable *table, const ApusScanRequest *request, ApusScan **out, ApusScanAnswer *answer,
    ApusError *error);
  /// Runs a prepared scan; at most once. The columns of the stream have the types asked for, in that order, in any
  /// format that the host reads; their names do not count. Errors of the stream come as its get_last_error, with
  /// the SQLSTATE at the front if the text begins with five characters of 0-9A-Z and a colon ("08006: gone").
  int (*execute_scan)(ApusScan *scan, struct ArrowArrayStream *out, ApusError *error);
  /// From any thread, at any time between prepare and release: the stream fails soon, with 57014. May be NULL.
  void (*cancel_scan)(ApusScan *scan);
  /// After the stream was released, or without it having been run.
  void (*release_scan)(ApusScan *scan);

  int (*begin)(ApusServer *server, ApusTransaction **out, ApusError *error);
  /// Adds rows: a batch with all of the table's columns in order. It is borrowed.
  int (*append)(
    ApusTransaction *transaction, const ApusTable *table, const struct ArrowArray *batch, ApusError *error);
  /// Deletes the rows that match all filters (all rows when there is none). 0A000 for a filter that it cannot apply
  /// exactly.
  int (*delete_rows)(
    ApusTransaction *transaction, const ApusTable *table, size_t filter_count, const ApusFilter *filters,
    int64_t *deleted, ApusError *error);
  /// Both end and free the transaction, whatever they return. A failed commit has stored nothing, or says with 40003
  /// that it does not know.
  int (*commit)(ApusTransaction *transaction, ApusError *error);
  void (*rollback)(ApusTransaction *transaction);
} ApusBackend;

// ---------------------------------------------------------------------------------------------------------------
// The plugin

#define APUS_PLUGIN_BACKEND 1u
#define APUS_PLUGIN_SCALARS 2u
#define APUS_PLUGIN_AGGREGATES 4u
#define APUS_PLUGIN_TABLE_FUNCTIONS 8u
/// Reserved kinds: the host refuses a plugin that has them until it knows them.
#define APUS_PLUGIN_ENRICHMENTS 16u
#define APUS_PLUGIN_SOURCES 32u

/// What a plugin is. The host clears it and sets `size` to its own sizeof before the call; the plugin fills the fields
/// that it knows and leaves `size`, or lowers it to its own sizeof. What it points to lives until `release`.
typedef struct ApusPlugin {
  size_t size;
  /// The APUS_ABI_VERSION that the plugin was compiled with.
  uint32_t abi;
  /// An ApusThreading.
  uint32_t threading;
  /// The kinds that it has: the fields of others are not read.
  uint64_t capabilities;
  /// The name of the extension, as of the file: lib<name>.so or <name>.so.
  const char *name;
  /// "1.2.0"
  const char *version;
  const char *description;
  void *state;
  /// When the process ends or the load is refused. May be NULL. The library itself is never unloaded.
  void (*release)(struct ApusPlugin *plugin);

  const ApusBackend *backend;
  size_t scalar_count;
  const ApusScalarFunction *const *scalars;
  size_t aggregate_count;
  const ApusAggregateFunction *const *aggregates;
  size_t table_function_count;
  const ApusTableFunction *const *table_functions;
} ApusPlugin;

/// The one symbol of a plugin. `abi` is the host's version: refuse another major version. Called once a process.
typedef int (*ApusPluginInit)(uint32_t abi, const ApusHost *host, ApusPlugin *out, ApusError *error);
APUS_EXPORT int apus_plugin_init(uint32_t abi, const ApusHost *host, ApusPlugin *out, ApusError *error);

#ifdef __cplusplus
}
#endif

#endif  // APUS_PLUGIN_H

// JSON as flat tokens, through a C interface: simdjson finds the structure, this shim checks the grammar and keeps what
// jsonb needs and simdjson's own documents lose (the digits of numbers, the place of an error).
#ifndef C_SIMDJSON_H
#define C_SIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  APUS_JSON_NULL = 0,
  APUS_JSON_FALSE = 1,
  APUS_JSON_TRUE = 2,
  // An integer of int64, in `value`. `-0` is 0, as in jsonb.
  APUS_JSON_INTEGER = 3,
  // `value` units of 10^-scale, without an exponent; at most 18 digits, scale 1 to 18.
  APUS_JSON_DECIMAL = 4,
  // Any other number; its text is at offset, length.
  APUS_JSON_NUMBER = 5,
  // The content, without quotes, escapes resolved.
  APUS_JSON_STRING = 6,
  APUS_JSON_OBJECT = 7,
  APUS_JSON_ARRAY = 8,
  // The key of an object's member; the value follows.
  APUS_JSON_KEY = 9,
};

enum {
  // offset and length are in the side buffer, not in the input.
  APUS_JSON_IN_SIDE = 1,
  // The string holds a byte that its JSON form must escape (a quote, a backslash, a control character).
  APUS_JSON_NEEDS_ESCAPE = 2,
};

typedef struct {
  // Integers and decimals: the number. Containers: how many members.
  int64_t value;
  // The text of the value: in the input, or in the side buffer (flag). Containers: their source text.
  uint32_t offset;
  uint32_t length;
  // One past the index of the value's last token.
  uint32_t end;
  uint8_t kind;
  // Of a decimal: digits after the point.
  uint8_t scale;
  uint8_t flags;
  uint8_t unused;
} ApusJSONToken;

enum {
  APUS_JSON_OK = 0,
  APUS_JSON_UNEXPECTED_END,
  APUS_JSON_INVALID_TOKEN,
  APUS_JSON_EXPECTED_VALUE,
  APUS_JSON_EXPECTED_KEY_OR_END,
  APUS_JSON_EXPECTED_KEY,
  APUS_JSON_EXPECTED_COLON,
  APUS_JSON_EXPECTED_COMMA_OR_BRACKET,
  APUS_JSON_EXPECTED_COMMA_OR_BRACE,
  APUS_JSON_EXPECTED_END,
  APUS_JSON_CONTROL_CHARACTER,
  APUS_JSON_INVALID_ESCAPE,
  APUS_JSON_INVALID_UNICODE_ESCAPE,
  APUS_JSON_LONE_LOW_SURROGATE,
  APUS_JSON_DOUBLE_HIGH_SURROGATE,
  APUS_JSON_NUL_ESCAPE,
  APUS_JSON_INVALID_UTF8,
  APUS_JSON_TOO_DEEP,
  APUS_JSON_TOO_LARGE,
  APUS_JSON_NO_MEMORY,
};

// What was read. The pointers are the parser's and valid until its next call.
typedef struct {
  const ApusJSONToken *tokens;
  size_t count;
  const uint8_t *side;
  size_t side_length;
  // The error, and the offending text in the input.
  int32_t error;
  uint32_t error_offset;
  uint32_t error_length;
  // Lines only: the number from 1, and where the line is in the input.
  uint32_t line;
  size_t offset;
  size_t length;
} ApusJSONDocument;

typedef struct ApusJSONParser ApusJSONParser;

// NULL when memory is out.
ApusJSONParser *apus_json_create(uint32_t depth_max);
void apus_json_destroy(ApusJSONParser *parser);

// Reads one document of at most 2 GiB. Needs no padding after the input. Returns the error code too.
int32_t apus_json_parse(ApusJSONParser *parser, const uint8_t *input, size_t length, ApusJSONDocument *out);

// Lines that each hold one document. `begin` gives the input, which must outlive the reading; each `next` reads one
// line, good or bad, skips blank ones, and returns 0 at the end. Token offsets count from the line's start. A line
// longer than `line_max` bytes is reported as APUS_JSON_TOO_LARGE.
void apus_json_lines(ApusJSONParser *parser, const uint8_t *input, size_t length, size_t line_max);
int32_t apus_json_next_line(ApusJSONParser *parser, ApusJSONDocument *out);

// One past the end of the value that starts at `offset` (which holds no white space), by brackets and quotes alone; 0
// when it does not end. It checks nothing: parse what it cuts out.
size_t apus_json_skip_value(const uint8_t *input, size_t length, size_t offset);

// The shortest decimal text, without exponent, that reads back as `value`: at most `capacity` bytes, else 0.
size_t apus_json_shortest(double value, char *out, size_t capacity);
// The double nearest to the number's text; 0 when the text is not wholly a number.
int32_t apus_json_double(const uint8_t *text, size_t length, double *out);

#ifdef __cplusplus
}
#endif

#endif

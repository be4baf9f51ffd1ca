// The tokens of CSimdJSON.h. simdjson's first stage checks UTF-8 and indexes every bracket, comma, colon and start of a
// scalar, at gigabytes a second; the walk over that index is ours, since simdjson's own second stages either lose the
// digits of numbers or stop at the first bad line.

#include "CSimdJSON.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>
#include <vector>

namespace {

using Implementation = simdjson::internal::dom_parser_implementation;

inline bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
inline bool is_digit(uint8_t c) { return static_cast<uint8_t>(c - '0') < 10; }

struct Frame {
  uint32_t token;
  uint32_t members;
  bool object;
};

// Lines are indexed together in windows of this many bytes, which keep index and text in the cache.
constexpr size_t window_bytes = 128 << 10;

}  // namespace

struct ApusJSONParser {
  std::unique_ptr<Implementation> implementation;
  size_t capacity = 0;
  uint32_t depth_max;
  std::vector<ApusJSONToken> tokens;
  std::vector<uint8_t> side;
  size_t side_count = 0;
  std::vector<Frame> stack;

  // The document being read.
  const uint8_t *base = nullptr;
  uint32_t error_offset = 0;
  uint32_t error_length = 0;

  // The lines being read.
  const uint8_t *input = nullptr;
  size_t input_length = 0;
  size_t line_max = 0;
  size_t position = 0;
  uint32_t line = 0;
  size_t window_start = 0;
  size_t window_end = 0;
  size_t next_structural = 0;
  bool window_indexed = false;

  bool reserve(size_t length) {
    if (implementation && length <= capacity) return true;
    size_t wanted = length < 4096 ? 4096 : length;
    std::unique_ptr<Implementation> larger;
    auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 8, larger);
    if (error) return false;
    implementation = std::move(larger);
    capacity = wanted;
    return true;
  }

  int32_t fail(int32_t code, size_t offset, size_t length) {
    error_offset = static_cast<uint32_t>(offset);
    error_length = static_cast<uint32_t>(length);
    return code;
  }

  int32_t bad_token(size_t start, size_t end);
  int32_t unexpected(int32_t code, size_t start, size_t end);
  int32_t index_error(simdjson::error_code error, const uint8_t *text, size_t length);
  int32_t walk(const uint8_t *text, const uint32_t *index, size_t count, uint32_t shift, uint32_t limit);
  int32_t scalar(uint32_t start, uint32_t end);
  int32_t number(uint32_t start, uint32_t end, ApusJSONToken &token);
  int32_t string(uint32_t start, uint32_t end, uint8_t kind);
  int32_t unescape(uint32_t start, uint32_t end, ApusJSONToken &token);
};

namespace {

// The first byte of ill-formed UTF-8 (Unicode 15, table 3-7), or `length`.
size_t invalid_utf8(const uint8_t *s, size_t length) {
  size_t i = 0;
  while (i < length) {
    uint8_t c = s[i];
    if (c < 0x80) {
      i += 1;
      continue;
    }
    size_t more = c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : 0;
    if (more == 0 || length - i <= more) return i;
    uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (s[i + 1] < low || s[i + 1] > high) return i;
    for (size_t k = 2; k <= more; k++)
      if ((s[i + k] & 0xC0) != 0x80) return i;
    i += more + 1;
  }
  return length;
}

}  // namespace

// The place of an error that simdjson's first stage tells of without one.
int32_t ApusJSONParser::index_error(simdjson::error_code error, const uint8_t *text, size_t length) {
  if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) return fail(APUS_JSON_NO_MEMORY, 0, 0);
  if (error == simdjson::EMPTY) return fail(APUS_JSON_UNEXPECTED_END, length, 0);
  size_t bad = invalid_utf8(text, length);
  if (bad < length) return fail(APUS_JSON_INVALID_UTF8, bad, 1);
  bool inside = false;
  size_t opened = 0;
  for (size_t i = 0; i < length; i++) {
    uint8_t c = text[i];
    if (!inside) {
      if (c == '"') {
        inside = true;
        opened = i;
      } else if (c == '\\') {
        return fail(APUS_JSON_INVALID_TOKEN, i, 1);
      }
    } else if (c == '\\') {
      i += 1;
      if (i < length && text[i] < 0x20) return fail(APUS_JSON_CONTROL_CHARACTER, i, 1);
    } else if (c == '"') {
      inside = false;
    } else if (c < 0x20) {
      return fail(APUS_JSON_CONTROL_CHARACTER, i, 1);
    }
  }
  if (inside) return fail(APUS_JSON_INVALID_TOKEN, opened, length - opened);
  return fail(APUS_JSON_INVALID_TOKEN, 0, length);
}

// A number by the grammar of RFC 8259, section 6.
int32_t ApusJSONParser::number(uint32_t start, uint32_t end, ApusJSONToken &token) {
  const uint8_t *p = base + start;
  const uint8_t *const stop = base + end;
  bool negative = *p == '-';
  if (negative) p++;
  const uint8_t *digits = p;
  uint64_t mantissa = 0;
  while (p < stop && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint8_t>(*p++ - '0');
  size_t whole = static_cast<size_t>(p - digits);
  if (whole == 0 || (whole > 1 && *digits == '0')) return fail(APUS_JSON_INVALID_TOKEN, start, end - start);
  token.offset = start;
  token.length = end - start;
  if (p == stop && whole <= 18) {
    token.kind = APUS_JSON_INTEGER;
    token.value = negative ? -static_cast<int64_t>(mantissa) : static_cast<int64_t>(mantissa);
    return APUS_JSON_OK;
  }
  size_t fraction = 0;
  if (p < stop && *p == '.') {
    const uint8_t *point = ++p;
    while (p < stop && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint8_t>(*p++ - '0');
    fraction = static_cast<size_t>(p - point);
    if (fraction == 0) return fail(APUS_JSON_INVALID_TOKEN, start, end - start);
    if (p == stop && whole + fraction <= 18) {
      token.kind = APUS_JSON_DECIMAL;
      token.scale = static_cast<uint8_t>(fraction);
      token.value = negative ? -static_cast<int64_t>(mantissa) : static_cast<int64_t>(mantissa);
      return APUS_JSON_OK;
    }
  }
  bool exponent = p < stop && (*p == 'e' || *p == 'E');
  if (exponent) {
    p++;
    if (p < stop && (*p == '+' || *p == '-')) p++;
    const uint8_t *first = p;
    while (p < stop && is_digit(*p)) p++;
    if (p == first) return fail(APUS_JSON_INVALID_TOKEN, start, end - start);
  }
  if (p != stop) return fail(APUS_JSON_INVALID_TOKEN, start, end - start);
  if (!exponent && fraction == 0 && whole == 19) {
    // 19 digits fit uint64; int64 ends at 9223372036854775807, or ...808 below zero.
    uint64_t bound = 9223372036854775807ull + (negative ? 1 : 0);
    if (mantissa <= bound) {
      token.kind = APUS_JSON_INTEGER;
      token.value = static_cast<int64_t>(negative ? 0 - mantissa : mantissa);
      return APUS_JSON_OK;
    }
  }
  token.kind = APUS_JSON_NUMBER;
  return APUS_JSON_OK;
}

namespace {

// How many bytes from `p` on PostgreSQL's lexer takes for a word.
size_t word_length(const uint8_t *p, size_t length) {
  size_t n = 0;
  auto is_letter = [](uint8_t c) { return c >= 0x80 || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); };
  while (n < length && (is_letter(p[n]) || is_digit(p[n]))) n++;
  return n;
}

bool is_literal(const uint8_t *p, size_t length) {
  return (length == 4 && (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0)) ||
         (length == 5 && memcmp(p, "false", 5) == 0);
}

}  // namespace

// The error for a scalar that is none: what PostgreSQL's lexer would have made of it.
int32_t ApusJSONParser::bad_token(size_t start, size_t end) {
  const uint8_t *p = base + start;
  if (*p == '-' || is_digit(*p)) return fail(APUS_JSON_INVALID_TOKEN, start, end - start);
  size_t word = word_length(p, end - start);
  if (word > 0 && word < end - start && is_literal(p, word)) {
    int32_t code = stack.empty() ? APUS_JSON_EXPECTED_END
                   : stack.back().object ? APUS_JSON_EXPECTED_COMMA_OR_BRACE
                                         : APUS_JSON_EXPECTED_COMMA_OR_BRACKET;
    return unexpected(code, start + word, end);
  }
  return fail(APUS_JSON_INVALID_TOKEN, start, word > 0 ? word : 1);
}

// The error for a token where another was wanted; one that is no token at all is told of as such.
int32_t ApusJSONParser::unexpected(int32_t code, size_t start, size_t end) {
  const uint8_t *p = base + start;
  size_t length = end > start ? end - start : 1;
  if (strchr("{}[],:\"", *p) != nullptr && *p != 0) return fail(code, start, *p == '"' ? length : 1);
  if (*p == '-' || is_digit(*p)) return fail(code, start, length);
  size_t word = word_length(p, length);
  if (word > 0 && is_literal(p, word)) return fail(code, start, word);
  return fail(APUS_JSON_INVALID_TOKEN, start, word > 0 ? word : 1);
}

int32_t ApusJSONParser::scalar(uint32_t start, uint32_t end) {
  ApusJSONToken token = {};
  token.end = static_cast<uint32_t>(tokens.size() + 1);
  const uint8_t *p = base + start;
  uint32_t length = end - start;
  token.offset = start;
  token.length = length;
  switch (*p) {
    case 't':
      if (length != 4 || memcmp(p, "true", 4) != 0) return bad_token(start, end);
      token.kind = APUS_JSON_TRUE;
      break;
    case 'f':
      if (length != 5 || memcmp(p, "false", 5) != 0) return bad_token(start, end);
      token.kind = APUS_JSON_FALSE;
      break;
    case 'n':
      if (length != 4 || memcmp(p, "null", 4) != 0) return bad_token(start, end);
      token.kind = APUS_JSON_NULL;
      break;
    default:
      if (*p != '-' && !is_digit(*p)) return bad_token(start, end);
      if (int32_t error = number(start, end, token)) return error;
  }
  tokens.push_back(token);
  return APUS_JSON_OK;
}

namespace {

inline int hex_digit(uint8_t c) {
  if (is_digit(c)) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

inline bool hex4(const uint8_t *p, const uint8_t *stop, uint32_t &out) {
  if (stop - p < 4) return false;
  out = 0;
  for (int k = 0; k < 4; k++) {
    int digit = hex_digit(p[k]);
    if (digit < 0) return false;
    out = out << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

inline uint8_t *put_utf8(uint8_t *out, uint32_t c) {
  if (c < 0x80) {
    *out++ = static_cast<uint8_t>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<uint8_t>(0xC0 | c >> 6);
    *out++ = static_cast<uint8_t>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out++ = static_cast<uint8_t>(0xE0 | c >> 12);
    *out++ = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (c & 0x3F));
  } else {
    *out++ = static_cast<uint8_t>(0xF0 | c >> 18);
    *out++ = static_cast<uint8_t>(0x80 | (c >> 12 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (c & 0x3F));
  }
  return out;
}

}  // namespace

// Resolves the escapes of a string into the side buffer, whose room the caller has seen to. Errors are PostgreSQL's:
// \u0000 has no place in text, surrogates come in pairs.
int32_t ApusJSONParser::unescape(uint32_t start, uint32_t end, ApusJSONToken &token) {
  const uint8_t *p = base + start;
  const uint8_t *const stop = base + end;
  uint8_t *const begin = side.data() + side_count;
  uint8_t *out = begin;
  uint32_t high = 0;
  bool needs_escape = false;
  auto at = [&](const uint8_t *q) { return static_cast<size_t>(q - base); };
  while (p < stop) {
    if (*p != '\\') {
      if (high) return fail(APUS_JSON_LONE_LOW_SURROGATE, at(p), 1);
      *out++ = *p++;
      continue;
    }
    if (stop - p < 2) return fail(APUS_JSON_INVALID_ESCAPE, at(p), 1);
    uint8_t c = p[1];
    if (c == 'u') {
      uint32_t code;
      if (!hex4(p + 2, stop, code)) return fail(APUS_JSON_INVALID_UNICODE_ESCAPE, at(p), 2);
      if (code >= 0xD800 && code < 0xDC00) {
        if (high) return fail(APUS_JSON_DOUBLE_HIGH_SURROGATE, at(p), 6);
        high = code;
      } else if (code >= 0xDC00 && code < 0xE000) {
        if (!high) return fail(APUS_JSON_LONE_LOW_SURROGATE, at(p), 6);
        out = put_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00));
        high = 0;
      } else {
        if (high) return fail(APUS_JSON_LONE_LOW_SURROGATE, at(p), 6);
        if (code == 0) return fail(APUS_JSON_NUL_ESCAPE, at(p), 6);
        needs_escape |= code < 0x20 || code == '"' || code == '\\';
        out = put_utf8(out, code);
      }
      p += 6;
      continue;
    }
    if (high) return fail(APUS_JSON_LONE_LOW_SURROGATE, at(p), 2);
    switch (c) {
      case '"': case '\\': *out++ = c; needs_escape = true; break;
      case '/': *out++ = '/'; break;
      case 'b': *out++ = '\b'; needs_escape = true; break;
      case 'f': *out++ = '\f'; needs_escape = true; break;
      case 'n': *out++ = '\n'; needs_escape = true; break;
      case 'r': *out++ = '\r'; needs_escape = true; break;
      case 't': *out++ = '\t'; needs_escape = true; break;
      default: return fail(APUS_JSON_INVALID_ESCAPE, at(p), 2);
    }
    p += 2;
  }
  if (high) return fail(APUS_JSON_LONE_LOW_SURROGATE, at(stop) - 6, 6);
  token.offset = static_cast<uint32_t>(side_count);
  token.length = static_cast<uint32_t>(out - begin);
  token.flags = static_cast<uint8_t>(APUS_JSON_IN_SIDE | (needs_escape ? APUS_JSON_NEEDS_ESCAPE : 0));
  side_count += static_cast<size_t>(out - begin);
  return APUS_JSON_OK;
}

// A string or key between its quotes at `start` and `end - 1`.
int32_t ApusJSONParser::string(uint32_t start, uint32_t end, uint8_t kind) {
  if (end - start < 2 || base[end - 1] != '"') return fail(APUS_JSON_INVALID_TOKEN, start, end - start);
  ApusJSONToken token = {};
  token.end = static_cast<uint32_t>(tokens.size() + 1);
  token.kind = kind;
  uint32_t first = start + 1;
  uint32_t length = end - start - 2;
  if (length == 0 || memchr(base + first, '\\', length) == nullptr) {
    token.offset = first;
    token.length = length;
  } else if (int32_t error = unescape(first, first + length, token)) {
    return error;
  }
  tokens.push_back(token);
  return APUS_JSON_OK;
}

// Reads one document: `text` is what offsets count from, `index` its structurals, each `shift` too high, and `limit`
// its length.
int32_t ApusJSONParser::walk(
    const uint8_t *text, const uint32_t *index, size_t count, uint32_t shift, uint32_t limit) {
  base = text;
  tokens.clear();
  stack.clear();
  side_count = 0;
  if (side.size() < limit) side.resize(limit < 4096 ? 4096 : limit);
  size_t i = 0;
  auto place = [&](size_t k) { return k < count ? index[k] - shift : limit; };
  auto token_end = [&](size_t k) {
    uint32_t end = place(k + 1);
    while (end > 0 && is_space(base[end - 1])) end--;
    return end;
  };
  auto unexpected = [&](int32_t code) {
    if (i >= count) return fail(APUS_JSON_UNEXPECTED_END, limit, 0);
    return this->unexpected(code, place(i), token_end(i));
  };
  int32_t error;

value:
  if (i >= count) return fail(APUS_JSON_UNEXPECTED_END, limit, 0);
  {
    uint32_t at = place(i);
    uint8_t c = base[at];
    if (c == '"') {
      if ((error = string(at, token_end(i), APUS_JSON_STRING))) return error;
      i++;
      goto after;
    }
    if (c == '{' || c == '[') {
      if (stack.size() >= depth_max) return fail(APUS_JSON_TOO_DEEP, at, 1);
      ApusJSONToken token = {};
      token.kind = c == '{' ? APUS_JSON_OBJECT : APUS_JSON_ARRAY;
      token.offset = at;
      stack.push_back(Frame{static_cast<uint32_t>(tokens.size()), 0, c == '{'});
      tokens.push_back(token);
      i++;
      if (i < count && base[place(i)] == (c == '{' ? '}' : ']')) goto close;
      stack.back().members = 1;
      if (c == '[') goto value;
      if (i >= count || base[place(i)] != '"') return unexpected(APUS_JSON_EXPECTED_KEY_OR_END);
      goto key;
    }
    if (c == '}' || c == ']' || c == ',' || c == ':') return unexpected(APUS_JSON_EXPECTED_VALUE);
    if ((error = scalar(at, token_end(i)))) return error;
    i++;
    goto after;
  }

key:
  if (i >= count || base[place(i)] != '"') return unexpected(APUS_JSON_EXPECTED_KEY);
  if ((error = string(place(i), token_end(i), APUS_JSON_KEY))) return error;
  i++;
  if (i >= count || base[place(i)] != ':') return unexpected(APUS_JSON_EXPECTED_COLON);
  i++;
  goto value;

close:
  {
    Frame frame = stack.back();
    stack.pop_back();
    ApusJSONToken &token = tokens[frame.token];
    token.end = static_cast<uint32_t>(tokens.size());
    token.length = place(i) + 1 - token.offset;
    token.value = frame.members;
    i++;
  }

after:
  if (stack.empty()) {
    if (i < count) return unexpected(APUS_JSON_EXPECTED_END);
    return APUS_JSON_OK;
  }
  if (i >= count) return fail(APUS_JSON_UNEXPECTED_END, limit, 0);
  {
    uint8_t c = base[place(i)];
    Frame &frame = stack.back();
    if (c == ',') {
      frame.members++;
      i++;
      if (frame.object) goto key;
      goto value;
    }
    if (c == (frame.object ? '}' : ']')) goto close;
    return unexpected(frame.object ? APUS_JSON_EXPECTED_COMMA_OR_BRACE : APUS_JSON_EXPECTED_COMMA_OR_BRACKET);
  }
}

namespace {

void report(ApusJSONParser *parser, int32_t error, ApusJSONDocument *out) {
  out->tokens = parser->tokens.data();
  out->count = error ? 0 : parser->tokens.size();
  out->side = parser->side.data();
  out->side_length = parser->side_count;
  out->error = error;
  out->error_offset = error ? parser->error_offset : 0;
  out->error_length = error ? parser->error_length : 0;
}

int32_t read_alone(ApusJSONParser *parser, const uint8_t *text, size_t length) {
  if (length > INT32_MAX) return parser->fail(APUS_JSON_TOO_LARGE, 0, 0);
  if (length == 0) return parser->fail(APUS_JSON_UNEXPECTED_END, 0, 0);
  if (!parser->reserve(length)) return parser->fail(APUS_JSON_NO_MEMORY, 0, 0);
  auto error = parser->implementation->stage1(text, length, simdjson::stage1_mode::regular);
  if (error) return parser->index_error(error, text, length);
  return parser->walk(
      text, parser->implementation->structural_indexes.get(), parser->implementation->n_structural_indexes, 0,
      static_cast<uint32_t>(length));
}

// Indexes the lines from the position on, as many whole ones as a window holds.
void open_window(ApusJSONParser *parser) {
  size_t start = parser->position;
  size_t end = parser->input_length;
  if (end - start > window_bytes) {
    const void *last = memrchr(parser->input + start, '\n', window_bytes);
    if (last) end = static_cast<size_t>(static_cast<const uint8_t *>(last) - parser->input) + 1;
    else {
      const void *next = memchr(parser->input + start + window_bytes, '\n', end - start - window_bytes);
      if (next) end = static_cast<size_t>(static_cast<const uint8_t *>(next) - parser->input) + 1;
    }
  }
  parser->window_start = start;
  parser->window_end = end;
  parser->next_structural = 0;
  parser->window_indexed =
      end - start <= window_bytes && parser->reserve(window_bytes) &&
      parser->implementation->stage1(parser->input + start, end - start, simdjson::stage1_mode::regular) ==
          simdjson::SUCCESS;
}

int32_t read_line(ApusJSONParser *parser, size_t start, size_t end) {
  const uint8_t *text = parser->input + start;
  size_t length = end - start;
  if (length > parser->line_max) return parser->fail(APUS_JSON_TOO_LARGE, 0, 0);
  if (!parser->window_indexed) return read_alone(parser, text, length);
  const uint32_t *index = parser->implementation->structural_indexes.get();
  size_t total = parser->implementation->n_structural_indexes;
  uint32_t shift = static_cast<uint32_t>(start - parser->window_start);
  size_t first = parser->next_structural;
  while (first < total && index[first] < shift) first++;
  size_t last = first;
  while (last < total && index[last] < shift + length) last++;
  parser->next_structural = last;
  return parser->walk(text, index + first, last - first, shift, static_cast<uint32_t>(length));
}

}  // namespace

extern "C" ApusJSONParser *apus_json_create(uint32_t depth_max) {
  auto parser = new (std::nothrow) ApusJSONParser();
  if (parser) parser->depth_max = depth_max;
  return parser;
}

extern "C" void apus_json_destroy(ApusJSONParser *parser) { delete parser; }

// Exceptions (bad_alloc of a vector) must not cross into Swift.
extern "C" int32_t apus_json_parse(
    ApusJSONParser *parser, const uint8_t *input, size_t length, ApusJSONDocument *out) {
  int32_t error;
  try {
    error = read_alone(parser, input, length);
  } catch (...) {
    error = parser->fail(APUS_JSON_NO_MEMORY, 0, 0);
  }
  report(parser, error, out);
  out->line = 1;
  out->offset = 0;
  out->length = length;
  return error;
}

extern "C" void apus_json_lines(ApusJSONParser *parser, const uint8_t *input, size_t length, size_t line_max) {
  parser->input = input;
  parser->input_length = length;
  parser->line_max = line_max > INT32_MAX ? INT32_MAX : line_max;
  parser->position = 0;
  parser->line = 0;
  parser->window_start = 0;
  parser->window_end = 0;
}

extern "C" int32_t apus_json_next_line(ApusJSONParser *parser, ApusJSONDocument *out) {
  for (;;) {
    if (parser->position >= parser->input_length) return 0;
    if (parser->position >= parser->window_end) open_window(parser);
    size_t start = parser->position;
    const void *found = memchr(parser->input + start, '\n', parser->window_end - start);
    size_t end = found ? static_cast<size_t>(static_cast<const uint8_t *>(found) - parser->input) : parser->window_end;
    parser->position = end + 1;
    parser->line++;
    size_t first = start;
    while (first < end && is_space(parser->input[first])) first++;
    if (first == end) continue;
    int32_t error;
    try {
      error = read_line(parser, first, end);
    } catch (...) {
      error = parser->fail(APUS_JSON_NO_MEMORY, 0, 0);
    }
    report(parser, error, out);
    out->line = parser->line;
    out->offset = first;
    out->length = end - first;
    return 1;
  }
}

extern "C" size_t apus_json_skip_value(const uint8_t *input, size_t length, size_t offset) {
  size_t depth = 0;
  size_t i = offset;
  while (i < length) {
    uint8_t c = input[i];
    if (c == '"') {
      i++;
      while (i < length && input[i] != '"') i += input[i] == '\\' ? 2 : 1;
      if (i >= length) return 0;
      i++;
    } else if (c == '{' || c == '[') {
      depth++;
      i++;
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return 0;
      depth--;
      i++;
    } else if (c == ',' || c == ':' || is_space(c)) {
      if (depth == 0) return 0;
      i++;
      continue;
    } else {
      while (i < length && !is_space(input[i]) && input[i] != ',' && input[i] != ']' && input[i] != '}' &&
             input[i] != ':' && input[i] != '"' && input[i] != '[' && input[i] != '{')
        i++;
    }
    if (depth == 0) return i;
  }
  return 0;
}

extern "C" size_t apus_json_shortest(double value, char *out, size_t capacity) {
  if (!std::isfinite(value)) return 0;
  auto result = std::to_chars(out, out + capacity, value, std::chars_format::fixed);
  return result.ec == std::errc() ? static_cast<size_t>(result.ptr - out) : 0;
}

extern "C" int32_t apus_json_double(const uint8_t *text, size_t length, double *out) {
  const char *first = reinterpret_cast<const char *>(text);
  auto result = std::from_chars(first, first + length, *out);
  return result.ec == std::errc() && result.ptr == first + length;
}

// Small helpers over Node-API. A pending JavaScript exception travels through C++ as `Pending`.
#pragma once
#include <node_api.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace vitrine {

/** Thrown when Node-API has already set a JavaScript exception. */
struct Pending {};

/** A mistake in how the addon was called: becomes a UsageError. */
struct Misuse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** Another process of a group has ended, hangs or cannot be reached: becomes a PeerLostError. */
struct PeerLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(napi_status status, const char* expected) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw Pending{};
  throw Misuse(std::string("expected ") + expected);
}

inline napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "a value");
  return type;
}

inline std::string format(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", number);
  return text;
}

inline std::string toString(napi_env env, napi_value value) {
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "a string");
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
  return text;
}

inline double toNumber(napi_env env, napi_value value) {
  double number;
  check(napi_get_value_double(env, value, &number), "a number");
  return number;
}

/** Numbers that are whole, and least ≤ number ≤ most; no rounding, no wrapping. */
inline int64_t toWhole(napi_env env, napi_value value, double least, double most, const char* expected) {
  double number;
  check(napi_get_value_double(env, value, &number), expected);
  if (!(number >= least && number <= most && std::trunc(number) == number)) throw Misuse(std::string("expected ") + expected + ", got " + format(number));
  return static_cast<int64_t>(number);
}

inline bool toBool(napi_env env, napi_value value) {
  bool flag;
  check(napi_get_value_bool(env, value, &flag), "a boolean");
  return flag;
}

/** Entries of an array. One of 2³² holes takes no memory where it is made, and all of it here. */
inline uint32_t lengthOf(napi_env env, napi_value array) {
  constexpr uint32_t kMost = 1 << 20;
  uint32_t length;
  check(napi_get_array_length(env, array, &length), "an array");
  if (length > kMost) throw Misuse("expected an array of at most 1048576 entries, got " + std::to_string(length));
  return length;
}

inline napi_value at(napi_env env, napi_value array, uint32_t index) {
  napi_value item;
  check(napi_get_element(env, array, index, &item), "an array");
  return item;
}

/** The entries of a typed array, at least so many. @param expected what it is */
template <typename T>
T* typedArray(napi_env env, napi_value value, napi_typedarray_type type, double least, const char* expected, size_t* count = nullptr) {
  napi_typedarray_type given;
  size_t length;
  void* data;
  check(napi_get_typedarray_info(env, value, &given, &length, &data, nullptr, nullptr), expected);
  if (given != type || static_cast<double>(length) < least) throw Misuse(std::string("expected ") + expected);
  if (count != nullptr) *count = length;
  return static_cast<T*>(data);
}

inline napi_value fromNumber(napi_env env, double number) {
  napi_value value;
  check(napi_create_double(env, number, &value), "a number");
  return value;
}

inline napi_value fromInt(napi_env env, int32_t number) {
  napi_value value;
  check(napi_create_int32(env, number, &value), "an integer");
  return value;
}

inline napi_value fromBool(napi_env env, bool flag) {
  napi_value value;
  check(napi_get_boolean(env, flag, &value), "a boolean");
  return value;
}

inline napi_value fromString(napi_env env, const std::string& text) {
  napi_value value;
  check(napi_create_string_utf8(env, text.data(), text.size(), &value), "a string");
  return value;
}

inline napi_value null(napi_env env) {
  napi_value value;
  napi_get_null(env, &value);
  return value;
}

inline napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

inline napi_value newArray(napi_env env, size_t length) {
  napi_value array;
  check(napi_create_array_with_length(env, length, &array), "an array");
  return array;
}

inline void setAt(napi_env env, napi_value array, uint32_t index, napi_value item) {
  check(napi_set_element(env, array, index, item), "an array");
}

inline void set(napi_env env, napi_value object, const char* name, napi_value item) {
  check(napi_set_named_property(env, object, name, item), "an object");
}

}  // namespace vitrine

// Bytes summed along one dimension with whole weights: half of what brings a picture to another size.
#include "environment.h"

#include <algorithm>

#define EVERY_PROCESSOR __attribute__((target_clones("avx2", "default")))

namespace vitrine {

namespace {

constexpr int kBits = 22;
constexpr int32_t kHalf = 1 << (kBits - 1);

inline uint8_t toByte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kBits, 0, 255)); }

struct Taps {
  const int32_t* first;
  const int32_t* count;
  const int32_t* weights;
  int64_t places;
  int64_t most;
};

/** [lines, length, 3] → [lines, places, 3]: three sums that share their weights. */
void across(const uint8_t* data, int64_t lines, int64_t length, const Taps& taps, uint8_t* out) {
  for (int64_t line = 0; line < lines; line++)
    for (int64_t j = 0; j < taps.places; j++) {
      const uint8_t* at = data + 3 * (line * length + taps.first[j]);
      const int32_t* weights = taps.weights + j * taps.most;
      int32_t r = kHalf, g = kHalf, b = kHalf;
      for (int32_t k = 0; k < taps.count[j]; k++, at += 3) {
        r += weights[k] * at[0];
        g += weights[k] * at[1];
        b += weights[k] * at[2];
      }
      *out++ = toByte(r);
      *out++ = toByte(g);
      *out++ = toByte(b);
    }
}

/** [length, inner] → [places, inner]: whole rows at a time. */
EVERY_PROCESSOR void down(const uint8_t* data, int64_t inner, const Taps& taps, int32_t* sums, uint8_t* out) {
  for (int64_t j = 0; j < taps.places; j++, out += inner) {
    std::fill(sums, sums + inner, kHalf);
    for (int32_t k = 0; k < taps.count[j]; k++) {
      const uint8_t* row = data + (taps.first[j] + k) * inner;
      const int32_t weight = taps.weights[j * taps.most + k];
      for (int64_t i = 0; i < inner; i++) sums[i] += weight * row[i];
    }
    for (int64_t i = 0; i < inner; i++) out[i] = toByte(sums[i]);
  }
}

template <typename T>
T* typed(napi_env env, napi_value value, napi_typedarray_type expected, double least, const char* what) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), what);
  if (type != expected || static_cast<double>(length) < least) throw Misuse(std::string("expected ") + what);
  return static_cast<T*>(data);
}

/** (data, [lines, length, inner, places, most], first, count, weights, out) */
napi_value resample(napi_env env, napi_callback_info info) {
  return guarded<6>(env, info, [&](Environment&, size_t, napi_value* argv) {
    int64_t sizes[5];
    for (uint32_t i = 0; i < 5; i++) sizes[i] = toWhole(env, at(env, argv[1], i), 0, 1 << 30, "a size");
    const auto [lines, length, inner, places, most] = sizes;
    if (inner != 3 && lines != 1) throw Misuse("expected three channels, or one picture");
    const auto* data = typed<uint8_t>(env, argv[0], napi_uint8_array, 1.0 * lines * length * inner, "a picture's bytes");
    const auto* first = typed<int32_t>(env, argv[2], napi_int32_array, places, "first places");
    const auto* count = typed<int32_t>(env, argv[3], napi_int32_array, places, "counts");
    const auto* weights = typed<int32_t>(env, argv[4], napi_int32_array, 1.0 * places * most, "weights");
    auto* out = typed<uint8_t>(env, argv[5], napi_uint8_array, 1.0 * lines * places * inner, "room for the result");
    for (int64_t j = 0; j < places; j++)
      if (first[j] < 0 || count[j] < 0 || count[j] > most || int64_t{first[j]} + count[j] > length) throw Misuse("expected places of the picture");
    const Taps taps{first, count, weights, places, most};
    std::vector<int32_t> sums(inner);
    if (inner == 3) across(data, lines, length, taps, out);
    else down(data, inner, taps, sums.data(), out);
    return undefined(env);
  });
}

}  // namespace

void exportResample(Exports& exports) {
  exports.push_back({"resample", nullptr, resample, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

}  // namespace vitrine

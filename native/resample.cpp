// A picture at another size: bytes summed with whole weights, first along its rows and then along its columns.
#include "environment.h"

#include <algorithm>
#include <cstring>

#include "processor.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

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

#ifdef __x86_64__
/** Red, green and blue of a pixel, and the byte after them, as numbers of 32 bits. */
__attribute__((target("avx2"))) inline __m128i pixel(const uint8_t* at) {
  int32_t bytes;
  std::memcpy(&bytes, at, 4);
  return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
}

/** Sums as bytes; where more of the line follows, with a fourth that the next covers. */
__attribute__((target("avx2"))) inline void put(__m128i sums, bool more, uint8_t* out) {
  const __m128i whole = _mm_srai_epi32(sums, kBits), words = _mm_packs_epi32(whole, whole);
  const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  if (more) std::memcpy(out, &bytes, 4);
  else std::memcpy(out, &bytes, 3);
}

/** [4, length, 3] → [4, places, 3]: lines share their weights. A byte after the last is read. */
__attribute__((target("avx2"))) void acrossFour(const uint8_t* data, int64_t length, const Taps& taps, uint8_t* out) {
  const int64_t line = 3 * length, outLine = 3 * taps.places;
  for (int64_t j = 0; j < taps.places; j++, out += 3) {
    const uint8_t* at = data + 3 * taps.first[j];
    const int32_t* weights = taps.weights + j * taps.most;
    __m128i sums[4];
    for (auto& sum : sums) sum = _mm_set1_epi32(kHalf);
    for (int32_t k = 0; k < taps.count[j]; k++, at += 3) {
      const __m128i weight = _mm_set1_epi32(weights[k]);
      for (int i = 0; i < 4; i++) sums[i] = _mm_add_epi32(sums[i], _mm_mullo_epi32(pixel(at + i * line), weight));
    }
    for (int i = 0; i < 4; i++) put(sums[i], j + 1 < taps.places, out + i * outLine);
  }
}
#endif

/** [length, 3] → [places, 3]: three sums that share their weights. */
void acrossOne(const uint8_t* data, const Taps& taps, uint8_t* out) {
  for (int64_t j = 0; j < taps.places; j++) {
    const uint8_t* at = data + 3 * taps.first[j];
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

/** [lines, length, 3] → [lines, places, 3] */
void across(const uint8_t* data, int64_t lines, int64_t length, const Taps& taps, uint8_t* out) {
  int64_t line = 0;
#ifdef __x86_64__
  if (hasAvx2())
    for (; line + 4 < lines; line += 4) acrossFour(data + 3 * line * length, length, taps, out + 3 * line * taps.places);
#endif
  for (; line < lines; line++) acrossOne(data + 3 * line * length, taps, out + 3 * line * taps.places);
}

/** [length, inner] → a row of bytes [inner] of place j: whole rows at a time. */
EVERY_PROCESSOR void down(const uint8_t* data, int64_t inner, const Taps& taps, int64_t j, int32_t* sums, uint8_t* out) {
  std::fill(sums, sums + inner, kHalf);
  for (int32_t k = 0; k < taps.count[j]; k++) {
    const uint8_t* row = data + (taps.first[j] + k) * inner;
    const int32_t weight = taps.weights[j * taps.most + k];
    for (int64_t i = 0; i < inner; i++) sums[i] += weight * row[i];
  }
  for (int64_t i = 0; i < inner; i++) out[i] = toByte(sums[i]);
}

/** Three arrays from `at` on, of places in a picture of that length. */
Taps toTaps(napi_env env, napi_value* at, int64_t places, int64_t most, int64_t length) {
  const auto* first = typedArray<int32_t>(env, at[0], napi_int32_array, places, "first places");
  const auto* count = typedArray<int32_t>(env, at[1], napi_int32_array, places, "counts");
  const auto* weights = typedArray<int32_t>(env, at[2], napi_int32_array, 1.0 * places * most, "weights");
  for (int64_t j = 0; j < places; j++)
    if (first[j] < 0 || count[j] < 0 || count[j] > most || int64_t{first[j]} + count[j] > length) throw Misuse("expected places of the picture");
  return {first, count, weights, places, most};
}

/** (data, [height, width, places down, most, places across, most], first, count, weights down, the same across, planar, out) */
napi_value resample(napi_env env, napi_callback_info info) {
  return guarded<10>(env, info, [&](Environment&, size_t, napi_value* argv) {
    int64_t sizes[6];
    for (uint32_t i = 0; i < 6; i++) sizes[i] = toWhole(env, at(env, argv[1], i), 0, 1 << 30, "a size");
    const int64_t height = sizes[0], width = sizes[1];
    const Taps vertical = toTaps(env, argv + 2, sizes[2], sizes[3], height), horizontal = toTaps(env, argv + 5, sizes[4], sizes[5], width);
    const int64_t rows = vertical.places, columns = horizontal.places, inner = 3 * columns;
    const auto* data = typedArray<uint8_t>(env, argv[0], napi_uint8_array, 3.0 * height * width, "a picture's bytes");
    const bool planar = toBool(env, argv[8]);
    auto* out = typedArray<uint8_t>(env, argv[9], napi_uint8_array, 1.0 * rows * inner, "room for the result");
    std::vector<uint8_t> narrow(height * inner), row(inner);
    std::vector<int32_t> sums(inner);
    across(data, height, width, horizontal, narrow.data());
    for (int64_t j = 0; j < rows; j++) {
      down(narrow.data(), inner, vertical, j, sums.data(), planar ? row.data() : out + j * inner);
      if (!planar) continue;
      for (int64_t x = 0; x < columns; x++)
        for (int64_t c = 0; c < 3; c++) out[(c * rows + j) * columns + x] = row[3 * x + c];
    }
    return undefined(env);
  });
}

}  // namespace

void exportResample(Exports& exports) {
  exports.push_back({"resample", nullptr, resample, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

}  // namespace vitrine

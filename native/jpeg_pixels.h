// A JPEG's coefficients to samples and samples to colours, in the whole numbers of libjpeg: to the byte of its accurate
// transform and its smooth upsampling.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>

#define EVERY_PROCESSOR __attribute__((target_clones("avx2", "default")))

namespace vitrine {

inline uint8_t limited(int32_t value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); }

/**
 * The inverse cosine transform of eight places, of eight lines at once: in and out [8 places, 8 lines]. Loeffler,
 * Ligtenberg and Moschytz (1989), with constants in 13-bit fractions; the result is rounded by `bits`.
 */
template <int bits>
inline __attribute__((always_inline)) void transform(const int32_t* in, int32_t* out) {
  constexpr int32_t half = 1 << (bits - 1);
  for (int i = 0; i < 8; i++) {
    const int32_t x0 = in[i], x1 = in[8 + i], x2 = in[16 + i], x3 = in[24 + i];
    const int32_t x4 = in[32 + i], x5 = in[40 + i], x6 = in[48 + i], x7 = in[56 + i];
    const int32_t turned = (x2 + x6) * 4433;
    const int32_t low = turned - x6 * 15137, high = turned + x2 * 6270;
    const int32_t sum = (x0 + x4) * 8192 + half, difference = (x0 - x4) * 8192 + half;
    const int32_t even[4] = {sum + high, difference + low, difference - low, sum - high};
    const int32_t all = (x7 + x3 + x5 + x1) * 9633;
    const int32_t z1 = (x7 + x1) * -7373, z2 = (x5 + x3) * -20995;
    const int32_t z3 = (x7 + x3) * -16069 + all, z4 = (x5 + x1) * -3196 + all;
    const int32_t odd[4] = {x1 * 12299 + z1 + z4, x3 * 25172 + z2 + z3, x5 * 16819 + z2 + z4, x7 * 2446 + z1 + z3};
    for (int k = 0; k < 4; k++) {
      out[8 * k + i] = (even[k] + odd[k]) >> bits;
      out[8 * (7 - k) + i] = (even[k] - odd[k]) >> bits;
    }
  }
}

inline void transpose(const int32_t* in, int32_t* out) {
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 8; j++) out[8 * j + i] = in[8 * i + j];
}

/** Coefficients [8, 8], dequantised, to samples of 0 to 255: columns first. */
EVERY_PROCESSOR void toSamples(const int16_t* block, uint8_t* out, int64_t stride) {
  alignas(32) int32_t one[64], other[64];
  for (int i = 0; i < 64; i++) other[i] = block[i];
  transform<11>(other, one);
  transpose(one, other);
  transform<18>(other, one);
  transpose(one, other);
  for (int y = 0; y < 8; y++, out += stride)
    for (int x = 0; x < 8; x++) out[x] = limited(other[8 * y + x] + 128);
}

/** How a row of chroma is brought to twice its columns: weights of the nearer and the farther row, and what rounds. */
struct Smooth {
  int near, far, left, right;
};
constexpr Smooth kRows{3, 1, 8, 7};
constexpr Smooth kColumns{4, 0, 4, 8};

/**
 * Columns first … first + count − 1 of a row, each to two: s = near · this row + far · the other, (3 sᵢ + sᵢ∓₁ + rounding) / 16.
 * @param last the row's last column: past either end it is repeated
 * @param sums room for count + 2
 */
EVERY_PROCESSOR void upsample(const uint8_t* row, const uint8_t* other, Smooth how, int first, int count, int last, uint16_t* __restrict sums, uint16_t* __restrict pairs) {
  const uint16_t near = how.near, far = how.far, left = how.left, right = how.right;
  const int from = first == 0 ? 1 : 0, to = first + count > last ? count + 1 : count + 2;
  row += first - 1;
  other += first - 1;
  for (int64_t i = from; i < to; i++) sums[i] = static_cast<uint16_t>(near * row[i] + far * other[i]);
  if (from == 1) sums[0] = sums[1];
  if (to == count + 1) sums[count + 1] = sums[count];
  for (int64_t i = 0; i < count; i++) {
    const uint16_t here = 3 * sums[i + 1];
    const uint16_t even = static_cast<uint16_t>(here + sums[i] + left) >> 4, odd = static_cast<uint16_t>(here + sums[i + 2] + right) >> 4;
    pairs[i] = even | odd << 8;
  }
}

/**
 * Luma and chroma to red, green and blue: R = Y + 1.402 Cr, G = Y − 0.34414 Cb − 0.71414 Cr, B = Y + 1.772 Cb, in 16-bit
 * fractions.
 * @param pixels room for the row
 */
EVERY_PROCESSOR void toColours(const uint8_t* luma, const uint8_t* blue, const uint8_t* red, int width, uint32_t* pixels, uint8_t* out) {
  constexpr int32_t half = 1 << 15;
  for (int x = 0; x < width; x++) {
    const int32_t y = luma[x], b = blue[x] - 128, r = red[x] - 128;
    const int32_t first = std::clamp(y + ((91881 * r + half) >> 16), 0, 255);
    const int32_t second = std::clamp(y + ((-22554 * b - 46802 * r + half) >> 16), 0, 255);
    const int32_t third = std::clamp(y + ((116130 * b + half) >> 16), 0, 255);
    pixels[x] = first | second << 8 | third << 16;
  }
  // four bytes at a time, of which the next pixel covers the last
  for (int x = 0; x + 1 < width; x++) std::memcpy(out + 3 * x, pixels + x, 4);
  std::memcpy(out + 3 * (width - 1), pixels + width - 1, 3);
}

}  // namespace vitrine

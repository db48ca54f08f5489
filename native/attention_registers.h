// Registers of one instruction set. This file and the three of attention_kernels.cpp beside it are included once for each
// set, inside a namespace that defines kWidth (floats of a register) and kRows (rows of a tile, so that its sums stay in
// registers; it divides kWidth). No include guard.

using Vec = float __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
using Bits = uint32_t __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
using Halves = uint16_t __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));
using Word = uint32_t __attribute__((may_alias));

static inline Vec load(const float* from) { return *reinterpret_cast<const Vec*>(from); }
/** One word in all lanes. */
static inline Vec broadcast(const float* from) { return (Vec)(Bits{} + *reinterpret_cast<const Word*>(from)); }
static inline void store(float* to, Vec value) { *reinterpret_cast<Vec*>(to) = value; }
static inline Bits lanes() { return *reinterpret_cast<const Bits*>(kLanes); }

/** exp(x) for x ≤ 0 to 2 units in the last place, by Cephes' polynomial; 0 where it would be denormal. */
static inline Vec exponential(Vec x) {
  const Vec shifted = x * 1.44269504f + 12582912.f;  // adding 1.5 · 2²³ leaves the nearest integer in the low bits
  const Vec n = shifted - 12582912.f;
  const Vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  const Bits power = (Bits)p + ((Bits)shifted << 23);  // the magic number's own bits leave by the left
  return (Vec)(power & (Bits)(x > -87.f));
}

/** v in the lanes up to one, or from one on; 0 elsewhere. */
static inline Vec upTo(Vec v, int64_t last) { return (Vec)((Bits)v & (Bits)(lanes() <= static_cast<uint32_t>(last))); }
static inline Vec from(Vec v, int64_t first) { return (Vec)((Bits)v & (Bits)(lanes() >= static_cast<uint32_t>(first))); }

/** The sum over the lanes. */
static inline float sum(Vec v) {
#pragma GCC unroll 4
  for (int half = kWidth / 2; half > 0; half /= 2) v += __builtin_shuffle(v, lanes() ^ half);
  return v[0];
}

/** A block's rows become its columns: what lies across the diagonal in blocks of 1, 2, 4 ... changes places. */
static inline void transpose(Vec (&block)[kWidth]) {
#pragma GCC unroll 4
  for (int half = 1; half < kWidth; half *= 2) {
    const Bits other = (lanes() & half) / half, own = lanes();
    const Bits upper = (own ^ (other * half)) + other * kWidth, lower = (own ^ (half - other * half)) + other * kWidth;
#pragma GCC unroll 16
    for (int r = 0; r < kWidth; r++)
      if ((r & half) == 0) {
        const Vec a = block[r], b = block[r + half];
        block[r] = __builtin_shuffle(a, b, upper);
        block[r + half] = __builtin_shuffle(a, b, lower);
      }
  }
}

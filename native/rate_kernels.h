// The arithmetic of rates, written for vector registers: Gram matrices, inverses, tall products.
#pragma once

#include <cstdint>

namespace vitrine {

/** Functions of one matrix of floats or doubles, for one instruction set; `room` is scratch. */
template <class T>
struct RateKernels {
  /** The lower triangle of G [d, d] = VᵀV, V [n, d] with rows `step` apart; room for gramRoom(d) numbers. */
  void (*gram)(const T* V, int64_t n, int64_t d, int64_t step, T* G, T* room);
  /**
   * S [d, d] = M⁻¹ by Cholesky factors, both triangles; M and S may be the same, and of M the lower triangle is read; room
   * for inverseRoom(d) numbers. Returns log det M, NaN where M is not positive definite.
   */
  double (*invert)(const T* M, int64_t d, T* S, T* room);
  /** out [n, d] = V S of V with rows `step` apart and symmetric S [d, d]; room for productRoom(d) numbers. */
  void (*product)(const T* V, int64_t n, int64_t d, int64_t step, const T* S, T* out, T* room);
  /**
   * out [C, C] = α (I + α Σ v vᴴ)⁻¹ over m rows v of V [·, C], those that `rows` names; pairs of real and imaginary parts. Room for
   * resolventRoom(m, C) numbers. False where the sum is not finite, or is rounded below definite.
   */
  bool (*resolvent)(const T* V, const int64_t* rows, int64_t m, int64_t C, T alpha, T* out, T* room);
};

/** d, a multiple of every set's registers and tiles. */
constexpr int64_t padded(int64_t d) { return (d + 15) / 16 * 16; }

/** Rows whose products are summed before they join the sums of others, and rows whose sums are then added in double. */
constexpr int64_t kChunk = 96, kLong = 8 * kChunk;

/** Numbers of scratch: a chunk's panels, the sums of up to kLong rows, and in double those of all. */
constexpr int64_t gramRoom(int64_t d) { return padded(d) * (kChunk + 3 * padded(d)); }
constexpr int64_t inverseRoom(int64_t d) { return 2 * padded(d) * (padded(d) + 16); }
constexpr int64_t resolventRoom(int64_t m, int64_t C) {
  const int64_t side = m < C ? m : C, depth = m < C ? C : m;
  return 2 * side * (padded(side) + padded(C)) + 2 * depth * padded(side) + 2 * padded(C);
}
constexpr int64_t productRoom(int64_t d) { return padded(d) * (padded(d) + 32); }

/** Those of the fastest instruction set that this processor has, float or double. */
template <class T>
const RateKernels<T>& rateKernels();

}  // namespace vitrine

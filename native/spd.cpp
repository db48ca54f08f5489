// Blocked Cholesky factors and their inverses, a batch at a time.
#include "spd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace vitrine {

using at::Tensor;

constexpr int64_t BLOCK = 32;
constexpr int64_t LANES = 8;

// one source for several instruction sets, chosen when the addon is loaded
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EVERY_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define EVERY_PROCESSOR
#endif
#define INLINE inline __attribute__((always_inline))

/**
 * In place: a [n, n, LANES], lower triangles of LANES matrices side by side, becomes their Cholesky factors; x their
 * inverses; pivots [n, LANES] the squares of the factors' diagonals, whose product is the determinant.
 */
template <typename T>
static INLINE void factorLanes(T* a, T* x, T* pivots, int64_t n) {
  const auto entry = [n](T* m, int64_t i, int64_t j) { return m + (i * n + j) * LANES; };
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = j; i < n; i++) {
      T sum[LANES];
      for (int64_t w = 0; w < LANES; w++) sum[w] = entry(a, i, j)[w];
      for (int64_t k = 0; k < j; k++)
        for (int64_t w = 0; w < LANES; w++) sum[w] -= entry(a, i, k)[w] * entry(a, j, k)[w];
      if (i == j)
        for (int64_t w = 0; w < LANES; w++) {
          pivots[j * LANES + w] = sum[w];
          const T root = std::sqrt(sum[w]);
          entry(a, j, j)[w] = root;
          entry(x, j, j)[w] = 1 / root;
        }
      else
        for (int64_t w = 0; w < LANES; w++) entry(a, i, j)[w] = sum[w] * entry(x, j, j)[w];
    }
  for (int64_t i = 1; i < n; i++)
    for (int64_t j = 0; j < i; j++) {
      T sum[LANES] = {};
      for (int64_t k = j; k < i; k++)
        for (int64_t w = 0; w < LANES; w++) sum[w] -= entry(a, i, k)[w] * entry(x, k, j)[w];
      for (int64_t w = 0; w < LANES; w++) entry(x, i, j)[w] = sum[w] * entry(x, i, i)[w];
    }
}

EVERY_PROCESSOR static void factorBlock(float* a, float* x, float* pivots, int64_t n) { factorLanes(a, x, pivots, n); }
EVERY_PROCESSOR static void factorBlock(double* a, double* x, double* pivots, int64_t n) { factorLanes(a, x, pivots, n); }

/** Blocks of up to 32: packed into lanes, factored, unpacked; the lanes that are left over hold identities. */
template <typename T>
static void base(const Tensor& M, Tensor& X, Tensor& logdet) {
  const int64_t b = M.size(0), n = M.size(1);
  const T* source = M.data_ptr<T>();
  T* target = X.data_ptr<T>();
  T* logarithms = logdet.data_ptr<T>();
  const int64_t from[] = {M.stride(0), M.stride(1)}, to[] = {X.stride(0), X.stride(1)};
  at::parallel_for(0, (b + LANES - 1) / LANES, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> a(n * n * LANES), x(n * n * LANES), pivots(n * LANES);
    for (int64_t chunk = begin; chunk < end; chunk++) {
      const int64_t first = chunk * LANES, used = std::min(LANES, b - first);
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
          for (int64_t w = 0; w < LANES; w++)
            a[(i * n + j) * LANES + w] = w < used ? source[(first + w) * from[0] + i * from[1] + j] : T(i == j);
      factorBlock(a.data(), x.data(), pivots.data(), n);
      for (int64_t w = 0; w < used; w++) {
        T* out = target + (first + w) * to[0];
        for (int64_t i = 0; i < n; i++)
          for (int64_t j = 0; j <= i; j++) out[i * to[1] + j] = x[(i * n + j) * LANES + w];
        T sum = 0;
        for (int64_t i = 0; i < n; i++) sum += std::log(pivots[i * LANES + w]);
        logarithms[first + w] += sum;
      }
    }
  });
}

/** M = [[A, ·], [B, C]] → L₂₁ = B X₁₁ᵀ, then the factor of C − L₂₁L₂₁ᵀ, then X₂₁ = −X₂₂ L₂₁ X₁₁. */
static void recurse(const Tensor& M, Tensor X, Tensor& logdet) {
  const int64_t d = M.size(1);
  if (d <= BLOCK) {
    if (M.scalar_type() == at::kDouble) base<double>(M, X, logdet);
    else base<float>(M, X, logdet);
    return;
  }
  const int64_t half = (d / 2 + BLOCK - 1) / BLOCK * BLOCK, rest = d - half;
  const auto corner = [&](const Tensor& matrix, int64_t row, int64_t column) {
    return matrix.narrow(1, row, row == 0 ? half : rest).narrow(2, column, column == 0 ? half : rest);
  };
  Tensor X11 = corner(X, 0, 0), X22 = corner(X, half, half);
  recurse(corner(M, 0, 0), X11, logdet);
  const Tensor L21 = at::bmm(corner(M, half, 0), X11.mT());
  recurse(at::baddbmm(corner(M, half, half), L21, L21.mT(), 1, -1), X22, logdet);
  corner(X, half, 0).copy_(at::bmm(X22, at::bmm(L21, X11)).neg_());
}

InverseFactors inverseFactors(const Tensor& M) {
  const Tensor X = at::zeros(M.sizes(), M.options());
  Tensor logdet = at::zeros({M.size(0)}, M.options());
  if (M.size(0) > 0 && M.size(1) > 0) recurse(M.stride(-1) == 1 ? M : M.contiguous(), X, logdet);
  return {X, logdet};
}

}  // namespace vitrine

// Blocked Cholesky factors and their inverses, a batch at a time.
#include "spd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

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

/** The same entry of LANES matrices. */
template <typename T>
struct Lanes {
  typedef T type __attribute__((vector_size(LANES * sizeof(T))));
};

/** Rows worked on together, so that the processor need not wait for one sum before the next product. */
constexpr int64_t ROWS = 4;

/**
 * In place: a [n, n], lower triangles, becomes the Cholesky factors; x, zero above the diagonal, their inverses;
 * pivots [n] the squares of the factors' diagonals, whose product is the determinant. n is a multiple of ROWS.
 */
template <typename V>
static INLINE void factorLanes(V* a, V* x, V* pivots, int64_t n) {
  for (int64_t j = 0; j < n; j++) {
    V* const row = a + j * n;
    V pivot = row[j];
    for (int64_t k = 0; k < j; k++) pivot -= row[k] * row[k];
    pivots[j] = pivot;
    V inverse;
    for (int64_t w = 0; w < LANES; w++) inverse[w] = 1 / std::sqrt(pivot[w]);
    row[j] = pivot * inverse;
    x[j * n + j] = inverse;
    for (int64_t i = (j + 1) / ROWS * ROWS; i < n; i += ROWS) {  // may redo rows above: they are not read again
      V sums[ROWS];
      for (int64_t r = 0; r < ROWS; r++) sums[r] = a[(i + r) * n + j];
      for (int64_t k = 0; k < j; k++)
        for (int64_t r = 0; r < ROWS; r++) sums[r] -= a[(i + r) * n + k] * row[k];
      for (int64_t r = 0; r < ROWS; r++)
        if (i + r > j) a[(i + r) * n + j] = sums[r] * inverse;
    }
  }
  for (int64_t i = 1; i < n; i++)
    for (int64_t j = 0; j < i; j += ROWS) {
      V sums[ROWS];
      for (int64_t r = 0; r < ROWS; r++) sums[r] = a[i * n + j] * 0;
      for (int64_t k = j; k < i; k++)
        for (int64_t r = 0; r < ROWS; r++) sums[r] -= a[i * n + k] * x[k * n + j + r];
      for (int64_t r = 0; r < ROWS; r++)
        if (j + r < i) x[i * n + j + r] = sums[r] * x[i * n + i];
    }
}

typedef Lanes<float>::type Floats;
typedef Lanes<double>::type Doubles;
EVERY_PROCESSOR static void factorBlock(Floats* a, Floats* x, Floats* pivots, int64_t n) { factorLanes(a, x, pivots, n); }
EVERY_PROCESSOR static void factorBlock(Doubles* a, Doubles* x, Doubles* pivots, int64_t n) { factorLanes(a, x, pivots, n); }

/** Blocks of up to 32: packed into lanes, factored, unpacked. Rows and lanes that are left over hold identities. */
template <typename T>
static void base(const Tensor& M, Tensor& X, Tensor& logdet) {
  typedef typename Lanes<T>::type V;
  const int64_t b = M.size(0), n = M.size(1), padded = (n + ROWS - 1) / ROWS * ROWS;
  const T* source = M.data_ptr<T>();
  T* target = X.data_ptr<T>();
  T* logarithms = logdet.data_ptr<T>();
  const int64_t from[] = {M.stride(0), M.stride(1)}, to[] = {X.stride(0), X.stride(1)};
  at::parallel_for(0, (b + LANES - 1) / LANES, 1, [&](int64_t begin, int64_t end) {
    alignas(64) V a[BLOCK * BLOCK], x[BLOCK * BLOCK], pivots[BLOCK];
    for (int64_t chunk = begin; chunk < end; chunk++) {
      const int64_t first = chunk * LANES, used = std::min(LANES, b - first);
      for (int64_t i = 0; i < padded; i++)
        for (int64_t j = 0; j < padded; j++) {
          V entry;
          for (int64_t w = 0; w < LANES; w++)
            entry[w] = w < used && i < n && j <= i ? source[(first + w) * from[0] + i * from[1] + j] : T(i == j);
          a[i * padded + j] = entry;
          x[i * padded + j] = entry * 0;
        }
      factorBlock(a, x, pivots, padded);
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
          for (int64_t w = 0; w < used; w++) target[(first + w) * to[0] + i * to[1] + j] = x[i * padded + j][w];
      for (int64_t w = 0; w < used; w++) {
        T sum = 0;
        for (int64_t i = 0; i < n; i++) sum += std::log(pivots[i][w]);
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

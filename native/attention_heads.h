// Self-attention of one head in the Gaussian form. Included as attention_registers.h says.
//
// Tokens are their own keys: s_ij = scale wᵢ·wⱼ = dᵢ + dⱼ − scale ‖wᵢ − wⱼ‖² / 2 with dᵢ = s_ii / 2. So
//
//     softmax(s)_ij = fᵢ E_ij uⱼ,   E_ij = exp(s_ij − dᵢ − dⱼ) ≤ 1,   uⱼ = exp(dⱼ − d₀),   1 / fᵢ = Σⱼ E_ij uⱼ
//
// where E is symmetric: half of the scores and exponentials are enough, and no row needs its largest score.

/** dᵢ and uᵢ, in the padding such that E and u are 0; false if some u leaves exp(±40), where a term that matters could
 *  leave the range of floats, or a number is not finite. */
template <class S>
static bool weigh(const Columns<S>& W, const Head& z, float* d, float* u) {
  for (int64_t i = 0; i < z.padded; i += kWidth) store(d + i, W.squares(i) * (z.scale / 2));
  float least = INFINITY, most = -INFINITY, all = 0;
  for (int64_t i = 0; i < z.n; i++) least = std::min(least, d[i]), most = std::max(most, d[i]), all += d[i];
  if (!(most - least + 0 * all <= 40)) return false;
  // not from the largest: what the past gives must not change with what comes after it
  for (int64_t i = 0; i < z.n; i++) u[i] = std::exp(d[i] - d[0]);
  std::fill(d + z.n, d + z.padded, 1e30f), std::fill(u + z.n, u + z.padded, 0.f);
  return true;
}

/** E, and Σⱼ E_ij uⱼ over the keys that token i sees. */
template <class S>
struct Gaussians {
  const Head& z;
  const Columns<S>& W;
  const float *d, *u;
  const Symmetric<S>& E;
  float* sums;
  Vec totals[kRows];

  template <int C>
  void tile(int64_t i, int64_t j) {
    Vec s[kRows][C];
    W.dots(i, W, j, s);
    for (int c = 0; c < C; c++, j += kWidth) {
      const bool diagonal = j <= i;
      const Vec dj = load(d + j), uj = load(u + j);
      Vec column{};
      typename S::Value byRow[kRows], byColumn[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        Vec e = exponential(s[r][c] * z.scale - d[i + r] - dj);
        if (z.causal && diagonal) e = upTo(e, i + r - j);
        const Vec ui = Vec{} + u[i + r];
        byRow[r] = S::kept(e, e * uj), byColumn[r] = S::kept(e, e * ui);
        if (!z.causal || diagonal) totals[r] += S::weight(byRow[r], uj);
        column += S::weight(byColumn[r], ui);
      }
      if (!diagonal) store(sums + j, load(sums + j) + column);
      E.keep(i, j, byRow, byColumn);
    }
  }
  void run() {
    std::fill(sums, sums + z.padded, 0.f);
    for (int64_t i = 0; i < z.n; i += kRows) {
      std::fill(totals, totals + kRows, Vec{});
      overPanels(*this, i, i / kWidth * kWidth, z.padded);
      for (int r = 0; r < kRows; r++) sums[i + r] += sum(totals[r]);
    }
  }
};

/** outᵢ = fᵢ Σⱼ E_ij uⱼ wⱼ */
template <class S>
struct Sums {
  const Head& z;
  const Symmetric<S>& E;
  const float* W;
  const Totals<S> out;
  int64_t begin, end;

  template <int C>
  void tile(int64_t i, int64_t k) {
    Vec s[kRows][C]{};
    E.sum(z.causal ? Keys::past : Keys::all, i, begin, end, W, k, s);
    for (int c = 0; c < C; c++)
      for (int r = 0; r < kRows; r++) out.add(s[r][c], z, i + r, k + c * kWidth, begin == 0, end == z.padded);
  }
};

template <class S>
static bool forward(const void* W, void* out, float* kept, const Head& z, float* scratch) {
  using Number = typename S::Number;
  const auto* w = static_cast<const Number*>(W);
  const int64_t n = z.padded, size = n * z.width;
  float *tokens = scratch, *totals = tokens + size, *d = totals + size + n * n, *u = d + n, *f = u + n;
  const Symmetric<S> E{totals + size, n};
  const Columns<S> columns(w, z, tokens);
  if (!weigh(columns, z, d, u)) return false;
  Gaussians<S>{z, columns, d, u, E, f, {}}.run();
  for (int64_t i = 0; i < z.n; i++) kept[i] = f[i] = 1 / f[i];
  stack<S>(w, z, u, tokens);  // the columns are done with
  Sums<S> sums{z, E, tokens, {totals, f, static_cast<Number*>(out)}, 0, 0};
  overKeys<S>(sums, z);
  return true;
}

#include "attention_gradients.h"

template <class S>
constexpr Kernel kernel{forward<S>, backward<S>, kWidth};

// The gradient of self-attention for W, which is query, key and value at once. Included by attention_heads.h.
//
// With gᵢ for outᵢ, δᵢ = gᵢ·outᵢ and the sums 1 / fᵢ that the way there has kept,
//
//     T_ij = E_ij (fᵢ uⱼ (gᵢ·wⱼ − δᵢ) + fⱼ uᵢ (wᵢ·gⱼ − δⱼ))      symmetric; a term of a key that is not seen is left out
//     dwᵢ  = scale Σⱼ T_ij wⱼ + uᵢ Σⱼ E_ij fⱼ gⱼ

/** aᵢ·bᵢ of token i. */
template <class Number>
static inline float dot(const Number* a, const Number* b, int64_t i, const Head& z) {
  Vec sums{};
  for (int64_t k = 0; k < z.p; k += kWidth) sums += numbers(a + i * z.step + k, z.p - k) * numbers(b + i * z.step + k, z.p - k);
  return sum(sums);
}

/** T, and E for the second sum. */
template <class S>
struct Terms {
  const Head& z;
  const Columns<S>&W, &G;
  const float *d, *u, *f, *delta;
  const Symmetric<S>&E, &T;

  template <int C>
  void tile(int64_t i, int64_t j) {
    Vec s[kRows][C], a[kRows][C], b[kRows][C];
    const bool none = z.causal && j > i;  // right of the diagonal the past sees nothing
    W.dots(i, W, j, s);
    if (!none) G.dots(i, W, j, a);
    W.dots(i, G, j, b);
    for (int c = 0; c < C; c++, j += kWidth) {
      const Vec dj = load(d + j), uj = load(u + j), fj = load(f + j), deltaj = load(delta + j), one = Vec{} + 1;
      typename S::Value byRow[kRows], byColumn[kRows], terms[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        Vec e = exponential(s[r][c] * z.scale - (dj + d[i + r]));
        Vec ofRow{}, ofColumn = fj * u[i + r] * (b[r][c] - deltaj);
        if (!z.causal || j <= i) ofRow = uj * f[i + r] * (a[r][c] - delta[i + r]);
        if (z.causal && j <= i) ofRow = upTo(ofRow, i + r - j), ofColumn = from(ofColumn, i + r - j);
        terms[r] = S::kept(e * (ofRow + ofColumn), one);
        if (z.causal && j <= i) e = from(e, i + r - j);
        byRow[r] = S::kept(e, fj), byColumn[r] = S::kept(e, Vec{} + f[i + r]);
      }
      T.keep(i, j, terms, terms);
      E.keep(i, j, byRow, byColumn);
    }
  }
};

/** dwᵢ from T and E. */
template <class S>
struct Gradients {
  const Head& z;
  const Symmetric<S>&E, &T;
  const float *W, *G, *u;
  typename S::Number* out;

  template <int C>
  void tile(int64_t i, int64_t k) {
    Vec s[kRows][C], q[kRows][C];
    T.sum(Keys::all, i, W, k, s);
    E.sum(z.causal ? Keys::rest : Keys::all, i, G, k, q);
    for (int64_t r = 0; r < std::min<int64_t>(kRows, z.n - i); r++)
      for (int c = 0; c < C; c++) put(out + (i + r) * z.step + k + c * kWidth, z.scale * s[r][c] + u[i + r] * q[r][c], z.p - k - c * kWidth);
  }
};

template <class S>
static void backward(const void* W, const void* result, const void* outer, const float* sums, void* out, const Head& z, float* scratch) {
  using Number = typename S::Number;
  const auto *w = static_cast<const Number*>(W), *o = static_cast<const Number*>(result), *g = static_cast<const Number*>(outer);
  const int64_t n = z.padded, size = n * z.width;
  float *first = scratch, *second = first + size, *d = second + size + 2 * n * n, *u = d + n, *f = u + n, *delta = f + n, *ones = delta + n;
  const Symmetric<S> E{second + size, n}, T{second + size + n * n, n};
  const Columns<S> columns(w, z, first), outers(g, z, second);
  weigh(columns, z, d, u);
  for (int64_t i = 0; i < n; i++) {
    f[i] = i < z.n ? 1 / sums[i] : 0;
    delta[i] = i < z.n ? dot(g, o, i, z) : 0;
    ones[i] = 1;
  }
  Terms<S> terms{z, columns, outers, d, u, f, delta, E, T};
  for (int64_t i = 0; i < z.n; i += kRows) overPanels(terms, i, i / kWidth * kWidth, n);
  stack<S>(w, z, ones, first), stack<S>(g, z, f, second);  // the columns are done with
  Gradients<S> gradients{z, E, T, first, second, u, static_cast<Number*>(out)};
  for (int64_t i = 0; i < z.n; i += kRows) overPanels(gradients, i, 0, z.width);
}

// The gradient of self-attention for W, which is query, key and value at once. Included by attention_heads.h.
//
// With gᵢ for outᵢ, δᵢ = gᵢ·outᵢ and fᵢ that the way there has kept,
//
//     T_ij = fᵢ E_ij uⱼ (gᵢ·wⱼ − δᵢ) + fⱼ E_ij uᵢ (wᵢ·gⱼ − δⱼ)      symmetric; a term of a key that is not seen is left out
//     dwᵢ  = scale Σⱼ T_ij wⱼ + uᵢ Σⱼ E_ij fⱼ gⱼ

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
      const Vec dj = load(d + j), uj = load(u + j), fj = load(f + j), deltaj = load(delta + j);
      typename S::Value byRow[kRows], byColumn[kRows], terms[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        const Vec ui = Vec{} + u[i + r];
        Vec e = exponential(s[r][c] * z.scale - d[i + r] - dj);
        // softmax(s)_ij and softmax(s)_ji, of weights as they were on the way there
        Vec ij = S::weight(S::kept(e, e * uj), uj) * f[i + r], ji = S::weight(S::kept(e, e * ui), ui) * fj;
        if (z.causal && j <= i) ij = upTo(ij, i + r - j), ji = from(ji, i + r - j), e = from(e, i + r - j);
        Vec term = ji * (b[r][c] - deltaj);
        if (!z.causal || j <= i) term += ij * (a[r][c] - delta[i + r]);
        terms[r] = S::kept(term, term);
        byRow[r] = S::kept(e, ji), byColumn[r] = S::kept(e, ij);
      }
      T.keep(i, j, terms, terms);
      E.keep(i, j, byRow, byColumn);
    }
  }
};

/** dwᵢ = scale Σⱼ T_ij wⱼ + uᵢ Σⱼ E_ij fⱼ gⱼ */
template <class S>
struct Gradients {
  const Head& z;
  const Symmetric<S>&E, &T;
  const float *W, *G, *u;
  const Totals<S> out;
  int64_t begin, end;

  template <int C>
  void tile(int64_t i, int64_t k) {
    Vec s[kRows][C]{}, q[kRows][C]{};
    T.sum(Keys::all, i, begin, end, W, k, s);
    E.sum(z.causal ? Keys::rest : Keys::all, i, begin, end, G, k, q);
    for (int c = 0; c < C; c++)
      for (int r = 0; r < kRows; r++)
        out.add(z.scale * s[r][c] + S::summed(q[r][c], u[i + r]), z, i + r, k + c * kWidth, begin == 0, end == z.padded);
  }
};

template <class S>
static void backward(const void* W, const void* result, const void* outer, const float* kept, void* out, const Head& z, float* scratch) {
  using Number = typename S::Number;
  const auto *w = static_cast<const Number*>(W), *o = static_cast<const Number*>(result), *g = static_cast<const Number*>(outer);
  const int64_t n = z.padded, size = n * z.width;
  float *first = scratch, *second = first + size, *totals = second + size;
  float *d = totals + size + 2 * n * n, *u = d + n, *f = u + n, *delta = f + n, *ones = delta + n;
  const Symmetric<S> E{totals + size, n}, T{totals + size + n * n, n};
  const Columns<S> columns(w, z, first), outers(g, z, second);
  weigh(columns, z, d, u);
  for (int64_t i = 0; i < n; i++) {
    f[i] = i < z.n ? kept[i] : 0;
    ones[i] = 1;
  }
  for (int64_t i = 0; i < n; i += kWidth) store(delta + i, outers.dotsOf(o, z, i));
  Terms<S> terms{z, columns, outers, d, u, f, delta, E, T};
  for (int64_t i = 0; i < z.n; i += kRows) overPanels(terms, i, i / kWidth * kWidth, n);
  stack<S>(w, z, ones, first), stack<S>(g, z, f, second);  // the columns are done with
  Gradients<S> gradients{z, E, T, first, second, u, {totals, ones, static_cast<Number*>(out)}, 0, 0};
  overKeys<S>(gradients, z);
}

// Attention of one head, for one instruction set: included once for each, inside a namespace that defines kWidth (floats of
// a register) and kRows (rows of a tile, so that its sums stay in registers; it divides kWidth). No include guard.
//
// Tokens are their own keys: s_ij = scale wᵢ·wⱼ = dᵢ + dⱼ − scale ‖wᵢ − wⱼ‖² / 2 with dᵢ = s_ii / 2. So
//
//     softmax(s)_ij = E_ij uⱼ fᵢ,   E_ij = exp(s_ij − dᵢ − dⱼ) ≤ 1,   uⱼ = exp(dⱼ − d₀),   1 / fᵢ = Σⱼ E_ij uⱼ
//
// where E is symmetric: half of the scores and exponentials are enough, and no row needs its largest score.

using Vec = float __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
using Bits = int32_t __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

static inline Vec load(const float* from) { return *reinterpret_cast<const Vec*>(from); }
static inline void store(float* to, Vec value) { *reinterpret_cast<Vec*>(to) = value; }

/** out (+)= A B for kRows rows and C registers of columns; A(r, k) lies at A[r rowStep + k columnStep]. */
template <int C>
static void tile(const float* A, int64_t rowStep, int64_t columnStep, const float* B, int64_t widthB, float* out, int64_t widthOut, int64_t depth, bool add) {
  Vec sums[kRows][C];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
    for (int c = 0; c < C; c++) sums[r][c] = add ? load(out + r * widthOut + c * kWidth) : Vec{};
  for (int64_t k = 0; k < depth; k++) {
    Vec b[C];
#pragma GCC unroll 3
    for (int c = 0; c < C; c++) b[c] = load(B + k * widthB + c * kWidth);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++) {
      const float a = A[r * rowStep + k * columnStep];
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) sums[r][c] += a * b[c];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
    for (int c = 0; c < C; c++) store(out + r * widthOut + c * kWidth, sums[r][c]);
}

/** out (+)= A B; rows are kRows, columns a multiple of kWidth. */
static void product(const float* A, int64_t rowStep, int64_t columnStep, const float* B, int64_t widthB, float* out, int64_t widthOut, int64_t columns, int64_t depth, bool add) {
  for (int64_t j = 0; j < columns;) {
    const int64_t left = (columns - j) / kWidth;
    const int C = left == 4 ? 2 : left < 3 ? left : 3;  // 4 registers as 2 + 2
    const auto run = C == 3 ? tile<3> : C == 2 ? tile<2> : tile<1>;
    run(A, rowStep, columnStep, B + j, widthB, out + j, widthOut, depth, add);
    j += C * kWidth;
  }
}

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
  return (Vec)(power & (x > -87.f));
}

/** Each lane's partner `half` lanes away. */
static inline Vec swapped(Vec v, int half) {
  return __builtin_shuffle(v, *reinterpret_cast<const Bits*>(kLanes) ^ half);
}
static inline float sum(Vec v) {
#pragma GCC unroll 4
  for (int half = kWidth / 2; half > 0; half /= 2) v += swapped(v, half);
  return v[0];
}

/** Rows of a head, with zeros around them, and their transpose. */
static void gather(const float* from, const Head& z, float* rows, float* transposed) {
  for (int64_t i = 0; i < z.n; i++) {
    float* row = rows + i * z.width;
    std::copy(from + i * z.step, from + i * z.step + z.p, row);
    std::fill(row + z.p, row + z.width, 0.f);
  }
  std::fill(rows + z.n * z.width, rows + z.padded * z.width, 0.f);
  for (int64_t i = 0; i < z.padded; i += kWidth)  // few enough rows that their lines stay in the cache
    for (int64_t k = 0; k < z.p; k++) {
      Vec column;
#pragma GCC unroll 16
      for (int r = 0; r < kWidth; r++) column[r] = rows[(i + r) * z.width + k];
      store(transposed + k * z.padded + i, column);
    }
}

/** factorsᵢ times row i. */
static void multiply(float* rows, const float* factors, const Head& z) {
  for (int64_t i = 0; i < z.padded; i++)
    for (int64_t k = 0; k < z.width; k += kWidth) store(rows + i * z.width + k, load(rows + i * z.width + k) * factors[i]);
}

/** Σₖ aₖ bₖ over the numbers of a head. */
static inline float dot(const float* a, const float* b, int64_t p) {
  Vec sums{};
  int64_t k = 0;
  for (; k + kWidth <= p; k += kWidth) sums += load(a + k) * load(b + k);
  float total = sum(sums);
  for (; k < p; k++) total += a[k] * b[k];
  return total;
}

/** The largest dᵢ less the smallest. */
static float spread(const float* from, const Head& z) {
  float least = INFINITY, most = -INFINITY, all = 0;
  for (int64_t i = 0; i < z.n; i++) {
    const float d = z.scale / 2 * dot(from + i * z.step, from + i * z.step, z.p);
    least = std::min(least, d), most = std::max(most, d), all += d;
  }
  return most - least + 0 * all;  // NaN where a number is not finite
}

/** dᵢ and uᵢ; in the padding such that E and u are 0. */
static void weigh(const float* rows, const Head& z, float* d, float* u) {
  for (int64_t i = 0; i < z.padded; i++) d[i] = i < z.n ? z.scale / 2 * dot(rows + i * z.width, rows + i * z.width, z.p) : 1e30f;
  // not from the largest: what the past gives must not change with what comes after it
  for (int64_t i = 0; i < z.padded; i++) u[i] = i < z.n ? std::exp(d[i] - d[0]) : 0;
}

/** Which keys a weighted sum runs over: token i's all, those up to i, those from i on. */
enum class Keys { all, past, rest };
static inline bool has(Keys keys, int64_t i, int64_t j) { return keys == Keys::all || (keys == Keys::past ? j <= i : j >= i); }

/** E in the blocks on the diagonal and right of it, and its sums Σⱼ E_ij uⱼ over the keys that token i sees. */
static void gaussians(const float* rows, const float* columns, const Head& z, const float* d, const float* u, float* E, float* sums) {
  const int64_t n = z.padded;
  std::fill(sums, sums + n, 0.f);
  for (int64_t i = 0; i < z.n; i += kRows) {
    const int64_t first = i / kWidth * kWidth;
    float* e = E + i * n;
    product(rows + i * z.width, z.width, 1, columns + first, n, e + first, n, n - first, z.p, false);
    Vec totals[kRows]{};
    for (int64_t j = first; j < n; j += kWidth) {
      const Vec dj = load(d + j), uj = load(u + j);
      Vec column{};
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        const Vec value = exponential(load(e + r * n + j) * z.scale - (dj + d[i + r]));
        store(e + r * n + j, value);
        column += value * u[i + r];
        if (!z.causal) totals[r] += value * uj;
      }
      if (j > first) store(sums + j, load(sums + j) + column);
    }
    for (int r = 0; r < kRows; r++) {
      sums[i + r] += sum(totals[r]);
      if (z.causal)
        for (int64_t j = first; j <= i + r; j++) sums[i + r] += e[r * n + j] * u[j];
    }
  }
}

/** out (+)= Σⱼ S_ij Bⱼ for kRows rows from i on; S is symmetric and kept as E is. */
static void weighted(Keys keys, const float* S, int64_t i, const float* B, const Head& z, float* out, bool add) {
  const int64_t n = z.padded, first = i / kWidth * kWidth, next = first + kWidth;
  float diagonal[kRows * kWidth];
  for (int r = 0; r < kRows; r++)
    for (int c = 0; c < kWidth; c++) diagonal[r * kWidth + c] = has(keys, i + r, first + c) ? S[(i + r) * n + first + c] : 0;
  product(diagonal, kWidth, 1, B + first * z.width, z.width, out, z.width, z.width, kWidth, add);
  if (keys != Keys::rest) product(S + i, 1, n, B, z.width, out, z.width, z.width, first, true);
  if (keys != Keys::past) product(S + i * n + next, n, 1, B + next * z.width, z.width, out, z.width, z.width, n - next, true);
}

/** outᵢ = fᵢ Σⱼ E_ij uⱼ wⱼ */
static void forward(const float* from, float* out, const Head& z, float* scratch) {
  const int64_t n = z.padded, size = n * z.width;
  float *W = scratch, *Wt = W + size, *E = Wt + size, *O = E + n * n, *d = O + kRows * z.width, *u = d + n, *sums = u + n;
  gather(from, z, W, Wt);
  weigh(W, z, d, u);
  gaussians(W, Wt, z, d, u, E, sums);
  multiply(W, u, z);
  for (int64_t i = 0; i < z.n; i += kRows) {
    weighted(z.causal ? Keys::past : Keys::all, E, i, W, z, O, false);
    for (int64_t r = 0; r < std::min<int64_t>(kRows, z.n - i); r++)
      for (int64_t k = 0; k < z.p; k++) out[(i + r) * z.step + k] = O[r * z.width + k] / sums[i + r];
  }
}

/**
 * The gradient for W, which is query, key and value at once. With gᵢ for outᵢ, φᵢ = fᵢ gᵢ and εᵢ = φᵢ·outᵢ,
 *
 *     T_ij = E_ij (uⱼ (φᵢ·wⱼ − εᵢ) + uᵢ (wᵢ·φⱼ − εⱼ))      symmetric; a term of a key that is not seen is left out
 *     dwᵢ  = scale Σⱼ T_ij wⱼ + uᵢ Σⱼ E_ij φⱼ
 */
static void backward(const float* from, const float* result, const float* outer, float* out, const Head& z, float* scratch) {
  const int64_t n = z.padded, size = n * z.width;
  float *W = scratch, *Wt = W + size, *F = Wt + size, *Ft = F + size, *E = Ft + size, *T = E + n * n;
  float *A = T + n * n, *B = A + kRows * n, *X = B + kRows * n, *Y = X + kRows * z.width;
  float *d = Y + kRows * z.width, *u = d + n, *f = u + n, *eps = f + n;
  gather(from, z, W, Wt);
  weigh(W, z, d, u);
  gaussians(W, Wt, z, d, u, E, f);
  for (int64_t i = 0; i < n; i++) {
    f[i] = i < z.n ? 1 / f[i] : 0;
    eps[i] = i < z.n ? f[i] * dot(outer + i * z.step, result + i * z.step, z.p) : 0;
  }
  gather(outer, z, F, Ft);
  multiply(F, f, z);
  for (int64_t k = 0; k < z.p; k++)
    for (int64_t i = 0; i < n; i += kWidth) store(Ft + k * n + i, load(Ft + k * n + i) * load(f + i));
  for (int64_t i = 0; i < z.n; i += kRows) {
    const int64_t first = i / kWidth * kWidth, seen = z.causal ? kWidth : n - first;  // right of the diagonal the past sees nothing
    product(F + i * z.width, z.width, 1, Wt + first, n, A, n, seen, z.p, false);
    product(W + i * z.width, z.width, 1, Ft + first, n, B, n, n - first, z.p, false);
    for (int r = 0; r < kRows; r++) {
      const float *e = E + (i + r) * n + first, *a = A + r * n, *b = B + r * n;
      float* t = T + (i + r) * n + first;
      for (int64_t j = 0; j < n - first; j += kWidth) {
        Vec value = u[i + r] * (load(b + j) - load(eps + first + j));
        if (j < seen) {
          Vec other = load(u + first + j) * (load(a + j) - eps[i + r]);
          if (z.causal)
            for (int c = 0; c < kWidth; c++) {
              if (first + c > i + r) other[c] = 0;
              if (first + c < i + r) value[c] = 0;
            }
          value += other;
        }
        store(t + j, load(e + j) * value);
      }
    }
  }
  for (int64_t i = 0; i < z.n; i += kRows) {
    weighted(Keys::all, T, i, W, z, X, false);
    weighted(z.causal ? Keys::rest : Keys::all, E, i, F, z, Y, false);
    for (int64_t r = 0; r < std::min<int64_t>(kRows, z.n - i); r++)
      for (int64_t k = 0; k < z.p; k++) out[(i + r) * z.step + k] = z.scale * X[r * z.width + k] + u[i + r] * Y[r * z.width + k];
  }
}

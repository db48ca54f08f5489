// Attention of one head, for one instruction set: included once for each, inside a namespace that defines kWidth (floats of
// a register) and kRows (rows of a tile, so that its sums stay in registers). No include guard.

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

/** out (+)= A B; rows are a multiple of kRows, columns (the widths) of kWidth. */
static void product(const float* A, int64_t rowStep, int64_t columnStep, const float* B, int64_t widthB, float* out, int64_t widthOut, int64_t rows, int64_t depth, bool add) {
  for (int64_t j = 0; j < widthOut;) {
    const int64_t left = (widthOut - j) / kWidth;
    const int C = left == 4 ? 2 : left < 3 ? left : 3;  // 4 registers as 2 + 2
    for (int64_t i = 0; i < rows; i += kRows) {
      const auto run = C == 3 ? tile<3> : C == 2 ? tile<2> : tile<1>;
      run(A + i * rowStep, rowStep, columnStep, B + j, widthB, out + i * widthOut + j, widthOut, depth, add);
    }
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
static inline float largest(Vec v) {
#pragma GCC unroll 4
  for (int half = kWidth / 2; half > 0; half /= 2) {
    const Vec other = swapped(v, half);
    v = v > other ? v : other;
  }
  return v[0];
}

/** Rows of scores become exp(score − largest); inverse holds 1 / their sum. */
static void exponentials(float* S, int64_t width, int64_t rows, float* inverse) {
  for (int64_t i = 0; i < rows; i++) {
    float* s = S + i * width;
    Vec most = load(s);
    for (int64_t j = kWidth; j < width; j += kWidth) most = load(s + j) > most ? load(s + j) : most;
    const float top = largest(most);
    Vec total{};
    for (int64_t j = 0; j < width; j += kWidth) {
      const Vec e = exponential(load(s + j) - top);
      store(s + j, e);
      total += e;
    }
    inverse[i] = 1 / sum(total);
  }
}

/** Rows of a head, times `scale`, with zeros around them; and their transpose, unscaled, where asked for. */
static void gather(const float* from, const Head& z, float scale, float* rows, float* transposed) {
  for (int64_t i = 0; i < z.n; i++)
    for (int64_t k = 0; k < z.width; k++) rows[i * z.width + k] = k < z.p ? from[i * z.step + k] * scale : 0;
  std::fill(rows + z.n * z.width, rows + z.padded * z.width, 0.f);
  if (transposed == nullptr) return;
  for (int64_t k = 0; k < z.p; k++)
    for (int64_t i = 0; i < z.padded; i++) transposed[k * z.padded + i] = i < z.n ? from[i * z.step + k] : 0;
}

/** What scores start from: 0, and −10³⁰ in the padding, whose exponential is 0. */
static void mask(float* S, const Head& z, int64_t rows) {
  for (int64_t i = 0; i < rows; i++, S += z.padded) {
    std::fill(S, S + z.n, 0.f);
    std::fill(S + z.n, S + z.padded, -1e30f);
  }
}

/** out = softmax(scale W Wᵀ) W, a tile of rows at a time. */
static void forward(const float* from, float* out, const Head& z, float* scratch) {
  const int64_t size = z.padded * z.width;
  float *Q = scratch, *W = Q + size, *Wt = W + size, *P = Wt + size, *O = P + kRows * z.padded;
  float inverse[kRows];
  gather(from, z, z.scale, Q, nullptr);
  gather(from, z, 1, W, Wt);
  for (int64_t i = 0; i < z.n; i += kRows) {
    mask(P, z, kRows);
    product(Q + i * z.width, z.width, 1, Wt, z.padded, P, z.padded, kRows, z.p, true);
    exponentials(P, z.padded, kRows, inverse);
    product(P, z.padded, 1, W, z.width, O, z.width, kRows, z.n, false);
    for (int64_t r = 0; r < std::min<int64_t>(kRows, z.n - i); r++)
      for (int64_t k = 0; k < z.p; k++) out[(i + r) * z.step + k] = O[r * z.width + k] * inverse[r];
  }
}

/**
 * The gradient for W, which is query, key and value at once; P is computed anew:
 *
 *     dP = dO Wᵀ,   dS = P ∘ (dP − rowsum(P ∘ dP)),   dW = Pᵀ dO + scale (dS + dSᵀ) W
 */
static void backward(const float* from, const float* outer, float* out, const Head& z, float* scratch) {
  const int64_t n = z.padded, size = n * z.width;
  float *Q = scratch, *Wt = Q + size, *U = Wt + size, *G = U + size, *P = G + size, *D = P + n * n, *inverse = D + n * n;
  gather(from, z, z.scale, Q, Wt);
  gather(outer, z, 1, U, nullptr);
  mask(P, z, n);
  product(Q, z.width, 1, Wt, n, P, n, n, z.p, true);
  exponentials(P, n, n, inverse);
  // P stays without its 1 / sum: dO carries it
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < z.width; k += kWidth) store(U + i * z.width + k, load(U + i * z.width + k) * inverse[i]);
  product(U, z.width, 1, Wt, n, D, n, n, z.p, false);
  for (int64_t i = 0; i < n; i++) {
    float *d = D + i * n, *p = P + i * n;
    Vec dots{};
    for (int64_t j = 0; j < n; j += kWidth) dots += load(d + j) * load(p + j);
    const float dot = sum(dots) * inverse[i];
    for (int64_t j = 0; j < n; j += kWidth) store(d + j, load(p + j) * (load(d + j) - dot));
  }
  product(P, 1, n, U, z.width, G, z.width, n, z.n, false);
  product(D, n, 1, Q, z.width, G, z.width, n, z.n, true);
  product(D, 1, n, Q, z.width, G, z.width, n, z.n, true);
  for (int64_t i = 0; i < z.n; i++)
    for (int64_t k = 0; k < z.p; k++) out[i * z.step + k] = G[i * z.width + k];
}

// Inverses of symmetric positive definite matrices by Cholesky factors, blocks of kWidth rows. Included as rate_kernel.h says.

/**
 * One block: rows of symmetric A become rows of X = L⁻¹ with A = L Lᵀ. Adds log det A to `logdet`; NaN where A is not
 * positive definite.
 */
static void invertBlock(const Number* A, int64_t step, Number* X, int64_t stepX, double& logdet) {
  Vec a[kWidth], x[kWidth];
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; i++) {
    a[i] = load(A + i * step);
    x[i] = Vec{};
    x[i][i] = 1;
  }
  double determinant = 1;
#pragma GCC unroll 16
  for (int k = 0; k < kWidth; k++) {
    const Number pivot = a[k][k], inverse = 1 / std::sqrt(pivot);
    determinant *= pivot;
    const Vec column = a[k] * inverse;  // L_ik in lane i
    x[k] *= inverse;
#pragma GCC unroll 16
    for (int i = k + 1; i < kWidth; i++) {
      a[i] -= column[i] * column;
      x[i] -= column[i] * x[k];
    }
    if (k % 4 == 3) logdet += std::log(pivot > 0 ? determinant : NAN), determinant = 1;  // four pivots stay in a double's range
  }
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; i++) store(X + i * stepX, x[i]);
}

/** to [columns, rows] = fromᵀ, whole blocks. */
static void transpose(const Number* from, int64_t step, int64_t rows, int64_t columns, Number* to, int64_t stepTo) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) to[j * stepTo + i] = from[i * step + j];
}

/** The rows of a block times those below, tile by tile: out = (out where `add`) + sign A B for kWidth rows of A. */
template <int sign>
INLINE static void multiply(const Number* A, int64_t stepA, const Number* B, int64_t stepB, int64_t depth, Number* out, int64_t step, int64_t begin, int64_t end, bool add) {
  overColumns(begin, end, [&](auto width, int64_t j) {
    using T = Tile<decltype(width)::value>;
    for (int64_t r = 0; r < kWidth; r += kRows) {
      T tile = add ? T::at(out + r * step + j, step) : T::zero();
      tile.template add<sign>(A + r * stepA, stepA, 1, B + j, stepB, kWidth, depth);
      tile.put(out + r * step + j, step);
    }
  });
}

/**
 * Block row by block row: L_ij = (M_ij − Σₖ L_ik L_jkᵀ) X_jjᵀ, then X_i = −X_ii Σₖ L_ik X_k of X = L⁻¹, and last
 * M⁻¹ = XᵀX, where a tile's sum begins at the first row that is not zero.
 */
static double invert(const Number* M, int64_t d, Number* S, Number* room) {
  const int64_t D = padded(d);
  Number *const L = room, *const upper = L + D * D, *const X = upper + D * D;  // L by rows; Lᵀ; L⁻¹
  Number *const diagonal = X + D * D, *const block = diagonal + D * kWidth;    // X_jjᵀ, one below another; scratch
  for (int64_t i = 0; i < D; i++) {
    for (int64_t j = 0; j <= i; j++) L[i * D + j] = i < d ? M[i * d + j] : i == j;
    std::fill(X + i * D, X + (i + 1) * D, Number(0));
  }
  double logdet = 0;
  for (int64_t i = 0; i < D; i += kWidth) {
    Number* const row = L + i * D;
    for (int64_t j = 0; j < i; j += kWidth) {
      multiply<-1>(row, D, upper, D, j, row, D, j, j + kWidth, true);
      multiply<1>(row + j, D, diagonal + j * kWidth - j, kWidth, kWidth, block - j, kWidth, j, j + kWidth, false);
      for (int64_t r = 0; r < kWidth; r++) store(row + r * D + j, load(block + r * kWidth));
      transpose(block, kWidth, kWidth, kWidth, upper + j * D + i, D);
    }
    for (int64_t r = 0; r < kWidth; r++)
      for (int64_t c = r + 1; c < kWidth; c++) row[r * D + i + c] = row[c * D + i + r];
    multiply<-1>(row, D, upper, D, i, row, D, i, i + kWidth, true);
    Number* const own = X + i * D + i;
    invertBlock(row + i, D, own, D, logdet);
    transpose(own, D, kWidth, kWidth, diagonal + i * kWidth, kWidth);
    multiply<1>(row, D, X, D, i, row, D, 0, i, false);
    multiply<-1>(own, D, row, D, kWidth, X + i * D, D, 0, i, false);
  }
  overColumns(0, D, [&](auto width, int64_t j) {
    using T = Tile<decltype(width)::value>;
    for (int64_t i = j; i < D; i += kRows) {
      const int64_t from = i / kWidth * kWidth;
      T tile = T::zero();
      tile.add(X + from * D + i, 1, D, X + from * D + j, D, kWidth, D - from);
      tile.put(L + i * D + j, D);
    }
  });
  for (int64_t i = 0; i < d; i++)
    for (int64_t j = 0; j <= i; j++) S[i * d + j] = S[j * d + i] = L[i * D + j];
  return logdet;
}

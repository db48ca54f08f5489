// Inverses of symmetric positive definite matrices by Cholesky factors, kWidth rows at a time. Included as rate_kernel.h says.

/**
 * One block: rows of symmetric A become rows of X = L⁻¹ with A = L Lᵀ. Adds log det A to `logdet`; NaN where A is not
 * positive definite.
 */
static void invertBlock(const Number* A, int64_t step, Number* X, double& logdet) {
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
    if (k % 2 == 1) logdet += std::log(pivot > 0 ? determinant : NAN), determinant = 1;  // two pivots stay in a double's range
    const Vec column = a[k] * inverse;  // L_ik in lane i
    x[k] *= inverse;
#pragma GCC unroll 16
    for (int i = k + 1; i < kWidth; i++) {
      a[i] -= column[i] * column;
      x[i] -= column[i] * x[k];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; i++) store(X + i * step, x[i]);
}

/** Rows j to j + kWidth of `out` −= Σₖ U_kjᵀ B_k over the rows k above them, in columns `begin` to `end`. */
static void subtract(const Number* U, int64_t j, const Number* B, bool isLower, int64_t step, Number* out, int64_t begin, int64_t end) {
  overColumns(begin, end, [&](auto width, int64_t c) {
    using T = Tile<decltype(width)::value>;
    const int64_t first = isLower ? c : 0;  // rows of B above it are zero
    for (int64_t r = 0; r < kWidth; r += kRows) {
      T tile = T::at(out + r * step + c, step);
      tile.template add<-1>(U + first * step + j + r, 1, step, B + first * step + c, step, kWidth, j - first);
      tile.put(out + r * step + c, step);
    }
  });
}

/** The same rows = X_jj · rows, in place: X_jj is lower triangular, so the last rows come first. */
static void scale(const Number* own, int64_t step, Number* rows, int64_t begin, int64_t end) {
  overColumns(begin, end, [&](auto width, int64_t c) {
    using T = Tile<decltype(width)::value>;
    for (int64_t r = kWidth - kRows; r >= 0; r -= kRows) {
      T tile = T::zero();
      tile.add(own + r * step, step, 1, rows + c, step, kWidth, r + kRows);
      tile.put(rows + r * step + c, step);
    }
  });
}

/**
 * Block row by block row: U_ji = X_jj (M_ji − Σₖ U_kjᵀ U_ki) with M = UᵀU, then X_j = −X_jj Σₖ U_kjᵀ X_k of X = U⁻ᵀ, and
 * last M⁻¹ = XᵀX, where a tile's sum begins at the first row that is not zero.
 */
static double invert(const Number* M, int64_t d, Number* S, Number* room) {
  const int64_t D = padded(d), step = D + 16;  // rows at powers of 2 would share few of the cache's lines
  Number *const U = room, *const X = U + D * step;
  std::fill(U, X + D * step, Number(0));
  for (int64_t i = d; i < D; i++) U[i * step + i] = 1;
  for (int64_t i = 0; i < d; i += kWidth)
    for (int64_t k = 0; k <= i; k += kWidth)
      for (int64_t r = i; r < std::min(i + kWidth, d); r++)
        for (int64_t c = k; c < std::min(k + kWidth, r + 1); c++) U[c * step + r] = M[r * d + c];
  double logdet = 0;
  for (int64_t j = 0; j < D; j += kWidth) {
    Number *const row = U + j * step, *const own = X + j * step;
    subtract(U, j, U, false, step, row, j, D);
    for (int64_t r = 1; r < kWidth; r++)
      for (int64_t c = 0; c < r; c++) row[r * step + j + c] = row[c * step + j + r];
    invertBlock(row + j, step, own + j, logdet);
    scale(own + j, step, row, j + kWidth, D);
    subtract(U, j, X, true, step, own, 0, j);
    scale(own + j, step, own, 0, j);
  }
  overColumns(0, D, [&](auto width, int64_t j) {
    using T = Tile<decltype(width)::value>;
    for (int64_t i = j; i < D; i += kRows) {
      const int64_t first = i / kWidth * kWidth;
      T tile = T::zero();
      tile.add(X + first * step + i, 1, step, X + first * step + j, step, kWidth, D - first);
      tile.put(U + i * step + j, step);
    }
  });
  for (int64_t i = 0; i < d; i += kWidth)
    for (int64_t k = 0; k <= i; k += kWidth)
      for (int64_t r = i; r < std::min(i + kWidth, d); r++)
        for (int64_t c = k; c < std::min(k + kWidth, r + 1); c++) S[r * d + c] = S[c * d + r] = U[r * step + c];
  return logdet;
}

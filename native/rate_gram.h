// Gram matrices of tall matrices. Included as rate_kernel.h says.

/** kChunk rows or fewer of V in panels of kWidth columns, each row after row, so that tiles read straight through memory. */
static void intoPanels(const Number* V, int64_t rows, int64_t d, int64_t step, Number* panels) {
  const int64_t whole = d / kWidth * kWidth;
  for (int64_t k = 0; k < rows; k++) {
    const Number* row = V + k * step;
    Number* to = panels + k * kWidth;
    for (int64_t j = 0; j < whole; j += kWidth, to += kChunk * kWidth) store(to, load(row + j));
    for (int64_t j = whole; j < padded(d); j++) {
      if (j > whole && j % kWidth == 0) to += kChunk * kWidth;
      to[j % kWidth] = j < d ? row[j] : 0;
    }
  }
}

/** sums [D, D] (+)= VᵀV of a chunk, its blocks on and below the diagonal. */
static void addChunk(const Number* panels, int64_t rows, int64_t D, Number* sums, bool first) {
  overColumns(0, D, [&](auto width, int64_t j) {
    const auto tile = [&](auto narrow, int64_t i) {
      using T = Tile<decltype(narrow)::value>;
      Number* const to = sums + i * D + j;
      T t = T::zero();  // not from the sums so far: long sums of equal terms all round the same way
      t.add(panels + i / kWidth * kWidth * kChunk + i % kWidth, 1, kWidth, panels + j * kChunk, kWidth, kChunk * kWidth, rows);
      if (!first) t.plus(T::at(to, D));
      t.put(to, D);
    };
    constexpr int C = decltype(width)::value;
    for (int64_t i = j; i < D; i += kRows) {  // across the diagonal, what is above it is left out
      if (C > 1 && i < j + kWidth) tile(Width<1>(), i);
      else if (C > 2 && i < j + 2 * kWidth) tile(Width<C == 3 ? 2 : 1>(), i);
      else tile(width, i);
    }
  });
}

/** Sums over many rows keep the digits of sums over few. */
static void gram(const Number* V, int64_t n, int64_t d, int64_t step, Number* G, Number* room) {
  const int64_t D = padded(d);
  Number* const panels = room + 3 * D * D;
  Number* const sums = room + 2 * D * D;
  double* const all = reinterpret_cast<double*>(room);
  if (n == 0) std::fill(sums, sums + D * D, Number(0));
  for (int64_t k = 0; k < n; k += kChunk) {
    const int64_t rows = std::min(kChunk, n - k);
    intoPanels(V + k * step, rows, d, step, panels);
    addChunk(panels, rows, D, sums, k % kLong == 0);
    if (n > kLong && (k % kLong == kLong - kChunk || k + rows == n))
      for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) all[i * D + j] = (k < kLong ? 0 : all[i * D + j]) + sums[i * D + j];
  }
  for (int64_t i = 0; i < d; i++)
    for (int64_t j = 0; j <= i; j++) G[i * d + j] = n > kLong ? static_cast<Number>(all[i * D + j]) : sums[i * D + j];
}

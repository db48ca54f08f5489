// Products of tall matrices with small symmetric ones. Included as rate_kernel.h says.

static void product(const Number* V, int64_t n, int64_t d, int64_t step, const Number* S, Number* out, Number* room) {
  constexpr int64_t kBlock = 64;  // rows that stay in the cache while the panels of S pass
  const int64_t D = filled(d), whole = n / kRows * kRows;
  Number* const panels = room;             // kWidth columns of S each, row after row
  Number* const aside = room + D * D;      // a tile's rows where they do not fill it, V's and the result's
  for (int64_t k = 0; k < d; k++)
    for (int64_t j = 0; j < D; j += kWidth) {
      Number* const to = panels + j * d + k * kWidth;
      if (j + kWidth <= d) store(to, load(S + k * d + j));
      else
        for (int64_t c = 0; c < kWidth; c++) to[c] = j + c < d ? S[k * d + j + c] : 0;
    }
  for (int64_t block = 0; block < whole; block += kBlock)
    overColumns(0, D, [&](auto width, int64_t j) {
      constexpr int C = decltype(width)::value;
      for (int64_t i = block; i < std::min(block + kBlock, whole); i += kRows) {
        auto tile = Tile<C>::zero();
        tile.add(V + i * step, step, 1, panels + j * d, kWidth, d * kWidth, d);
        if (j + C * kWidth <= d) tile.put(out + i * d + j, d);
        else {
          tile.put(aside, C * kWidth);
          for (int r = 0; r < kRows; r++) std::copy(aside + r * C * kWidth, aside + r * C * kWidth + d - j, out + (i + r) * d + j);
        }
      }
    });
  if (whole == n) return;
  std::fill(aside, aside + kRows * d, Number(0));
  for (int64_t i = whole; i < n; i++) std::copy(V + i * step, V + i * step + d, aside + (i - whole) * d);
  overColumns(0, D, [&](auto width, int64_t j) {
    constexpr int C = decltype(width)::value;
    Number* const results = aside + kRows * D;
    auto tile = Tile<C>::zero();
    tile.add(aside, d, 1, panels + j * d, kWidth, d * kWidth, d);
    tile.put(results, C * kWidth);
    for (int64_t i = whole; i < n; i++) {
      const Number* from = results + (i - whole) * C * kWidth;
      std::copy(from, from + std::min<int64_t>(C * kWidth, d - j), out + i * d + j);
    }
  });
}

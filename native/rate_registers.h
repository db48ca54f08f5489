// Registers, and tiles of products kept in them. Included as rate_kernel.h says.

using Vec = Number __attribute__((vector_size(kWidth * sizeof(Number)), aligned(sizeof(Number)), may_alias));

static inline Vec load(const Number* from) { return *reinterpret_cast<const Vec*>(from); }
static inline void store(Number* to, Vec value) { *reinterpret_cast<Vec*>(to) = value; }

/** n, up to whole registers. */
static constexpr int64_t filled(int64_t n) { return (n + kWidth - 1) / kWidth * kWidth; }

/** kRows rows and C registers of columns. */
template <int C>
struct Tile {
  Vec sums[kRows][C];

  INLINE static Tile zero() { return {}; }
  INLINE static Tile at(const Number* from, int64_t step) {
    Tile tile;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) tile.sums[r][c] = load(from + r * step + c * kWidth);
    return tile;
  }
  INLINE void put(Number* to, int64_t step) const {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) store(to + r * step + c * kWidth, sums[r][c]);
  }
  INLINE void plus(const Tile& other) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) sums[r][c] += other.sums[r][c];
  }
  /** += sign A B over `depth` terms: A(r, k) at A[r row + k column], registers c of row k of B at B[k rowB + c panel]. */
  template <int sign = 1>
  INLINE void add(const Number* A, int64_t row, int64_t column, const Number* B, int64_t rowB, int64_t panel, int64_t depth) {
    for (int64_t k = 0; k < depth; k++) {
      Vec b[C];
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) b[c] = load(B + k * rowB + c * panel);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        const Number a = A[r * row + k * column];
#pragma GCC unroll 3
        for (int c = 0; c < C; c++) sums[r][c] = sign > 0 ? sums[r][c] + a * b[c] : sums[r][c] - a * b[c];
      }
    }
  }
};

/** C registers. */
template <int C>
struct Width {
  static constexpr int value = C;
};
/** body(Width<C>, j) for the columns from `begin` to `end`, C registers at a time: 3, but 4 as 2 + 2. */
template <class Body>
INLINE static void overColumns(int64_t begin, int64_t end, Body body) {
  for (int64_t j = begin; j < end;) {
    const int64_t left = (end - j) / kWidth;
    if (left == 3 || left > 4) body(Width<3>(), j), j += 3 * kWidth;
    else if (left == 1) body(Width<1>(), j), j += kWidth;
    else body(Width<2>(), j), j += 2 * kWidth;
  }
}

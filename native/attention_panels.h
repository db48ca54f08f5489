// Products of matrices kept in panels: kWidth columns each, row after row, so that a tile reads straight through memory.
// Word (r, c) of a matrix with R rows lies at c / kWidth · R kWidth + r kWidth + c % kWidth. Included as
// attention_registers.h says.

/**
 * sums += A B for kRows rows and C panels of B. A(r, k) lies at A[r row + k column]; after `depth` words of k, A goes on
 * `jump` words further, `times` in all.
 */
template <class S, int C, int row, int column>
static void accumulate(Vec (&sums)[kRows][C], const float* A, int64_t jump, const float* B, int64_t panel, int64_t depth, int64_t times) {
  Vec s[kRows][C];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
    for (int c = 0; c < C; c++) s[r][c] = sums[r][c];
  for (int64_t t = 0; t < times; t++, A += jump)
    for (int64_t k = 0; k < depth; k++, B += kWidth) {
      Vec b[C];
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) b[c] = load(B + c * panel);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        const Vec a = broadcast(A + r * row + k * column);
#pragma GCC unroll 3
        for (int c = 0; c < C; c++) s[r][c] = S::add(s[r][c], a, b[c]);
      }
    }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 3
    for (int c = 0; c < C; c++) sums[r][c] = s[r][c];
}

/** body.tile<C>(i, j) for columns j from `begin` to `end`, C panels at a time: 3, but 4 as 2 + 2. */
template <class Body>
static void overPanels(Body& body, int64_t i, int64_t begin, int64_t end) {
  for (int64_t j = begin; j < end;) {
    const int64_t left = (end - j) / kWidth;
    if (left == 3 || left > 4) body.template tile<3>(i, j), j += 3 * kWidth;
    else if (left == 1) body.template tile<1>(i, j), j += kWidth;
    else body.template tile<2>(i, j), j += 2 * kWidth;
  }
}

/** Words k to k + kWidth of the kWidth tokens from i on, a column each. */
template <class S>
static inline void columnsOf(const typename S::Number* W, const Head& z, int64_t i, int64_t k, Vec (&block)[kWidth]) {
  for (int r = 0; r < kWidth; r++) block[r] = i + r < z.n ? S::words(W + (i + r) * z.step + k * S::kPair, z.p - k * S::kPair) : Vec{};
  transpose(block);
}

/** Tokens of a head, a column each: the words of token i, one below another, in panels of tokens. */
template <class S>
struct Columns {
  const float* words;
  int64_t depth;

  Columns(const typename S::Number* W, const Head& z, float* to) : words(to), depth((z.p + S::kPair - 1) / S::kPair) {
    for (int64_t i = 0; i < z.padded; i += kWidth) {
      // rows of a head lie far apart: the processor does not guess that they are read next
      for (int64_t next = i + kWidth; next < std::min(i + 2 * kWidth, z.n); next++)
        for (int64_t k = 0; k < z.p; k += 64 / static_cast<int64_t>(sizeof *W)) __builtin_prefetch(W + next * z.step + k);
      for (int64_t k = 0; k < depth; k += kWidth) {
        Vec block[kWidth];
        columnsOf<S>(W, z, i, k, block);
        for (int64_t r = 0; r < std::min<int64_t>(kWidth, depth - k); r++) store(to + i * depth + (k + r) * kWidth, block[r]);
      }
    }
  }
  /** ‖wᵢ‖² of the tokens from i on, a panel of them, added in the order of `dots`: what should cancel does. */
  Vec squares(int64_t i) const {
    Vec sums{};
    for (int64_t k = 0; k < depth; k++) {
      const Vec w = load(words + i * depth + k * kWidth);
      sums = S::add(sums, w, w);
    }
    return sums;
  }
  /** wᵢ·vᵢ with the tokens of a tensor, in the same order. */
  Vec dotsOf(const typename S::Number* V, const Head& z, int64_t i) const {
    Vec sums{}, block[kWidth];
    for (int64_t k = 0; k < depth; k += kWidth) {
      columnsOf<S>(V, z, i, k, block);
      for (int64_t r = 0; r < std::min<int64_t>(kWidth, depth - k); r++) sums = S::add(sums, load(words + i * depth + (k + r) * kWidth), block[r]);
    }
    return sums;
  }
  /** sums = vᵢ·wⱼ of our tokens from i on and others from j on. */
  template <int C>
  void dots(int64_t i, const Columns& W, int64_t j, Vec (&sums)[kRows][C]) const {
    for (auto& row : sums)
      for (Vec& v : row) v = Vec{};
    const int64_t first = i / kWidth * kWidth;
    accumulate<S, C, 1, kWidth>(sums, words + first * depth + i - first, 0, W.words + j * depth, depth * kWidth, depth, 1);
  }
};

/** Tokens of a head, a row each, times factors b where the format wants them there; pairs are of tokens 2t and 2t + 1. */
template <class S>
static void stack(const typename S::Number* W, const Head& z, const float* b, float* to) {
  const auto row = [&](int64_t i, int64_t k) { return i < z.n ? numbers(W + i * z.step + k, z.p - k) : Vec{}; };
  for (int64_t k = 0; k < z.width; k += kWidth)
    for (int64_t i = 0; i < z.padded; i += S::kPair, to += kWidth) store(to, S::stacked(row(i, k), S::kPair == 2 ? row(i + 1, k) : Vec{}, b[i]));
}

/** Which keys a sum runs over: token i's all, those up to i, those from i on. */
enum class Keys { all, past, rest };

/**
 * A symmetric n × n matrix E, of which we keep what is on the diagonal's blocks and right of it, as two matrices for which
 * factors may differ: E_ij aᵢ bⱼ to be read by rows, and E_ij aⱼ bᵢ, for what is left of the diagonal, by columns.
 */
template <class S>
struct Symmetric {
  float* words;
  int64_t n;

  void keep(int64_t i, int64_t j, const typename S::Value (&byRow)[kRows], const typename S::Value (&byColumn)[kRows]) const {
    if constexpr (S::kPair == 1) {
      for (int r = 0; r < kRows; r++) store(words + j * n + (i + r) * kWidth, byRow[r]);
    } else {
      auto* rows = reinterpret_cast<Halves*>(words + (j * n + i * kWidth) / 2);
      float* columns = words + n * n / 2 + (j * n + i * kWidth) / 2;
      for (int r = 0; r < kRows; r++) rows[r] = byRow[r];
      for (int r = 0; r < kRows; r += 2)
        store(columns + r / 2 * kWidth, (Vec)((Bits)widen(byColumn[r]) >> 16 | (Bits)widen(byColumn[r + 1])));
    }
  }
  /** sums += Σⱼ E_ij bⱼ vⱼ over keys j from `begin` to `end`, for rows from i on and columns from k on of V, as `stack` leaves it. */
  template <int C>
  void sum(Keys keys, int64_t i, int64_t begin, int64_t end, const float* V, int64_t k, Vec (&sums)[kRows][C]) const {
    constexpr int P = S::kPair;
    const int64_t first = i / kWidth * kWidth, panel = n * kWidth / P;
    const float *B = V + k * n / P, *columns = P == 1 ? words : words + n * n / 2;
    const int64_t left = keys == Keys::rest ? begin : std::min(end, first);
    if (begin < left)
      accumulate<S, C, 1, kWidth>(sums, columns + (first * n + begin * kWidth) / P + i - first, 0, B + begin / P * kWidth, panel, (left - begin) / P, 1);
    const int64_t right = std::max(begin, first), last = keys == Keys::past ? std::min(end, first + kWidth) : end;
    if (right < last)
      accumulate<S, C, kWidth / P, 1>(sums, words + (right * n + i * kWidth) / P, panel, B + right / P * kWidth, panel, kWidth / P, (last - right) / kWidth);
  }
};

/** body.tile<C>(i, k) for all rows i and columns k, with keys from body.begin to body.end: as many as the cache has room for. */
template <class S, class Body>
static void overKeys(Body& body, const Head& z) {
  const int64_t words = 16384;  // 64 KiB: the second cache gives its rows in time, and sums are put away less often
  const int64_t block = std::max<int64_t>(words / z.width / kWidth, 1) * kWidth * S::kPair;
  for (body.begin = 0; body.begin < z.padded; body.begin = body.end) {
    body.end = std::min(body.begin + block, z.padded);
    for (int64_t i = 0; i < z.n; i += kRows) overPanels(body, i, 0, z.width);
  }
}

/** Sums over blocks of keys: in panels until the last block, which goes to the tensor, row i times fᵢ. */
template <class S>
struct Totals {
  float* panels;
  const float* f;
  typename S::Number* out;

  void add(Vec v, const Head& z, int64_t i, int64_t k, bool isFirst, bool isLast) const {
    float* total = panels + k * z.padded + i * kWidth;
    if (!isFirst) v += load(total);
    if (!isLast) store(total, v);
    else if (i < z.n) put(out + i * z.step + k, v * f[i], z.p - k);
  }
};

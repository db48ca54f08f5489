// Resolvents α (I + α Σ v vᴴ)⁻¹ of a few complex numbers. Included as rate_kernel.h says. A row is its real parts and, `wide` numbers
// on, its imaginary parts.

/** out ±= Σₜ conj(aₜ) bₜ over `depth` rows b, in columns `begin` to `end`; aₜ and bₜ stand in the same row. */
template <int sign>
static void addRows(const Number* a, const Number* b, int64_t wide, int64_t depth, Number* out, int64_t outWide, int64_t begin, int64_t end) {
  overColumns(begin, end, [&](auto width, int64_t j) {
    constexpr int C = decltype(width)::value;
    Vec re[C] = {}, im[C] = {};
    for (int64_t t = 0; t < depth; t++) {
      const Number x = a[2 * t * wide], y = a[(2 * t + 1) * wide];
#pragma GCC unroll 3
      for (int c = 0; c < C; c++) {
        const Vec p = load(b + 2 * t * wide + j + c * kWidth), q = load(b + (2 * t + 1) * wide + j + c * kWidth);
        re[c] += x * p;
        re[c] += y * q;
        im[c] += x * q;
        im[c] -= y * p;
      }
    }
#pragma GCC unroll 3
    for (int c = 0; c < C; c++) {
      Number* const to = out + j + c * kWidth;
      store(to, sign > 0 ? load(to) + re[c] : load(to) - re[c]);
      store(to + outWide, sign > 0 ? load(to + outWide) + im[c] : load(to + outWide) - im[c]);
    }
  });
}

/**
 * With rows r = √α conj(v): I + rᴴr, C × C, or with fewer rows than channels I + rrᴴ, and beside it I or r. Cholesky's elimination of
 * G = UᴴU makes of [G, X] rows [U, U⁻ᴴX]; with B = U⁻ᴴX the resolvent is α BᴴB or α (I − BᴴB).
 */
static bool resolvent(const Number* V, const int64_t* rows, int64_t m, int64_t C, Number alpha, Number* out, Number* room) {
  const bool few = m < C;
  const int64_t side = few ? m : C, depth = few ? C : m, left = filled(side), right = filled(C), wide = left + right;
  Number *const work = room, *const sides = work + 2 * side * wide, *const line = sides + 2 * depth * left;
  std::fill(work, sides + 2 * depth * left, Number(0));
  const Number root = std::sqrt(alpha);
  for (int64_t i = 0; i < m; i++) {
    const Number* const v = V + 2 * rows[i] * C;
    for (int64_t c = 0; c < C; c++) {
      const Number re = root * v[2 * c], im = root * v[2 * c + 1];
      Number* const at = few ? sides + 2 * c * left + i : sides + 2 * i * left + c;
      at[0] = re;
      at[left] = few ? im : -im;
      if (few) work[2 * i * wide + left + c] = re, work[(2 * i + 1) * wide + left + c] = -im;
    }
  }
  for (int64_t i = 0; i < side; i++) {
    Number* const row = work + 2 * i * wide;
    const int64_t first = i / kWidth * kWidth;  // what is left of the diagonal is not asked for
    for (int64_t t = 0; t < depth; t += kChunk)  // sums over many rows keep the digits of sums over few
      addRows<1>(sides + 2 * t * left + i, sides + 2 * t * left, left, std::min(kChunk, depth - t), row, wide, first, left);
    row[i] += 1;
    if (!few) row[left + i] = 1;
    addRows<-1>(work + i, work, wide, i, row, wide, first, wide);
    if (!(row[i] > 0 && row[i] < INFINITY)) return false;
    const Number scale = 1 / std::sqrt(row[i]);
    for (int64_t j = first; j < wide; j++) row[j] *= scale, row[wide + j] *= scale;
  }
  for (int64_t i = 0; i < C; i++) {
    const int64_t first = few ? 0 : i;  // rows of U⁻ᴴ above the diagonal are zero
    std::fill(line, line + 2 * right, Number(0));
    const Number* const B = work + 2 * first * wide + left;
    addRows<1>(B + i, B, wide, side - first, line, right, 0, right);
    const Number scale = few ? -alpha : alpha;
    Number* const to = out + 2 * i * C;
    for (int64_t j = 0; j < C; j++) to[2 * j] = scale * line[j], to[2 * j + 1] = scale * line[right + j];
    if (few) to[2 * i] += alpha;
  }
  return true;
}

// Number formats of self-attention. Products run over the 32-bit words of two matrices: a float each, or a pair of bfloat16
// that follow each other along the products' sums. Included as attention_registers.h says.

static inline Vec widen(Vec v) { return v; }
static inline Vec widen(Halves v) { return (Vec)(__builtin_convertvector(v, Bits) << 16); }

/** A register of what lies there, or of as much as there is, and zeros. */
template <class V, class Number>
static inline V some(const Number* from, int64_t count) {
  // not by memcpy: GCC copies 32 bytes in halves by way of memory, from where a whole register has to wait for both
  if (count * sizeof(Number) >= sizeof(V)) return *reinterpret_cast<const V*>(from);
  V v{};
  if (count > 0) std::memcpy(&v, from, count * sizeof(Number));
  return v;
}
static inline Vec numbers(const float* from, int64_t count) { return some<Vec>(from, count); }
static inline Vec numbers(const uint16_t* from, int64_t count) { return widen(some<Halves>(from, count)); }

/** bfloat16, rounded to nearest, ties to even. */
static inline Halves rounded(Vec v) {
  const Bits bits = (Bits)v;
  return __builtin_convertvector((bits + 0x7fff + ((bits >> 16) & 1)) >> 16, Halves);
}

static inline void put(float* to, Vec v, int64_t count) {
  if (count >= kWidth) return store(to, v);
  for (int64_t c = 0; c < count; c++) to[c] = v[c];
}
static inline void put(uint16_t* to, Vec v, int64_t count) {
  const Halves halves = rounded(v);
  if (count >= kWidth) *reinterpret_cast<Halves*>(to) = halves;
  else
    for (int64_t c = 0; c < count; c++) to[c] = halves[c];
}

/** Products of floats, whatever the tensor has. In aᵢ Σⱼ E_ij bⱼ vⱼ, bⱼ goes to vⱼ and aᵢ to the sum: E stays symmetric, kept once. */
template <class N>
struct Floats {
  using Number = N;
  using Value = Vec;
  static constexpr int kPair = 1;
  static Vec add(Vec sum, Vec a, Vec b) { return sum + a * b; }
  static Vec words(const Number* from, int64_t count) { return numbers(from, count); }
  static Vec stacked(Vec v, Vec, float b) { return v * b; }
  static Value kept(Vec e, Vec) { return e; }
  static Vec weight(Value e, Vec b) { return e * b; }
  static Vec summed(Vec sum, float a) { return sum * a; }
};

/**
 * Products of pairs of bfloat16, with sums of floats. Factors aᵢ bⱼ go to E_ij: a tensor's numbers, which are bfloat16
 * already, take part as they are, and each weight is rounded once, so that a weight of 1 stays 1.
 */
template <class Processor>
struct Pairs {
  using Number = uint16_t;
  using Value = Halves;
  static constexpr int kPair = 2;
  static Vec add(Vec sum, Vec a, Vec b) { return Processor::add(sum, a, b); }
  static Vec words(const Number* from, int64_t count) { return some<Vec>(from, count); }
  static Vec stacked(Vec v, Vec next, float) { return (Vec)((Bits)v >> 16 | (Bits)next); }
  static Value kept(Vec, Vec weight) { return Processor::halves(weight); }
  static Vec weight(Value e, Vec) { return widen(e); }
  static Vec summed(Vec sum, float) { return sum; }
};

/** What vdpbf16ps computes: a product of upper halves is added, then one of lower halves, each sum rounded to nearest. */
struct Arithmetic {
  static Vec add(Vec sum, Vec a, Vec b) {
    sum += (Vec)((Bits)a & 0xffff0000) * (Vec)((Bits)b & 0xffff0000);
    return sum + (Vec)((Bits)a << 16) * (Vec)((Bits)b << 16);
  }
  static Halves halves(Vec v) { return rounded(v); }
};

// Self-attention compiled for each instruction set, and the choice among them. No header of libtorch, so that it compiles
// quickly with options of its own.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "attention.h"
#include "processor.h"

namespace vitrine {

static const int32_t kLanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// GCC 10 is the first to know AVX512-BF16
#if defined(__x86_64__) && __GNUC__ >= 10
#define VITRINE_PAIRS
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx512bf16,avx2,fma")
namespace avx512bf16 {
constexpr int kWidth = 16, kRows = 8;
#include "attention_registers.h"
#include "attention_numbers.h"
#include "attention_panels.h"
#include "attention_heads.h"
/** vdpbf16ps and vcvtneps2bf16 */
struct Instructions {
  static Vec add(Vec sum, Vec a, Vec b) { return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b); }
  static Halves halves(Vec v) { return (Halves)_mm512_cvtneps_pbh((__m512)v); }
};
}  // namespace avx512bf16
#pragma GCC pop_options
#endif

#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")
namespace avx512 {
constexpr int kWidth = 16, kRows = 8;
#include "attention_registers.h"
#include "attention_numbers.h"
#include "attention_panels.h"
#include "attention_heads.h"
}  // namespace avx512
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kWidth = 8, kRows = 4;
#include "attention_registers.h"
#include "attention_numbers.h"
#include "attention_panels.h"
#include "attention_heads.h"
}  // namespace avx2
#pragma GCC pop_options
#endif

namespace plain {
constexpr int kWidth = 4, kRows = 4;
#include "attention_registers.h"
#include "attention_numbers.h"
#include "attention_panels.h"
#include "attention_heads.h"
}  // namespace plain

// for tests alone: fast to compile
#pragma GCC push_options
#pragma GCC optimize("O1")
/** What avx512bf16 computes, in the same tiles and order, on any processor. */
namespace pairs {
constexpr int kWidth = 16, kRows = 8;
#include "attention_registers.h"
#include "attention_numbers.h"
#include "attention_panels.h"
#include "attention_heads.h"
}  // namespace pairs
#pragma GCC pop_options

struct Choice {
  const char* name;
  bool runs;
  Kernel floats, halves;  // null where it has none
};

/** From the fastest on; the last one is only for tests. */
static const std::vector<Choice> choices = {
#ifdef VITRINE_PAIRS
    {"avx512bf16", hasAvx512() && __builtin_cpu_supports("avx512bf16"), {}, avx512bf16::kernel<avx512bf16::Pairs<avx512bf16::Instructions>>},
#endif
#ifdef __x86_64__
    {"avx512", hasAvx512(), avx512::kernel<avx512::Floats<float>>, avx512::kernel<avx512::Floats<uint16_t>>},
    {"avx2", hasAvx2(), avx2::kernel<avx2::Floats<float>>, avx2::kernel<avx2::Floats<uint16_t>>},
#endif
    {"plain", true, plain::kernel<plain::Floats<float>>, plain::kernel<plain::Floats<uint16_t>>},
    {"pairs", true, {}, pairs::kernel<pairs::Pairs<pairs::Arithmetic>>},
};

Kernel attentionKernel(bool bfloat16, const std::string& name) {
  std::string names;
  for (const Choice& choice : choices) {
    const Kernel& kernel = bfloat16 ? choice.halves : choice.floats;
    if (!choice.runs || kernel.forward == nullptr) continue;
    if (name.empty() || name == choice.name) return kernel;
    names += std::string(names.empty() ? "" : ", ") + choice.name;
  }
  throw std::invalid_argument("self_attention expects a kernel of this processor (" + names + "), got " + name);
}

}  // namespace vitrine

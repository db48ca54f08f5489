// The arithmetic of rates compiled for each instruction set, and the choice among them. No header of libtorch, so that it
// compiles quickly with options of its own.
#include "rate_kernels.h"

#include <algorithm>
#include <cmath>

#include "processor.h"

#define INLINE inline __attribute__((always_inline))

namespace vitrine {

#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")
namespace avx512 {
using Number = float;
constexpr int kWidth = 16, kRows = 8;
#include "rate_kernel.h"
}  // namespace avx512
namespace avx512_double {
using Number = double;
constexpr int kWidth = 8, kRows = 8;
#include "rate_kernel.h"
}  // namespace avx512_double
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
using Number = float;
constexpr int kWidth = 8, kRows = 4;
#include "rate_kernel.h"
}  // namespace avx2
namespace avx2_double {
using Number = double;
constexpr int kWidth = 4, kRows = 4;
#include "rate_kernel.h"
}  // namespace avx2_double
#pragma GCC pop_options
#endif

namespace plain {
using Number = float;
constexpr int kWidth = 4, kRows = 4;
#include "rate_kernel.h"
}  // namespace plain
namespace plain_double {
using Number = double;
constexpr int kWidth = 2, kRows = 2;
#include "rate_kernel.h"
}  // namespace plain_double

#ifdef __x86_64__
#define FASTEST(double_) hasAvx512() ? avx512##double_::kernels : hasAvx2() ? avx2##double_::kernels : plain##double_::kernels
#else
#define FASTEST(double_) plain##double_::kernels
#endif

template <>
const RateKernels<float>& rateKernels<float>() {
  return FASTEST();
}
template <>
const RateKernels<double>& rateKernels<double>() {
  return FASTEST(_double);
}

}  // namespace vitrine

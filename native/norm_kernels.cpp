// Layer normalisation compiled for each instruction set, and the choice among them. No header of libtorch, so that it
// compiles quickly with options of its own.
#include "norm_kernels.h"

#include <cmath>
#include <cstring>

#include "processor.h"

namespace vitrine {

#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")
namespace norm_avx512 {
#include "norm_kernel.h"
}  // namespace norm_avx512
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace norm_avx2 {
#include "norm_kernel.h"
}  // namespace norm_avx2
#pragma GCC pop_options
#endif

namespace norm_plain {
#include "norm_kernel.h"
}  // namespace norm_plain

const NormKernels& normKernels() {
#ifdef __x86_64__
  if (hasAvx512()) return norm_avx512::kernels;
  if (hasAvx2()) return norm_avx2::kernels;
#endif
  return norm_plain::kernels;
}

}  // namespace vitrine

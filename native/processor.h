// What kernels compiled for several instruction sets ask of the processor.
#pragma once

namespace vitrine {

#ifdef __x86_64__
/** The sets behind `#pragma GCC target` of the same name in the kernels' files. */
inline bool hasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw");
}
inline bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

/** Loops that are vectorised, for AVX2 as well; which one is called is decided when the addon is loaded. */
#ifdef __x86_64__
#define EVERY_PROCESSOR __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define EVERY_PROCESSOR __attribute__((optimize("O3")))
#endif

}  // namespace vitrine

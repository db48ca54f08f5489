// Whether a GPU computes by what is ours.
#pragma once
#include <cstdlib>
#include <cstring>

namespace vitrine {

/** VITRINE_CUDA_KERNELS=0 leaves it to libtorch's own operators, to compare. */
inline bool ownKernelsOnGpu() {
  static const bool wanted = [] {
    const char* given = std::getenv("VITRINE_CUDA_KERNELS");
    return given == nullptr || std::strcmp(given, "0") != 0;
  }();
  return wanted;
}

}  // namespace vitrine

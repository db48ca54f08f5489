// Whether a GPU computes by what is ours.
#pragma once
#include <ATen/Context.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

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

/** Whether autocast chooses the numbers of products: DispatchKey::AutocastCUDA, AutocastCPU. */
inline bool isAutocast(c10::DispatchKey key) { return !c10::impl::tls_is_dispatch_key_excluded(key); }

/** Whether a product of float32 begun now may be of TF32 on a GPU. */
inline bool takesTF32() { return at::globalContext().allowTF32CuBLAS() && !at::NoTF32Guard::should_disable_tf32(); }

}  // namespace vitrine

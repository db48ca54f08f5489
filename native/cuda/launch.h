// Kernels compiled on the machine they run on: CUDA C++ that NVRTC, which comes with libtorch, turns into code for the GPU at
// hand when a kernel is first wanted there.
#pragma once
#include <cuda.h>

#include <cstdint>
#include <string>
#include <vector>

namespace vitrine {

/** A file of this folder, as text. */
struct Source {
  const char *name, *text;
};

/** A kernel of the current device, with the shared memory that its blocks ask for. */
struct Compiled {
  CUfunction function;
  uint32_t sharedBytes;
};

/** The kernel of that name, compiled with definitions such as "COLUMNS=64" unless it is there already. */
Compiled compiled(const Source& source, const std::string& name, const std::vector<std::string>& definitions, uint32_t sharedBytes = 0);

/** Bytes of shared memory that a block may ask for on the current device. */
uint32_t mostSharedBytes();

/** Runs blocks [x, y] of that many threads on the current stream, with the addresses of the kernel's arguments. */
void launchOn(const Compiled& kernel, uint32_t x, uint32_t y, uint32_t threads, void** arguments);

template <typename... Arguments>
void launch(const Compiled& kernel, uint32_t x, uint32_t y, uint32_t threads, Arguments... arguments) {
  void* addresses[] = {&arguments...};
  launchOn(kernel, x, y, threads, addresses);
}

}  // namespace vitrine

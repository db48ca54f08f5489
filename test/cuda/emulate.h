// What kernels of native/cuda/*.cu need of CUDA C++, on a processor: the threads of a block take turns, each with a stack of its own.
//
// A thread runs until it waits for others. A barrier that some thread of the block never comes to, and a shuffle that some
// lane of the warp does not take part in, end the program. Blocks run one after another. Threads take turns upwards, or downwards:
// results that differ by it show that a barrier is missing.
#pragma once
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#define __global__
#define __device__ inline
#define __shared__

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace emulated {

enum class Wait { none, warp, block, ended };
struct Thread {
  ucontext_t context;
  std::vector<char> stack = std::vector<char>(128 << 10);
  Wait wait = Wait::none;
  float given = 0;
  bool asked = false;
};

inline std::vector<Thread> threads;
inline ucontext_t scheduler;
inline unsigned current;
inline const std::function<void()>* body;

inline void pause(Wait wait) {
  Thread& own = threads[current];
  own.wait = wait;
  swapcontext(&own.context, &scheduler);
}

inline void begin() {
  (*body)();
  threads[current].wait = Wait::ended;
}

/** Whether all of these threads that still run wait so; they then go on. */
inline bool released(unsigned first, unsigned last, Wait wait) {
  unsigned waiting = 0, running = 0;
  for (unsigned i = first; i < last; i++) waiting += threads[i].wait == wait, running += threads[i].wait != Wait::ended;
  if (waiting == 0 || waiting != running) return false;
  for (unsigned i = first; i < last; i++)
    if (threads[i].wait == wait) threads[i].wait = Wait::none;
  return true;
}

}  // namespace emulated

inline dim3 threadIdx, blockIdx, blockDim, gridDim;
alignas(16) inline float emulatedShared[64 << 10];

inline void __syncthreads() { emulated::pause(emulated::Wait::block); }

inline int __syncthreads_or(bool asked) {
  emulated::threads[emulated::current].asked = asked;
  __syncthreads();
  bool any = false;
  for (const auto& thread : emulated::threads) any = any || thread.asked;
  __syncthreads();
  return any;
}

inline float __shfl_xor_sync(unsigned, float v, int apart) {
  using namespace emulated;
  threads[current].given = v;
  pause(Wait::warp);
  const float other = threads[current ^ static_cast<unsigned>(apart)].given;
  pause(Wait::warp);
  return other;
}

inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline float __int_as_float(int bits) {
  float number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}
using std::min;

/** kernel<<<grid, count>>>() with its arguments bound. */
inline void launch(dim3 grid, unsigned count, bool downwards, const std::function<void()>& kernel) {
  using namespace emulated;
  gridDim = grid, blockDim = {count};
  body = &kernel;
  threads.resize(count);
  for (blockIdx.y = 0; blockIdx.y < grid.y; blockIdx.y++)
    for (blockIdx.x = 0; blockIdx.x < grid.x; blockIdx.x++) {
      for (float& number : emulatedShared) number = NAN;
      for (Thread& thread : threads) {
        thread.wait = Wait::none;
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.data();
        thread.context.uc_stack.ss_size = thread.stack.size();
        thread.context.uc_link = &scheduler;
        makecontext(&thread.context, begin, 0);
      }
      for (bool moved = true; moved;) {
        moved = false;
        for (unsigned turn = 0; turn < count; turn++) {
          current = downwards ? count - 1 - turn : turn;
          if (threads[current].wait != Wait::none) continue;
          threadIdx = {current};
          swapcontext(&scheduler, &threads[current].context);
          moved = true;
        }
        for (unsigned first = 0; first < count; first += 32) moved |= released(first, std::min(first + 32, count), Wait::warp);
        moved |= released(0, count, Wait::block);
      }
      for (const Thread& thread : threads)
        if (thread.wait != Wait::ended) {
          std::fprintf(stderr, "threads of a block wait for others that never come\n");
          std::exit(1);
        }
    }
}

/** Arrays between the test and a kernel, as they follow each other in standard input and output. */
template <typename T>
std::vector<T> taken(size_t count) {
  std::vector<T> values(count);
  if (std::fread(values.data(), sizeof(T), count, stdin) != count) std::fprintf(stderr, "too little input\n"), std::exit(1);
  return values;
}
inline void give(const std::vector<float>& values) { std::fwrite(values.data(), sizeof(float), values.size(), stdout); }

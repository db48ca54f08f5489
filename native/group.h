// Processes that compute as one: c10d's store and its group over Gloo.
#pragma once
#include <ATen/ATen.h>
#include <torch/custom_class.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "environment.h"
#include "version.h"

// c10d has what is needed from 1.13 on; before it, opening a group is refused
#define VITRINE_GROUPS TORCH_AT_LEAST(1, 13)

#if VITRINE_GROUPS
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace vitrine {

using Work = c10::intrusive_ptr<c10d::Work>;
#if TORCH_AT_LEAST(2, 0)
using Backend = c10d::Backend;
#else  // a group was what computes; later it has backends that do
using Backend = c10d::ProcessGroup;
#endif
using Milliseconds = std::chrono::milliseconds;

/** `size` processes, of which this one is number `rank`. */
struct Group : torch::CustomClassHolder {
  int rank, size;
  bool served;  // by rank 0, not by a launcher
  Milliseconds start, step;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<Backend> backend;
  std::atomic<int64_t> bytes{0};
  bool failed = false;

  /** Adds up what a collective's result holds: what it sends is in proportion. */
  void count(const at::Tensor& result) { bytes += static_cast<int64_t>(result.nbytes()); }

  /** Waits for a collective. @throws PeerLost */
  void finish(const Work& work, const std::string& name);

  /** "rank 1 is gone: …", after asking who else still answers; the group is of no use from then on. */
  [[noreturn]] void lose(const std::string& name, const std::string& reason);

  /** target ← Σ over ranks, or the largest: in place, the same bits everywhere. */
  void allReduce(at::Tensor target, c10d::ReduceOp::RedOpType op, const std::string& name);

  /** Ends a group that has failed without waiting for what hangs in it. */
  ~Group() override {
    if (failed) static_cast<void>(backend.release());
  }
};

/** The group of that number; a closed one is refused. */
Group& toGroup(napi_env env, Environment& state, napi_value value);

/** A contiguous copy or view in memory that c10d reads: of the CPU, without a gradient. */
at::Tensor plainOf(const at::Tensor& tensor);

/** "all-reduce of 4.2 MB" */
std::string named(const char* collective, const at::Tensor& tensor);

}  // namespace vitrine
#endif

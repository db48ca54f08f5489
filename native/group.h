// Processes that compute as one: c10d's store and its groups, over Gloo and, for tensors on GPUs, NCCL.
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
  c10::intrusive_ptr<Backend> gloo;  // for tensors of the CPU
  c10::intrusive_ptr<Backend> nccl;  // for those of GPUs, where it is asked for and there
  std::atomic<int64_t> bytes{0};
  bool failed = false;

  /** Adds up what a collective's result holds: what it sends is in proportion. */
  void count(const at::Tensor& result) { bytes += static_cast<int64_t>(result.nbytes()); }

  /** Where a tensor lies that travels: on its GPU with NCCL, else in the CPU's memory. */
  at::Device placeOf(const at::Tensor& tensor) const { return tensor.is_cuda() && nccl ? tensor.device() : at::Device(at::kCPU); }

  /** A contiguous copy or view there, without a gradient. */
  at::Tensor plainOf(const at::Tensor& tensor) const { return tensor.detach().to(placeOf(tensor)).contiguous(); }

  /** What carries a plain tensor. */
  Backend& carrierOf(const at::Tensor& plain) const { return plain.is_cuda() ? *nccl : *gloo; }

  /** Waits for a collective. @throws PeerLost */
  void finish(const Work& work, const std::string& name);

  /** "rank 1 is gone: …", after asking who else still answers; the group is of no use from then on. */
  [[noreturn]] void lose(const std::string& name, const std::string& reason);

  /** target ← Σ over ranks, or the largest: in place, the same bits everywhere. */
  void allReduce(at::Tensor target, c10d::ReduceOp::RedOpType op, const std::string& name);

  /** Ends a group that has failed without waiting for what hangs in it. */
  ~Group() override {
    if (!failed) return;
    static_cast<void>(gloo.release());
    static_cast<void>(nccl.release());
  }
};

/** The group of that number; a closed one is refused. */
Group& toGroup(napi_env env, Environment& state, napi_value value);

/** NCCL for the processes of a group, which may be compiled without it: native/cuda/nccl.cpp. */
c10::intrusive_ptr<Backend> openNccl(const Group& group);

/** "all-reduce of 4.2 MB" */
std::string named(const char* collective, const at::Tensor& tensor);

}  // namespace vitrine
#endif

// What a group computes: sums in place, gathers, exchanges.
#include "group.h"

#if VITRINE_GROUPS

#include <numeric>

namespace vitrine {

std::string named(const char* collective, const at::Tensor& tensor) {
  char size[32];
  const double bytes = tensor.nbytes();
  if (bytes < 1e6) std::snprintf(size, sizeof size, "%.0f bytes", bytes);
  else std::snprintf(size, sizeof size, "%.1f MB", bytes / 1e6);
  return std::string(collective) + " of " + size;
}

void Group::allReduce(at::Tensor target, c10d::ReduceOp::RedOpType op, const std::string& name) {
  at::NoGradGuard noGrad;
  if (target.numel() == 0) return;
  at::Tensor plain = plainOf(target);
  count(plain);
  c10d::AllreduceOptions options;
  options.reduceOp = op;
  std::vector<at::Tensor> tensors{plain};
  finish(carrierOf(plain).allreduce(tensors, options), name);
  if (!plain.is_alias_of(target)) target.detach().copy_(plain);
}

/** groupAllReduce(group, tensor, "sum" | "max" | "min"), in place */
static napi_value groupAllReduce(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    auto& group = toGroup(env, state, argv[0]);
    const auto& tensor = toTensor(env, state, argv[1]);
    const std::string op = toString(env, argv[2]);
    checkShared(env, state);
    const auto type = op == "sum" ? c10d::ReduceOp::SUM : op == "max" ? c10d::ReduceOp::MAX : c10d::ReduceOp::MIN;
    group.allReduce(tensor, type, named("all-reduce", tensor));
    return undefined(env);
  });
}

/** groupAllGather(group, tensor) → the tensors of all ranks, which have one shape, [P, ...] */
static napi_value groupAllGather(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    auto& group = toGroup(env, state, argv[0]);
    const auto& tensor = toTensor(env, state, argv[1]);
    checkShared(env, state);
    std::vector<at::Tensor> own{group.plainOf(tensor)};
    std::vector<int64_t> sizes = own[0].sizes().vec();
    sizes.insert(sizes.begin(), group.size);
    const at::Tensor all = at::empty(sizes, own[0].options());
    if (all.numel() > 0) {
      std::vector<std::vector<at::Tensor>> parts{all.unbind(0)};
      group.count(all);
      group.finish(group.carrierOf(all).allgather(parts, own), named("all-gather", all));
    }
    return fromTensor(env, state, all.to(tensor.device()));
  });
}

/** groupReduceScatter(group, tensor [P, ...]) → this rank's part of the sum, [...] */
static napi_value groupReduceScatter(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    auto& group = toGroup(env, state, argv[0]);
    const auto& tensor = toTensor(env, state, argv[1]);
    checkShared(env, state);
    if (tensor.dim() == 0 || tensor.size(0) != group.size)
      throw Misuse("reduceScatter: expected a part for each of " + std::to_string(group.size) + " ranks, got " + describeTensor(tensor));
    at::Tensor all = group.plainOf(tensor).reshape({-1}), own = at::empty({all.numel() / group.size}, all.options());
    const std::vector<int64_t> sizes = tensor.sizes().slice(1).vec();
    if (all.numel() == 0) return fromTensor(env, state, own.view(sizes).to(tensor.device()));
#if TORCH_AT_LEAST(2, 6)
    group.count(all);
    group.finish(group.carrierOf(all)._reduce_scatter_base(own, all), named("reduce-scatter", all));
#else  // Gloo had none
    group.allReduce(all = all.clone(), c10d::ReduceOp::SUM, named("reduce-scatter", all));
    own.copy_(all.narrow(0, group.rank * own.numel(), own.numel()));
#endif
    return fromTensor(env, state, own.view(sizes).to(tensor.device()));
  });
}

/** groupBroadcast(group, tensor, root), in place */
static napi_value groupBroadcast(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    auto& group = toGroup(env, state, argv[0]);
    const at::Tensor tensor = toTensor(env, state, argv[1]);
    checkShared(env, state);
    c10d::BroadcastOptions options;
    options.rootRank = toWhole(env, argv[2], 0, group.size - 1, "a rank");
    if (tensor.numel() == 0) return undefined(env);
    at::Tensor plain = group.plainOf(tensor);
    group.count(plain);
    std::vector<at::Tensor> tensors{plain};
    group.finish(group.carrierOf(plain).broadcast(tensors, options), named("broadcast", plain));
    if (!plain.is_alias_of(tensor)) tensor.detach().copy_(plain);
    return undefined(env);
  });
}

/**
 * groupTree(group, tensor): in place, the sum over P = 2ᵏ ranks by recursive doubling. Ranks whose numbers differ in one
 * bit add up, the lower one's first: ((0 + 1) + (2 + 3)) + …, whatever P is, with the same bits everywhere. It goes by Gloo:
 * two ranks that send to each other at once wait for each other in NCCL.
 */
static napi_value groupTree(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    auto& group = toGroup(env, state, argv[0]);
    const at::Tensor tensor = toTensor(env, state, argv[1]);
    checkShared(env, state);
    if (group.size & (group.size - 1)) throw Misuse("tree: expected a power of two of processes, got " + std::to_string(group.size));
    at::Tensor sum = tensor.detach().to(at::kCPU).clone(at::MemoryFormat::Contiguous), other = at::empty_like(sum);
    for (int bit = 1; bit < group.size; bit *= 2) {
      const int peer = group.rank ^ bit;
      std::vector<at::Tensor> out{sum}, in{other};
      group.count(sum);
      const auto sent = group.gloo->send(out, peer, bit), received = group.gloo->recv(in, peer, bit);
      const std::string name = named("exchange", sum) + " with rank " + std::to_string(peer);
      group.finish(sent, name);
      group.finish(received, name);
      sum = group.rank < peer ? sum + other : other + sum;
    }
    tensor.detach().copy_(sum);
    return undefined(env);
  });
}

/** groupAllToAll(group, tensor [Σ sent, ...], sent, received) → [Σ received, ...]: sent[r] rows go to rank r */
static napi_value groupAllToAll(napi_env env, napi_callback_info info) {
  return guarded<4>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    auto& group = toGroup(env, state, argv[0]);
    const at::Tensor tensor = toTensor(env, state, argv[1]);
    const auto counts = [&](napi_value list) {
      std::vector<int64_t> rows(lengthOf(env, list));
      if (rows.size() != static_cast<size_t>(group.size)) throw Misuse("allToAll: expected a number of rows for each rank");
      for (size_t i = 0; i < rows.size(); i++) rows[i] = toWhole(env, vitrine::at(env, list, i), 0, 1e12, "a number of rows");
      return rows;
    };
    auto sent = counts(argv[2]), received = counts(argv[3]);
    checkShared(env, state);
    at::Tensor in = group.plainOf(tensor);
    if (in.dim() == 0 || in.size(0) != std::accumulate(sent.begin(), sent.end(), int64_t(0)))
      throw Misuse("allToAll: expected as many rows as are sent, got " + describeTensor(tensor));
    std::vector<int64_t> sizes = in.sizes().vec();
    sizes[0] = std::accumulate(received.begin(), received.end(), int64_t(0));
    at::Tensor out = at::empty(sizes, in.options());
    group.count(out);
    group.finish(group.carrierOf(in).alltoall_base(out, in, received, sent), named("all-to-all", in));
    return fromTensor(env, state, out.to(tensor.device()));
  });
}

void exportCollectives(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("groupAllReduce", groupAllReduce);
  add("groupAllGather", groupAllGather);
  add("groupReduceScatter", groupReduceScatter);
  add("groupBroadcast", groupBroadcast);
  add("groupTree", groupTree);
  add("groupAllToAll", groupAllToAll);
}

}  // namespace vitrine

#else

namespace vitrine {
void exportCollectives(Exports&) {}
}  // namespace vitrine

#endif

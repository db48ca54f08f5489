// Sums over ranks that gradients pass: statistics of a whole batch from those of its parts.
#include "group.h"

#if VITRINE_GROUPS

#include <torch/csrc/autograd/custom_function.h>

#include <cstring>

namespace vitrine {

/** Σ over ranks of values, of gradients, or of both. */
struct SumOverRanks : torch::autograd::Function<SumOverRanks> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const c10::intrusive_ptr<Group>& group, bool values,
                            bool gradients) {
    ctx->saved_data["group"] = c10::IValue::make_capsule(group);
    ctx->saved_data["gradients"] = gradients;
    at::Tensor sum = x.detach().clone(at::MemoryFormat::Contiguous);
    if (values) group->allReduce(sum, c10d::ReduceOp::SUM, named("all-reduce", sum));
    return sum;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    at::Tensor slope = grads[0];
    if (ctx->saved_data["gradients"].toBool()) {
      const auto group = c10::static_intrusive_pointer_cast<Group>(ctx->saved_data["group"].toCapsule());
      slope = slope.clone(at::MemoryFormat::Contiguous);
      group->allReduce(slope, c10d::ReduceOp::SUM, named("all-reduce of a gradient", slope));
    }
    return {slope, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

/** Σ over ranks of symmetric matrices [S, d, d], of which lower triangles travel; the gradient passes as it is. */
struct SumOfGrams : torch::autograd::Function<SumOfGrams> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& grams, const c10::intrusive_ptr<Group>& group) {
    if (group->placeOf(grams).is_cuda()) {  // triangles would pass through the CPU: whole matrices travel
      at::Tensor sums = grams.detach().clone(at::MemoryFormat::Contiguous);
      group->allReduce(sums, c10d::ReduceOp::SUM, named("all-reduce", sums) + " of Gram matrices");
      return sums;
    }
    const at::Tensor plain = group->plainOf(grams);
    const int64_t S = plain.size(0), d = plain.size(1), width = plain.element_size();
    at::Tensor packed = at::empty({S * d * (d + 1) / 2}, plain.options()), sums = at::zeros_like(plain);
    const auto overRows = [&](auto body) {
      auto* row = static_cast<char*>(packed.data_ptr());
      for (int64_t i = 0; i < S * d; i++) {
        const int64_t length = (i % d + 1) * width;
        body(row, i * d * width, length);
        row += length;
      }
    };
    const auto* from = static_cast<const char*>(plain.data_ptr());
    auto* to = static_cast<char*>(sums.data_ptr());
    overRows([&](char* row, int64_t at, int64_t length) { std::memcpy(row, from + at, length); });
    group->allReduce(packed, c10d::ReduceOp::SUM, named("all-reduce", packed) + " of Gram matrices");
    overRows([&](const char* row, int64_t at, int64_t length) { std::memcpy(to + at, row, length); });
    return (sums + sums.tril(-1).mT()).to(grams.device());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*, torch::autograd::variable_list grads) {
    return {grads[0], at::Tensor()};
  }
};

static c10::intrusive_ptr<Group> groupOf(napi_env env, Environment& state, napi_value value) {
  return c10::intrusive_ptr<Group>::reclaim_copy(&toGroup(env, state, value));
}

/** groupSum(group, tensor, values, gradients) → Σ over ranks of what is true, recorded for gradients */
static napi_value groupSum(napi_env env, napi_callback_info info) {
  return guarded<4>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto group = groupOf(env, state, argv[0]);
    const at::Tensor tensor = toTensor(env, state, argv[1]);
    const bool values = toBool(env, argv[2]), gradients = toBool(env, argv[3]);
    checkShared(env, state);
    return fromTensor(env, state, SumOverRanks::apply(tensor, group, values, gradients));
  });
}

/** groupSumGrams(group, symmetric matrices [S, d, d]) → Σ over ranks, recorded for gradients */
static napi_value groupSumGrams(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto group = groupOf(env, state, argv[0]);
    const at::Tensor tensor = toTensor(env, state, argv[1]);
    checkShared(env, state);
    if (tensor.dim() != 3 || tensor.size(1) != tensor.size(2)) throw Misuse("grams: expected matrices [S, d, d], got " + describeTensor(tensor));
    return fromTensor(env, state, SumOfGrams::apply(tensor, group));
  });
}

void exportStatistics(Exports& exports) {
  exports.push_back({"groupSum", nullptr, groupSum, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  exports.push_back({"groupSumGrams", nullptr, groupSumGrams, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

}  // namespace vitrine

#else

namespace vitrine {
void exportStatistics(Exports&) {}
}  // namespace vitrine

#endif

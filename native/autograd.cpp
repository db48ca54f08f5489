// Gradients, and whether operations are recorded for them.
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <unordered_set>

#include "environment.h"

namespace vitrine {

/** Each in memory of its own, in row-major order: steps change them in place, by operators that read memory flat. */
static void separate(torch::autograd::variable_list& gradients) {
  std::unordered_set<c10::StorageImpl*> seen;
  for (auto& gradient : gradients) {
    if (!gradient.defined() || gradient.layout() != at::kStrided || gradient._is_zerotensor()) continue;
    const bool first = seen.insert(gradient.storage().unsafeGetStorageImpl()).second;
    if (!first || !gradient.is_contiguous()) gradient = gradient.clone(at::MemoryFormat::Contiguous);
  }
}

/** gradients(outputs, inputs, gradOutputs | null, createGraph, retainGraph): one handle per input, null where unused. */
static napi_value gradients(napi_env env, napi_callback_info info) {
  return guarded<5>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto outputs = toTensors(env, state, argv[0]), inputs = toTensors(env, state, argv[1]);
    std::vector<at::Tensor> outer;
    if (typeOf(env, argv[2]) != napi_null && typeOf(env, argv[2]) != napi_undefined) outer = toTensors(env, state, argv[2]);
    const bool create = toBool(env, argv[3]), retain = toBool(env, argv[4]);
    for (const auto* tensors : {&outputs, &inputs})
      for (const auto& tensor : *tensors)
        if (!tensor.defined()) throw Misuse("gradients: expected tensors");
    checkShared(env, state);
    for (const auto& output : outputs)
      if (!output.requires_grad()) throw Misuse("gradients: the loss does not depend on any tensor that requires a gradient");
    torch::autograd::variable_list results;
    try {
      results = torch::autograd::grad(outputs, inputs, outer, retain || create, create, /*allow_unused=*/true);
    } catch (const c10::Error& error) {
      const std::string what = error.what_without_backtrace();
      throwJs(env, kindOf(what), "gradients: " + firstLine(what));
    }
    if (!create) separate(results);
    napi_value array = newArray(env, results.size());
    Handout handout(state);
    for (size_t i = 0; i < results.size(); i++) setAt(env, array, i, results[i].defined() ? fromInt(env, handout.add(results[i])) : null(env));
    return handout.done(array);
  });
}

static napi_value requiresGrad(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    return fromBool(env, toTensor(env, state, argv[0]).requires_grad());
  });
}

static napi_value setRequiresGrad(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    toTensor(env, state, argv[0]).requires_grad_(toBool(env, argv[1]));
    return undefined(env);
  });
}

/** setGradMode(enabled) → what it was. */
static napi_value setGradMode(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    const bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(toBool(env, argv[0]));
    return fromBool(env, before);
  });
}

void exportAutograd(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("gradients", gradients);
  add("requiresGrad", requiresGrad);
  add("setRequiresGrad", setRequiresGrad);
  add("setGradMode", setGradMode);
}

}  // namespace vitrine

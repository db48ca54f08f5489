// Gradients that are summed over ranks while the backward pass still runs.
#include "group.h"

#if VITRINE_GROUPS

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

namespace vitrine {

/** Gradients that travel together, in one piece of memory. */
struct Bucket {
  std::vector<size_t> members;
  std::vector<int64_t> starts;
  int64_t length = 0;
  size_t left = 0;
  at::Tensor buffer;
  Work work;
};

/**
 * The inputs' gradients in buckets, the last input's first: a backward pass comes to them in about that order. Buckets are
 * sent in their order on every rank; one whose gradients are all there waits for those before it.
 */
class Buckets {
 public:
  Buckets(Group& group, const std::vector<at::Tensor>& inputs, int64_t first, int64_t most) : group_(group), inputs_(inputs), places_(inputs.size()), taken_(inputs.size()) {
    for (size_t i = inputs.size(); i-- > 0;) {
      const auto& input = inputs[i];
      const bool fits = !all_.empty() && all_.back().buffer.scalar_type() == input.scalar_type() && all_.back().buffer.device() == group.placeOf(input) &&
                        (all_.back().length + input.numel()) * static_cast<int64_t>(input.element_size()) <= (all_.size() == 1 ? first : most);
      if (!fits) {
        all_.emplace_back();
        all_.back().buffer = at::empty({0}, input.options().device(group.placeOf(input)).requires_grad(false));
      }
      auto& bucket = all_.back();
      places_[i] = {all_.size() - 1, bucket.members.size()};
      bucket.members.push_back(i);
      bucket.starts.push_back(bucket.length);
      bucket.length += input.numel();
    }
    for (auto& bucket : all_) {
      bucket.left = bucket.members.size();
      bucket.buffer = at::zeros({bucket.length}, bucket.buffer.options());
    }
  }

  /** Puts an input's gradient in its place, and sends what is full. */
  void take(size_t input, const at::Tensor& gradient) {
    at::NoGradGuard noGrad;
    auto& bucket = all_[places_[input].first];
    view(input).copy_(gradient);
    taken_[input] = true;
    bucket.left--;
    while (next_ < all_.size() && all_[next_].left == 0) send(all_[next_++]);
  }

  bool has(size_t input) const { return taken_[input]; }

  /** Sends the rest, of zeros where a loss does not depend on an input, and waits; the sums. */
  std::vector<at::Tensor> finish() {
    while (next_ < all_.size()) send(all_[next_++]);
    for (size_t i = 0; i < all_.size(); i++)
      group_.finish(all_[i].work, "all-reduce of gradients, bucket " + std::to_string(i + 1) + " of " + std::to_string(all_.size()));
    std::vector<at::Tensor> sums(inputs_.size());
    for (size_t i = 0; i < inputs_.size(); i++) sums[i] = view(i).to(inputs_[i].device());
    return sums;
  }

 private:
  void send(Bucket& bucket) {
    group_.count(bucket.buffer);
    std::vector<at::Tensor> tensors{bucket.buffer};
    bucket.work = group_.carrierOf(bucket.buffer).allreduce(tensors);
  }

  at::Tensor view(size_t input) const {
    const auto [which, member] = places_[input];
    const auto& bucket = all_[which];
    return bucket.buffer.narrow(0, bucket.starts[member], inputs_[input].numel()).view(inputs_[input].sizes());
  }

  Group& group_;
  const std::vector<at::Tensor>& inputs_;
  std::vector<std::pair<size_t, size_t>> places_;
  std::vector<bool> taken_;
  std::vector<Bucket> all_;
  size_t next_ = 0;
};

/** Hooks that are gone when it is. */
struct Hooks {
  std::vector<std::pair<at::Tensor, unsigned>> all;
  ~Hooks() {
    for (auto& [tensor, hook] : all) tensor.remove_hook(hook);
  }
};

/** groupGradients(group, loss, inputs, first, most) → Σ over ranks of the loss's gradients, a handle per input */
static napi_value groupGradients(napi_env env, napi_callback_info info) {
  return guarded<5>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    auto& group = toGroup(env, state, argv[0]);
    const at::Tensor loss = toTensor(env, state, argv[1]);
    const auto inputs = toTensors(env, state, argv[2]);
    const int64_t first = toWhole(env, argv[3], 1, 1e12, "bytes"), most = toWhole(env, argv[4], 1, 1e12, "bytes");
    checkShared(env, state);
    for (const auto& input : inputs)
      if (!input.defined() || !input.requires_grad()) throw Misuse("gradients: expected parameters that require gradients");
    if (!loss.requires_grad()) throw Misuse("gradients: the loss does not depend on any tensor that requires a gradient");
    Buckets buckets(group, inputs, first, most);
    Hooks hooks;
    for (size_t i = 0; i < inputs.size(); i++)
      hooks.all.emplace_back(inputs[i], inputs[i].register_hook([&buckets, i](const at::Tensor& gradient) { buckets.take(i, gradient); }));
    try {
      const auto slopes = torch::autograd::grad({loss}, inputs, {}, /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
      for (size_t i = 0; i < inputs.size(); i++)  // before 2.0 hooks were left out where only gradients are asked for
        if (!buckets.has(i) && slopes[i].defined()) buckets.take(i, slopes[i]);
    } catch (const c10::Error& error) {
      group.failed = true;  // buckets may be under way: nobody can go on
      const std::string what = error.what_without_backtrace();
      throwJs(env, kindOf(what), "gradients: " + firstLine(what));
    }
    const auto sums = buckets.finish();
    napi_value array = newArray(env, sums.size());
    Handout handout(state);
    for (size_t i = 0; i < sums.size(); i++) setAt(env, array, i, fromInt(env, handout.add(sums[i])));
    return handout.done(array);
  });
}

void exportBuckets(Exports& exports) {
  exports.push_back({"groupGradients", nullptr, groupGradients, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

}  // namespace vitrine

#else

namespace vitrine {
void exportBuckets(Exports&) {}
}  // namespace vitrine

#endif

// The machine: versions, threads, autocast, generators.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>

#include <memory>
#include <optional>
#include <vector>

#include "environment.h"
#include "gpu.h"
#include "version.h"

namespace vitrine {

static napi_value versions(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) {
    napi_value result;
    napi_create_object(env, &result);
    set(env, result, "torch", fromString(env, TORCH_VERSION));
    set(env, result, "config", fromString(env, at::show_config()));
#if TORCH_AT_LEAST(2, 0)
    set(env, result, "capability", fromString(env, at::get_cpu_capability()));
#else
    set(env, result, "capability", null(env));
#endif
    set(env, result, "cuda", fromBool(env, at::hasCUDA()));
    const bool reached = c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA);
    set(env, result, "gpus", fromInt(env, reached ? c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount() : 0));
#ifdef VITRINE_NCCL
    set(env, result, "nccl", fromBool(env, true));
#else
    set(env, result, "nccl", fromBool(env, false));
#endif
    set(env, result, "mkldnn", fromBool(env, at::hasMKLDNN()));
    set(env, result, "parallel", fromString(env, at::get_parallel_info()));
#ifdef _OPENMP
    set(env, result, "openmp", fromBool(env, true));
#else
    set(env, result, "openmp", fromBool(env, false));
#endif
    return result;
  });
}

static napi_value threads(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) { return fromInt(env, at::get_num_threads()); });
}

static napi_value setThreads(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    constexpr double kMost = 1024;  // more than a machine gives ends the process
    at::set_num_threads(static_cast<int>(toWhole(env, argv[0], 1, kMost, "1 to 1024 threads")));
    return undefined(env);
  });
}

static std::optional<at::ScalarType> autocastOn(at::DeviceType device) {
#if TORCH_AT_LEAST(2, 4)
  if (at::autocast::is_autocast_enabled(device)) return at::autocast::get_autocast_dtype(device);
#else
  if (device == at::kCUDA && at::autocast::is_enabled()) return at::autocast::get_autocast_gpu_dtype();
  if (device == at::kCPU && at::autocast::is_cpu_enabled()) return at::autocast::get_autocast_cpu_dtype();
#endif
  return std::nullopt;
}

static void setAutocastOn(at::DeviceType device, std::optional<at::ScalarType> type) {
#if TORCH_AT_LEAST(2, 4)
  at::autocast::set_autocast_enabled(device, type.has_value());
  if (type) at::autocast::set_autocast_dtype(device, *type);
#else
  if (device == at::kCUDA) {
    at::autocast::set_enabled(type.has_value());
    if (type) at::autocast::set_autocast_gpu_dtype(*type);
  } else {
    at::autocast::set_cpu_enabled(type.has_value());
    if (type) at::autocast::set_autocast_cpu_dtype(*type);
  }
#endif
}

/** For each autocast that is entered, what keeps TF32 out of it: products that are to run as they are run in full. */
static thread_local std::vector<std::unique_ptr<at::NoTF32Guard>> full;

/**
 * setAutocast(device, dtype | null, entering) → the dtype before, or null: products inside run in that dtype, or with
 * null as they are, not in TF32 either. Whoever enters leaves with what this returned; leaving the outermost clears cached casts.
 */
static napi_value setAutocast(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment&, size_t, napi_value* argv) {
    const auto device = c10::Device(toString(env, argv[0])).type();
    std::optional<at::ScalarType> wanted;
    if (typeOf(env, argv[1]) != napi_null) wanted = toScalarType(toString(env, argv[1]));
    const bool entering = toBool(env, argv[2]);
    if (device != at::kCPU && device != at::kCUDA) throw Misuse("autocast: expected \"cpu\" or \"cuda\", got " + toString(env, argv[0]));
    if (wanted && *wanted != at::kBFloat16 && *wanted != at::kHalf && *wanted != at::kFloat)
      throw Misuse("autocast: expected bfloat16, float16 or float32, got " + toString(env, argv[1]));
    const auto before = autocastOn(device);
    setAutocastOn(device, wanted);
    if (entering) {
      at::autocast::increment_nesting();
      full.push_back(wanted ? nullptr : std::make_unique<at::NoTF32Guard>());
    } else {
      if (!full.empty()) full.pop_back();
      if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    }
    return before ? fromString(env, dtypeName(*before)) : null(env);
  });
}

static uint64_t toSeed(napi_env env, napi_value value) {
  uint64_t seed = 0;
  bool lossless = false;
  check(napi_get_value_bigint_uint64(env, value, &seed, &lossless), "a bigint seed");
  if (!lossless) throw Misuse("expected a seed of at least 0 and below 2^64");
  return seed;
}

/** A Mersenne-Twister generator of its own: streams never share state. */
static napi_value generator(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t argc, napi_value* argv) {
    const uint64_t seed = toSeed(env, argv[0]);
    if (argc > 1 && typeOf(env, argv[1]) != napi_undefined) {
      state.generators[toIndex(env, argv[1], state.generators.size(), "a generator")].set_current_seed(seed);
      return argv[1];
    }
    state.generators.push_back(at::make_generator<at::CPUGeneratorImpl>(seed));
    return fromInt(env, static_cast<int32_t>(state.generators.size() - 1));
  });
}

static napi_value manualSeed(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    at::manual_seed(toSeed(env, argv[0]));
    return undefined(env);
  });
}

static napi_value setDeterministic(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    at::globalContext().setDeterministicAlgorithms(toBool(env, argv[0]), /*warn_only=*/true);
    return undefined(env);
  });
}

#if TORCH_AT_LEAST(2, 9)
/** Up to 2.12 it warns of the setters below, for others that came with 2.9. */
struct Silent : c10::WarningHandler {
  void process(const c10::Warning&) override {}
};
#endif

void allowTF32(bool allowed) {
#if TORCH_AT_LEAST(2, 9)
  Silent silent;
  c10::WarningUtils::WarningHandlerGuard guard(&silent);
#endif
  at::globalContext().setAllowTF32CuBLAS(allowed);
  at::globalContext().setAllowTF32CuDNN(allowed);
}

/** setTF32(allowed): products and convolutions of float32 on a GPU, of numbers rounded to 10 bits of mantissa. */
static napi_value setTF32(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    allowTF32(toBool(env, argv[0]));
    return undefined(env);
  });
}

/** tf32() → whether a product begun now may be of TF32. */
static napi_value tf32(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) { return fromBool(env, takesTF32()); });
}

/** channelsLast(images) → whether a convolution of them runs on a GPU's tensor cores, which want [n, H, W, c] in memory. */
static napi_value channelsLast(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const at::Tensor& images = toTensor(env, state, argv[0]);
    const auto isHalf = [](at::ScalarType type) { return type == at::kBFloat16 || type == at::kHalf; };
    const bool half = isHalf(autocastOn(at::kCUDA).value_or(images.scalar_type()));
    const bool single = images.scalar_type() == at::kFloat && takesTF32();
    return fromBool(env, images.is_cuda() && images.dim() == 4 && ownKernelsOnGpu() && (half || single));
  });
}

void exportRuntime(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("versions", versions);
  add("threads", threads);
  add("setThreads", setThreads);
  add("setAutocast", setAutocast);
  add("generator", generator);
  add("manualSeed", manualSeed);
  add("setDeterministic", setDeterministic);
  add("setTF32", setTF32);
  add("tf32", tf32);
  add("channelsLast", channelsLast);
}

}  // namespace vitrine

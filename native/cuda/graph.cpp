// CUDA graphs: work that is recorded once and launched as a whole. The only file that includes a header of CUDA's.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <map>
#include <memory>

#include "environment.h"

namespace vitrine {

using at::cuda::CUDAGraph;

static c10::Device toCuda(napi_env env, napi_value name) {
  const c10::Device device(toString(env, name));
  if (!device.is_cuda()) throw Misuse("expected a CUDA device, got " + device.str());
  return device.has_index() ? device : c10::Device(c10::kCUDA, c10::cuda::current_device());
}

/** What `first` has been given is done before what `second` is given next. */
static void inOrder(const c10::Stream& first, const c10::Stream& second) {
  c10::Event event(c10::kCUDA);
  event.record(first);
  event.block(second);
}

/** One for each device: what libraries keep for a stream, they keep once. */
static c10::cuda::CUDAStream sideOf(c10::DeviceIndex device) {
  static std::map<c10::DeviceIndex, c10::cuda::CUDAStream> streams;
  return streams.emplace(device, c10::cuda::getStreamFromPool(false, device)).first->second;
}

/** While it lives, work goes to a stream beside the current one, which waits for it. Capture is not possible on the default one. */
class Beside {
 public:
  explicit Beside(c10::Device device)
      : outer_(c10::cuda::getCurrentCUDAStream(device.index())), own_(sideOf(device.index())), guard_(own_) {
    inOrder(outer_.unwrap(), own_.unwrap());
  }
  /** To be called last: a destructor must not throw. */
  void join() { inOrder(own_.unwrap(), outer_.unwrap()); }

 private:
  c10::cuda::CUDAStream outer_, own_;
  c10::cuda::CUDAStreamGuard guard_;
};

/** What a JavaScript function returns. What it throws stays pending. */
static napi_value result(napi_env env, napi_value body) {
  napi_value receiver, value;
  napi_get_undefined(env, &receiver);
  if (napi_call_function(env, receiver, body, 0, nullptr, &value) != napi_ok) throw Pending{};
  return value;
}

/** cudaBeside(device, body) → what the body returns: run on another stream, as warm-ups before a capture have to be. */
static napi_value beside(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment&, size_t, napi_value* argv) {
    Beside stream(toCuda(env, argv[0]));
    napi_value value = result(env, argv[1]);
    stream.join();
    return value;
  });
}

/** cudaCapture(device, body) → a graph of what the body gives the device to do, none of which is done. */
static napi_value capture(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment&, size_t, napi_value* argv) {
    const auto device = toCuda(env, argv[0]);
    const c10::cuda::CUDAGuard there(device);
    auto graph = std::make_unique<CUDAGraph>();
    c10::cuda::device_synchronize();
    Beside stream(device);
    graph->capture_begin();
    try {
      result(env, argv[1]);
    } catch (const Pending&) {  // what the body says is told, not that the capture is no good
      try {
        graph->capture_end();
      } catch (const c10::Error&) {
      }
      throw;
    }
    graph->capture_end();
    stream.join();
    napi_value external;
    check(napi_create_external(env, graph.get(), [](napi_env, void* data, void*) { delete static_cast<CUDAGraph*>(data); }, nullptr, &external), "a graph");
    graph.release();
    return external;
  });
}

static CUDAGraph& toGraph(napi_env env, napi_value value) {
  void* data = nullptr;
  check(napi_get_value_external(env, value, &data), "a graph");
  return *static_cast<CUDAGraph*>(data);
}

/** cudaReplay(graph): on the current stream. */
static napi_value replay(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    toGraph(env, argv[0]).replay();
    return undefined(env);
  });
}

/** cudaForget(graph): frees the graph and the memory of the tensors in it. */
static napi_value forget(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    toGraph(env, argv[0]).reset();
    return undefined(env);
  });
}

void exportGraphs(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("cudaBeside", beside);
  add("cudaCapture", capture);
  add("cudaReplay", replay);
  add("cudaForget", forget);
}

}  // namespace vitrine

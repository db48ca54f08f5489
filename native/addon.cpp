// The module: one Environment per JavaScript environment, and the table of functions.
#include "environment.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace vitrine {

Environment& environment(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

/** JavaScript makes the error object, so that its class is ours: makeError(kind, message). */
void throwJs(napi_env env, const char* kind, const std::string& message) {
  auto& state = environment(env);
  napi_value make, receiver, error;
  if (state.makeError != nullptr && napi_get_reference_value(env, state.makeError, &make) == napi_ok) {
    napi_value arguments[] = {fromString(env, kind), fromString(env, message)};
    napi_get_undefined(env, &receiver);
    if (napi_call_function(env, receiver, make, 2, arguments, &error) == napi_ok) napi_throw(env, error);
  }
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, kind, message.c_str());
  throw Pending{};
}

const char* kindOf(const std::string& what) {
  const auto says = [&](const char* words) { return what.find(words) != std::string::npos; };
  return says("can't allocate memory") || says("not enough memory") || says("out of memory") ? "memory" : "torch";
}

/**
 * What malloc gets back stays with the process: every step allocates what the last one freed, and the page faults of a
 * fresh 32 MiB took ten times as long as filling it (20 ms against 2). Large tensors are not malloc's: `blocks.cpp`.
 */
static void keepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
#endif
}

std::string firstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

static napi_value setErrorFactory(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    if (typeOf(env, argv[0]) != napi_function) throw Misuse("expected a function");
    napi_ref reference;
    check(napi_create_reference(env, argv[0], 1, &reference), "a function");
    if (state.makeError != nullptr) napi_delete_reference(env, state.makeError);
    state.makeError = reference;
    return undefined(env);
  });
}

static napi_value initialise(napi_env env, napi_value exports) {
  // libtorch's own choice is TF32 for convolutions
  static const bool once = (keepFreedMemory(), allowTF32(false), keepBlocks(), replaceNorms(), replaceLinear(), replaceProducts());
  (void)once;
  auto* state = new Environment();
  napi_set_instance_data(env, state, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);
  Exports table;
  table.push_back({"setErrorFactory", nullptr, setErrorFactory, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  exportTensors(table);
  exportCall(table);
  exportAutograd(table);
  exportRuntime(table);
  exportResample(table);
  exportJpeg(table);
  exportProfile(table);
  exportGroup(table);
  exportCollectives(table);
  exportBuckets(table);
  exportStatistics(table);
#ifdef VITRINE_CUDA
  exportGraphs(table);
#endif
  for (auto& property : table) property.data = state;
  napi_define_properties(env, exports, table.size(), table.data());
  return exports;
}

}  // namespace vitrine

NAPI_MODULE_INIT() { return vitrine::initialise(env, exports); }

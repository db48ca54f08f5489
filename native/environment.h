// Everything the addon knows for one JavaScript environment: live tensors, operators looked up, generators.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/intrusive_ptr.h>

#include <cmath>
#include <memory>

#include "js.h"

namespace vitrine {

/** A live tensor is an integer in JavaScript: generation (1…2047) << 20 | slot. A small or stale number is never valid. */
using Handle = int32_t;
constexpr int kSlotBits = 20;
constexpr uint32_t kMaxSlots = 1u << kSlotBits;
constexpr uint32_t kMaxGeneration = 2047;

/** How an argument is converted: decided once from the operator's schema. */
enum class Kind : uint8_t { Tensor, TensorList, OptionalTensorList, Scalar, ScalarList, Int, IntList, DType, Layout, MemoryFormat, Float, FloatList, Bool, BoolList, String, Device, Generator, Unknown };

struct Argument {
  Kind kind;
  bool optional;
  int32_t fixedLength;  // int[2] accepts 3 as [3, 3]
};

using UnaryHandle = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&)>;
using BinaryHandle = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Tensor&)>;
using ScaledBinaryHandle = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&)>;
using ScalarHandle = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Scalar&)>;

/** An operator looked up once. Frequent signatures also hold an unboxed handle: half the cost of a boxed call. */
struct Operator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Argument> arguments;
  bool inPlace;  // returns its first argument: nothing new to hand out
  std::unique_ptr<UnaryHandle> unary;
  std::unique_ptr<BinaryHandle> binary;
  std::unique_ptr<ScaledBinaryHandle> scaledBinary;
  std::unique_ptr<ScalarHandle> scalar;
};

/** An ArrayBuffer that tensors read and write, kept from the collector while a storage of theirs lives. */
struct SharedBuffer {
  napi_ref buffer;
  const void* data;
  std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> storages;
};

struct Environment {
  std::vector<at::Tensor> slots;
  std::vector<uint16_t> generations;
  std::vector<uint32_t> free;
  std::vector<std::unique_ptr<Operator>> operators;
  std::vector<at::Generator> generators;
  std::vector<SharedBuffer> shared;
  std::vector<c10::intrusive_ptr<c10::intrusive_ptr_target>> groups;  // of processes; none where one is closed
  napi_ref makeError = nullptr;
};

Environment& environment(napi_env env);

Handle add(Environment& state, at::Tensor tensor);
const at::Tensor& get(Environment& state, Handle handle);
void release(Environment& state, Handle handle);
size_t live(const Environment& state);

/** Handles on their way to JavaScript: where what hands them out fails half-way, none of them stays behind. */
class Handout {
 public:
  explicit Handout(Environment& state) : state_(state) {}
  Handout(const Handout&) = delete;
  ~Handout() {
    for (const Handle handle : handles_) release(state_, handle);
  }
  Handle add(at::Tensor tensor) {
    handles_.push_back(vitrine::add(state_, std::move(tensor)));
    return handles_.back();
  }
  napi_value done(napi_value result) {
    handles_.clear();
    return result;
  }

 private:
  Environment& state_;
  std::vector<Handle> handles_;
};

/**
 * Throws where an ArrayBuffer was transferred to somebody else while tensors shared it, which get zeros of their own. To
 * be called when no more JavaScript runs before their memory is used.
 */
void checkShared(napi_env env, Environment& state);

/** A number or bigint given for a tensor; bigint is how the checked path tells a tensor from a number. */
const at::Tensor& toTensor(napi_env env, Environment& state, napi_value value);
/** Int32Array of handles, or an array of handles (null for an undefined tensor); strict: of bigints. */
std::vector<at::Tensor> toTensors(napi_env env, Environment& state, napi_value value, bool strict = false);
napi_value fromTensor(napi_env env, Environment& state, at::Tensor tensor);
/** A handle as a number, which is exactly one: 2³² + h is not h. */
Handle toHandle(napi_env env, napi_value value);
/** A number that names an operator or a generator, of which there are `count`. */
size_t toIndex(napi_env env, napi_value value, size_t count, const char* what);

c10::IValue toIValue(napi_env env, Environment& state, const c10::Argument& schema, const Argument& argument, napi_value value, bool integral, bool strict);
napi_value fromIValue(napi_env env, Handout& handout, const c10::IValue& value, bool strict);
/** Whether a JavaScript number is an integer that it holds exactly. */
inline bool isWhole(double number) { return std::trunc(number) == number && std::abs(number) <= 9007199254740992.0; }
Argument describe(const c10::Argument& argument);
at::ScalarType toScalarType(const std::string& name);
const char* dtypeName(at::ScalarType type);
std::string describeTensor(const at::Tensor& tensor);

[[noreturn]] void throwJs(napi_env env, const char* kind, const std::string& message);
std::string firstLine(const std::string& text);
/** "memory" where libtorch says that it could not allocate, else "torch". */
const char* kindOf(const std::string& what);

/** Runs `body()`; whatever it throws becomes a JavaScript exception. */
template <typename Body>
napi_value translated(napi_env env, Body body) {
  try {
    return body();
  } catch (const Pending&) {
  } catch (const Misuse& error) {
    try { throwJs(env, "usage", error.what()); } catch (const Pending&) {}
  } catch (const PeerLost& error) {
    try { throwJs(env, "peer", error.what()); } catch (const Pending&) {}
  } catch (const std::bad_alloc&) {
    try { throwJs(env, "memory", "not enough memory"); } catch (const Pending&) {}
  } catch (const c10::Error& error) {
    try { throwJs(env, kindOf(error.what_without_backtrace()), firstLine(error.what_without_backtrace())); } catch (const Pending&) {}
  } catch (const std::exception& error) {
    try { throwJs(env, "torch", firstLine(error.what())); } catch (const Pending&) {}
  } catch (...) {
    try { throwJs(env, "torch", "unknown native error"); } catch (const Pending&) {}
  }
  return nullptr;
}

/** Runs `body(state, argc, argv)` of a function's arguments, `translated`. */
template <size_t N, typename Body>
napi_value guarded(napi_env env, napi_callback_info info, Body body) {
  return translated(env, [&] {
    size_t argc = N;
    napi_value argv[N == 0 ? 1 : N];
    void* data = nullptr;
    napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
    if (argc > N) argc = N;
    return body(*static_cast<Environment*>(data), argc, argv);
  });
}

/** Products of single precision through oneDNN where the built-in BLAS is slow here; whether it did. */
bool replaceProducts();
/** Layer normalisation by our own kernels. */
void replaceNorms();
/** Linear maps that do not keep a norm's output for the way back. */
void replaceLinear();
/** Whether a GPU may compute products and convolutions of float32 in TF32. */
void allowTF32(bool allowed);
void keepBlocks();

using Exports = std::vector<napi_property_descriptor>;
void exportTensors(Exports& exports);
void exportCall(Exports& exports);
void exportAutograd(Exports& exports);
void exportRuntime(Exports& exports);
void exportResample(Exports& exports);
void exportJpeg(Exports& exports);
void exportProfile(Exports& exports);
void exportGroup(Exports& exports);
void exportCollectives(Exports& exports);
void exportBuckets(Exports& exports);
void exportStatistics(Exports& exports);
#ifdef VITRINE_CUDA
void exportGraphs(Exports& exports);
#endif

}  // namespace vitrine

// The table of live tensors, and raw data in and out.
#include <unordered_set>

#include "environment.h"

namespace vitrine {

Handle add(Environment& state, at::Tensor tensor) {
  uint32_t slot;
  if (!state.free.empty()) {
    slot = state.free.back();
    state.free.pop_back();
    state.slots[slot] = std::move(tensor);
  } else {
    slot = state.slots.size();
    if (slot >= kMaxSlots) throw Misuse("more than 1048576 tensors are alive; free some with scope() or dispose()");
    state.slots.push_back(std::move(tensor));
    state.generations.push_back(1);
  }
  return static_cast<Handle>(state.generations[slot]) << kSlotBits | static_cast<Handle>(slot);
}

const at::Tensor& get(Environment& state, Handle handle) {
  const uint32_t slot = handle & (kMaxSlots - 1), generation = static_cast<uint32_t>(handle) >> kSlotBits;
  if (generation == 0 || slot >= state.slots.size() || state.generations[slot] != generation)
    throw Misuse("expected a tensor, got " + std::to_string(handle));
  return state.slots[slot];
}

void release(Environment& state, Handle handle) {
  get(state, handle);  // refuses what is not live
  const uint32_t slot = handle & (kMaxSlots - 1);
  state.generations[slot] = state.generations[slot] == kMaxGeneration ? 1 : state.generations[slot] + 1;
  state.free.push_back(slot);
  at::Tensor last = std::move(state.slots[slot]);  // dies here, after the table is whole again
  state.slots[slot].reset();
}

size_t live(const Environment& state) { return state.slots.size() - state.free.size(); }

std::string describeTensor(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  std::string text = "[";
  for (int64_t i = 0; i < tensor.dim(); i++) text += (i ? ", " : "") + std::to_string(tensor.size(i));
  return text + "] " + dtypeName(tensor.scalar_type());
}

static napi_value releaseMany(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    if (typeOf(env, argv[0]) == napi_number) {
      release(state, static_cast<Handle>(toNumber(env, argv[0])));
      return undefined(env);
    }
    const uint32_t length = lengthOf(env, argv[0]);
    for (uint32_t i = 0; i < length; i++) release(state, static_cast<Handle>(toNumber(env, at(env, argv[0], i))));
    return undefined(env);
  });
}

/** A second handle on the same tensor. */
static napi_value share(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::Tensor tensor = toTensor(env, state, argv[0]);
    return fromTensor(env, state, std::move(tensor));
  });
}

static napi_value shape(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto& tensor = toTensor(env, state, argv[0]);
    napi_value sizes = newArray(env, tensor.dim());
    for (int64_t i = 0; i < tensor.dim(); i++) setAt(env, sizes, i, fromNumber(env, tensor.size(i)));
    return sizes;
  });
}

static napi_value dtype(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    return fromString(env, dtypeName(toTensor(env, state, argv[0]).scalar_type()));
  });
}

static napi_value device(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    return fromString(env, toTensor(env, state, argv[0]).device().str());
  });
}

/** One number, whatever the dtype. */
static napi_value item(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto& tensor = toTensor(env, state, argv[0]);
    if (tensor.numel() != 1) throw Misuse("item: expected a tensor of one element, got " + describeTensor(tensor));
    if (tensor.is_complex()) throw Misuse("item: expected a real tensor, got complex; take its real or imaginary part");
    const at::Scalar value = tensor.item();
    return value.isBoolean() ? fromBool(env, value.toBool()) : fromNumber(env, value.toDouble());
  });
}

/** Handles alive and bytes of their distinct storages. */
static napi_value memory(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment& state, size_t, napi_value*) {
    std::unordered_set<const void*> seen;
    double bytes = 0;
    for (const auto& tensor : state.slots)
      if (tensor.defined() && tensor.has_storage() && seen.insert(tensor.storage().unsafeGetStorageImpl()).second)
        bytes += tensor.storage().nbytes();
    napi_value result;
    napi_create_object(env, &result);
    set(env, result, "tensors", fromNumber(env, live(state)));
    set(env, result, "bytes", fromNumber(env, bytes));
    return result;
  });
}

static napi_value bytesOf(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    return fromNumber(env, toTensor(env, state, argv[0]).nbytes());
  });
}

/** Tells the garbage collector what small JavaScript objects hold elsewhere. */
static napi_value adjustMemory(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    int64_t total;
    check(napi_adjust_external_memory(env, static_cast<int64_t>(toNumber(env, argv[0])), &total), "a number of bytes");
    return undefined(env);
  });
}

static void deleteDead(napi_env env, Environment& state) {
  std::lock_guard<std::mutex> lock(state.dead->mutex);
  for (napi_ref reference : state.dead->references) napi_delete_reference(env, reference);
  state.dead->references.clear();
}

/** fromBuffer(ArrayBuffer, byteOffset, byteLength, shape, dtype, share): shares the memory, or copies it. */
static napi_value fromBuffer(napi_env env, napi_callback_info info) {
  return guarded<6>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    deleteDead(env, state);
    void* data = nullptr;
    size_t size = 0;
    check(napi_get_arraybuffer_info(env, argv[0], &data, &size), "an ArrayBuffer (a SharedArrayBuffer must be copied first)");
    const auto offset = static_cast<size_t>(toNumber(env, argv[1])), length = static_cast<size_t>(toNumber(env, argv[2]));
    const auto type = toScalarType(toString(env, argv[4]));
    std::vector<int64_t> sizes(lengthOf(env, argv[3]));
    int64_t count = 1;
    for (size_t i = 0; i < sizes.size(); i++) count *= sizes[i] = static_cast<int64_t>(toNumber(env, vitrine::at(env, argv[3], i)));
    if (offset + length > size || length != count * c10::elementSize(type))
      throw Misuse("tensor: shape needs " + std::to_string(count * c10::elementSize(type)) + " bytes, got " + std::to_string(length));
    auto* bytes = static_cast<char*>(data) + offset;
    if (!toBool(env, argv[5]) || length == 0) {
      at::Tensor tensor = at::empty(sizes, type);
      if (length > 0) std::memcpy(tensor.data_ptr(), bytes, length);
      return fromTensor(env, state, std::move(tensor));
    }
    napi_ref reference;
    check(napi_create_reference(env, argv[0], 1, &reference), "an ArrayBuffer");
    auto dead = state.dead;  // the deleter may run on any thread: it must not touch Node-API
    auto forget = [dead, reference](void*) {
      std::lock_guard<std::mutex> lock(dead->mutex);
      dead->references.push_back(reference);
    };
    return fromTensor(env, state, at::from_blob(bytes, sizes, forget, at::TensorOptions(type)));
  });
}

/** toBuffer(tensor): an ArrayBuffer with a copy of the elements in row-major order. */
static napi_value toBuffer(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    const at::Tensor tensor = toTensor(env, state, argv[0]).detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
    void* data = nullptr;
    napi_value buffer;
    check(napi_create_arraybuffer(env, tensor.nbytes(), &data, &buffer), "memory for the copy");
    if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
    return buffer;
  });
}

/** viewBuffer(tensor): an ArrayBuffer over the tensor's own memory (CPU, contiguous), which it keeps alive. */
static napi_value viewBuffer(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const at::Tensor& tensor = toTensor(env, state, argv[0]);
    if (!tensor.is_cpu() || !tensor.is_contiguous()) throw Misuse("view: expected a contiguous tensor on the CPU; use data() or contiguous()");
    napi_value buffer;
    if (tensor.nbytes() == 0) {  // a buffer over no memory counts as detached
      check(napi_create_arraybuffer(env, 0, nullptr, &buffer), "an ArrayBuffer");
      return buffer;
    }
    auto* owner = new at::Tensor(tensor);
    const auto forget = [](napi_env, void*, void* hint) { delete static_cast<at::Tensor*>(hint); };
    if (napi_create_external_arraybuffer(env, tensor.data_ptr(), tensor.nbytes(), forget, owner, &buffer) != napi_ok) {
      delete owner;
      throw Misuse("view: this runtime has no external ArrayBuffers; use data()");
    }
    return buffer;
  });
}

void exportTensors(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("release", releaseMany);
  add("share", share);
  add("shape", shape);
  add("dtype", dtype);
  add("device", device);
  add("item", item);
  add("memory", memory);
  add("bytes", bytesOf);
  add("adjustMemory", adjustMemory);
  add("fromBuffer", fromBuffer);
  add("toBuffer", toBuffer);
  add("viewBuffer", viewBuffer);
}

}  // namespace vitrine

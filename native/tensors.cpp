// The table of live tensors, and raw data in and out.
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
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
      release(state, toHandle(env, argv[0]));
      return undefined(env);
    }
    const uint32_t length = lengthOf(env, argv[0]);
    for (uint32_t i = 0; i < length; i++) release(state, toHandle(env, at(env, argv[0], i)));
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

/** Whether the elements lie in row-major order, one after the other, as they are. */
static bool liesPlain(const at::Tensor& tensor) {
  return tensor.layout() == at::kStrided && !tensor.is_conj() && !tensor.is_neg() && !tensor._is_zerotensor() && tensor.is_contiguous();
}

static napi_value isContiguous(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    return fromBool(env, liesPlain(toTensor(env, state, argv[0])));
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
    checkShared(env, state);
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
    const auto& tensor = toTensor(env, state, argv[0]);
    return fromNumber(env, tensor.layout() == at::kStrided ? tensor.nbytes() : 0);  // sparse ones do not say
  });
}

/** Tells the garbage collector what small JavaScript objects hold elsewhere. */
static napi_value adjustMemory(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment&, size_t, napi_value* argv) {
    constexpr double kMost = 1LL << 46;
    int64_t total;
    check(napi_adjust_external_memory(env, toWhole(env, argv[0], -kMost, kMost, "a number of bytes"), &total), "a number of bytes");
    return undefined(env);
  });
}

void checkShared(napi_env env, Environment& state) {
  auto& shared = state.shared;
  for (size_t i = 0; i < shared.size(); i++) {
    napi_value buffer;
    bool detached = true;
    if (napi_get_reference_value(env, shared[i].buffer, &buffer) == napi_ok) napi_is_detached_arraybuffer(env, buffer, &detached);
    if (!detached) continue;
    bool used = false;
    for (const auto& weak : shared[i].storages) {
      const auto storage = weak.lock();
      if (!storage) continue;
      at::DataPtr zeros = c10::GetCPUAllocator()->allocate(storage->nbytes());
      std::memset(zeros.get(), 0, storage->nbytes());
      storage->set_data_ptr_noswap(std::move(zeros));
      used = true;
    }
    napi_delete_reference(env, shared[i].buffer);
    shared.erase(shared.begin() + i--);
    if (used) throw Misuse("an ArrayBuffer that tensors share was transferred to somebody else; copy it, or transfer it when they are freed");
  }
}

/** Lets go of ArrayBuffers whose tensors are gone. */
static void forgetShared(napi_env env, Environment& state) {
  auto& shared = state.shared;
  for (size_t i = 0; i < shared.size(); i++) {
    auto& storages = shared[i].storages;
    storages.erase(std::remove_if(storages.begin(), storages.end(), [](const auto& weak) { return weak.expired(); }), storages.end());
    if (!storages.empty()) continue;
    napi_delete_reference(env, shared[i].buffer);
    shared.erase(shared.begin() + i--);
  }
}

static void rememberShared(napi_env env, Environment& state, napi_value buffer, const void* data, const at::Tensor& tensor) {
  auto& shared = state.shared;
  auto found = std::find_if(shared.begin(), shared.end(), [&](const SharedBuffer& known) { return known.data == data; });
  if (found == shared.end()) {
    napi_ref reference;
    check(napi_create_reference(env, buffer, 1, &reference), "an ArrayBuffer");
    found = shared.insert(found, {reference, data, {}});
  }
  found->storages.push_back(tensor.storage().getWeakStorageImpl());
}

/** Whether the memory of an ArrayBuffer may become less while a tensor uses it. */
static bool isResizable(napi_env env, napi_value buffer) {
  napi_value flag;
  bool resizable = false;
  check(napi_get_named_property(env, buffer, "resizable", &flag), "an ArrayBuffer");
  return napi_get_value_bool(env, flag, &resizable) == napi_ok && resizable;
}

/** fromBuffer(ArrayBuffer, byteOffset, byteLength, shape, dtype, share): shares the memory, or copies it. */
static napi_value fromBuffer(napi_env env, napi_callback_info info) {
  return guarded<6>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    constexpr double kMost = 9007199254740992.0;
    const int64_t offset = toWhole(env, argv[1], 0, kMost, "an offset in bytes"), length = toWhole(env, argv[2], 0, kMost, "a length in bytes");
    const auto type = toScalarType(toString(env, argv[4]));
    const bool share = toBool(env, argv[5]);
    const int64_t width = c10::elementSize(type);
    std::vector<int64_t> sizes(lengthOf(env, argv[3]));
    double needed = width;
    for (size_t i = 0; i < sizes.size(); i++) {
      sizes[i] = toWhole(env, vitrine::at(env, argv[3], i), 0, kMost, "sizes of at least 0");
      needed *= static_cast<double>(sizes[i]);
    }
    bool plain = false;
    napi_is_arraybuffer(env, argv[0], &plain);
    if (!plain) throw Misuse("expected an ArrayBuffer (a SharedArrayBuffer must be copied first)");
    if (share && isResizable(env, argv[0])) throw Misuse("tensor: a resizable ArrayBuffer can only be copied; leave out share");
    // from here on no JavaScript runs: what is checked stays true
    checkShared(env, state);
    forgetShared(env, state);
    void* data = nullptr;
    size_t size = 0;
    check(napi_get_arraybuffer_info(env, argv[0], &data, &size), "an ArrayBuffer");
    if (needed != static_cast<double>(length)) throw Misuse("tensor: shape needs " + format(needed) + " bytes, got " + std::to_string(length));
    if (static_cast<size_t>(offset) > size || static_cast<size_t>(length) > size - offset)
      throw Misuse("tensor: bytes " + std::to_string(offset) + " to " + std::to_string(offset + length) + " lie outside the buffer of " + std::to_string(size));
    auto* bytes = static_cast<char*>(data) + offset;
    if (!share || length == 0) {
      at::Tensor tensor = at::empty(sizes, type);
      if (length > 0) std::memcpy(tensor.data_ptr(), bytes, length);
      if (type == at::kBool) tensor.copy_(tensor.view(at::kByte).ne(0));  // anything but 0 is true: as bytes of 0 and 1
      return fromTensor(env, state, std::move(tensor));
    }
    if (reinterpret_cast<uintptr_t>(bytes) % width != 0) throw Misuse("tensor: elements that are not aligned can only be copied; leave out share");
    if (type == at::kBool && std::any_of(bytes, bytes + length, [](char byte) { return byte != 0 && byte != 1; }))
      throw Misuse("tensor: booleans other than 0 and 1 can only be copied; leave out share");
    at::Tensor tensor = at::from_blob(bytes, sizes, [](void*) {}, at::TensorOptions(type));
    rememberShared(env, state, argv[0], data, tensor);
    return fromTensor(env, state, std::move(tensor));
  });
}

/** An ArrayBuffer by JavaScript's own constructor: where memory is short it throws, and Node-API ends the process. */
static napi_value newBuffer(napi_env env, size_t length, void** data) {
  napi_value global, constructor, size = fromNumber(env, static_cast<double>(length)), buffer;
  check(napi_get_global(env, &global), "a global object");
  check(napi_get_named_property(env, global, "ArrayBuffer", &constructor), "ArrayBuffer");
  check(napi_new_instance(env, constructor, 1, &size, &buffer), "memory for the copy");
  size_t given = 0;
  check(napi_get_arraybuffer_info(env, buffer, data, &given), "an ArrayBuffer");
  if (given != length) throw Misuse("ArrayBuffer was replaced by something else");
  return buffer;
}

/** toBuffer(tensor): an ArrayBuffer with a copy of the elements in row-major order. */
static napi_value toBuffer(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    at::NoGradGuard noGrad;
    at::Tensor given = toTensor(env, state, argv[0]);
    checkShared(env, state);
    if (given._is_zerotensor()) given = at::zeros(given.sizes(), given.scalar_type());  // has no memory: the gradient of sgn
    const at::Tensor tensor = given.detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
    void* data = nullptr;
    napi_value buffer = newBuffer(env, tensor.nbytes(), &data);
    if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
    return buffer;
  });
}

using Pinned = std::shared_ptr<at::DataPtr>;
static void unpin(void* pinned) { delete static_cast<Pinned*>(pinned); }

/** The memory of a storage, shared with it from now on: it outlives the storage, and a storage that is resized. */
static Pinned pin(c10::StorageImpl& storage) {
  if (const auto* pinned = storage.data_ptr().cast_context<Pinned>(&unpin)) return *pinned;
  void* const data = storage.data_ptr().get();
  const auto device = storage.data_ptr().device();
  auto pinned = std::make_shared<at::DataPtr>(storage.set_data_ptr(at::DataPtr()));
  storage.set_data_ptr_noswap(at::DataPtr(data, new Pinned(pinned), &unpin, device));
  return pinned;
}

/** viewBuffer(tensor): an ArrayBuffer over the tensor's own memory (CPU, contiguous), which it keeps alive. */
static napi_value viewBuffer(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const at::Tensor& tensor = toTensor(env, state, argv[0]);
    checkShared(env, state);
    if (!tensor.is_cpu() || !liesPlain(tensor))
      throw Misuse("view: expected a contiguous tensor on the CPU; use data() or contiguous()");
    for (const auto& shared : state.shared)
      for (const auto& storage : shared.storages)
        if (storage.lock().get() == tensor.storage().unsafeGetStorageImpl()) throw Misuse("view: the tensor shares an array of JavaScript's: use that, or data()");
    void* data = nullptr;
    if (tensor.nbytes() == 0) return newBuffer(env, 0, &data);  // a buffer over no memory counts as detached
    data = tensor.data_ptr();
    auto* pinned = new Pinned(pin(*tensor.storage().unsafeGetStorageImpl()));
    const auto forget = [](napi_env, void*, void* hint) { unpin(hint); };
    napi_value buffer;
    if (napi_create_external_arraybuffer(env, data, tensor.nbytes(), forget, pinned, &buffer) != napi_ok) {
      unpin(pinned);
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
  add("isContiguous", isContiguous);
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

// NVRTC and the driver, both looked up when a kernel is first wanted: nothing is linked, and their headers are not needed but for types.
#include "launch.h"

#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <map>
#include <mutex>
#include <tuple>

namespace vitrine {

/** What is said where something on the way to a kernel fails. */
#define VITRINE_REFUSE(...) \
  TORCH_CHECK(false, "kernels for GPUs: ", __VA_ARGS__, "; VITRINE_CUDA_KERNELS=0 takes libtorch's own operators instead")

/** The first of these libraries that is there. libtorch's loader of NVRTC knows where its wheel has put it. */
static void* library(const std::vector<const char*>& names) {
  for (const char* name : names)
    if (void* found = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return found;
  VITRINE_REFUSE(names.front(), " does not load: ", dlerror());
}

template <typename Function>
static Function* symbol(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) VITRINE_REFUSE(name, " is not there");
  return reinterpret_cast<Function*>(found);
}

/** NVRTC's functions, as nvrtc.h declares them: results are enumerations in which 0 is success, programs are pointers. */
struct Nvrtc {
  void* from = library({"libcaffe2_nvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
  int (*create)(void** program, const char* text, const char* name, int, const char* const*, const char* const*) =
      symbol<int(void**, const char*, const char*, int, const char* const*, const char* const*)>(from, "nvrtcCreateProgram");
  int (*compile)(void* program, int count, const char* const* options) = symbol<int(void*, int, const char* const*)>(from, "nvrtcCompileProgram");
  int (*logSize)(void* program, size_t* size) = symbol<int(void*, size_t*)>(from, "nvrtcGetProgramLogSize");
  int (*log)(void* program, char* text) = symbol<int(void*, char*)>(from, "nvrtcGetProgramLog");
  int (*codeSize)(void* program, size_t* size) = symbol<int(void*, size_t*)>(from, "nvrtcGetCUBINSize");
  int (*code)(void* program, char* code) = symbol<int(void*, char*)>(from, "nvrtcGetCUBIN");
  int (*destroy)(void** program) = symbol<int(void**)>(from, "nvrtcDestroyProgram");
  const char* (*text)(int result) = symbol<const char*(int)>(from, "nvrtcGetErrorString");
};

struct Driver {
  void* from = library({"libcuda.so.1"});
#define VITRINE_DRIVER(member, name) decltype(&name) member = symbol<std::remove_pointer_t<decltype(&name)>>(from, #name)
  VITRINE_DRIVER(text, cuGetErrorString);
  VITRINE_DRIVER(currentContext, cuCtxGetCurrent);
  VITRINE_DRIVER(useContext, cuCtxSetCurrent);
  VITRINE_DRIVER(primaryContext, cuDevicePrimaryCtxRetain);
  VITRINE_DRIVER(attribute, cuDeviceGetAttribute);
  VITRINE_DRIVER(load, cuModuleLoadData);
  VITRINE_DRIVER(function, cuModuleGetFunction);
  VITRINE_DRIVER(setAttribute, cuFuncSetAttribute);
  VITRINE_DRIVER(launch, cuLaunchKernel);
#undef VITRINE_DRIVER
};

static const Driver& driver() {
  static const Driver found;
  return found;
}

static void expectDone(CUresult result, const char* what) {
  if (result == CUDA_SUCCESS) return;
  const char* text = "unknown error";
  driver().text(result, &text);
  VITRINE_REFUSE(what, ": ", text);
}

/** Threads of autograd may not have used the driver yet: libtorch's context becomes theirs. */
static void enterContext() {
  CUcontext context = nullptr;
  expectDone(driver().currentContext(&context), "the context");
  if (context != nullptr) return;
  expectDone(driver().primaryContext(&context, c10::cuda::current_device()), "the context");
  expectDone(driver().useContext(context), "the context");
}

static int attribute(CUdevice_attribute name) {
  int value = 0;
  expectDone(driver().attribute(&value, name, c10::cuda::current_device()), "the device");
  return value;
}

uint32_t mostSharedBytes() { return attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN); }

/** Machine code of a source for an architecture such as sm_90. */
static std::string codeFor(const Source& source, const std::string& architecture, const std::vector<std::string>& definitions) {
  static const Nvrtc nvrtc;
  std::vector<std::string> options{"--gpu-architecture=" + architecture, "--std=c++17"};
  for (const auto& definition : definitions) options.push_back("-D" + definition);
  std::vector<const char*> list;
  for (const auto& option : options) list.push_back(option.c_str());
  void* program = nullptr;
  const auto expect = [&](int result, const char* what) {
    if (result != 0) VITRINE_REFUSE(what, " of ", source.name, ": ", nvrtc.text(result));
  };
  expect(nvrtc.create(&program, source.text, source.name, 0, nullptr, nullptr), "NVRTC's program");
  const int result = nvrtc.compile(program, static_cast<int>(list.size()), list.data());
  if (result != 0) {
    size_t size = 0;
    std::string log;
    if (nvrtc.logSize(program, &size) == 0) log.resize(size);
    if (size > 0) nvrtc.log(program, log.data());
    nvrtc.destroy(&program);
    VITRINE_REFUSE("NVRTC does not compile ", source.name, " for ", architecture, ": ", log.substr(0, log.find('\n')), " (", nvrtc.text(result), ")");
  }
  size_t size = 0;
  expect(nvrtc.codeSize(program, &size), "the code");
  std::string code(size, '\0');
  expect(nvrtc.code(program, code.data()), "the code");
  nvrtc.destroy(&program);
  return code;
}

/** A source on a device, and the kernels of it that were wanted. */
struct Loaded {
  CUmodule module = nullptr;
  std::map<std::string, CUfunction> functions;
};

Compiled compiled(const Source& source, const std::string& name, const std::vector<std::string>& definitions, uint32_t sharedBytes) {
  static std::mutex one;
  static std::map<std::tuple<int, std::string, std::vector<std::string>>, Loaded> all;
  const std::lock_guard<std::mutex> lock(one);
  enterContext();
  auto& [module, functions] = all[{c10::cuda::current_device(), source.name, definitions}];
  if (module == nullptr) {
    const int major = attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR), minor = attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    const std::string code = codeFor(source, "sm_" + std::to_string(major) + std::to_string(minor), definitions);
    expectDone(driver().load(&module, code.data()), source.name);
  }
  CUfunction& function = functions[name];
  if (function == nullptr) {
    CUfunction found = nullptr;
    expectDone(driver().function(&found, module, name.c_str()), name.c_str());
    constexpr uint32_t kWithoutAsking = 48 << 10;
    if (sharedBytes > kWithoutAsking)
      expectDone(driver().setAttribute(found, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, static_cast<int>(sharedBytes)), name.c_str());
    function = found;
  }
  return {function, sharedBytes};
}

void launchOn(const Compiled& kernel, uint32_t x, uint32_t y, uint32_t threads, void** arguments) {
  const auto stream = c10::cuda::getCurrentCUDAStream();
  expectDone(driver().launch(kernel.function, x, y, 1, threads, 1, 1, kernel.sharedBytes, stream.stream(), arguments, nullptr), "a launch");
}

}  // namespace vitrine

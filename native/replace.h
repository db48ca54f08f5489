// Kernels of our own in place of libtorch's, on the CPU: what computes, or what records for the way back.
#pragma once
#include <c10/util/Exception.h>
#include <torch/library.h>

namespace vitrine {

/** The library of replaced kernels, while libtorch's warnings of them are silent: replacing is what we do. */
template <c10::DispatchKey key = c10::DispatchKey::CPU, typename Body>
static void replacing(Body body) {
  struct Silent : c10::WarningHandler {
    void process(const c10::Warning&) override {}
  } silent;
  c10::WarningUtils::WarningHandlerGuard guard(&silent);
  static torch::Library library(torch::Library::IMPL, "aten", key, __FILE__, __LINE__);
  body(library);
}

}  // namespace vitrine

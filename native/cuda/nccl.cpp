// Collectives of tensors that lie on GPUs. The only file that includes a header of NCCL's.
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <cstdlib>

#include "group.h"

namespace vitrine {

c10::intrusive_ptr<Backend> openNccl(const Group& group) {
  // to wait for a collective then ends when its time is over, and throws: else a watchdog ends the process, and nothing is saved
  setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/0);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = group.step;
  const auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", group.store);
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, group.rank, group.size, options);
}

}  // namespace vitrine

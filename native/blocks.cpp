// Memory of large tensors: blocks of the system's pages, kept when they are freed for the next tensor of about their size.
#include <ATen/ATen.h>

#ifdef __linux__
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

namespace vitrine {

/** Smaller ones are malloc's. */
constexpr size_t kLarge = 1 << 20;
constexpr size_t kPage = 4096, kHuge = 2 << 20;
/** How much larger than asked for a kept block may be: 1/8. */
constexpr size_t kRoom = 8;
/** Kept beside what was live at the peak: 1/16 of it, and of a small peak this much, where blocks of few sizes fit one another ill. */
constexpr size_t kSlack = 16 << 20;

struct Block {
  char* start;
  size_t size;
};

/**
 * A training step allocates what the one before it freed. malloc would cut kept memory into pieces that fit ever less;
 * giving it back to the system would cost a page fault for every 4 KiB of every step. Here live and kept blocks together hold
 * at most 1/16 (or kSlack) more than the live ones did at their peak; beyond that, those that were freed first go back.
 */
class Blocks final : public c10::Allocator {
 public:
  // const or not: libtorch changed its mind; one of the two overrides
  at::DataPtr allocate(size_t bytes) const { return const_cast<Blocks*>(this)->allocate(bytes); }
  at::DataPtr allocate(size_t bytes) {
    void* data = bytes < kLarge ? c10::alloc_cpu(bytes) : take((bytes + kPage - 1) / kPage * kPage);
    return {data, data, &release, at::Device(at::kCPU)};
  }
  at::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

 private:
  std::mutex mutex;
  std::unordered_map<void*, size_t> sizes;  // of live blocks
  std::list<Block> kept;                    // in the order in which they were freed
  size_t live = 0, held = 0, peak = 0;      // bytes of live, of kept, most of live so far

  static void release(void* data);

  void* take(size_t size) {
    std::lock_guard<std::mutex> lock(mutex);
    auto best = kept.end();
    for (auto block = kept.begin(); block != kept.end(); block++)
      if (block->size >= size && block->size <= size + size / kRoom && (best == kept.end() || block->size <= best->size)) best = block;
    Block block;
    if (best != kept.end()) {
      block = *best;
      kept.erase(best);
      held -= block.size;
    } else {
      const size_t most = std::max(peak, live + size);
      while (!kept.empty() && live + size + held > most + std::max(most / 16, kSlack)) drop();
      block = {map(size), size};
    }
    sizes.emplace(block.start, block.size);
    live += block.size;
    peak = std::max(peak, live);
    return block.start;
  }

  void drop() {
    munmap(kept.front().start, kept.front().size);
    held -= kept.front().size;
    kept.pop_front();
  }

  /** Fresh pages, from a boundary of huge ones on; what fills huge pages is asked for as such. */
  char* map(size_t size) {
    const size_t room = size + kHuge;
    void* found;
    while ((found = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED) {
      if (kept.empty()) TORCH_CHECK(false, "can't allocate memory: you tried to allocate ", size, " bytes");
      drop();
    }
    char* const begin = static_cast<char*>(found);
    char* const start = begin + (kHuge - reinterpret_cast<uintptr_t>(begin) % kHuge) % kHuge;
    if (start > begin) munmap(begin, start - begin);
    if (begin + room > start + size) munmap(start + size, begin + room - start - size);
    if (size >= kHuge) madvise(start, size / kHuge * kHuge, MADV_HUGEPAGE);
    return start;
  }
};

static Blocks& blocks() {
  static auto* one = new Blocks();  // never destroyed: tensors may outlive whatever would destroy it
  return *one;
}

void Blocks::release(void* data) {
  if (data == nullptr) return;
  auto& all = blocks();
  if (reinterpret_cast<uintptr_t>(data) % kHuge == 0) {  // every block begins there, and few other things do
    std::lock_guard<std::mutex> lock(all.mutex);
    const auto found = all.sizes.find(data);
    if (found != all.sizes.end()) {
      all.kept.push_back({static_cast<char*>(data), found->second});
      all.held += found->second;
      all.live -= found->second;
      all.sizes.erase(found);
      return;
    }
  }
  c10::free_cpu(data);
}

void keepBlocks() { c10::SetAllocator(c10::DeviceType::CPU, &blocks()); }

}  // namespace vitrine
#else
namespace vitrine {
void keepBlocks() {}
}  // namespace vitrine
#endif

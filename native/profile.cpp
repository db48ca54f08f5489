// Where the time goes: each operator's own time, on the way there and on the way back.
#include <ATen/record_function.h>

#include <chrono>
#include <map>
#include <mutex>

#include "environment.h"

namespace vitrine {

struct Spent {
  int64_t calls = 0;
  double seconds = 0;
};

/** What runs, and how much of its time went to operators that it called. */
struct Running : at::ObserverContext {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double inner = 0;
  Running* outer;

  explicit Running(Running* outer) : outer(outer) {}
};

static thread_local Running* innermost = nullptr;
static std::mutex mutex;  // of a device, the way back runs on a thread of autograd's
static std::map<std::string, Spent> spent;
static at::CallbackHandle handle = 0;

static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction&) {
  auto running = std::make_unique<Running>(innermost);
  innermost = running.get();
  return running;
}

static void end(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* const running = static_cast<Running*>(context);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - running->start).count();
  innermost = running->outer;
  if (running->outer != nullptr) running->outer->inner += seconds;
  const bool back = function.scope() == at::RecordScope::BACKWARD_FUNCTION;
  std::lock_guard<std::mutex> lock(mutex);
  Spent& all = spent[std::string(function.name()) + (back ? " (backward)" : "")];
  all.calls++;
  all.seconds += seconds - running->inner;
}

/** Starts anew; the operators of this thread count, not those that share one of them among threads. */
static napi_value profileStart(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) {
    if (handle != 0) throw Misuse("a profile is being taken: end it first");
    spent.clear();
    handle = at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    return undefined(env);
  });
}

/** [name, calls, seconds of its own] of every operator since the start. */
static napi_value profileEnd(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) {
    if (handle == 0) throw Misuse("no profile is being taken: start one first");
    at::removeCallback(handle);
    handle = 0;
    std::lock_guard<std::mutex> lock(mutex);
    const napi_value rows = newArray(env, spent.size());
    uint32_t i = 0;
    for (const auto& [name, all] : spent) {
      const napi_value row = newArray(env, 3);
      setAt(env, row, 0, fromString(env, name));
      setAt(env, row, 1, fromNumber(env, static_cast<double>(all.calls)));
      setAt(env, row, 2, fromNumber(env, all.seconds));
      setAt(env, rows, i++, row);
    }
    return rows;
  });
}

void exportProfile(Exports& exports) {
  exports.push_back({"profileStart", nullptr, profileStart, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  exports.push_back({"profileEnd", nullptr, profileEnd, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

}  // namespace vitrine

// Work on Node's thread pool, as a promise.
#pragma once
#include <functional>
#include <memory>

#include "environment.h"

namespace vitrine {

struct Job {
  std::function<void()> work;                  // on another thread: nothing of JavaScript
  std::function<napi_value(napi_env)> result;  // back on JavaScript's
  std::exception_ptr error;
  napi_deferred deferred = nullptr;
  napi_async_work handle = nullptr;
};

/** Makes the error that `guarded` would throw, and hands it to the promise. */
static void settle(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Job> job(static_cast<Job*>(data));
  napi_delete_async_work(env, job->handle);
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  const napi_value value = translated(env, [&] {
    if (job->error) std::rethrow_exception(job->error);
    return job->result(env);
  });
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  napi_value error;
  if (pending && napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_reject_deferred(env, job->deferred, error);
  else napi_resolve_deferred(env, job->deferred, value);
  napi_close_handle_scope(env, scope);
}

static napi_value promised(napi_env env, std::function<void()> work, std::function<napi_value(napi_env)> result = undefined) {
  auto job = std::make_unique<Job>();
  job->work = std::move(work);
  job->result = std::move(result);
  napi_value promise;
  check(napi_create_promise(env, &job->deferred, &promise), "a promise");
  const auto execute = [](napi_env, void* data) {
    auto* job = static_cast<Job*>(data);
    try {
      job->work();
    } catch (...) {
      job->error = std::current_exception();
    }
  };
  check(napi_create_async_work(env, nullptr, fromString(env, "vitrine"), execute, settle, job.get(), &job->handle), "work");
  check(napi_queue_async_work(env, job->handle), "work");
  job.release();
  return promise;
}

}  // namespace vitrine

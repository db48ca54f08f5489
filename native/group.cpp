// Opening and closing groups of processes, their store, and what is said when one of them is lost.
#include "group.h"

#include <c10/util/Logging.h>

#include <future>
#include <thread>

#include "promise.h"

namespace vitrine {

#if VITRINE_GROUPS

/** Seconds that survivors of a failure have to say that they are there, and that a busy machine may take beside them. */
constexpr double kAnswer = 0.8, kBusy = 2;

static std::string failedKey(int rank) { return "failed/" + std::to_string(rank); }

static std::string listed(const std::vector<int>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); i++) text += (i ? ", " : "") + std::to_string(ranks[i]);
  return text;
}

/** Marks this rank as alive in the store, and finds whose mark does not come; rank 0 where its store is gone. */
static std::vector<int> absentees(const Group& group) {
  auto answer = std::make_shared<std::promise<std::vector<int>>>();
  auto found = answer->get_future();
  // a store whose process is stopped does not answer, whatever the time-out: the thread is left behind
  std::thread([store = group.store, rank = group.rank, size = group.size, answer] {
    std::vector<int> absent;
    try {
      store->set(failedKey(rank), std::vector<uint8_t>{1});
      const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(kAnswer);
      for (int other = 0; other < size; other++) {
        if (other == rank) continue;
        bool there = store->check({failedKey(other)});
        while (!there && std::chrono::steady_clock::now() < until) {
          std::this_thread::sleep_for(Milliseconds(20));
          there = store->check({failedKey(other)});
        }
        if (!there) absent.push_back(other);
      }
    } catch (const std::exception&) {
      absent = {0};
    }
    answer->set_value(absent);
  }).detach();
  const bool answered = found.wait_for(std::chrono::duration<double>(kAnswer + kBusy)) == std::future_status::ready;
  auto absent = answered ? found.get() : std::vector<int>{0};
  // a store that a launcher serves says nothing of rank 0, nor does rank 0 of itself
  if ((!group.served || group.rank == 0) && absent == std::vector<int>{0}) absent.clear();
  return absent;
}

/** What Gloo says, without the place in its source and its advice, which ours takes the place of. */
static std::string reasonOf(const std::string& text) {
  std::string line = firstLine(text);
  line = line.substr(0, line.find(". This is typically caused by"));
  const auto end = line.find("] ");
  return line[0] == '[' && end != std::string::npos ? line.substr(end + 2) : line;
}

void Group::lose(const std::string& name, const std::string& reason) {
  failed = true;
  const auto absent = absentees(*this);
  const std::string who = absent.empty() ? "a process of the group" : listed(absent);
  throw PeerLost(name + " on rank " + std::to_string(rank) + ": " + who + (absent.size() > 1 ? " do" : " does") +
                 " not answer (" + reasonOf(reason) + ")");
}

void Group::finish(const Work& work, const std::string& name) {
  std::string reason;
  try {
    work->wait();
    return;
  } catch (const c10::Error& error) {
    reason = error.what_without_backtrace();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  lose(name, reason);
}

Group& toGroup(napi_env env, Environment& state, napi_value value) {
  const auto& found = state.groups[toIndex(env, value, state.groups.size(), "a group")];
  if (!found) throw Misuse("the group of processes is closed");
  auto& group = static_cast<Group&>(*found);
  if (group.failed) throw PeerLost("the group of processes has lost a member");
  return group;
}

/** Waits until every rank has said that it is there. @throws Misuse ranks that disagree about their number */
static void meet(Group& group) {
  const std::string text = std::to_string(group.size);
  const std::vector<uint8_t> own(text.begin(), text.end()), first = group.store->compareSet("size", {}, own);
  if (first != own)
    throw Misuse("rank " + std::to_string(group.rank) + " is one of " + text + " processes, another rank is one of " +
                 std::string(first.begin(), first.end()) + "; give all of them the same WORLD_SIZE");
  const auto key = [](int rank) { return "here/" + std::to_string(rank); };
  group.store->set(key(group.rank), std::vector<uint8_t>{1});
  const auto until = std::chrono::steady_clock::now() + group.start;
  std::vector<int> absent;
  do {
    absent.clear();
    for (int rank = 0; rank < group.size; rank++)
      if (!group.store->check({key(rank)})) absent.push_back(rank);
    if (absent.empty()) return;
    std::this_thread::sleep_for(Milliseconds(10));
  } while (std::chrono::steady_clock::now() < until);
  throw PeerLost("start on rank " + std::to_string(group.rank) + ": " + listed(absent) + " did not come within " +
                 format(group.start.count() / 1000.0) + " s");
}

struct Address {
  std::string host, prefix, interface;
  uint16_t port;
};

/** Gloo's device: that of an interface, or where the store is on this machine the loopback. */
static auto deviceOf(const Address& at) {
  using Gloo = c10d::ProcessGroupGloo;
  if (!at.interface.empty()) return Gloo::createDeviceForInterface(at.interface);
  if (at.host == "127.0.0.1" || at.host == "localhost") return Gloo::createDeviceForHostname("127.0.0.1");
  return Gloo::createDefaultDevice();
}

static void open(Group& group, const Address& at, bool serves, bool nccl) {
  c10d::TCPStoreOptions options;
  options.port = at.port;
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = group.start;
  c10::intrusive_ptr<c10d::Store> store;
  const std::string where = at.host + ":" + std::to_string(at.port);
  try {
    store = c10::make_intrusive<c10d::TCPStore>(at.host, options);
  } catch (const std::exception& error) {
    if (serves) throw Misuse("rank 0 cannot listen at " + where + " (" + firstLine(error.what()) + "); choose another MASTER_PORT");
    throw PeerLost("start on rank " + std::to_string(group.rank) + ": nothing answers at " + where + " within " +
                   format(group.start.count() / 1000.0) + " s; look at MASTER_ADDR, MASTER_PORT and rank 0");
  }
  group.store = c10::make_intrusive<c10d::PrefixStore>(at.prefix, store);
  meet(group);
  auto settings = c10d::ProcessGroupGloo::Options::create(group.step);
  try {
    settings->devices.push_back(deviceOf(at));
    group.gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(group.store, group.rank, group.size, settings);
  } catch (const std::exception& error) {
    throw PeerLost("start on rank " + std::to_string(group.rank) + ": the processes cannot reach each other (" +
                   reasonOf(error.what()) + "); name the network's interface in GLOO_SOCKET_IFNAME");
  }
#ifdef VITRINE_NCCL
  if (nccl) group.nccl = openNccl(group);
#endif
}

/** groupOpen(host, port, rank, size, serves, prefix, interface, start, step, nccl) → promise of its number; times in ms. */
static napi_value groupOpen(napi_env env, napi_callback_info info) {
  return guarded<10>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    FLAGS_caffe2_log_level = 3;  // c10d prints its stack for what becomes an error of ours
    auto group = c10::make_intrusive<Group>();
    const Address at = {toString(env, argv[0]), toString(env, argv[5]), toString(env, argv[6]),
                        static_cast<uint16_t>(toWhole(env, argv[1], 1, 65535, "a port from 1 to 65535"))};
    group->size = toWhole(env, argv[3], 1, 65536, "a number of processes");
    group->rank = toWhole(env, argv[2], 0, group->size - 1, "a rank below the number of processes");
    const bool serves = toBool(env, argv[4]), nccl = toBool(env, argv[9]);
    group->served = serves || group->rank != 0;
    group->start = Milliseconds(toWhole(env, argv[7], 1, 1e9, "milliseconds"));
    group->step = Milliseconds(toWhole(env, argv[8], 1, 1e9, "milliseconds"));
    return promised(env, [=] { open(*group, at, serves, nccl); }, [=, &state](napi_env env) {
      state.groups.push_back(group);
      return fromInt(env, static_cast<int32_t>(state.groups.size() - 1));
    });
  });
}

/** groupClose(group): its sockets and threads end; those of one that failed are left to the process's end. */
static napi_value groupClose(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    state.groups[toIndex(env, argv[0], state.groups.size(), "a group")].reset();
    return undefined(env);
  });
}

/** A group that outlives the call, for another thread. */
static c10::intrusive_ptr<Group> shared(napi_env env, Environment& state, napi_value value) {
  return c10::intrusive_ptr<Group>::reclaim_copy(&toGroup(env, state, value));
}

/** groupBarrier(group) → promise */
static napi_value groupBarrier(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto group = shared(env, state, argv[0]);
    return promised(env, [=] { group->finish(group->gloo->barrier(), "barrier"); });
  });
}

/** groupSet(group, key, text) */
static napi_value groupSet(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    auto& group = toGroup(env, state, argv[0]);
    const std::string text = toString(env, argv[2]);
    group.store->set("text/" + toString(env, argv[1]), std::vector<uint8_t>(text.begin(), text.end()));
    return undefined(env);
  });
}

/** groupGet(group, key) → promise of the text, once a rank has set it */
static napi_value groupGet(napi_env env, napi_callback_info info) {
  return guarded<2>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const auto group = shared(env, state, argv[0]);
    const std::string key = toString(env, argv[1]);
    auto text = std::make_shared<std::string>();
    const auto wait = [=] {
      try {
        group->store->wait({"text/" + key}, group->step);
        const auto bytes = group->store->get("text/" + key);
        text->assign(bytes.begin(), bytes.end());
      } catch (const std::exception& error) {
        throw PeerLost("rank " + std::to_string(group->rank) + " waited " + format(group->step.count() / 1000.0) + " s for \"" +
                       key + "\" from another rank");
      }
    };
    return promised(env, wait, [=](napi_env env) { return fromString(env, *text); });
  });
}

static napi_value groupBytes(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    return fromNumber(env, static_cast<double>(toGroup(env, state, argv[0]).bytes));
  });
}

#else

static napi_value groupOpen(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) -> napi_value {
    throw Misuse("several processes need libtorch 1.13 or later, this is " TORCH_VERSION);
  });
}

#endif

void exportGroup(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("groupOpen", groupOpen);
#if VITRINE_GROUPS
  add("groupClose", groupClose);
  add("groupBarrier", groupBarrier);
  add("groupSet", groupSet);
  add("groupGet", groupGet);
  add("groupBytes", groupBytes);
#endif
}

}  // namespace vitrine

// What must exist once per program. An object made by simdnn_add_isa_variants keeps its own copy of
// every inline variable; isa::dispatch points that copy at the caller's.
#pragma once

#include <atomic>
#include <memory_resource>

namespace simdnn {
struct call_hook;
class memory_pool;
}  // namespace simdnn

namespace simdnn::isa {

/// Whether calls are printed; unknown until somebody has looked into the environment.
enum class verbosity { unknown, off, on };

/// Settings and state shared by all units of a program. Whoever adds such a thing adds a member,
/// constant-initialised.
struct program_state {
  /// What the user set as default resource, and the pool that serves if nothing is set.
  std::atomic<std::pmr::memory_resource*> default_memory{nullptr};
  std::atomic<memory_pool*> pool{nullptr};
  /// Who is told of calls, and whether they are printed (trace/call_record.hpp).
  std::atomic<const call_hook*> hook{nullptr};
  std::atomic<verbosity> verbose{verbosity::unknown};
  /// Set in the child of a fork that follows a parallel loop (parallel/executor.hpp).
  std::atomic<bool> forked{false};
};

/// Which state this unit sees: its own, until dispatch says otherwise.
struct program_slot {
  static constinit inline program_state own;
  static constinit inline std::atomic<program_state*> current{&own};
};

inline program_state& program() { return *program_slot::current.load(std::memory_order_acquire); }

/// From now on this unit's program() is `state`, which must outlive the unit's last use of it.
inline void adopt_program(program_state& state) {
  program_slot::current.store(&state, std::memory_order_release);
}

}  // namespace simdnn::isa

// State that must exist once per program. An object file made by simdnn_add_isa_variants has its
// own copy of every inline variable; isa::dispatch makes it use the caller's state.
#pragma once

#include <atomic>
#include <memory_resource>

namespace simdnn {
struct call_hook;
class memory_pool;
}  // namespace simdnn

namespace simdnn::isa {

/// Whether calls are printed; unknown until the environment has been read.
enum class verbosity { unknown, off, on };

/// Settings and state shared by all units of a program. All of it is declared here, and every
/// member is constant-initialised.
struct program_state {
  /// The default resource that the user set, and the pool that is used if none is set.
  std::atomic<std::pmr::memory_resource*> default_memory{nullptr};
  std::atomic<memory_pool*> pool{nullptr};
  /// The hook that receives records of calls, and whether calls are printed
  /// (trace/call_record.hpp).
  std::atomic<const call_hook*> hook{nullptr};
  std::atomic<verbosity> verbose{verbosity::unknown};
  /// Set in the child of a fork that follows a parallel loop (parallel/executor.hpp).
  std::atomic<bool> forked{false};
  /// Changes in the child of a fork that follows the construction of a pool (parallel/pool.hpp).
  std::atomic<unsigned> generation{0};
  /// The CPUs that the process may use, 0 until they have been counted (parallel/usable_cpus.hpp),
  /// and whether a call has been reported that uses more threads (trace/oversubscription.hpp).
  std::atomic<int> usable_cpus{0};
  std::atomic<bool> oversubscribed{false};
};

/// The state that this unit uses: its own, until dispatch replaces it.
struct program_slot {
  static constinit inline program_state own;
  static constinit inline std::atomic<program_state*> current{&own};
};

inline program_state& program() { return *program_slot::current.load(std::memory_order_acquire); }

/// Makes program() of this unit return `state`, which must outlive the unit's last use of it.
inline void adopt_program(program_state& state) {
  program_slot::current.store(&state, std::memory_order_release);
}

}  // namespace simdnn::isa

// The algorithm that a plan has chosen and constructed, without its type: plans hold it.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>
#include <type_traits>

namespace simdnn::inline SIMDNN_ABI {

/// Immutable; copies share the algorithm. algorithms::visit and algorithms::get_if give it back its
/// type.
class chosen_algorithm {
 public:
  /// Constructs entry `index` of a list of algorithms. Allocates nothing if the algorithm is small
  /// and trivially copyable.
  template <class Algorithm, class Query>
  static chosen_algorithm make(const Query& query, int index) {
    chosen_algorithm chosen;
    chosen.index_ = index;
    chosen.name_ = chosen.packed_name_ = Algorithm::name;
    if constexpr (in_place<Algorithm>)
      ::new (static_cast<void*>(chosen.memory_)) Algorithm(query);
    else
      chosen.shared_ = std::make_shared<const Algorithm>(query);
    const Algorithm& algorithm = chosen.get<Algorithm>();
    if constexpr (requires { algorithm.packed_name(); })
      chosen.packed_name_ = algorithm.packed_name();
    if constexpr (requires { algorithm.packed_elements(); })
      chosen.packed_elements_ = algorithm.packed_elements();
    if constexpr (requires { algorithm.workspace_bytes(1); })
      chosen.workspace_bytes_ = [](const chosen_algorithm& c, int workers) -> index_t {
        return c.get<Algorithm>().workspace_bytes(workers);
      };
    return chosen;
  }

  const char* name() const { return name_; }
  int index() const { return index_; }
  /// Elements of packed weights; 0 if there are none.
  index_t packed_elements() const { return packed_elements_; }
  /// Tells packed weights of one order from those of another.
  const char* packed_name() const { return packed_name_; }
  /// What a call needs that runs with so many workers.
  index_t workspace_bytes(int workers) const {
    return workspace_bytes_ == nullptr ? 0 : workspace_bytes_(*this, workers);
  }

  /// The algorithm itself. Algorithm must be entry index() of the list.
  template <class Algorithm>
  const Algorithm& get() const {
    if constexpr (in_place<Algorithm>)
      return *std::launder(reinterpret_cast<const Algorithm*>(memory_));
    else
      return *static_cast<const Algorithm*>(shared_.get());
  }

 private:
  static constexpr std::size_t room = 192;
  template <class Algorithm>
  static constexpr bool in_place =
      std::is_trivially_copyable_v<Algorithm> && sizeof(Algorithm) <= room &&
      alignof(Algorithm) <= alignof(std::max_align_t);
  chosen_algorithm() = default;

  int index_ = 0;
  const char* name_ = "";
  const char* packed_name_ = "";
  index_t packed_elements_ = 0;
  index_t (*workspace_bytes_)(const chosen_algorithm&, int workers) = nullptr;
  std::shared_ptr<const void> shared_;
  alignas(std::max_align_t) std::byte memory_[room] = {};
};

}  // namespace simdnn::inline SIMDNN_ABI

// Several ISAs in one program. The kernels stand behind a plain struct of function pointers:
//     // kernels.hpp
//     struct kernels { double (*sum)(const float*, simdnn::index_t); };
//     SIMDNN_ISA_VARIANTS(kernels)
//     // kernels.cpp, compiled once per ISA by simdnn_add_isa_variants
//     SIMDNN_ISA_TABLE(kernels) = {.sum = sum<simdnn::isa::native>};
//     // main.cpp
//     const auto k = simdnn::isa::dispatch<kernels>();
//     k->sum(x, n);
#pragma once

#include <algorithm>
#include <cstdlib>
#include <simdnn/base/error.hpp>
#include <simdnn/isa/cpu.hpp>
#include <simdnn/isa/program.hpp>
#include <span>
#include <string>
#include <string_view>

namespace simdnn::isa {

/// One compiled variant: the only symbol that its object shows.
struct variant {
  id isa;
  const void* table;
  void (*adopt)(program_state&);
};

/// All that were compiled.
struct variant_list {
  std::span<const variant* const> variants;
};

/// The chosen table, which lives as long as the program.
template <class Table>
class dispatched {
 public:
  explicit dispatched(const variant& v) : variant_(&v) {}

  const Table& table() const { return *static_cast<const Table*>(variant_->table); }
  const Table* operator->() const { return &table(); }
  operator const Table&() const { return table(); }
  id isa() const { return variant_->isa; }
  const char* name() const { return to_name(isa()); }

 private:
  const variant* variant_;
};

inline namespace SIMDNN_ABI {

namespace detail {

// "sse42, avx2" of those up to `best`.
inline std::string names_of(const variant_list& list, id best) {
  std::string names;
  for (const variant* v : list.variants) {
    if (v->isa > best) continue;
    if (!names.empty()) names += ", ";
    names += to_name(v->isa);
  }
  return names.empty() ? "nothing" : names;
}

inline const variant& find_variant(const variant_list& list, std::string_view name,
                                   const char* argument) {
  for (const variant* v : list.variants) {
    if (name == to_name(v->isa)) return *v;
  }
  throw_error("dispatch", argument, "this program has " + names_of(list, all.back()),
              "is \"" + std::string(name) + '"');
}

// `cpu` is the best ISA that may run, `limit` SIMDNN_MAX_ISA or empty.
inline const variant& choose_variant(const variant_list& list, id cpu, std::string_view limit) {
  const id best =
      limit.empty() ? cpu : std::min(cpu, find_variant(list, limit, "SIMDNN_MAX_ISA").isa);
  const variant* chosen = nullptr;
  for (const variant* v : list.variants) {
    if (v->isa <= best && (chosen == nullptr || v->isa > chosen->isa)) chosen = v;
  }
  if (chosen == nullptr) {
    throw_error("dispatch", "the CPU", "this program has " + names_of(list, all.back()),
                std::string("runs ") + to_name(cpu));
  }
  return *chosen;
}

inline const variant& named_variant(const variant_list& list, id cpu, std::string_view name) {
  const variant& v = find_variant(list, name, "isa");
  if (v.isa > cpu) {
    throw_error("dispatch", "isa", "this CPU runs " + names_of(list, cpu),
                "is \"" + std::string(name) + '"');
  }
  return v;
}

}  // namespace detail

/// The variant for the best ISA of this CPU. SIMDNN_MAX_ISA=avx2 in the environment lowers the
/// choice; a name there that is unknown or was not compiled is an error that lists those there are.
template <class Table>
dispatched<Table> dispatch() {
  const char* limit = std::getenv("SIMDNN_MAX_ISA");
  const variant& v = detail::choose_variant(simdnn_isa_variants(static_cast<Table*>(nullptr)),
                                            best_supported(), limit == nullptr ? "" : limit);
  v.adopt(program());
  return dispatched<Table>(v);
}

/// The variant of that name, whatever SIMDNN_MAX_ISA says; an error that lists those there are
/// where it is unknown, was not compiled or cannot run here.
template <class Table>
dispatched<Table> dispatch(std::string_view name) {
  const variant& v = detail::named_variant(simdnn_isa_variants(static_cast<Table*>(nullptr)),
                                           best_supported(), name);
  v.adopt(program());
  return dispatched<Table>(v);
}

}  // namespace SIMDNN_ABI
}  // namespace simdnn::isa

#define SIMDNN_ISA_SYMBOL_PASTE(Table, isa) simdnn_isa_##Table##_##isa
#define SIMDNN_ISA_SYMBOL(Table, isa) SIMDNN_ISA_SYMBOL_PASTE(Table, isa)

/// Behind the struct, in its namespace: makes dispatch<Table>() find the variants that
/// simdnn_add_isa_variants(... TABLE Table) compiled. Tables of one program differ in name.
#define SIMDNN_ISA_VARIANTS(Table)                                                 \
  extern "C" const ::simdnn::isa::variant_list SIMDNN_ISA_SYMBOL(Table, variants); \
  inline const ::simdnn::isa::variant_list& simdnn_isa_variants(Table*) {          \
    return SIMDNN_ISA_SYMBOL(Table, variants);                                     \
  }

/// SIMDNN_ISA_TABLE(kernels) = {.sum = sum<simdnn::isa::native>};
/// defines this unit's table, in the struct's namespace. A constant: nothing runs before main.
#define SIMDNN_ISA_TABLE(Table)                                                       \
  namespace {                                                                         \
  struct simdnn_isa_table_of_##Table {                                                \
    static const Table value;                                                         \
  };                                                                                  \
  }                                                                                   \
  extern "C" {                                                                        \
  extern const ::simdnn::isa::variant SIMDNN_ISA_SYMBOL(Table, SIMDNN_NATIVE_ISA);    \
  constinit const ::simdnn::isa::variant SIMDNN_ISA_SYMBOL(Table, SIMDNN_NATIVE_ISA){ \
      ::simdnn::isa::native::value, &simdnn_isa_table_of_##Table::value,              \
      &::simdnn::isa::adopt_program};                                                 \
  }                                                                                   \
  constinit const Table simdnn_isa_table_of_##Table::value

// Several ISAs in one program. The kernels are called through a struct of function pointers:
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

/// A table of functions compiled for one ISA: the only symbol that its object file exports.
struct compiled_table {
  id isa;
  const void* table;
  void (*adopt)(program_state&);
};

/// The tables that were compiled from one struct, one per ISA.
struct compiled_tables {
  std::span<const compiled_table* const> tables;
};

/// The chosen table, which lives as long as the program.
template <class Table>
class dispatched {
 public:
  explicit dispatched(const compiled_table& v) : compiled_(&v) {}

  const Table& table() const { return *static_cast<const Table*>(compiled_->table); }
  const Table* operator->() const { return &table(); }
  operator const Table&() const { return table(); }
  id isa() const { return compiled_->isa; }
  const char* name() const { return to_name(isa()); }

 private:
  const compiled_table* compiled_;
};

inline namespace SIMDNN_ABI {

namespace detail {

// The names of the tables up to `best`, such as "sse42, avx2".
inline std::string names_of(const compiled_tables& list, id best) {
  std::string names;
  for (const compiled_table* v : list.tables) {
    if (v->isa > best) continue;
    if (!names.empty()) names += ", ";
    names += to_name(v->isa);
  }
  return names.empty() ? "nothing" : names;
}

inline const compiled_table& find_table(const compiled_tables& list, std::string_view name,
                                        const char* argument) {
  for (const compiled_table* v : list.tables) {
    if (name == to_name(v->isa)) return *v;
  }
  throw_error("dispatch", argument,
              "one that this program has (" + names_of(list, all.back()) + ")",
              '"' + std::string(name) + '"');
}

// `cpu` is the best ISA of the CPU, `limit` the value of SIMDNN_MAX_ISA or empty.
inline const compiled_table& choose_table(const compiled_tables& list, id cpu,
                                          std::string_view limit) {
  const id best =
      limit.empty() ? cpu : std::min(cpu, find_table(list, limit, "SIMDNN_MAX_ISA").isa);
  const compiled_table* chosen = nullptr;
  for (const compiled_table* v : list.tables) {
    if (v->isa <= best && (chosen == nullptr || v->isa > chosen->isa)) chosen = v;
  }
  if (chosen == nullptr) {
    throw_error("dispatch", "the CPU",
                "one that runs an ISA of this program (" + names_of(list, all.back()) + ")",
                std::string("one that runs ") + to_name(cpu));
  }
  return *chosen;
}

inline const compiled_table& named_table(const compiled_tables& list, id cpu,
                                         std::string_view name) {
  const compiled_table& v = find_table(list, name, "isa");
  if (v.isa > cpu) {
    throw_error("dispatch", "isa", "one that this CPU runs (" + names_of(list, cpu) + ")",
                '"' + std::string(name) + '"');
  }
  return v;
}

}  // namespace detail

/// The table for the best ISA of this CPU. SIMDNN_MAX_ISA=avx2 in the environment limits the
/// choice. Throws error, listing the program's ISAs, if the name in SIMDNN_MAX_ISA is unknown or
/// was not compiled, or if no table runs on this CPU.
template <class Table>
dispatched<Table> dispatch() {
  const char* limit = std::getenv("SIMDNN_MAX_ISA");
  const compiled_table& v = detail::choose_table(simdnn_isa_variants(static_cast<Table*>(nullptr)),
                                                 best_supported(), limit == nullptr ? "" : limit);
  v.adopt(program());
  return dispatched<Table>(v);
}

/// The table of the ISA with this name; SIMDNN_MAX_ISA is ignored. Throws error, listing the ISAs
/// to choose from, if the name is unknown, was not compiled or does not run on this CPU.
template <class Table>
dispatched<Table> dispatch(std::string_view name) {
  const compiled_table& v = detail::named_table(simdnn_isa_variants(static_cast<Table*>(nullptr)),
                                                best_supported(), name);
  v.adopt(program());
  return dispatched<Table>(v);
}

}  // namespace SIMDNN_ABI
}  // namespace simdnn::isa

#define SIMDNN_ISA_SYMBOL_PASTE(Table, isa) simdnn_isa_##Table##_##isa
#define SIMDNN_ISA_SYMBOL(Table, isa) SIMDNN_ISA_SYMBOL_PASTE(Table, isa)

/// Written after the struct, in its namespace. Lets dispatch<Table>() find the tables that
/// simdnn_add_isa_variants(... TABLE Table) compiled. A program's tables need different names.
#define SIMDNN_ISA_VARIANTS(Table)                                                    \
  extern "C" const ::simdnn::isa::compiled_tables SIMDNN_ISA_SYMBOL(Table, variants); \
  inline const ::simdnn::isa::compiled_tables& simdnn_isa_variants(Table*) {          \
    return SIMDNN_ISA_SYMBOL(Table, variants);                                        \
  }

/// SIMDNN_ISA_TABLE(kernels) = {.sum = sum<simdnn::isa::native>};
/// defines this unit's table, in the struct's namespace. A constant: no code runs before main.
#define SIMDNN_ISA_TABLE(Table)                                                              \
  namespace {                                                                                \
  struct simdnn_isa_table_of_##Table {                                                       \
    static const Table value;                                                                \
  };                                                                                         \
  }                                                                                          \
  extern "C" {                                                                               \
  extern const ::simdnn::isa::compiled_table SIMDNN_ISA_SYMBOL(Table, SIMDNN_NATIVE_ISA);    \
  constinit const ::simdnn::isa::compiled_table SIMDNN_ISA_SYMBOL(Table, SIMDNN_NATIVE_ISA){ \
      ::simdnn::isa::native::value, &simdnn_isa_table_of_##Table::value,                     \
      &::simdnn::isa::adopt_program};                                                        \
  }                                                                                          \
  constinit const Table simdnn_isa_table_of_##Table::value

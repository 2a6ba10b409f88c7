// Makes the call record of a plan's call from its operands. It is not a template, so that it is
// compiled once.
#pragma once

#include <simdnn/plan/operands.hpp>
#include <simdnn/trace/call_record.hpp>
#include <span>
#include <string>
#include <utility>

namespace simdnn {

/// The record has the layouts of the operands, in the table's order; packed weights have one if the
/// table fixes it. Its bytes are those of all operands that are present.
SIMDNN_NOINLINE inline call_record record_of(const char* op, std::string problem, const char* isa,
                                             const char* algorithm, double flops,
                                             std::span<const erased_operand> operands) {
  call_record call{.op = op,
                   .problem = std::move(problem),
                   .type = operands[0].type,
                   .isa = isa,
                   .algorithm = algorithm,
                   .flops = flops};
  for (const erased_operand& e : operands) {
    const bool packed_in_one_layout = !e.present && e.fixed && e.shape.rank() != 0;
    // append() instead of operator+, about which gcc 12 warns without cause (PR105651).
    if (e.present || packed_in_one_layout)
      call.layouts.append(call.layouts.empty() ? "" : ":").append(e.layout.text());
    if (e.present || e.shape.rank() != 0)
      call.bytes += static_cast<double>(e.shape.elements()) * static_cast<double>(e.bytes);
  }
  return call;
}

}  // namespace simdnn

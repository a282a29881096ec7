#pragma once

#include "sim/trace/trace.h"

namespace titan::trace {

/// Numbers operators, collectives, transfers and names of scopes in the order of their first use and drops those that
/// no node uses: however they were found out, equal recordings are equal traces. Groups stay, as ranks hold them
/// unused.
void renumber_by_use(Trace& trace);

}  // namespace titan::trace

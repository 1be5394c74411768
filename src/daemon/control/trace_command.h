// The commands that turn a board's trace on and off.
#pragma once

#include <string>

#include "daemon/control/control.h"
#include "daemon/session/trace.h"

namespace plugboard::daemon {

/// `file`: made anew; empty: the daemon's standard error, which is its log.
Outcome<Done> start_trace(Trace& trace, const std::string& file);

/// "trace" of docs/control.md. `trace` outlives them.
void add_trace_command(Commands& commands, Trace& trace);

}  // namespace plugboard::daemon

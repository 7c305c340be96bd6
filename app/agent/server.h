// The agent's side of the conversation: requests in, events out, one trial at a time.
#pragma once

#include "app/agent/guardian.h"

namespace pilotlight::agent {

// Blocks SIGTERM, SIGINT and SIGHUP for serve() to read; call before any thread is started.
void blockSignals();

// Says hello on `out`, then serves requests from `in` until it ends, a quit request, or one of the blocked signals; a running trial is cancelled
// then. Runs trials on the calling thread, which must be the main thread. Returns the exit code.
[[nodiscard]] int serve(int in, int out, Guardian& guardian);

}  // namespace pilotlight::agent

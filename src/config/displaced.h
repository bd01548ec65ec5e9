// Statements that exclude each other: what a file or an option states displaces what the files
// below it say of the same matter. Both in one file stay, for check() to refuse.
#pragma once

#include "epfleet/config/document.h"

namespace epfleet::config {

// Takes out of `below` what `over` says in another way, and makes the traffic plain where `over`
// states its load. REQUIRES: before over is merged on below.
void displace(Node& below, Node& over);

}  // namespace epfleet::config

// The clock that a chip runs at: cool, as in a short measurement, or the one that a busy service
// settles at under the power cap.
#pragma once

namespace epfleet::timing {

enum class Clock { Cool, Sustained };

}  // namespace epfleet::timing

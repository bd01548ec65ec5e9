// Names of classes of one's own within keys: workload.classes.NAME stands for all of them in the
// table.
#pragma once

#include <string>
#include <string_view>

#include "key_rows.h"

namespace epfleet::config {

inline constexpr std::string_view kClasses = "workload.classes";
inline constexpr std::string_view kAnyName = "NAME";

// The class of one's own that a key is about: "paid" of workload.classes.paid.share; empty: none.
[[nodiscard]] std::string_view own_class_in(std::string_view key);

void add_own_class_rows(Rows& rows, const std::string& name);

}  // namespace epfleet::config

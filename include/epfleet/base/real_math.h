// log, exp and the normal quantile with the same bits on every machine. glibc picks variants by CPU
// (FMA) whose last bits differ, which flips roundings; these use only + - * / and comparisons (with
// -ffp-contract=off), so that results do not depend on the machine or the compiler.
// Accuracy: relative error below 1e-12 (log, exp), below 1.2e-9 (quantile), held by tests.
// Source: log by atanh series after range reduction; exp by range reduction and a Taylor
// polynomial; quantile: Acklam's rational approximation (2003), good to 1.15e-9.
#pragma once

namespace epfleet::base {

// REQUIRES: x > 0 and finite.
[[nodiscard]] double real_log(double x);

// Saturates: 0 below -745, infinity above 709.7.
[[nodiscard]] double real_exp(double x);

// x to the power y. REQUIRES: x > 0.
[[nodiscard]] double real_pow(double x, double y);

// The z with P(Z <= z) = p for a standard normal Z. REQUIRES: 0 < p < 1.
[[nodiscard]] double normal_quantile(double p);

}  // namespace epfleet::base

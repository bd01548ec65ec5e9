#include "class_money.h"

namespace epfleet::experiment {
namespace {

using cost::TokenPrices;
using metrics::ClassResult;

TokenPrices paid_by(const workload::OwnClassConfig& one, const TokenPrices& book) {
  return {one.prices.hit.value_or(book.hit), one.prices.miss.value_or(book.miss),
          one.prices.output.value_or(book.output)};
}

struct Tokens {
  double hit, miss, output;
};
Tokens tokens_of(const ClassResult& one) {
  return {static_cast<double>(one.cached_tokens),
          static_cast<double>(one.input_tokens - one.cached_tokens),
          static_cast<double>(one.output_tokens)};
}

Tokens sum_of(const std::vector<ClassResult>& classes) {
  Tokens sum{0.0, 0.0, 0.0};
  for (const ClassResult& one : classes) {
    const Tokens tokens = tokens_of(one);
    sum = {sum.hit + tokens.hit, sum.miss + tokens.miss, sum.output + tokens.output};
  }
  return sum;
}

TokenPrices mean_prices(const config::Scenario& scenario, const std::vector<ClassResult>& classes,
                        const TokenPrices& book) {
  const Tokens sum = sum_of(classes);
  TokenPrices paid;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const TokenPrices prices = paid_by(scenario.workload.plain.classes[i], book);
    const Tokens tokens = tokens_of(classes[i]);
    paid = {paid.hit + prices.hit * tokens.hit, paid.miss + prices.miss * tokens.miss,
            paid.output + prices.output * tokens.output};
  }
  return {sum.hit > 0.0 ? paid.hit / sum.hit : book.hit,
          sum.miss > 0.0 ? paid.miss / sum.miss : book.miss,
          sum.output > 0.0 ? paid.output / sum.output : book.output};
}

}  // namespace

void set_paid_books(const config::Scenario& scenario, const std::vector<ClassResult>& classes,
                    cost::PricingBasis& basis) {
  if (classes.empty()) {
    return;
  }
  const auto variant = static_cast<std::size_t>(scenario.workload.plain.variant);
  basis.paid_book = scenario.prices.book;
  basis.paid_off_peak_book = scenario.prices.off_peak_book;
  for (auto* book : {&*basis.paid_book, &*basis.paid_off_peak_book}) {
    (*book)[variant] = mean_prices(scenario, classes, (*book)[variant]);
  }
}

void share_revenue(const config::Scenario& scenario, double revenue_usd,
                   metrics::RunStatistics& statistics) {
  const auto variant = static_cast<std::size_t>(scenario.workload.plain.variant);
  std::vector<ClassResult>& classes = statistics.classes;
  const Tokens all = sum_of(classes);
  const metrics::TokenSums& window = statistics.tokens;
  const auto part = [](double of, double whole) { return whole > 0.0 ? of / whole : 0.0; };
  double sum = 0.0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const TokenPrices prices =
        paid_by(scenario.workload.plain.classes[i], scenario.prices.book[variant]);
    const Tokens tokens = tokens_of(classes[i]);
    classes[i].revenue_usd =
        prices.hit * static_cast<double>(window.cached) * part(tokens.hit, all.hit) +
        prices.miss * static_cast<double>(window.input - window.cached) *
            part(tokens.miss, all.miss) +
        prices.output * static_cast<double>(window.output) * part(tokens.output, all.output);
    sum += classes[i].revenue_usd;
  }
  for (ClassResult& one : classes) {
    one.revenue_usd = revenue_usd * part(one.revenue_usd, sum);
  }
}

}  // namespace epfleet::experiment

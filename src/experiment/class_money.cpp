#include "class_money.h"

namespace epfleet::experiment {
namespace {

using cost::TokenPrices;
using metrics::ClassResult;

std::size_t variant_of(const config::Scenario& scenario) {
  return static_cast<std::size_t>(scenario.workload.plain.variant);
}

// By tariff, as cost::books_of().
std::vector<TokenPrices> paid_by(const workload::OwnClassConfig& one,
                                 const config::Scenario& scenario) {
  const TokenPrices& usual = scenario.prices.book[variant_of(scenario)];
  std::vector<TokenPrices> paid{cost::with_own(one.prices, usual)};
  for (const cost::PriceWindow& window : scenario.prices.token_windows()) {
    paid.push_back(window.asked(usual, one.prices));
  }
  return paid;
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

// What all tokens together pay in a tariff; `otherwise` where there are none.
TokenPrices mean_prices(const config::Scenario& scenario, const std::vector<ClassResult>& classes,
                        std::size_t tariff, const TokenPrices& otherwise) {
  const Tokens sum = sum_of(classes);
  TokenPrices paid;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const TokenPrices prices = paid_by(scenario.workload.plain.classes[i], scenario)[tariff];
    const Tokens tokens = tokens_of(classes[i]);
    paid = {paid.hit + prices.hit * tokens.hit, paid.miss + prices.miss * tokens.miss,
            paid.output + prices.output * tokens.output};
  }
  return {sum.hit > 0.0 ? paid.hit / sum.hit : otherwise.hit,
          sum.miss > 0.0 ? paid.miss / sum.miss : otherwise.miss,
          sum.output > 0.0 ? paid.output / sum.output : otherwise.output};
}

double part(double of, double whole) { return whole > 0.0 ? of / whole : 0.0; }

// What a class pays over the window, by when the tokens of all came.
TokenPrices mean_over_tariffs(const std::vector<TokenPrices>& paid,
                              const std::vector<Tokens>& tokens) {
  Tokens all{0.0, 0.0, 0.0};
  for (const Tokens& one : tokens) {
    all = {all.hit + one.hit, all.miss + one.miss, all.output + one.output};
  }
  TokenPrices mean;
  for (std::size_t i = 0; i < paid.size(); ++i) {
    mean.hit += paid[i].hit * part(tokens[i].hit, all.hit);
    mean.miss += paid[i].miss * part(tokens[i].miss, all.miss);
    mean.output += paid[i].output * part(tokens[i].output, all.output);
  }
  return mean;
}

}  // namespace

void set_paid_books(const config::Scenario& scenario, const std::vector<ClassResult>& classes,
                    cost::PricingBasis& basis) {
  if (classes.empty()) {
    return;
  }
  basis.paid_books = cost::books_of(scenario.prices);
  for (std::size_t tariff = 0; tariff < basis.paid_books.size(); ++tariff) {
    TokenPrices& paid = basis.paid_books[tariff][variant_of(scenario)];
    paid = mean_prices(scenario, classes, tariff, paid);
  }
}

void share_revenue(const config::Scenario& scenario, const cost::Statement& statement,
                   metrics::RunStatistics& statistics) {
  std::vector<ClassResult>& classes = statistics.classes;
  const Tokens all = sum_of(classes);
  const metrics::TokenSums& window = statistics.tokens;
  std::vector<Tokens> by_tariff;
  for (const metrics::TokensByPayer& tokens : statement.tokens) {
    const observe::TokenTotals sum = metrics::sum(tokens);
    by_tariff.push_back({static_cast<double>(sum.cached),
                         static_cast<double>(sum.input - sum.cached), sum.output.tokens()});
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const TokenPrices prices =
        mean_over_tariffs(paid_by(scenario.workload.plain.classes[i], scenario), by_tariff);
    const Tokens tokens = tokens_of(classes[i]);
    classes[i].revenue_usd =
        prices.hit * static_cast<double>(window.cached) * part(tokens.hit, all.hit) +
        prices.miss * static_cast<double>(window.input - window.cached) *
            part(tokens.miss, all.miss) +
        prices.output * static_cast<double>(window.output) * part(tokens.output, all.output);
    sum += classes[i].revenue_usd;
  }
  for (ClassResult& one : classes) {
    one.revenue_usd = statement.total.revenue.expected_usd * part(one.revenue_usd, sum);
  }
}

}  // namespace epfleet::experiment

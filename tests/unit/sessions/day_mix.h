// The mix of the published day (an assumption, see the scenario's notes), for tests and benchmarks.
#pragma once

#include "epfleet/workload/config.h"

namespace epfleet::sessions {

inline workload::WorkloadConfig day_mix() {
  workload::WorkloadConfig config;
  config.hourly_shape = "flat";
  const workload::Lognormal think{75.0, 1.05};
  const workload::Lognormal long_think{3.0 * 3600.0, 1.3};

  workload::SessionClassConfig api;
  api.request_share = 0.45;
  api.r1_share = 0.5;
  api.api_share = 1.0;
  api.templates = 3000;
  api.template_mean = 1500.0;
  api.template_sigma = 1.1;
  api.first_message = {2500.0, 0.8};
  api.later_message = {100.0, 1.0};
  api.message_cap = 32768;
  api.output = {344.0, 1.2};
  api.reasoning_share = 0.7;
  config.classes[static_cast<std::size_t>(workload::SessionClass::Api)] = api;

  workload::SessionClassConfig chat;
  chat.request_share = 0.312;
  chat.r1_share = 1.0;
  chat.app_share = 0.5;
  chat.system_prompt = 128;
  chat.first_message = {39.0, 1.4};
  chat.later_message = {26.0, 1.4};
  chat.attachment_first = 0.024;
  chat.attachment_later = 0.012;
  chat.attachment = {4500.0, 1.0};
  chat.output = {1101.0, 1.0};
  chat.reasoning_share = 0.7;
  chat.turns_alpha = 2.25;
  chat.turns_beta = 1.11;
  chat.think = think;
  chat.long_think_share = 0.12;
  chat.long_think = long_think;
  config.classes[static_cast<std::size_t>(workload::SessionClass::ChatR1)] = chat;
  chat.request_share = 0.208;
  chat.r1_share = 0.0;
  chat.output = {661.0, 0.85};
  config.classes[static_cast<std::size_t>(workload::SessionClass::ChatV3)] = chat;

  workload::SessionClassConfig agent;
  agent.request_share = 0.03;
  agent.r1_share = 0.0;
  agent.api_share = 1.0;
  agent.system_prompt = 3000;
  agent.first_message = {3000.0, 1.1};
  agent.later_message = {500.0, 1.1};
  agent.output = {260.0, 1.0};
  agent.turns_alpha = 1.6;
  agent.turns_beta = 9.0;
  agent.think = {12.0, 1.0};
  config.classes[static_cast<std::size_t>(workload::SessionClass::Agent)] = agent;
  return config;
}

}  // namespace epfleet::sessions

// One function per file of rows, in the order of the table.
#pragma once

namespace epfleet::config {

class Rows;

void add_scenario_rows(Rows& rows);
void add_fleet_rows(Rows& rows);
void add_scaling_rows(Rows& rows);
void add_admission_rows(Rows& rows);
void add_failure_rows(Rows& rows);
void add_workload_rows(Rows& rows);
void add_plain_rows(Rows& rows);
void add_trace_rows(Rows& rows);
void add_serving_rows(Rows& rows);
void add_expert_rows(Rows& rows);
void add_engine_rows(Rows& rows);
void add_cache_rows(Rows& rows);
void add_prices_rows(Rows& rows);
void add_energy_rows(Rows& rows);
void add_report_rows(Rows& rows);
void add_model_rows(Rows& rows);
void add_hardware_rows(Rows& rows);

}  // namespace epfleet::config

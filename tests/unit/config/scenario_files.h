// A folder of scenario files for one test, and what loading one says.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "support/places.h"

namespace epfleet::config {

inline const std::string kConfigs = test::source_dir() + "/configs";

class ScenarioFiles {
 public:
  ScenarioFiles() {
    static std::atomic<int> count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("epfleet_config_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(folder_ / "parts");
  }
  ScenarioFiles(const ScenarioFiles&) = delete;
  ScenarioFiles& operator=(const ScenarioFiles&) = delete;
  ~ScenarioFiles() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  // Text on top of the shipped quick scenario.
  [[nodiscard]] std::string on_quick(const std::string& text) const {
    return write("scenario.yaml", "extends: " + kConfigs + "/quick.yaml\n" + text);
  }

  // The error of loading, with this folder and the source folder taken out; "" if it loads.
  [[nodiscard]] std::string error_of(const std::string& file,
                                     const std::vector<std::string>& overrides = {}) const {
    try {
      (void)load_scenario(file, overrides);
      return "";
    } catch (const base::InputError& error) {
      std::string text = error.what();
      for (const std::string& folder : {folder_.string() + "/", test::source_dir() + "/"}) {
        for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
          text.erase(at, folder.size());
        }
      }
      return text;
    }
  }

 private:
  std::filesystem::path folder_;
};

// Every key and its value: two scenarios are the same if these are.
inline std::string all_values(const Scenario& scenario) {
  std::string text;
  for (const Key& key : key_table()) {
    text += key.name + "=" + key.print(scenario) + "\n";
  }
  return text;
}

}  // namespace epfleet::config

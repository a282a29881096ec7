#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/platform/unit_template.h"

namespace titan::sim {

/// Everything that what a unit's call records depends on, as numbers.
using TemplateKey = std::vector<int64_t>;

/// The templates that one rank has recorded.
class UnitTemplates {
 public:
  struct Entry {
    std::shared_ptr<const UnitTemplate> made;  // null: there can be none
    int64_t number = 0;
  };

  /// Null if the key is new.
  const Entry* find(const TemplateKey& key) const;
  const Entry& add(const TemplateKey& key, std::shared_ptr<const UnitTemplate> made);
  /// Forgets all, as units may be put together otherwise from here on.
  void clear() { entries_.clear(); }

  /// Equal texts have equal numbers.
  int64_t number_of(const std::string& text);

  /// Calls recorded from a template, executed, and executed to learn one.
  int64_t num_hits = 0;
  int64_t num_executed = 0;
  int64_t num_drafts = 0;

 private:
  struct Hash {
    size_t operator()(const TemplateKey& key) const;
  };

  std::unordered_map<TemplateKey, Entry, Hash> entries_;
  std::map<std::string, int64_t> texts_;
  int64_t next_number_ = 0;
};

}  // namespace titan::sim

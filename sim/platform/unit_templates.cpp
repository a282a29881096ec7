#include "sim/platform/unit_templates.h"

#include <utility>

#include "sim/trace/known_ops.h"

namespace titan::sim {

const UnitTemplates::Entry* UnitTemplates::find(const TemplateKey& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

const UnitTemplates::Entry& UnitTemplates::add(const TemplateKey& key, std::shared_ptr<const UnitTemplate> made) {
  return entries_.insert_or_assign(key, Entry{std::move(made), next_number_++}).first->second;
}

int64_t UnitTemplates::number_of(const std::string& text) {
  return texts_.try_emplace(text, static_cast<int64_t>(texts_.size())).first->second;
}

size_t UnitTemplates::Hash::operator()(const TemplateKey& key) const {
  size_t hash = key.size();
  for (const int64_t number : key) hash = trace::mix_hash(hash, static_cast<uint64_t>(number));
  return hash;
}

}  // namespace titan::sim

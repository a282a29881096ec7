#include "runtime/data/tokenizer/bpe_merge.h"

#include <algorithm>

namespace titan::tokenizer {
namespace {

constexpr size_t kScanLimit = 48;  // symbols; both loops take the same time from about 30 to 100
constexpr int32_t kGone = -1;

// rules[i] is the rule of the pair (i, i + 1); the last entry has no pair.
void merge_by_scan(const PairTable& table, std::vector<int32_t>& symbols, std::vector<PairTable::Rule>& rules) {
  size_t size = symbols.size();
  rules.resize(size);
  for (size_t i = 0; i + 1 < size; ++i) rules[i] = table.find(symbols[i], symbols[i + 1]);
  rules[size - 1] = PairTable::kNone;
  while (true) {
    size_t best = 0;
    for (size_t i = 1; i < size; ++i) {
      if (rules[i] < rules[best]) best = i;
    }
    if (rules[best] == PairTable::kNone) break;
    symbols[best] = PairTable::id_of(rules[best]);
    --size;
    for (size_t i = best + 1; i < size; ++i) {
      symbols[i] = symbols[i + 1];
      rules[i] = rules[i + 1];
    }
    rules[best] = best + 1 < size ? table.find(symbols[best], symbols[best + 1]) : PairTable::kNone;
    if (best > 0) rules[best - 1] = table.find(symbols[best - 1], symbols[best]);
  }
  symbols.resize(size);
}

bool comes_later(const MergeBuffers::Candidate& a, const MergeBuffers::Candidate& b) {
  return a.rule != b.rule ? a.rule > b.rule : a.position > b.position;
}

class HeapMerger {
 public:
  HeapMerger(const PairTable& table, MergeBuffers& buffers) : table_(table), b_(buffers) {}

  void run() {
    const auto size = static_cast<uint32_t>(b_.symbols.size());
    b_.next.resize(size);
    b_.previous.resize(size);
    b_.rules.assign(size, PairTable::kNone);
    b_.heap.clear();
    for (uint32_t i = 0; i < size; ++i) {
      b_.next[i] = i + 1;
      b_.previous[i] = i - 1;  // the first has none and is never asked
    }
    for (uint32_t i = 0; i + 1 < size; ++i) {
      b_.rules[i] = table_.find(b_.symbols[i], b_.symbols[i + 1]);
      if (b_.rules[i] != PairTable::kNone) b_.heap.push_back({b_.rules[i], i});
    }
    std::make_heap(b_.heap.begin(), b_.heap.end(), comes_later);
    while (!b_.heap.empty()) {
      std::pop_heap(b_.heap.begin(), b_.heap.end(), comes_later);
      const MergeBuffers::Candidate top = b_.heap.back();
      b_.heap.pop_back();
      if (b_.symbols[top.position] != kGone && b_.rules[top.position] == top.rule) merge_at(top.position, top.rule);
    }
    std::erase(b_.symbols, kGone);
  }

 private:
  void merge_at(uint32_t left, PairTable::Rule rule) {
    const auto size = static_cast<uint32_t>(b_.symbols.size());
    const uint32_t right = b_.next[left];
    b_.symbols[left] = PairTable::id_of(rule);
    b_.symbols[right] = kGone;
    b_.next[left] = b_.next[right];
    if (b_.next[left] < size) b_.previous[b_.next[left]] = left;
    renew(left);
    if (left > 0) renew(b_.previous[left]);
  }

  void renew(uint32_t left) {
    const uint32_t right = b_.next[left];
    const bool has_pair = right < b_.symbols.size();
    b_.rules[left] = has_pair ? table_.find(b_.symbols[left], b_.symbols[right]) : PairTable::kNone;
    if (b_.rules[left] == PairTable::kNone) return;
    b_.heap.push_back({b_.rules[left], left});
    std::push_heap(b_.heap.begin(), b_.heap.end(), comes_later);
  }

  const PairTable& table_;
  MergeBuffers& b_;
};

}  // namespace

void merge_symbols(const PairTable& table, MergeBuffers& buffers) {
  if (buffers.symbols.size() < 2) return;
  if (buffers.symbols.size() <= kScanLimit) return merge_by_scan(table, buffers.symbols, buffers.rules);
  HeapMerger(table, buffers).run();
}

}  // namespace titan::tokenizer

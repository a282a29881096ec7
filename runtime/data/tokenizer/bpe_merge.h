#pragma once

#include <cstdint>
#include <vector>

#include "runtime/data/tokenizer/pair_table.h"

namespace titan::tokenizer {

/// Buffers of the merge loop, kept from word to word.
struct MergeBuffers {
  std::vector<int32_t> symbols;
  std::vector<PairTable::Rule> rules;

  struct Candidate {
    PairTable::Rule rule;
    uint32_t position;
  };
  std::vector<Candidate> heap;
  std::vector<uint32_t> next;
  std::vector<uint32_t> previous;
};

/// Merges buffers.symbols in place until no rule applies: always the pair of lowest rank, the leftmost among equals.
/// Short words scan an array (quadratic, but in a few cache lines), long ones use a heap: n log n.
void merge_symbols(const PairTable& table, MergeBuffers& buffers);

}  // namespace titan::tokenizer

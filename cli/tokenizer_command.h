#pragma once

namespace titan::cli {

/// `titan tokenizer train|encode|decode|inspect`: argv[0] is "tokenizer", argv[1] the verb. Returns the exit status.
/// Throws ConfigError for the user's mistakes, which main prints and answers with status 2.
int tokenizer_command(int argc, char** argv);

}  // namespace titan::cli

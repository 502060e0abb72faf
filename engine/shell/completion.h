#pragma once
// What an interactive shell asks when Tab is pressed on an argument of a command.

#include "sim/task.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ports {
class Process;
}

namespace shell {

struct CompletionRequest {
    std::vector<std::string>
        words;               // of the command under the cursor, unquoted; words[0] is its name
    std::size_t current = 0; // index of the word at the cursor; may be empty text
    std::map<std::string, std::string> env; // variables exported by the shell
    std::string cwd;
};

struct CompletionAnswer {
    std::vector<std::string> candidates; // whole words that may replace the current one
    bool noSpace = false;                // no blank after the only candidate ("--output=")
    bool files = false;                  // also offer file names
};

class CompletionProvider {
public:
    virtual ~CompletionProvider() = default;
    virtual sim::Task<CompletionAnswer> complete(ports::Process& shell,
                                                 CompletionRequest request) = 0;
};

// By command name; handed to shellPrograms().
using CompletionProviders = std::map<std::string, std::shared_ptr<CompletionProvider>, std::less<>>;

} // namespace shell

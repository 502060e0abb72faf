#pragma once
// What go-yaml says about a text that it cannot parse; kubectl and the API server print that.

#include <optional>
#include <string>
#include <string_view>

namespace document {

struct YamlDiagnosis {
    std::string text; // "did not find expected key"
    std::string goText; // "yaml: line 4: did not find expected key"
    int line = 1, column = 1; // the true place
};

// Of the first document in `text`; none when go-yaml parses it.
std::optional<YamlDiagnosis> diagnoseYaml(std::string_view text);

} // namespace document

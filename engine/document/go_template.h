#pragma once
// Go's text/template over values, with kubectl's functions (base64decode, exists).
// Source: Go text/template (grammar, pipelines, error texts), cli-runtime printers/template.go.

#include "base/result.h"
#include "document/value.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace document {

class GoTemplate {
public:
    static base::Result<GoTemplate> parse(std::string_view name, std::string_view text);
    GoTemplate(GoTemplate&&) noexcept;
    GoTemplate& operator=(GoTemplate&&) noexcept;
    ~GoTemplate();

    // A missing key prints "<no value>", or is an error.
    void allowMissingKeys(bool allow) { allowMissing_ = allow; }
    // `partial` holds what was printed before an error.
    base::Result<std::string> execute(const Value& data, std::string& partial) const;

    struct Node;
    using Templates = std::map<std::string, std::shared_ptr<Node>>;

private:
    GoTemplate();
    std::string name_;
    bool allowMissing_ = true;
    Templates templates_; // the root under name_
};

} // namespace document

// Shell text never crashes the parser, arithmetic, patterns, regular expressions or awk's parser.

#include "shell/arithmetic.h"
#include "shell/coreutils/awk_ast.h"
#include "shell/coreutils/regex.h"
#include "shell/parser.h"
#include "shell/pattern.h"

#include <cstddef>
#include <cstdint>

namespace {
struct NoVariables final : shell::ArithmeticVariables {
    std::optional<std::string> read(const std::string&, const std::string*) override {
        return std::nullopt;
    }
    bool write(const std::string&, const std::string*, std::int64_t) override { return true; }
};
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    const std::string text(reinterpret_cast<const char*>(data), size);
    shell::Parser parser(text, {});
    shell::ListPtr list;
    while (parser.next(list) == shell::ParseStatus::Ok) {
    }
    NoVariables variables;
    (void)shell::evaluateArithmetic(text, variables);
    (void)shell::expandBraces(text.substr(0, 64));
    const std::size_t half = size / 2;
    (void)shell::matchPattern(text.substr(0, half), text.substr(half));
    shell::RegexOptions options;
    options.extended = size % 2 == 0;
    const shell::Regex regex(text.substr(0, half), options);
    shell::RegexMatch match;
    if (regex.ok()) (void)regex.search(text.substr(half), 0, match);
    (void)shell::awk::parseScript(text);
    return 0;
}

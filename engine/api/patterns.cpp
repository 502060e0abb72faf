#include "api/patterns.h"

#include <re2/re2.h>

namespace api {

std::string patternProblem(std::string_view pattern) {
    const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
    if (compiled.ok()) return {};
    const char* text = "invalid or unsupported Perl syntax";
    switch (compiled.error_code()) {
    case RE2::ErrorBadEscape: text = "invalid escape sequence"; break;
    case RE2::ErrorBadCharClass: text = "invalid character class"; break;
    case RE2::ErrorBadCharRange: text = "invalid character class range"; break;
    case RE2::ErrorMissingBracket: text = "missing closing ]"; break;
    case RE2::ErrorMissingParen: text = "missing closing )"; break;
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression: ``";
    case RE2::ErrorRepeatArgument: text = "missing argument to repetition operator"; break;
    case RE2::ErrorRepeatSize: text = "invalid repeat count"; break;
    case RE2::ErrorRepeatOp: text = "invalid nested repetition operator"; break;
    case RE2::ErrorBadUTF8: text = "invalid UTF-8"; break;
    case RE2::ErrorUnexpectedParen: text = "unexpected )"; break;
    case RE2::ErrorBadNamedCapture: text = "invalid named capture"; break;
    default: break;
    }
    return std::string(text) + ": `" + compiled.error_arg() + "`";
}

} // namespace api

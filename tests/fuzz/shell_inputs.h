#pragma once
// What the fuzz targets of the shell do with one input; test_shell runs the same over the corpus.

#include "ports/tty.h"
#include "shell/arithmetic.h"
#include "shell/coreutils/awk_ast.h"
#include "shell/coreutils/regex.h"
#include "shell/parser.h"
#include "shell/pattern.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace fuzz {

struct NoVariables final : shell::ArithmeticVariables {
    std::optional<std::string> read(const std::string&, const std::string*) override { return std::nullopt; }
    bool write(const std::string&, const std::string*, std::int64_t) override { return true; }
};

// Shell text never crashes the parser, arithmetic, patterns, regular expressions or awk's parser.
inline void shellText(std::string_view input) {
    const std::string text(input.substr(0, 4096));
    shell::Parser parser(text, {});
    shell::ListPtr list;
    while (parser.next(list) == shell::ParseStatus::Ok) {
    }
    NoVariables variables;
    (void)shell::evaluateArithmetic(text, variables);
    (void)shell::expandBraces(text.substr(0, 64));
    const std::size_t half = text.size() / 2;
    (void)shell::matchPattern(text.substr(0, half), text.substr(half));
    shell::RegexOptions options;
    options.extended = text.size() % 2 == 0;
    const shell::Regex regex(text.substr(0, half), options);
    shell::RegexMatch match;
    if (regex.ok()) (void)regex.search(text.substr(half), 0, match);
    (void)shell::awk::parseScript(text);
}

// Any bytes typed at a terminal leave the line discipline in order.
inline void terminalBytes(std::string_view input) {
    const std::string_view bytes = input.substr(0, 4096);
    sim::Kernel kernel(1);
    ports::Tty tty(kernel, {80, 24});
    for (std::size_t i = 0; i < bytes.size(); i += 16) {
        tty.terminal()->raw = static_cast<unsigned char>(bytes[i]) % 3 == 0;
        (void)tty.keyboard()->tryWrite(bytes.substr(i, 16));
        kernel.runUntilIdle(10'000);
        (void)tty.input()->tryRead();
        (void)tty.screen()->tryRead();
    }
}

} // namespace fuzz

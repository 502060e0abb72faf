// Commands: compound, simple, functions, external programs.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/pattern.h"
#include "shell/shell.h"

#include <algorithm>
#include <re2/re2.h>

namespace shell {

sim::Task<int> Shell::runCommand(CommandPtr command) {
    const bool stop = co_await step();
    if (stop) co_return lastStatus;
    if (command->kind == CommandKind::Simple) {
        const int status = co_await runSimple(command);
        co_return status;
    }
    if (command->kind == CommandKind::Function) {
        functions[command->name] = command;
        co_return 0;
    }
    line = command->line;
    if (command->redirects.empty()) {
        const int status = co_await runCompound(command);
        co_return status;
    }
    auto saved = fds;
    const bool redirected = co_await redirect(command->redirects);
    int status = 1;
    if (redirected) status = co_await runCompound(command);
    fds = std::move(saved);
    lastStatus = status;
    co_return status;
}

sim::Task<int> Shell::runCompound(CommandPtr command) {
    int status = 0;
    switch (command->kind) {
    case CommandKind::Subshell: status = co_await runSubshell(command); break;
    case CommandKind::Group: status = co_await runList(command->body); break;
    case CommandKind::If: status = co_await runIf(command); break;
    case CommandKind::While:
    case CommandKind::Until: status = co_await runWhile(command); break;
    case CommandKind::For: status = co_await runFor(command); break;
    case CommandKind::ArithFor: status = co_await runArithFor(command); break;
    case CommandKind::Case: status = co_await runCase(command); break;
    case CommandKind::Select: status = co_await runSelect(command); break;
    case CommandKind::Arithmetic: {
        if (options.trace)
            co_await traceText("((  " + std::string(base::trim(command->source)) + "  ))");
        bool ok = true;
        status = co_await runArithmetic(command->words[0], ok, "((");
        break;
    }
    case CommandKind::Condition: {
        bool failed = false;
        std::string traced;
        const bool value = co_await runCondition(*command->test, failed, traced);
        const bool fine = co_await expansionsFine();
        status = failed || !fine ? (failed ? 2 : 1) : value ? 0 : 1;
        break;
    }
    default: break;
    }
    co_return status;
}

sim::Task<int> Shell::runSubshell(CommandPtr command) {
    auto child = co_await forkPatiently();
    if (!child) {
        co_return 254;
    }
    int status = 0;
    co_await captureTask(child, command->body, &status);
    co_return status;
}

sim::Task<int> Shell::runIf(CommandPtr command) {
    ++conditionDepth;
    const int condition = co_await runList(command->condition);
    --conditionDepth;
    if (unwinding()) co_return lastStatus;
    int status = 0;
    if (condition == 0) {
        status = co_await runList(command->body);
    } else if (command->otherwise) {
        status = co_await runList(command->otherwise);
    }
    co_return status;
}

// After a loop body: true when the loop must end.
bool Shell::loopBreaks() {
    if (flow == Flow::Break) {
        if (--flowCount == 0) flow = Flow::None;
        return true;
    }
    if (flow == Flow::Continue) {
        if (--flowCount == 0) {
            flow = Flow::None;
            return false;
        }
        return true;
    }
    return flow != Flow::None;
}

sim::Task<int> Shell::runWhile(CommandPtr command) {
    int status = 0;
    ++loopDepth;
    while (true) {
        const bool stop = co_await step();
        if (stop) break;
        ++conditionDepth;
        const int condition = co_await runList(command->condition);
        --conditionDepth;
        if (unwinding()) {
            if (loopBreaks()) break;
            continue;
        }
        if ((condition == 0) != (command->kind == CommandKind::While)) break;
        status = co_await runList(command->body);
        if (loopBreaks()) break;
    }
    --loopDepth;
    co_return unwinding() ? lastStatus : status;
}

sim::Task<int> Shell::runFor(CommandPtr command) {
    if (!isName(command->name)) {
        co_await complain("`" + command->name + "': not a valid identifier");
        co_return 1;
    }
    Strings items;
    if (command->hasWords) {
        items = co_await expandWords(command->words);
        const bool fine = co_await expansionsFine();
        if (!fine) co_return lastStatus;
    } else {
        items = positional;
    }
    int status = 0;
    ++loopDepth;
    for (std::string& item : items) {
        const bool stop = co_await step();
        if (stop) break;
        if (options.trace) {
            std::string shown;
            for (const std::string& each : items) shown += " " + quoteSingle(each);
            co_await traceText("for " + command->name + " in" + shown);
        }
        if (!assign(command->name, item)) {
            co_await complain(error);
            status = 1;
            break;
        }
        status = co_await runList(command->body);
        if (loopBreaks()) break;
    }
    --loopDepth;
    co_return unwinding() ? lastStatus : status;
}

sim::Task<int> Shell::runArithmetic(const Word& expression, bool& ok, std::string label) {
    const std::string text = co_await expandText(expression);
    const bool fine = co_await expansionsFine();
    ok = fine;
    if (!fine) co_return 1;
    std::string message;
    const std::int64_t value = arithmetic(text, ok, message);
    if (!ok) {
        co_await complain(label + ": " + message);
        co_return 1;
    }
    co_return value != 0 ? 0 : 1;
}

sim::Task<int> Shell::runArithFor(CommandPtr command) {
    bool ok = true;
    int status = 0;
    co_await runArithmetic(command->words[0], ok, "((");
    ++loopDepth;
    while (ok) {
        const bool stop = co_await step();
        if (stop) break;
        bool empty = command->words[1].parts.empty();
        if (!empty) {
            const std::string* plain = command->words[1].literal();
            empty = plain != nullptr && base::trim(*plain).empty();
        }
        int condition = 0;
        if (!empty) condition = co_await runArithmetic(command->words[1], ok, "((");
        if (condition != 0 || !ok) break;
        status = co_await runList(command->body);
        if (loopBreaks()) break;
        co_await runArithmetic(command->words[2], ok, "((");
    }
    --loopDepth;
    co_return ok ? (unwinding() ? lastStatus : status) : 1;
}

sim::Task<int> Shell::runCase(CommandPtr command) {
    const std::string subject = co_await expandText(command->words[0]);
    bool fine = co_await expansionsFine();
    if (!fine) co_return lastStatus;
    int status = 0;
    bool fallThrough = false;
    PatternOptions pattern;
    pattern.ignoreCase = options.has("nocasematch");
    for (const CaseItem& item : command->items) {
        bool matched = fallThrough;
        for (std::size_t i = 0; i < item.patterns.size() && !matched; ++i) {
            const std::string text = co_await expandPattern(item.patterns[i]);
            fine = co_await expansionsFine();
            if (!fine) co_return lastStatus;
            matched = matchPattern(text, subject, pattern);
        }
        if (!matched) continue;
        status = 0;
        if (!item.body->items.empty()) status = co_await runList(item.body);
        if (unwinding() || item.end == ";;") break;
        fallThrough = item.end == ";&";
    }
    co_return status;
}

sim::Task<int> Shell::runSelect(CommandPtr command) {
    Strings items = positional;
    if (command->hasWords) {
        items = co_await expandWords(command->words);
        const bool fine = co_await expansionsFine();
        if (!fine) co_return lastStatus;
    }
    if (items.empty()) co_return 0;
    int status = 0;
    ++loopDepth;
    bool showMenu = true;
    while (true) {
        const bool stop = co_await step();
        if (stop) break;
        std::string menu;
        for (std::size_t i = 0; showMenu && i < items.size(); ++i)
            menu += std::to_string(i + 1) + ") " + items[i] + "\n";
        co_await err(menu + variables.get("PS3").value_or("#? "));
        std::string reply;
        bool ended = false, timedOut = false;
        while (true) {
            const std::string piece = co_await readSome(0, 1, sim::kForever, timedOut);
            if (piece.empty()) ended = true;
            if (piece.empty() || piece == "\n") break;
            reply += piece;
        }
        if (ended) {
            co_await err("\n");
            status = 1;
            break;
        }
        assign("REPLY", reply);
        showMenu = reply.empty();
        if (reply.empty()) continue;
        const auto number = base::parseInt(base::trim(reply));
        const bool valid =
            number && *number >= 1 && *number <= static_cast<std::int64_t>(items.size());
        assign(command->name, valid ? items[static_cast<std::size_t>(*number - 1)] : "");
        status = co_await runList(command->body);
        if (loopBreaks()) break;
    }
    --loopDepth;
    co_return unwinding() ? lastStatus : status;
}

// [[ ]].
sim::Task<bool> Shell::runCondition(const Condition& condition, bool& failed, std::string& traced) {
    switch (condition.kind) {
    case Condition::Not: {
        const bool value = co_await runCondition(*condition.first, failed, traced);
        co_return !value;
    }
    case Condition::And: {
        const bool value = co_await runCondition(*condition.first, failed, traced);
        if (!value || failed) co_return false;
        const bool second = co_await runCondition(*condition.second, failed, traced);
        co_return second;
    }
    case Condition::Or: {
        const bool value = co_await runCondition(*condition.first, failed, traced);
        if (value || failed) co_return value;
        const bool second = co_await runCondition(*condition.second, failed, traced);
        co_return second;
    }
    case Condition::Test: {
        const std::string text = co_await expandText(condition.left);
        if (options.trace) co_await traceText("[[ -n " + quoteSingle(text) + " ]]");
        co_return !text.empty();
    }
    case Condition::Unary: {
        const std::string text = co_await expandText(condition.left);
        if (options.trace)
            co_await traceText("[[ " + condition.op + " " + quoteSingle(text) + " ]]");
        if (expansionFailed) co_return false;
        co_return testUnary(*this, condition.op[1], text);
    }
    case Condition::Binary: {
        const bool value = co_await conditionBinary(condition, failed, traced);
        co_return value;
    }
    }
    co_return false;
}

sim::Task<bool> Shell::conditionBinary(const Condition& condition, bool& failed,
                                       std::string& traced) {
    (void)traced;
    const std::string left = co_await expandText(condition.left);
    const std::string& op = condition.op;
    if (op == "==" || op == "=" || op == "!=") {
        const std::string right = co_await expandPattern(condition.right);
        if (options.trace)
            co_await traceText("[[ " + quoteSingle(left) + " " + op + " " + unescapePattern(right) +
                               " ]]");
        PatternOptions pattern;
        pattern.ignoreCase = options.has("nocasematch");
        co_return matchPattern(right, left, pattern) == (op != "!=");
    }
    if (op == "=~") {
        // Quoted characters stand for themselves.
        std::string expression;
        for (const WordPart& part : condition.right.parts) {
            Word single;
            single.parts.push_back(part);
            const std::string text = co_await expandText(single);
            const bool quoted =
                part.kind == WordPart::Quoted || part.kind == WordPart::DoubleQuoted;
            expression += quoted ? RE2::QuoteMeta(text) : text;
        }
        if (options.trace)
            co_await traceText("[[ " + quoteSingle(left) + " =~ " + expression + " ]]");
        RE2::Options regex;
        regex.set_log_errors(false);
        regex.set_posix_syntax(true);
        regex.set_longest_match(true);
        regex.set_perl_classes(true);
        regex.set_word_boundary(true);
        regex.set_dot_nl(true);
        regex.set_case_sensitive(!options.has("nocasematch"));
        const RE2 compiled(expression, regex);
        Variable& match = variables.make("BASH_REMATCH");
        match = Variable{};
        match.isIndexed = match.isSet = true;
        if (!compiled.ok()) {
            failed = true;
            co_return false;
        }
        std::vector<re2::StringPiece> groups(
            static_cast<std::size_t>(compiled.NumberOfCapturingGroups()) + 1);
        const bool found = compiled.Match(left, 0, left.size(), RE2::UNANCHORED, groups.data(),
                                          static_cast<int>(groups.size()));
        for (std::size_t i = 0; found && i < groups.size(); ++i)
            match.indexed[static_cast<std::int64_t>(i)] = groups[i].as_string();
        co_return found;
    }
    const std::string right = co_await expandText(condition.right);
    if (options.trace)
        co_await traceText("[[ " + quoteSingle(left) + " " + op + " " + quoteSingle(right) + " ]]");
    if (op == "<") co_return left < right;
    if (op == ">") co_return left > right;
    if (op == "-nt" || op == "-ot" || op == "-ef") co_return testFiles(*this, op, left, right);
    bool ok = true;
    std::string message;
    const std::int64_t a = arithmetic(left, ok, message);
    const std::int64_t b = ok ? arithmetic(right, ok, message) : 0;
    if (!ok) {
        co_await complain("[[: " + message);
        co_return false;
    }
    if (op == "-eq") co_return a == b;
    if (op == "-ne") co_return a != b;
    if (op == "-lt") co_return a < b;
    if (op == "-le") co_return a <= b;
    if (op == "-gt") co_return a > b;
    co_return a >= b;
}

} // namespace shell

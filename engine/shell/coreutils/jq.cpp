// jq: libjq does the work; this is its command line.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cstdlib>

extern "C" {
#include <jq.h>
#include <jv.h>
}

namespace shell {
namespace {

constexpr std::size_t kMostResults = 1'000'000;

struct JqErrors {
    std::string text;
    static void add(void* data, jv message) {
        auto* self = static_cast<JqErrors*>(data);
        jv text = jq_format_error(message);
        self->text += std::string(jv_string_value(text)) + "\n";
        jv_free(text);
    }
};

struct JqRun {
    jq_state* state = nullptr;
    int flags = 0;
    bool raw = false, join = false;
    std::string out;
    int status = 0;
    bool halted = false, lastFalse = false, any = false;
    JqErrors errors;
    ~JqRun() {
        if (state != nullptr) jq_teardown(&state);
    }

    void process(jv value) {
        jq_start(state, value, 0);
        jv result;
        std::size_t count = 0;
        while (jv_is_valid(result = jq_next(state)) && ++count < kMostResults &&
               out.size() < (64u << 20)) {
            any = true;
            lastFalse = jv_get_kind(result) == JV_KIND_FALSE || jv_get_kind(result) == JV_KIND_NULL;
            if (raw && jv_get_kind(result) == JV_KIND_STRING) {
                out.append(jv_string_value(result),
                           static_cast<std::size_t>(jv_string_length_bytes(jv_copy(result))));
                jv_free(result);
            } else {
                jv text = jv_dump_string(result, flags);
                out += jv_string_value(text);
                jv_free(text);
            }
            if (!join) out += '\n';
        }
        if (jq_halted(state)) {
            halted = true;
            jv code = jq_get_exit_code(state);
            status = jv_is_valid(code) && jv_get_kind(code) == JV_KIND_NUMBER
                         ? static_cast<int>(jv_number_value(code))
                         : 0;
            jv_free(code);
            jv message = jq_get_error_message(state);
            if (jv_get_kind(message) == JV_KIND_STRING) errors.text += jv_string_value(message);
            jv_free(message);
            jv_free(result);
            return;
        }
        if (jv_invalid_has_msg(jv_copy(result))) {
            jv message = jv_invalid_get_msg(result);
            std::string text;
            if (jv_get_kind(message) == JV_KIND_STRING)
                text = jv_string_value(message);
            else {
                jv dumped = jv_dump_string(jv_copy(message), 0);
                text = std::string(jv_string_value(dumped)) + " (not a string)";
                jv_free(dumped);
            }
            jv_free(message);
            errors.text += "jq: error (at <stdin>:" + std::to_string(line) + "): " + text + "\n";
            status = 5;
        } else {
            jv_free(result);
        }
    }
    std::size_t line = 0;
};

sim::Task<int> jqMain(ports::Process& process, Strings argv) {
    JqRun run;
    bool compact = false, tab = false, sortKeys = false, slurp = false, nullInput = false,
         rawInput = false, exitStatus = false, ascii = false, color = false;
    int indent = 2;
    std::string program;
    bool haveProgram = false, positional = false;
    Strings files;
    jv named = jv_object();
    jv arguments = jv_array();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        auto next = [&](std::size_t ahead) {
            return i + ahead < argv.size() ? argv[i + ahead] : std::string();
        };
        if (word.size() > 1 && word[0] == '-' && word[1] != '-') {
            for (const char c : word.substr(1)) {
                if (c == 'c')
                    compact = true;
                else if (c == 'r')
                    run.raw = true;
                else if (c == 'j')
                    run.raw = run.join = true;
                else if (c == 's')
                    slurp = true;
                else if (c == 'n')
                    nullInput = true;
                else if (c == 'R')
                    rawInput = true;
                else if (c == 'S')
                    sortKeys = true;
                else if (c == 'e')
                    exitStatus = true;
                else if (c == 'a')
                    ascii = true;
                else if (c == 'C')
                    color = true;
                else if (c == 'M')
                    color = false;
                else if (c == 'f') {
                    const auto content = process.files().read(process.resolve(next(1)));
                    program = content.ok() ? *content : "";
                    haveProgram = true;
                    ++i;
                } else {
                    co_await process.writeError(
                        "jq: Unknown arguments\nUse jq --help for help with command-line "
                        "options,\nor see the jq manpage, or online docs  at "
                        "https://stedolan.github.io/jq\n");
                    co_return 2;
                }
            }
        } else if (word == "--arg") {
            named = jv_object_set(named, jv_string(next(1).c_str()), jv_string(next(2).c_str()));
            i += 2;
        } else if (word == "--argjson") {
            named = jv_object_set(named, jv_string(next(1).c_str()), jv_parse(next(2).c_str()));
            i += 2;
        } else if (word == "--args")
            positional = true;
        else if (word == "--compact-output")
            compact = true;
        else if (word == "--raw-output")
            run.raw = true;
        else if (word == "--join-output")
            run.raw = run.join = true;
        else if (word == "--slurp")
            slurp = true;
        else if (word == "--null-input")
            nullInput = true;
        else if (word == "--raw-input")
            rawInput = true;
        else if (word == "--sort-keys")
            sortKeys = true;
        else if (word == "--exit-status")
            exitStatus = true;
        else if (word == "--tab")
            tab = true;
        else if (word == "--indent")
            indent = static_cast<int>(base::parseInt(next(1)).value_or(2)), ++i;
        else if (word == "--version") {
            co_await process.writeOut("jq-1.6\n");
            co_return 0;
        } else if (!haveProgram) {
            program = word;
            haveProgram = true;
        } else if (positional)
            arguments = jv_array_append(arguments, jv_string(word.c_str()));
        else
            files.push_back(word);
    }
    if (!haveProgram) {
        jv_free(named);
        jv_free(arguments);
        co_await process.writeError("jq - commandline JSON processor [version 1.6]\n\nUsage:\tjq "
                                    "[options] <jq filter> [file...]\n");
        co_return 2;
    }
    run.flags = compact ? 0 : tab ? JV_PRINT_TAB | JV_PRINT_PRETTY : JV_PRINT_INDENT_FLAGS(indent);
    if (sortKeys) run.flags |= JV_PRINT_SORTED;
    if (ascii) run.flags |= JV_PRINT_ASCII;
    if (color || process.isTerminal(1)) run.flags |= JV_PRINT_COLOR;
    std::string input;
    int status = 0;
    if (!nullInput || !files.empty()) {
        if (files.empty()) files.push_back("-");
        for (const std::string& file : files) {
            const auto whole = co_await readWhole(process, file);
            if (!whole.ok()) {
                co_await process.writeError("jq: error: Could not open " + file + ": " +
                                            whole.error().message + "\n");
                status = 2;
                continue;
            }
            input += *whole;
        }
    }
    run.state = jq_init();
    jq_set_error_cb(run.state, JqErrors::add, &run.errors);
    jv env = jv_object();
    for (const auto& [name, value] : process.env())
        env = jv_object_set(env, jv_string(name.c_str()), jv_string(value.c_str()));
    jv all = jv_object();
    all = jv_object_set(all, jv_string("positional"), jv_copy(arguments));
    all = jv_object_set(all, jv_string("named"), jv_copy(named));
    jv variables = jv_copy(named);
    variables = jv_object_set(variables, jv_string("ENV"), env);
    variables = jv_object_set(variables, jv_string("__prog_args"), arguments);
    variables = jv_object_set(variables, jv_string("ARGS"), all);
    jv_free(named);
    if (!jq_compile_args(run.state, program.c_str(), variables)) {
        std::string text = std::move(run.errors.text);
        co_await process.writeError(std::move(text));
        co_return 3;
    }
    if (nullInput) {
        run.process(jv_null());
    } else if (rawInput) {
        if (slurp)
            run.process(jv_string_sized(input.data(), static_cast<int>(input.size())));
        else
            for (const std::string& line : base::splitLines(input))
                run.process(jv_string_sized(line.data(), static_cast<int>(line.size())));
    } else {
        jv_parser* parser = jv_parser_new(0);
        jv_parser_set_buf(parser, input.data(), static_cast<int>(input.size()), 0);
        jv collected = jv_array();
        jv value;
        while (jv_is_valid(value = jv_parser_next(parser)) && !run.halted) {
            run.line = static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n'));
            if (slurp)
                collected = jv_array_append(collected, value);
            else
                run.process(value);
        }
        if (jv_invalid_has_msg(jv_copy(value))) {
            jv message = jv_invalid_get_msg(value);
            run.errors.text += std::string("parse error: ") + jv_string_value(message) + "\n";
            jv_free(message);
            status = 4;
        } else {
            jv_free(value);
            if (slurp) {
                run.process(collected);
                collected = jv_null();
            }
        }
        jv_free(collected);
        jv_parser_free(parser);
    }
    if (run.status != 0)
        status = run.status;
    else if (exitStatus && status == 0)
        status = !run.any ? 4 : run.lastFalse ? 1 : 0;
    Out out(process);
    out << run.out;
    const bool written = co_await out.flush();
    if (!run.errors.text.empty()) co_await process.writeError(run.errors.text);
    co_return written ? status : 141;
}

} // namespace

const CoreutilEntry kJsonTools[] = {{"jq", jqMain}, {nullptr, nullptr}};

} // namespace shell

// awk: records, rules and statements, and the program.

#include "base/strings.h"
#include "shell/coreutils/awk_interpreter.h"
#include "shell/parser.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell::awk {

void Awk::set(const std::string& name, std::string text) {
    globals_[name] = fromInput(std::move(text));
}

sim::Task<int> Awk::run(Strings arguments) {
    Array& argv = array("ARGV", -1);
    argv["0"] = Value::of(std::string("awk"));
    for (std::size_t i = 0; i < arguments.size(); ++i)
        argv[std::to_string(i + 1)] = fromInput(arguments[i]);
    globals_["ARGC"] = Value::of(static_cast<double>(arguments.size() + 1));
    for (const auto& [name, value] : process_.env()) array("ENVIRON", -1)[name] = fromInput(value);
    for (const auto& [name, text] :
         {std::pair{"FS", " "}, std::pair{"OFS", " "}, std::pair{"ORS", "\n"},
          std::pair{"RS", "\n"}, std::pair{"SUBSEP", "\x1c"}, std::pair{"OFMT", "%.6g"},
          std::pair{"CONVFMT", "%.6g"}})
        if (globals_.count(name) == 0) globals_[name] = Value::of(std::string(text));
    bool needsInput = false;
    for (const Rule& rule : script_.rules) needsInput = needsInput || rule.kind != Rule::Begin;
    co_await special(Rule::Begin);
    if (needsInput && leave_ != Leave::Exit) co_await mainLoop();
    if (leave_ != Leave::Exit || !exitInEnd_) {
        leave_ = Leave::None;
        exitInEnd_ = true;
        co_await special(Rule::End);
    }
    co_await finishPipes();
    const bool written = co_await out_.flush();
    if (!problem_.empty()) {
        co_await process_.writeError("awk: " + problem_ + "\n");
        co_return 2;
    }
    co_return written ? exitCode_ : 141;
}

sim::Task<void> Awk::special(Rule::Kind kind) {
    for (Rule& rule : script_.rules) {
        if (rule.kind != kind || leave_ == Leave::Exit || !rule.action) continue;
        co_await execute(*rule.action);
        if (leave_ != Leave::Exit) leave_ = Leave::None;
    }
}

sim::Task<bool> Awk::openNext() {
    while (true) {
        const double argc = toNumber(globals_["ARGC"]);
        bool opened = false;
        while (argument_ < argc) {
            const std::string name = textOf(array("ARGV", -1)[std::to_string(argument_++)]);
            if (name.empty()) continue;
            const std::size_t equals = name.find('=');
            if (equals != std::string::npos && equals > 0 && isName(name.substr(0, equals))) {
                set(name.substr(0, equals), decodeAnsiC(name.substr(equals + 1)));
                continue;
            }
            anyFile_ = true;
            globals_["FILENAME"] = Value::of(name);
            reader_ = std::make_unique<LineReader>(process_, name);
            opened = true;
            break;
        }
        if (!opened && !anyFile_) {
            anyFile_ = true;
            reader_ = std::make_unique<LineReader>(process_, "-");
            opened = true;
        }
        if (!opened) co_return false;
        globals_["FNR"] = Value::of(0.0);
        const std::string failure = reader_->open();
        if (failure.empty()) co_return true;
        problem_ = "cannot open " + textOf(globals_["FILENAME"]) + " (" + failure + ")";
        co_await out_.flush();
        if (failure == "Is a directory") {
            co_await process_.writeError("awk: " + problem_ + "\n");
            problem_.clear();
            continue;
        }
        leave_ = Leave::Exit;
        exitInEnd_ = true;
        co_return false;
    }
}

sim::Task<bool> Awk::nextRecord(std::string& line) {
    while (true) {
        if (!reader_) {
            const bool opened = co_await openNext();
            if (!opened) co_return false;
        }
        const std::string rs = textOf(globals_["RS"]);
        bool more = false, ended = false;
        if (rs == "\n") {
            more = co_await reader_->next(line, ended, &out_);
        } else {
            if (!split_) {
                records_.data = co_await reader_->rest();
                records_.at = 0;
                split_ = true;
            }
            more = takeRecord(rs, line);
        }
        if (more) {
            globals_["NR"] = Value::of(toNumber(globals_["NR"]) + 1);
            globals_["FNR"] = Value::of(toNumber(globals_["FNR"]) + 1);
            co_return true;
        }
        reader_.reset();
        split_ = false;
    }
}

bool Awk::takeRecord(const std::string& rs, std::string& line) {
    std::string& data = records_.data;
    if (rs.empty()) {
        while (records_.at < data.size() && data[records_.at] == '\n') ++records_.at;
        if (records_.at >= data.size()) return false;
        std::size_t end = data.find("\n\n", records_.at);
        if (end == std::string::npos) end = data.size();
        line = data.substr(records_.at, end - records_.at);
        while (!line.empty() && line.back() == '\n') line.pop_back();
        records_.at = end;
        return true;
    }
    if (records_.at >= data.size()) return false;
    std::size_t begin = std::string::npos, end = 0;
    if (rs.size() == 1) {
        begin = data.find(rs[0], records_.at);
        end = begin + 1;
    } else {
        RegexMatch match;
        if (dynamicRegex(rs)->search(data, records_.at, match) && match.end() > match.begin()) {
            begin = static_cast<std::size_t>(match.begin());
            end = static_cast<std::size_t>(match.end());
        }
    }
    if (begin == std::string::npos) {
        begin = end = data.size();
        line = data.substr(records_.at);
        if (rs.size() == 1 && rs[0] != '\n' && !line.empty() && line.back() == '\n')
            line.pop_back();
    } else {
        line = data.substr(records_.at, begin - records_.at);
    }
    records_.at = end;
    return !(line.empty() && end >= data.size() && begin >= data.size());
}

sim::Task<void> Awk::mainLoop() {
    std::string line;
    std::uint64_t lines = 0;
    while (leave_ != Leave::Exit) {
        const bool more = co_await nextRecord(line);
        if (!more) break;
        setRecord(line);
        for (Rule& rule : script_.rules) {
            if (rule.kind == Rule::Begin || rule.kind == Rule::End) continue;
            const bool chosen = co_await selected(rule);
            if (!chosen) continue;
            if (!rule.action)
                out_ << record() << textOf(globals_["ORS"]);
            else
                co_await execute(*rule.action);
            if (leave_ == Leave::NextFile) {
                reader_.reset();
                split_ = false;
            }
            if (leave_ != Leave::None) break;
        }
        if (leave_ != Leave::Exit) leave_ = Leave::None;
        if (out_.full() || out_.broken()) {
            const bool written = co_await out_.flush();
            if (!written) break;
        }
        if (++lines % 4096 == 0) co_await sim::sleepFor(process_.kernel(), sim::kMillisecond);
    }
}

sim::Task<bool> Awk::selected(Rule& rule) {
    if (!rule.pattern) co_return true;
    if (rule.kind == Rule::Plain) {
        const Value value = co_await evaluateFully(*rule.pattern);
        co_return truth(value);
    }
    if (!rule.active) {
        const Value value = co_await evaluateFully(*rule.pattern);
        if (!truth(value)) co_return false;
        rule.active = true;
    }
    const Value end = co_await evaluateFully(*rule.second);
    if (truth(end)) rule.active = false;
    co_return true;
}

void Awk::setRecord(const std::string& line) {
    record_ = line;
    recordStale_ = false;
    fieldsStale_ = true;
}

void Awk::runNow(const Node& node) {
    if (leave_ != Leave::None || request_ || ++steps_ > 50'000'000) return;
    switch (node.op) {
    case Op::Block:
        for (const NodePtr& kid : node.kids) {
            runNow(*kid);
            if (leave_ != Leave::None) return;
        }
        break;
    case Op::Expression: evaluate(*node.kids[0]); break;
    case Op::Print: print(node); break;
    case Op::If:
        if (truth(evaluate(*node.kids[0])))
            runNow(*node.kids[1]);
        else if (node.kids.size() > 2)
            runNow(*node.kids[2]);
        break;
    case Op::While:
        while (!request_ && truth(evaluate(*node.kids[0])) && ++steps_ < 50'000'000) {
            runNow(*node.kids[1]);
            if (loopEnds()) break;
        }
        break;
    case Op::DoWhile:
        do {
            runNow(*node.kids[0]);
            if (loopEnds()) break;
        } while (!request_ && truth(evaluate(*node.kids[1])) && ++steps_ < 50'000'000);
        break;
    case Op::For:
        runNow(*node.kids[0]);
        while (!request_ && (!node.kids[1] || truth(evaluate(*node.kids[1]))) &&
               ++steps_ < 50'000'000) {
            runNow(*node.kids[3]);
            if (loopEnds()) break;
            runNow(*node.kids[2]);
        }
        break;
    case Op::ForIn:
        for (const std::string& key : keysOf(node)) {
            assign(*node.kids[0], fromInput(key));
            runNow(*node.kids[1]);
            if (loopEnds()) break;
        }
        break;
    default: simple(node); break;
    }
}

bool Awk::loopEnds() {
    if (leave_ == Leave::Break) {
        leave_ = Leave::None;
        return true;
    }
    if (leave_ == Leave::Continue) leave_ = Leave::None;
    return leave_ != Leave::None;
}

Strings Awk::keysOf(const Node& node) {
    Strings keys;
    for (const auto& [key, value] : array(node.text, node.slot)) keys.push_back(key);
    std::stable_sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
        double x = 0, y = 0;
        const bool p = looksNumeric(a, x), q = looksNumeric(b, y);
        if (p && q) return x < y;
        return p && !q;
    });
    return keys;
}

void Awk::simple(const Node& node) {
    switch (node.op) {
    case Op::Next: leave_ = Leave::Next; break;
    case Op::NextFile: leave_ = Leave::NextFile; break;
    case Op::Break: leave_ = Leave::Break; break;
    case Op::Continue: leave_ = Leave::Continue; break;
    case Op::Exit:
        if (!node.kids.empty())
            exitCode_ = static_cast<int>(toNumber(evaluate(*node.kids[0]))) & 0xFF;
        leave_ = Leave::Exit;
        break;
    case Op::Return:
        if (!node.kids.empty()) {
            Value value = evaluate(*node.kids[0]);
            returned_ = std::move(value);
        }
        if (!request_) leave_ = Leave::Return;
        break;
    case Op::Delete:
        if (node.kids.empty())
            array(node.text, node.slot).clear();
        else {
            const std::string key = subscript(*node.kids[0]);
            array(node.text, node.slot).erase(key);
        }
        break;
    default: break;
    }
}

sim::Task<Value> Awk::evaluateFully(const Node& node) {
    while (true) {
        answerAt_ = 0;
        Value value = evaluate(node);
        if (!request_) {
            answers_.clear();
            co_return value;
        }
        co_await serve();
    }
}

sim::Task<void> Awk::serve() {
    const Request request = *request_;
    request_.reset();
    co_await out_.flush();
    Stream answer;
    if (request.kind == Request::MainLine) {
        std::string line;
        const bool more = co_await nextRecord(line);
        answer.data = (more ? "1" : "0") + line;
    } else if (request.kind == Request::System) {
        co_await finishPipes();
        answer.data = std::to_string(co_await command(request.text, nullptr, nullptr));
    } else if (request.kind == Request::Command) {
        auto output = std::make_shared<sim::Pipe>(16u << 20);
        co_await command(request.text, nullptr, output);
        commands_[request.text].data = output->tryRead();
        co_return;
    } else {
        const auto pipe = pipes_.find(request.text);
        if (pipe != pipes_.end()) {
            const std::string data = pipe->second;
            pipes_.erase(pipe);
            answer.data = std::to_string(co_await feed(request.text, data));
        }
    }
    answers_.push_back(answer.data);
}

sim::Task<int> Awk::feed(std::string text, std::string data) {
    auto input = std::make_shared<sim::Pipe>(data.size() + 1);
    input->tryWrite(data);
    input->closeWrite();
    const int status = co_await command(std::move(text), input, nullptr);
    co_return status;
}

sim::Task<void> Awk::finishPipes() {
    auto pipes = std::move(pipes_);
    pipes_.clear();
    if (pipes.empty()) co_return;
    co_await out_.flush();
    for (auto& [text, data] : pipes) co_await feed(text, data);
}

sim::Task<void> Awk::execute(const Node& node) {
    if (leave_ != Leave::None) co_return;
    switch (node.op) {
    case Op::Block:
        for (const NodePtr& kid : node.kids) {
            co_await execute(*kid);
            if (leave_ != Leave::None) co_return;
        }
        break;
    case Op::If: {
        const Value condition = co_await evaluateFully(*node.kids[0]);
        if (truth(condition))
            co_await execute(*node.kids[1]);
        else if (node.kids.size() > 2)
            co_await execute(*node.kids[2]);
        break;
    }
    case Op::While:
    case Op::DoWhile:
    case Op::For: co_await loop(node); break;
    case Op::ForIn:
        for (const std::string& key : keysOf(node)) {
            assign(*node.kids[0], fromInput(key));
            co_await execute(*node.kids[1]);
            if (loopEnds()) break;
        }
        break;
    default:
        while (true) {
            answerAt_ = 0;
            runNow(node);
            if (!request_) break;
            leave_ = Leave::None;
            co_await serve();
        }
        answers_.clear();
        break;
    }
    for (std::string& text : std::exchange(errors_, {}))
        co_await process_.writeError(std::move(text));
}

sim::Task<void> Awk::loop(const Node& node) {
    if (node.op == Op::For) co_await execute(*node.kids[0]);
    bool first = true;
    const Node* condition = node.op == Op::DoWhile ? node.kids[1].get()
                            : node.op == Op::For   ? node.kids[1].get()
                                                   : node.kids[0].get();
    const Node& body = node.op == Op::DoWhile ? *node.kids[0]
                       : node.op == Op::For   ? *node.kids[3]
                                              : *node.kids[1];
    while (leave_ == Leave::None) {
        if (++rounds_ % 256 == 0) {
            co_await sim::sleepFor(process_.kernel(), 100 * sim::kMicrosecond);
            if (out_.full()) co_await out_.flush();
            if (out_.broken()) leave_ = Leave::Exit;
        }
        if (condition != nullptr && !(first && node.op == Op::DoWhile)) {
            const Value value = co_await evaluateFully(*condition);
            if (!truth(value)) break;
        }
        first = false;
        co_await execute(body);
        if (loopEnds()) break;
        if (node.op == Op::For) co_await execute(*node.kids[2]);
    }
}

} // namespace shell::awk

namespace shell {
namespace {
using namespace awk;

sim::Task<int> awkMain(ports::Process& process, Strings argv) {
    Options options(argv, "+F:v:f:", {{"field-separator", 'F'}, {"assign", 'v'}, {"file", 'f'}});
    if (!options.ok()) {
        std::string text = options.error().substr(0, options.error().find('\n') + 1);
        co_await process.writeError(std::move(text));
        co_return 2;
    }
    std::string source;
    for (const std::string& file : options.all('f')) {
        const auto content = co_await readWhole(process, file);
        if (!content.ok()) {
            co_await process.writeError("awk: couldn't open " + file + ": " +
                                        content.error().message + "\n");
            co_return 2;
        }
        source += *content + "\n";
    }
    if (!options.has('f')) {
        if (options.operands.empty()) {
            co_await process.writeError("Usage: mawk [Options] [Program] [file ...]\n");
            co_return 2;
        }
        source = options.operands[0];
        options.operands.erase(options.operands.begin());
    }
    Script script = parseScript(source);
    if (!script.error.empty()) {
        co_await process.writeError("awk: " + script.error + "\n");
        co_return 2;
    }
    Awk awk(process, std::move(script));
    if (options.has('F')) {
        std::string separator = options.value('F');
        if (separator == "t") separator = "\t";
        awk.set("FS", decodeAnsiC(separator) == separator ? separator : decodeAnsiC(separator));
    }
    for (const std::string& assignment : options.all('v')) {
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            co_await process.writeError("awk: improper assignment: -v " + assignment + "\n");
            co_return 2;
        }
        awk.set(assignment.substr(0, equals), decodeAnsiC(assignment.substr(equals + 1)));
    }
    const int status = co_await awk.run(options.operands);
    co_return status;
}

} // namespace

const CoreutilEntry kAwkTools[] = {
    {"awk", awkMain}, {"mawk", awkMain}, {"gawk", awkMain}, {nullptr, nullptr}};

} // namespace shell

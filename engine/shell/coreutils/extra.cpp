// dd, split, join, bc, nano's entry, and the packers that are not modelled.

#include "base/strings.h"
#include "machine/process/process.h"
#include "shell/coreutils/coreutils.h"
#include "shell/editors/vi.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

sim::Task<int> nanoMain(ports::Process& process, Strings argv) {
    std::string path;
    for (std::size_t i = 1; i < argv.size(); ++i)
        if (argv[i].empty() || (argv[i][0] != '-' && argv[i][0] != '+')) path = argv[i];
    Vi editor(process, false);
    const int status = co_await editor.runNano(std::move(path));
    co_return status;
}

sim::Task<int> ddMain(ports::Process& process, Strings argv) {
    std::string input = "-", output, status;
    std::uint64_t block = 512, count = UINT64_MAX, skip = 0, seek = 0;
    bool keep = false;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::size_t equals = argv[i].find('=');
        const std::string name = argv[i].substr(0, equals),
                          value = equals == std::string::npos ? "" : argv[i].substr(equals + 1);
        const auto size = parseSize(value);
        if (name == "if")
            input = value;
        else if (name == "of")
            output = value;
        else if (name == "status")
            status = value;
        else if (name == "conv")
            keep = value.find("notrunc") != std::string::npos;
        else if (name == "oflag" || name == "iflag")
            continue;
        else if ((name == "bs" || name == "ibs" || name == "obs" || name == "count" ||
                  name == "skip" || name == "seek") &&
                 size) {
            if (name == "count")
                count = *size;
            else if (name == "skip")
                skip = *size;
            else if (name == "seek")
                seek = *size;
            else
                block = std::max<std::uint64_t>(1, *size);
        } else {
            co_await process.writeError("dd: unrecognized operand '" + argv[i] +
                                        "'\nTry 'dd --help' for more information.\n");
            co_return 1;
        }
    }
    constexpr std::uint64_t kMost = 256u << 20;
    std::string data;
    if (input == "/dev/zero" || input == "/dev/urandom" || input == "/dev/random") {
        // Endless copying into nothing keeps a processor busy until somebody ends it.
        while (output == "/dev/null" && count == UINT64_MAX) {
            machine::consume(process, sim::kMillisecond);
            co_await sim::sleepFor(process.kernel(), sim::kMillisecond);
        }
        if (count == UINT64_MAX || count > kMost / block) {
            co_await process.writeError("dd: error writing '" + output +
                                        "': No space left on device\n");
            co_return 1;
        }
        data = input == "/dev/zero" ? std::string(count * block, '\0')
                                    : process.kernel().random("shell/dd").bytes(count * block);
    } else {
        auto whole = co_await readWhole(process, input);
        if (!whole.ok()) {
            co_await process.writeError("dd: failed to open '" + input +
                                        "': " + whole.error().message + "\n");
            co_return 1;
        }
        data = std::move(*whole);
        data.erase(0, std::min<std::uint64_t>(data.size(), skip > kMost ? kMost : skip * block));
        if (count < kMost / block) data.resize(std::min<std::uint64_t>(data.size(), count * block));
    }
    const std::size_t size = data.size();
    if (output.empty()) {
        co_await process.writeOut(std::move(data));
    } else {
        const std::string path = process.resolve(output);
        if (seek > 0 || keep) {
            auto before = process.files().read(path);
            std::string whole = before.ok() ? *before : "";
            const std::uint64_t at = std::min<std::uint64_t>(seek * block, kMost);
            if (whole.size() < at + data.size()) whole.resize(at + data.size(), '\0');
            whole.replace(at, data.size(), data);
            data = std::move(whole);
        }
        const auto written = process.files().write(path, std::move(data));
        if (!written.ok()) {
            co_await process.writeError("dd: failed to open '" + output +
                                        "': " + written.error().message + "\n");
            co_return 1;
        }
    }
    const std::string records =
        std::to_string(size / block) + "+" + (size % block != 0 ? "1" : "0");
    std::string text = records + " records in\n" + records + " records out\n";
    if (status != "noxfer")
        text += std::to_string(size) + " bytes copied, 0.001 s, " + humanSize(size * 1000, true) +
                "B/s\n";
    if (status != "none") co_await process.writeError(std::move(text));
    co_return 0;
}

sim::Task<int> splitMain(ports::Process& process, Strings argv) {
    Options options(
        argv, "l:b:a:d",
        {{"lines", 'l'}, {"bytes", 'b'}, {"suffix-length", 'a'}, {"numeric-suffixes", 'd'}});
    if (!options.ok()) {
        co_await process.writeError(options.error());
        co_return 1;
    }
    const std::string input = options.operands.empty() ? "-" : options.operands[0],
                      prefix = options.operands.size() > 1 ? options.operands[1] : "x";
    const auto whole = co_await readWhole(process, input);
    if (!whole.ok()) {
        co_await complain(process, "cannot open " + quoted(input) +
                                       " for reading: " + whole.error().message);
        co_return 1;
    }
    Strings pieces;
    if (options.has('b')) {
        const std::uint64_t size =
            std::max<std::uint64_t>(1, parseSize(options.value('b')).value_or(1024));
        for (std::size_t i = 0; i < whole->size(); i += size)
            pieces.push_back(whole->substr(i, size));
    } else {
        const auto most =
            std::max<std::int64_t>(1, base::parseInt(options.value('l', "1000")).value_or(1000));
        std::string piece;
        std::int64_t count = 0;
        for (const std::string& line : base::splitLines(*whole)) {
            piece += line + "\n";
            if (++count % most == 0) pieces.push_back(std::exchange(piece, {}));
        }
        if (!piece.empty()) pieces.push_back(piece);
    }
    for (std::size_t i = 0; i < pieces.size() && i < 676; ++i) {
        char suffix[16];
        if (options.has('d'))
            std::snprintf(suffix, sizeof suffix, "%02zu", i);
        else
            std::snprintf(suffix, sizeof suffix, "%c%c", static_cast<char>('a' + i / 26),
                          static_cast<char>('a' + i % 26));
        (void)process.files().write(process.resolve(prefix + suffix), pieces[i]);
    }
    co_return 0;
}

sim::Task<int> joinMain(ports::Process& process, Strings argv) {
    Options options(argv, "t:1:2:a:v:o:i", {});
    if (!options.ok() || options.operands.size() != 2) {
        std::string text = options.ok()
                               ? "join: missing operand\nTry 'join --help' for more information.\n"
                               : options.error();
        co_await process.writeError(std::move(text));
        co_return 1;
    }
    std::vector<Strings> rows[2];
    const std::string separator = options.value('t');
    for (std::size_t i = 0; i < 2; ++i) {
        const auto whole = co_await readWhole(process, options.operands[i]);
        if (!whole.ok()) {
            co_await complain(process, options.operands[i] + ": " + whole.error().message);
            co_return 1;
        }
        for (const std::string& line : base::splitLines(*whole))
            rows[i].push_back(separator.empty() ? base::splitFields(line)
                                                : base::split(line, separator[0]));
    }
    const auto key1 =
        static_cast<std::size_t>(base::parseInt(options.value('1', "1")).value_or(1)) - 1;
    const auto key2 =
        static_cast<std::size_t>(base::parseInt(options.value('2', "1")).value_or(1)) - 1;
    const std::string gap = separator.empty() ? " " : separator;
    std::string text;
    for (const Strings& left : rows[0]) {
        bool matched = false;
        for (const Strings& right : rows[1]) {
            if (key1 >= left.size() || key2 >= right.size() || left[key1] != right[key2]) continue;
            matched = true;
            text += left[key1];
            for (std::size_t k = 0; k < left.size(); ++k)
                if (k != key1) text += gap + left[k];
            for (std::size_t k = 0; k < right.size(); ++k)
                if (k != key2) text += gap + right[k];
            text += "\n";
        }
        if (!matched && options.value('a') == "1") text += base::join(left, gap) + "\n";
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

// bc: expressions, variables, scale. Double precision, which is what people use it for in scripts.
class Bc {
public:
    std::string error;
    int scale = 0;
    std::string line(std::string_view text) {
        text_ = text;
        at_ = 0;
        std::string out;
        for (const std::string& statement : base::split(text, ';')) {
            text_ = statement;
            at_ = 0;
            skip();
            if (at_ >= text_.size()) continue;
            printed_ = true;
            const double value = assignment();
            skip();
            if (at_ < text_.size() && error.empty()) error = "syntax error";
            if (!error.empty()) return out;
            if (printed_) out += shown(value) + "\n";
        }
        return out;
    }

private:
    void skip() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    }
    bool take(char c) {
        skip();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::string shown(double value) {
        char buffer[64];
        if (value == std::floor(value) && !fraction_)
            std::snprintf(buffer, sizeof buffer, "%.0f", value == 0 ? 0.0 : value);
        else
            std::snprintf(buffer, sizeof buffer, "%.*f", std::max(scale, places_), value);
        std::string text = buffer;
        if (text.rfind("0.", 0) == 0) text.erase(0, 1);
        if (text.rfind("-0.", 0) == 0) text.erase(1, 1);
        if (text.find_first_not_of("-.0") == std::string::npos) text = "0";
        return text;
    }
    double cut(double value) {
        const double factor = std::pow(10.0, scale);
        return std::trunc(value * factor + (value < 0 ? -1e-9 : 1e-9)) / factor;
    }
    double assignment() {
        skip();
        fraction_ = false;
        places_ = 0;
        std::size_t end = at_;
        while (end < text_.size() &&
               (std::isalpha(static_cast<unsigned char>(text_[end])) || text_[end] == '_'))
            ++end;
        std::size_t after = end;
        while (after < text_.size() && text_[after] == ' ') ++after;
        if (end > at_ && after < text_.size() && text_[after] == '=' &&
            (after + 1 >= text_.size() || text_[after + 1] != '=')) {
            const std::string name(text_.substr(at_, end - at_));
            at_ = after + 1;
            const double value = comparison();
            if (name == "scale")
                scale = std::clamp(static_cast<int>(value), 0, 15);
            else
                variables_[name] = value;
            printed_ = false;
            return value;
        }
        return comparison();
    }
    double comparison() {
        double left = sum();
        for (const char* op : {"<=", ">=", "==", "!=", "<", ">"}) {
            skip();
            const std::string_view view(op);
            if (text_.substr(at_, view.size()) != view) continue;
            at_ += view.size();
            const double right = sum();
            fraction_ = false;
            return view == "<="   ? left <= right
                   : view == ">=" ? left >= right
                   : view == "==" ? left == right
                   : view == "!=" ? left != right
                   : view == "<"  ? left < right
                                  : left > right;
        }
        return left;
    }
    double sum() {
        double left = product();
        while (error.empty()) {
            if (take('+'))
                left += product();
            else if (take('-'))
                left -= product();
            else
                return left;
        }
        return left;
    }
    double product() {
        double left = power();
        while (error.empty()) {
            if (take('*'))
                left *= power();
            else if (take('/')) {
                const double right = power();
                if (right == 0)
                    error = "Divide by zero";
                else
                    left = cut(left / right);
                if (scale > 0) fraction_ = true;
            } else if (take('%')) {
                const double right = power();
                if (right == 0)
                    error = "Divide by zero";
                else
                    left = left - cut(left / right) * right;
            } else
                return left;
        }
        return left;
    }
    double power() {
        const double left = primary();
        if (take('^')) return std::pow(left, power());
        return left;
    }
    double primary() {
        if (++depth_ > 200) error = "expression too deep";
        skip();
        double value = 0;
        if (take('-'))
            value = -primary();
        else if (take('(')) {
            value = comparison();
            if (!take(')') && error.empty()) error = "syntax error";
        } else if (at_ < text_.size() &&
                   (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.')) {
            std::string digits;
            while (at_ < text_.size() &&
                   (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.'))
                digits += text_[at_++];
            value = std::strtod(digits.c_str(), nullptr);
            if (const std::size_t dot = digits.find('.'); dot != std::string::npos)
                fraction_ = true,
                places_ = std::max(places_, static_cast<int>(digits.size() - dot - 1));
        } else if (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) {
            std::string name;
            while (at_ < text_.size() &&
                   (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
                name += text_[at_++];
            if (name == "sqrt" && take('(')) {
                value = cut(std::sqrt(comparison()));
                take(')');
                if (scale > 0) fraction_ = true;
            } else if (name == "scale")
                value = scale;
            else
                value = variables_[name];
        } else if (error.empty())
            error = "syntax error";
        --depth_;
        return value;
    }
    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0, places_ = 0;
    bool printed_ = true, fraction_ = false;
    std::map<std::string, double> variables_;
};

sim::Task<int> bcMain(ports::Process& process, Strings argv) {
    Bc bc;
    std::string path = "-";
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (argv[i] == "-l")
            bc.scale = 15;
        else if (argv[i][0] != '-')
            path = argv[i];
    }
    LineReader reader(process, path);
    const std::string problem = reader.open();
    if (!problem.empty()) {
        co_await process.writeError("File " + path + " is unavailable.\n");
        co_return 1;
    }
    Out out(process);
    std::string line;
    bool ended = false;
    while (true) {
        const bool more = co_await reader.next(line, ended, &out);
        if (!more || base::trim(line) == "quit") break;
        out << bc.line(line);
        if (bc.error.empty()) continue;
        co_await out.flush();
        std::string message = "(standard_in) 1: " + std::exchange(bc.error, {}) + "\n";
        if (message.find("Divide") != std::string::npos)
            message = "Runtime error (func=(main), adr=3): Divide by zero\n";
        co_await process.writeError(std::move(message));
    }
    co_await out.flush();
    co_return 0;
}

sim::Task<int> notModelled(ports::Process& process, Strings argv) {
    co_await process.writeError(lastComponent(argv[0]) +
                                ": compression is not modelled on this machine\n");
    co_return 1;
}

} // namespace

const CoreutilEntry kExtraTools[] = {
    {"nano", nanoMain},      {"dd", ddMain},        {"split", splitMain},
    {"join", joinMain},      {"bc", bcMain},        {"gzip", notModelled},
    {"gunzip", notModelled}, {"zcat", notModelled}, {nullptr, nullptr}};

} // namespace shell

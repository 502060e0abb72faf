#include "ports/program.h"

#include "base/strings.h"

#include <set>

namespace ports {
namespace {
constexpr std::string_view kMarker = "\x7f" "ELF timonel ";
}

std::string Process::resolve(std::string_view path) {
    if (!path.empty() && path.front() == '/') return std::string(path);
    return path.empty() ? cwd() : (cwd() == "/" ? "/" : cwd() + "/") + std::string(path);
}

bool Process::isTerminal(int descriptor) {
    const auto tty = terminal();
    if (!tty) return false;
    if (descriptor == 0) return input() && input() == tty->input.lock();
    const auto stream = descriptor == 1 ? output() : error();
    return stream && stream == tty->output.lock();
}

std::string Process::environmentText(char end) {
    std::string text;
    const auto add = [&](const std::string& name, const std::string& value) { text += name + "=" + value + end; };
    std::set<std::string_view> given;
    for (const std::string& name : envOrder()) {
        const auto found = env().find(name);
        if (found != env().end() && given.insert(name).second) add(name, found->second);
    }
    for (const auto& [name, value] : env())
        if (given.count(name) == 0) add(name, value);
    return text;
}

sim::Task<void> Process::writeOut(std::string text) {
    if (auto pipe = output()) co_await pipe->write(std::move(text));
}
sim::Task<void> Process::writeError(std::string text) {
    if (auto pipe = error()) co_await pipe->write(std::move(text));
}

std::string programFile(std::string_view program) {
    return std::string(kMarker) + std::string(program) + "\n";
}

std::string programOf(std::string_view content) {
    if (content.substr(0, kMarker.size()) != kMarker) return {};
    content.remove_prefix(kMarker.size());
    return std::string(base::trim(content.substr(0, content.find('\n'))));
}

} // namespace ports

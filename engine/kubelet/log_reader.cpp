#include "kubelet/log_reader.h"

#include "base/strings.h"

namespace kubelet {
namespace {

struct Entry {
    std::string_view time, stream, text;
    bool full = true;
};

// "<time> <stream> <tag> <text>".
bool parseEntry(std::string_view line, Entry& out) {
    const std::size_t first = line.find(' ');
    if (first == std::string_view::npos) return false;
    const std::size_t second = line.find(' ', first + 1);
    if (second == std::string_view::npos) return false;
    const std::size_t third = line.find(' ', second + 1);
    if (third == std::string_view::npos) return false;
    out.time = line.substr(0, first);
    out.stream = line.substr(first + 1, second - first - 1);
    out.full = line.substr(second + 1, third - second - 1) != "P";
    out.text = line.substr(third + 1);
    return true;
}

} // namespace

std::uint64_t tailOffset(std::string_view content, std::int64_t lines) {
    if (lines < 0) return 0;
    std::size_t at = content.size();
    if (at > 0 && content[at - 1] == '\n') --at;
    if (lines == 0) return content.size();
    while (true) {
        const std::size_t newline = at == 0 ? std::string_view::npos : content.rfind('\n', at - 1);
        if (newline == std::string_view::npos) return 0;
        if (--lines == 0) return newline + 1;
        at = newline;
    }
}

std::string readLog(const ports::FileSystem& files, const std::string& path, const LogOptions& options,
                    std::uint64_t& offset) {
    const auto stat = files.stat(path);
    if (!stat.ok() || stat->size <= offset) return {};
    const std::string content = files.readAt(path, offset, stat->size - offset).valueOr("");
    std::string out;
    std::size_t begin = 0;
    for (std::size_t end = content.find('\n'); end != std::string::npos; end = content.find('\n', begin)) {
        const std::string_view line = std::string_view(content).substr(begin, end - begin);
        begin = end + 1;
        Entry entry;
        if (!parseEntry(line, entry)) continue;
        if (options.since != 0) {
            const auto time = sim::parseRfc3339(entry.time);
            if (time && *time < options.since) continue;
        }
        if (options.stream == "Stdout" && entry.stream != "stdout") continue;
        if (options.stream == "Stderr" && entry.stream != "stderr") continue;
        if (options.timestamps) {
            out += entry.time;
            out += ' ';
        }
        out += entry.text;
        if (entry.full) out += '\n';
    }
    offset += begin;
    return out;
}

std::string tailOfLog(const ports::FileSystem& files, const std::string& path, std::size_t lines, std::size_t bytes) {
    const std::string content = files.read(path).valueOr("");
    std::uint64_t offset = tailOffset(content, static_cast<std::int64_t>(lines));
    std::string text = readLog(files, path, {}, offset);
    if (text.size() > bytes) text.erase(0, text.size() - bytes);
    return text;
}

} // namespace kubelet

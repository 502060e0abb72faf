// stat, du, file.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"

#include <cstdio>

namespace shell {

namespace {

std::string typeName(const ports::FileStat& stat) {
    switch (stat.type) {
    case ports::FileType::Regular: return stat.size == 0 ? "regular empty file" : "regular file";
    case ports::FileType::Directory: return "directory";
    case ports::FileType::Symlink: return "symbolic link";
    case ports::FileType::Fifo: return "fifo";
    case ports::FileType::Socket: return "socket";
    case ports::FileType::CharDevice: return "character special file";
    default: return "block special file";
    }
}

} // namespace

std::string formatStat(ports::Process& process, const std::string& path,
                       const ports::FileStat& stat, const std::string& format, bool escapes) {
    std::string out;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] == '\\' && escapes && i + 1 < format.size()) {
            out += decodeAnsiC(format.substr(i, 2));
            ++i;
            continue;
        }
        if (format[i] != '%' || i + 1 >= format.size()) {
            out += format[i];
            continue;
        }
        const auto when = [](std::int64_t t) {
            return strftimeUtc("%Y-%m-%d %H:%M:%S.%N +0000", t);
        };
        switch (format[++i]) {
        case 'n': out += path; break;
        case 'N':
            out += quoted(path) +
                   (stat.type == ports::FileType::Symlink ? " -> " + quoted(stat.target) : "");
            break;
        case 's': out += std::to_string(stat.size); break;
        case 'a': out += octal(stat.mode, 1); break;
        case 'A': out += modeText(stat); break;
        case 'f': {
            char b[16];
            std::snprintf(b, sizeof b, "%x",
                          stat.mode | (stat.type == ports::FileType::Directory ? 0x4000 : 0x8000));
            out += b;
            break;
        }
        case 'u': out += std::to_string(stat.uid); break;
        case 'U': out += userName(process, stat.uid); break;
        case 'g': out += std::to_string(stat.gid); break;
        case 'G': out += groupName(process, stat.gid); break;
        case 'F': out += typeName(stat); break;
        case 'i': out += std::to_string(stat.inode); break;
        case 'h': out += std::to_string(stat.links); break;
        case 'b': out += std::to_string(blocksOf(stat) * 2); break;
        case 'B': out += "512"; break;
        case 'o': out += "4096"; break;
        case 'x': out += when(stat.accessed); break;
        case 'y': out += when(stat.modified); break;
        case 'z': out += when(stat.changed); break;
        case 'w': out += when(stat.changed); break;
        case 'X': out += std::to_string(stat.accessed / sim::kSecond); break;
        case 'Y': out += std::to_string(stat.modified / sim::kSecond); break;
        case 'Z': out += std::to_string(stat.changed / sim::kSecond); break;
        case '%': out += '%'; break;
        default: out += '?'; break;
        }
    }
    return out;
}

namespace {

sim::Task<int> statMain(ports::Process& process, Strings argv) {
    Options options(argv, "c:Lftp:",
                    {{"format", 'c'},
                     {"dereference", 'L'},
                     {"printf", 'p'},
                     {"terse", 't'},
                     {"file-system", 'f'}});
    if (!options.ok() || options.operands.empty()) {
        std::string text = options.ok()
                               ? "stat: missing operand\nTry 'stat --help' for more information.\n"
                               : options.error();
        co_await process.writeError(std::move(text));
        co_return 1;
    }
    int status = 0;
    for (const std::string& path : options.operands) {
        const std::string absolute = process.resolve(path);
        const auto stat =
            options.has('L') ? process.files().stat(absolute) : process.files().lstat(absolute);
        if (!stat.ok()) {
            std::string message = "cannot statx " + quoted(path) + ": " + stat.error().message;
            if (isBusybox(process))
                message = "can't stat " + quoted(path) + ": " + stat.error().message;
            co_await complain(process, std::move(message));
            status = 1;
            continue;
        }
        std::string text;
        if (options.has('c'))
            text = formatStat(process, path, *stat, options.value('c'), false) + "\n";
        else if (options.has('p'))
            text = formatStat(process, path, *stat, options.value('p'), true);
        else {
            char line[160];
            std::snprintf(line, sizeof line, "  Size: %-10llu\tBlocks: %-10llu IO Block: 4096   ",
                          static_cast<unsigned long long>(stat->size),
                          static_cast<unsigned long long>(blocksOf(*stat) * 2));
            text = "  File: " + path +
                   (stat->type == ports::FileType::Symlink ? " -> " + stat->target : "") + "\n" +
                   line + typeName(*stat) + "\n";
            std::snprintf(line, sizeof line, "Device: 8,1\tInode: %-11llu Links: %llu\n",
                          static_cast<unsigned long long>(stat->inode),
                          static_cast<unsigned long long>(stat->links));
            text += line;
            std::snprintf(line, sizeof line, "Access: (%04o/%s)  Uid: (%5u/%8s)   Gid: (%5u/%8s)\n",
                          stat->mode, modeText(*stat).c_str(), stat->uid,
                          userName(process, stat->uid).c_str(), stat->gid,
                          groupName(process, stat->gid).c_str());
            text += line + formatStat(process, path, *stat,
                                      "Access: %x\nModify: %y\nChange: %z\n Birth: %w\n", false);
        }
        co_await process.writeOut(std::move(text));
    }
    co_return status;
}

std::uint64_t duWalk(ports::Process& process, const std::string& path, const Options& options,
                     std::int64_t depth, std::int64_t most, std::string& out) {
    const auto stat = process.files().lstat(process.resolve(path));
    if (!stat.ok() || depth > 100) return 0;
    std::uint64_t total = options.has('b') ? stat->size : blocksOf(*stat) * 1024;
    if (stat->type == ports::FileType::Directory)
        if (const auto entries = process.files().list(process.resolve(path)); entries.ok())
            for (const auto& entry : *entries)
                if (entry.name != "." && entry.name != "..")
                    total +=
                        duWalk(process, joinPath(path, entry.name), options, depth + 1, most, out);
    const bool folder = stat->type == ports::FileType::Directory;
    if (depth <= most && (folder || options.has('a') || depth == 0)) {
        const std::string size = options.has('h')   ? humanSize(total)
                                 : options.has('b') ? std::to_string(total)
                                 : options.has('m') ? std::to_string((total + (1 << 20) - 1) >> 20)
                                                    : std::to_string((total + 1023) / 1024);
        out += size + "\t" + path + "\n";
    }
    return total;
}

sim::Task<int> duMain(ports::Process& process, Strings argv) {
    Options options(argv, "ahskmbcd:xA",
                    {{"all", 'a'},
                     {"human-readable", 'h'},
                     {"summarize", 's'},
                     {"max-depth", 'd'},
                     {"bytes", 'b'},
                     {"total", 'c'},
                     {"apparent-size", 'A'}});
    OPTIONS_OR_RETURN(options, 1)
    const std::int64_t most =
        options.has('s') ? 0 : base::parseInt(options.value('d', "1000")).value_or(1000);
    int status = 0;
    std::string text;
    for (const std::string& path : options.operands.empty() ? Strings{"."} : options.operands) {
        if (!process.files().lstat(process.resolve(path)).ok()) {
            co_await complain(process,
                              "cannot access " + quoted(path) + ": No such file or directory");
            status = 1;
            continue;
        }
        duWalk(process, path, options, 0, most, text);
    }
    co_await process.writeOut(std::move(text));
    co_return status;
}

sim::Task<int> fileMain(ports::Process& process, Strings argv) {
    Options options(argv, "bLi", {{"brief", 'b'}, {"mime", 'i'}});
    OPTIONS_OR_RETURN(options, 1)
    for (const std::string& path : options.operands) {
        const auto stat = process.files().lstat(process.resolve(path));
        std::string kind;
        if (!stat.ok())
            kind = "cannot open `" + path + "' (" + stat.error().message + ")";
        else if (stat->type != ports::FileType::Regular)
            kind = stat->type == ports::FileType::Symlink ? "symbolic link to " + stat->target
                                                          : typeName(*stat);
        else if (stat->size == 0)
            kind = "empty";
        else {
            const auto head = process.files().readAt(process.resolve(path), 0, 512);
            const std::string text = head.ok() ? *head : "";
            if (text.rfind("#!", 0) == 0)
                kind = text.find("bash") < 20 ? "Bourne-Again shell script, ASCII text executable"
                                              : "POSIX shell script, ASCII text executable";
            else if (text.rfind("\x7f"
                                "ELF",
                                0) == 0)
                kind = "ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically "
                       "linked, stripped";
            else if (text.rfind("-----BEGIN CERTIFICATE", 0) == 0)
                kind = "PEM certificate";
            else if (text.rfind("-----BEGIN", 0) == 0)
                kind = "PEM RSA private key";
            else if (text[0] == '{' || text[0] == '[')
                kind = "JSON text data";
            else if (text.find('\0') != std::string::npos)
                kind = "data";
            else
                kind = "ASCII text";
        }
        std::string line = path + ": " + kind + "\n";
        if (options.has('b')) line = kind + "\n";
        co_await process.writeOut(std::move(line));
    }
    co_return 0;
}

} // namespace

const CoreutilEntry kStatTools[] = {
    {"stat", statMain}, {"du", duMain}, {"file", fileMain}, {nullptr, nullptr}};

} // namespace shell

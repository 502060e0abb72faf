// ls, stat, find, du, file.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"
#include "shell/pattern.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace shell {
namespace {

#define OPTIONS_OR_RETURN(options)                                                                 \
    if (!options.ok()) {                                                                           \
        co_await process.writeError(options.error());                                              \
        co_return 2;                                                                               \
    }

struct Entry {
    std::string name;
    ports::FileStat stat;
    std::string target;
    bool broken = false;
};

struct LsStyle {
    bool longForm = false, all = false, almostAll = false, human = false, recursive = false,
         onePerLine = false, directory = false;
    bool classify = false, inode = false, reverse = false, numeric = false, noGroup = false,
         noOwner = false, color = false, quote = false, slash = false, fullTime = false,
         blocks = false;
    char sort = 'n'; // n name, t time, S size, U none, X extension, v version
    int width = 80;
};

// As strcoll in the C.UTF-8 and C locales: bytes.
void sortEntries(std::vector<Entry>& entries, const LsStyle& style) {
    if (style.sort == 'U') return;
    std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
        if (style.sort == 't' && a.stat.modified != b.stat.modified)
            return a.stat.modified > b.stat.modified;
        if (style.sort == 'S' && a.stat.size != b.stat.size) return a.stat.size > b.stat.size;
        if (style.sort == 'X') {
            auto extension = [](const std::string& s) {
                const auto dot = s.rfind('.');
                return dot == std::string::npos ? std::string() : s.substr(dot);
            };
            if (extension(a.name) != extension(b.name))
                return extension(a.name) < extension(b.name);
        }
        return a.name < b.name;
    });
    if (style.reverse) std::reverse(entries.begin(), entries.end());
}

std::string colored(const Entry& entry, const LsStyle& style) {
    std::string name = style.quote ? shellQuoted(entry.name) : entry.name;
    if (!style.color) return name;
    const char* code = nullptr;
    switch (entry.stat.type) {
    case ports::FileType::Directory:
        code = (entry.stat.mode & 01002) == 01002 ? "30;42" : "01;34";
        break;
    case ports::FileType::Symlink: code = entry.broken ? "40;31;01" : "01;36"; break;
    case ports::FileType::Fifo: code = "40;33"; break;
    case ports::FileType::Socket: code = "01;35"; break;
    case ports::FileType::CharDevice:
    case ports::FileType::BlockDevice: code = "40;33;01"; break;
    default:
        if (entry.stat.mode & 0111) code = "01;32";
        break;
    }
    return code == nullptr ? name : std::string("\x1b[") + code + "m" + name + "\x1b[0m";
}

std::string mark(const Entry& entry, const LsStyle& style) {
    if (entry.stat.type == ports::FileType::Directory && (style.classify || style.slash))
        return "/";
    if (!style.classify) return "";
    if (entry.stat.type == ports::FileType::Symlink) return style.longForm ? "" : "@";
    if (entry.stat.type == ports::FileType::Fifo) return "|";
    if (entry.stat.type == ports::FileType::Socket) return "=";
    return entry.stat.type == ports::FileType::Regular && (entry.stat.mode & 0111) ? "*" : "";
}

std::string listTime(std::int64_t when, std::int64_t now, const LsStyle& style) {
    if (style.fullTime) return strftimeUtc("%Y-%m-%d %H:%M:%S.%N +0000", when);
    const std::int64_t halfYear = 15778476LL * sim::kSecond;
    return strftimeUtc(when > now - halfYear && when <= now + 60 * sim::kSecond ? "%b %e %H:%M"
                                                                                : "%b %e  %Y",
                       when);
}

std::uint64_t blocksOf(const ports::FileStat& stat) {
    if (stat.type == ports::FileType::Directory) return 4;
    return stat.type == ports::FileType::Regular ? (stat.size + 4095) / 4096 * 4 : 0;
}

std::string longListing(ports::Process& process, const std::vector<Entry>& entries,
                        const LsStyle& style) {
    struct Row {
        std::string links, owner, group, size;
    };
    std::vector<Row> rows;
    std::size_t wide[4] = {0, 0, 0, 0};
    for (const Entry& entry : entries) {
        Row row{std::to_string(entry.stat.links),
                style.numeric ? std::to_string(entry.stat.uid) : userName(process, entry.stat.uid),
                style.numeric ? std::to_string(entry.stat.gid) : groupName(process, entry.stat.gid),
                style.human ? humanSize(entry.stat.size) : std::to_string(entry.stat.size)};
        if (entry.stat.type == ports::FileType::CharDevice ||
            entry.stat.type == ports::FileType::BlockDevice)
            row.size = "1, 3";
        wide[0] = std::max(wide[0], row.links.size());
        wide[1] = std::max(wide[1], row.owner.size());
        wide[2] = std::max(wide[2], row.group.size());
        wide[3] = std::max(wide[3], row.size.size());
        rows.push_back(std::move(row));
    }
    auto padded = [](const std::string& text, std::size_t width, bool left) {
        return left ? text + std::string(width - text.size(), ' ')
                    : std::string(width - text.size(), ' ') + text;
    };
    std::string out;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Entry& entry = entries[i];
        if (style.inode) out += std::to_string(entry.stat.inode) + " ";
        out += modeText(entry.stat) + " " + padded(rows[i].links, wide[0], false) + " ";
        if (!style.noOwner) out += padded(rows[i].owner, wide[1], true) + " ";
        if (!style.noGroup) out += padded(rows[i].group, wide[2], true) + " ";
        out += padded(rows[i].size, wide[3], false) + " " +
               listTime(entry.stat.modified, process.kernel().unixNow(), style) + " " +
               colored(entry, style) + mark(entry, style);
        if (entry.stat.type == ports::FileType::Symlink) out += " -> " + entry.target;
        out += "\n";
    }
    return out;
}

std::string columnsOf(const std::vector<Entry>& entries, const LsStyle& style) {
    std::vector<std::size_t> lengths;
    std::vector<std::string> cells;
    for (const Entry& entry : entries) {
        std::string plain = (style.inode ? std::to_string(entry.stat.inode) + " " : "") +
                            (style.quote ? shellQuoted(entry.name) : entry.name) +
                            mark(entry, style);
        lengths.push_back(plain.size());
        cells.push_back((style.inode ? std::to_string(entry.stat.inode) + " " : "") +
                        colored(entry, style) + mark(entry, style));
    }
    const std::size_t count = cells.size();
    std::size_t rows = 1;
    std::vector<std::size_t> widths;
    for (; rows <= count; ++rows) {
        const std::size_t columns = (count + rows - 1) / rows;
        widths.assign(columns, 0);
        for (std::size_t i = 0; i < count; ++i)
            widths[i / rows] = std::max(widths[i / rows], lengths[i] + 2);
        std::size_t total = 0;
        for (const std::size_t width : widths) total += width;
        if (total - 2 <= static_cast<std::size_t>(style.width)) break;
    }
    rows = std::min(rows, std::max<std::size_t>(count, 1));
    std::string out;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t i = row; i < count; i += rows) {
            out += cells[i];
            if (i + rows < count) out += std::string(widths[i / rows] - lengths[i], ' ');
        }
        out += "\n";
    }
    return out;
}

std::string listing(ports::Process& process, std::vector<Entry>& entries, const LsStyle& style,
                    bool total) {
    sortEntries(entries, style);
    std::string out;
    if (total && (style.longForm || style.blocks)) {
        std::uint64_t blocks = 0;
        for (const Entry& entry : entries) blocks += blocksOf(entry.stat);
        out += "total " + (style.human ? humanSize(blocks * 1024) : std::to_string(blocks)) + "\n";
    }
    if (style.longForm) return out + longListing(process, entries, style);
    if (!style.onePerLine && !entries.empty()) return out + columnsOf(entries, style);
    for (const Entry& entry : entries)
        out += (style.inode ? std::to_string(entry.stat.inode) + " " : "") + colored(entry, style) +
               mark(entry, style) + "\n";
    return out;
}

bool makeEntry(ports::Process& process, const std::string& shown, const std::string& path,
               bool follow, Entry& entry, base::Error& error) {
    auto stat = follow ? process.files().stat(path) : process.files().lstat(path);
    if (!stat.ok() && follow) stat = process.files().lstat(path);
    if (!stat.ok()) {
        error = stat.error();
        return false;
    }
    entry.name = shown;
    entry.stat = *stat;
    entry.target = stat->target;
    entry.broken = stat->type == ports::FileType::Symlink && !process.files().exists(path);
    return true;
}

sim::Task<int> listFolder(ports::Process& process, const LsStyle& style, std::string path,
                          bool header, bool& first, Out& out, int depth) {
    const std::string absolute = process.resolve(path);
    const auto found = process.files().list(absolute);
    if (!found.ok()) {
        co_await out.flush();
        co_await complain(process,
                          "cannot open directory " + quoted(path) + ": " + found.error().message);
        co_return 2;
    }
    std::vector<Entry> entries;
    base::Error ignored;
    if (style.all)
        for (const char* dots : {".", ".."}) {
            Entry entry;
            if (makeEntry(process, dots, joinPath(absolute, dots), false, entry, ignored))
                entries.push_back(std::move(entry));
        }
    for (const auto& item : *found) {
        if (item.name == "." || item.name == ".." ||
            (item.name[0] == '.' && !style.all && !style.almostAll))
            continue;
        Entry entry;
        if (makeEntry(process, item.name, joinPath(absolute, item.name), false, entry, ignored))
            entries.push_back(std::move(entry));
    }
    if (header) out << (first ? "" : "\n") << path << ":\n";
    first = false;
    out << listing(process, entries, style, true);
    int status = 0;
    if (style.recursive && depth < 100)
        for (const Entry& entry : entries)
            if (entry.stat.type == ports::FileType::Directory && entry.name != "." &&
                entry.name != "..") {
                const int inner = co_await listFolder(process, style, joinPath(path, entry.name),
                                                      true, first, out, depth + 1);
                status = std::max(status, inner);
            }
    co_return status;
}

sim::Task<int> lsMain(ports::Process& process, Strings argv) {
    Options options(argv, "laAhR1tSdFirnogGCxpsUXvLckT:w:qbNQuHfZK::EDW:Y:",
                    {{"all", 'a'},
                     {"almost-all", 'A'},
                     {"human-readable", 'h'},
                     {"recursive", 'R'},
                     {"directory", 'd'},
                     {"classify", 'F'},
                     {"inode", 'i'},
                     {"reverse", 'r'},
                     {"numeric-uid-gid", 'n'},
                     {"color", 'K'},
                     {"full-time", 'E'},
                     {"group-directories-first", 'D'},
                     {"size", 's'},
                     {"sort", 'W'},
                     {"no-group", 'G'},
                     {"time-style", 'Y'}});
    OPTIONS_OR_RETURN(options)
    const bool tty = process.isTerminal(1);
    LsStyle style;
    style.longForm = options.has('l') || options.has('n') || options.has('o') || options.has('g') ||
                     options.has('E');
    style.all = options.has('a') || options.has('f');
    style.almostAll = options.has('A');
    style.human = options.has('h');
    style.recursive = options.has('R');
    style.onePerLine = options.has('1') || (!tty && !options.has('C') && !options.has('x'));
    style.directory = options.has('d');
    style.classify = options.has('F');
    style.slash = options.has('p');
    style.inode = options.has('i');
    style.reverse = options.has('r');
    style.numeric = options.has('n');
    style.noGroup = options.has('o') || options.has('G');
    style.noOwner = options.has('g');
    style.fullTime = options.has('E');
    style.blocks = options.has('s');
    style.quote = tty;
    style.color = options.has('K') && tty;
    if (options.has('t')) style.sort = 't';
    if (options.has('S')) style.sort = 'S';
    if (options.has('X')) style.sort = 'X';
    if (options.has('U') || options.has('f')) style.sort = 'U';
    if (process.terminal() && tty) style.width = process.terminal()->size.columns;
    Strings operands = options.operands.empty() ? Strings{"."} : options.operands;
    std::vector<Entry> plain;
    Strings folders;
    int status = 0;
    Out out(process);
    for (const std::string& path : operands) {
        Entry entry;
        base::Error error;
        const bool follow = !style.longForm && !style.directory;
        const std::string absolute = process.resolve(path);
        if (!makeEntry(process, path, absolute, follow, entry, error)) {
            std::string message = "cannot access " + quoted(path) + ": " + error.message;
            if (isBusybox(process)) message = path + ": " + error.message;
            co_await complain(process, std::move(message));
            status = isBusybox(process) ? 1 : 2;
            continue;
        }
        const bool folder =
            entry.stat.type == ports::FileType::Directory ||
            (style.longForm && path.back() == '/' && process.files().isDirectory(absolute));
        if (folder && !style.directory)
            folders.push_back(path);
        else
            plain.push_back(std::move(entry));
    }
    bool first = true;
    if (!plain.empty()) {
        out << listing(process, plain, style, false);
        first = false;
    }
    std::sort(folders.begin(), folders.end());
    if (style.reverse) std::reverse(folders.begin(), folders.end());
    for (const std::string& path : folders) {
        const int inner = co_await listFolder(
            process, style, path, operands.size() > 1 || style.recursive, first, out, 0);
        status = std::max(status, inner);
    }
    const bool written = co_await out.flush();
    co_return written ? status : 141;
}

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

std::string octal(std::uint32_t mode, int width) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "%0*o", width, mode);
    return buffer;
}

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

// find: an expression tree evaluated per file.
struct FindNode {
    std::string name;
    Strings args;
    std::int64_t number = 0;
    char sign = 0;
    std::unique_ptr<FindNode> left, right; // and, or; not: left
};
using FindPtr = std::unique_ptr<FindNode>;

class FindParser {
public:
    FindParser(Strings words, std::int64_t now, ports::Process& process)
        : words_(std::move(words)), process_(process), now_(now) {}
    std::string error;
    bool acts = false;
    std::int64_t maxDepth = INT64_MAX, minDepth = 0;
    bool depthFirst = false;
    FindPtr parse() {
        if (words_.empty()) return nullptr;
        FindPtr tree = orExpression();
        if (error.empty() && at_ < words_.size())
            error = words_[at_] == ")" ? "you have too many ')'"
                                       : "paths must precede expression: `" + words_[at_] + "'";
        return tree;
    }

private:
    FindPtr join(const char* name, FindPtr left, FindPtr right) {
        auto node = std::make_unique<FindNode>();
        node->name = name;
        node->left = std::move(left);
        node->right = std::move(right);
        return node;
    }
    FindPtr orExpression() {
        FindPtr left = andExpression();
        while (error.empty() && at_ < words_.size() &&
               (words_[at_] == "-o" || words_[at_] == "-or")) {
            ++at_;
            left = join("or", std::move(left), andExpression());
        }
        return left;
    }
    FindPtr andExpression() {
        FindPtr left = notExpression();
        while (error.empty() && at_ < words_.size() && words_[at_] != "-o" &&
               words_[at_] != "-or" && words_[at_] != ")") {
            if (words_[at_] == "-a" || words_[at_] == "-and") ++at_;
            left = join("and", std::move(left), notExpression());
        }
        return left;
    }
    FindPtr notExpression() {
        if (at_ < words_.size() && (words_[at_] == "!" || words_[at_] == "-not")) {
            ++at_;
            return join("not", notExpression(), nullptr);
        }
        return primary();
    }
    std::string argument(const std::string& name) {
        if (at_ >= words_.size()) {
            if (error.empty()) error = "missing argument to `" + name + "'";
            return {};
        }
        return words_[at_++];
    }
    FindPtr primary() {
        auto node = std::make_unique<FindNode>();
        if (at_ >= words_.size()) {
            error = "expected an expression";
            return node;
        }
        const std::string word = words_[at_++];
        if (word == "(") {
            FindPtr inner = orExpression();
            if (error.empty() && (at_ >= words_.size() || words_[at_] != ")"))
                error = "invalid expression; I was expecting to find a ')' somewhere but did not "
                        "see one.";
            ++at_;
            return inner;
        }
        node->name = word;
        static const std::set<std::string> kPlain{
            "-print", "-print0", "-delete",   "-empty",    "-true",       "-false",  "-prune",
            "-ls",    "-quit",   "-readable", "-writable", "-executable", "-nouser", "-nogroup"};
        static const std::set<std::string> kText{
            "-name",   "-iname",    "-path",  "-ipath", "-wholename", "-type",
            "-perm",   "-user",     "-group", "-newer", "-regex",     "-iregex",
            "-printf", "-samefile", "-lname", "-xtype", "-fstype"};
        static const std::set<std::string> kNumber{"-size", "-mtime", "-mmin", "-atime",
                                                   "-amin", "-ctime", "-cmin", "-links",
                                                   "-inum", "-uid",   "-gid"};
        if (word == "-print" || word == "-print0" || word == "-delete" || word == "-printf" ||
            word == "-ls" || word == "-exec" || word == "-execdir" || word == "-ok")
            acts = true;
        if (word == "-delete" || word == "-depth") depthFirst = true;
        if (word == "-depth" || word == "-mount" || word == "-xdev" || word == "-noleaf" ||
            word == "-follow" || word == "-daystart" || word == "-warn" || word == "-nowarn") {
            node->name = "-true";
        } else if (word == "-maxdepth" || word == "-mindepth") {
            const std::string value = argument(word);
            const auto number = base::parseInt(value);
            if (error.empty() && !number)
                error = "Expected a positive decimal integer argument to " + word + ", but got `" +
                        value + "'";
            (word == "-maxdepth" ? maxDepth : minDepth) = number.value_or(0);
            node->name = "-true";
        } else if (word == "-exec" || word == "-execdir" || word == "-ok") {
            while (at_ < words_.size() && words_[at_] != ";" &&
                   !(words_[at_] == "+" && !node->args.empty() && node->args.back() == "{}"))
                node->args.push_back(words_[at_++]);
            if (at_ >= words_.size()) {
                error = "missing argument to `" + word + "'";
                return node;
            }
            node->sign = words_[at_++][0];
        } else if (kText.count(word) > 0) {
            node->args.push_back(argument(word));
            if (word == "-newer") {
                const auto stat = process_.files().stat(process_.resolve(node->args[0]));
                if (!stat.ok())
                    error = "'" + node->args[0] + "': " + stat.error().message;
                else
                    node->number = stat->modified;
            }
            if (word == "-type" && error.empty() &&
                node->args[0].find_first_not_of("fdlpscb,") != std::string::npos)
                error = "Unknown argument to -type: " + node->args[0];
        } else if (kNumber.count(word) > 0) {
            std::string value = argument(word);
            if (!value.empty() && (value[0] == '+' || value[0] == '-')) {
                node->sign = value[0];
                value.erase(0, 1);
            }
            node->args.push_back(value);
            std::size_t digits = 0;
            while (digits < value.size() && std::isdigit(static_cast<unsigned char>(value[digits])))
                ++digits;
            if (error.empty() && digits == 0)
                error = "invalid argument `" + value + "' to `" + word + "'";
            node->number = base::parseInt(value.substr(0, digits)).value_or(0);
        } else if (kPlain.count(word) == 0) {
            error = word[0] == '-' ? "unknown predicate `" + word + "'"
                                   : "paths must precede expression: `" + word + "'";
        }
        return node;
    }
    Strings words_;
    ports::Process& process_;
    std::int64_t now_;
    std::size_t at_ = 0;
};

class Find {
public:
    Find(ports::Process& process, const FindNode* tree, bool printAll, std::int64_t minDepth,
         std::int64_t maxDepth, bool depthFirst, bool follow)
        : process_(process), tree_(tree), printAll_(printAll), minDepth_(minDepth),
          maxDepth_(maxDepth), depthFirst_(depthFirst), follow_(follow), out_(process) {}
    int status = 0;

    sim::Task<void> walk(std::string path, int depth, std::string root) {
        if (quit_ || depth > 150) co_return;
        const std::string absolute = process_.resolve(path);
        auto stat = follow_ ? process_.files().stat(absolute) : process_.files().lstat(absolute);
        if (!stat.ok()) stat = process_.files().lstat(absolute);
        if (!stat.ok()) {
            co_await out_.flush();
            co_await complain(process_, "'" + path + "': " + stat.error().message);
            status = 1;
            co_return;
        }
        prune_ = false;
        if (!depthFirst_ && depth >= minDepth_) co_await visit(path, *stat, depth, root);
        const bool pruned = std::exchange(prune_, false);
        if (stat->type == ports::FileType::Directory && depth < maxDepth_ && !pruned) {
            const auto entries = process_.files().list(absolute);
            if (!entries.ok()) {
                co_await out_.flush();
                co_await complain(process_, "'" + path + "': " + entries.error().message);
                status = 1;
            } else {
                for (const auto& entry : *entries)
                    if (entry.name != "." && entry.name != "..")
                        co_await walk(joinPath(path, entry.name), depth + 1, root);
            }
        }
        if (depthFirst_ && depth >= minDepth_) co_await visit(path, *stat, depth, root);
        if (out_.full()) co_await out_.flush();
    }
    sim::Task<void> finish() {
        for (auto& [node, paths] : batches_) {
            Strings words;
            for (const std::string& word : node->args)
                if (word == "{}")
                    words.insert(words.end(), paths.begin(), paths.end());
                else
                    words.push_back(word);
            const int code = co_await run(std::move(words));
            if (code != 0) status = 1;
        }
        co_await out_.flush();
    }

private:
    sim::Task<void> visit(const std::string& path, ports::FileStat stat, int depth,
                          const std::string& root) {
        bool value = true;
        if (tree_ != nullptr) value = co_await evaluate(*tree_, path, stat, depth, root);
        if (value && printAll_) out_ << path << "\n";
    }
    static bool compare(const FindNode& node, std::int64_t value) {
        return node.sign == '+'   ? value > node.number
               : node.sign == '-' ? value < node.number
                                  : value == node.number;
    }

    sim::Task<bool> evaluate(const FindNode& node, const std::string& path,
                             const ports::FileStat& stat, int depth, const std::string& root) {
        if (node.name == "and") {
            const bool left = co_await evaluate(*node.left, path, stat, depth, root);
            if (!left) co_return false;
            const bool right = co_await evaluate(*node.right, path, stat, depth, root);
            co_return right;
        }
        if (node.name == "or") {
            const bool left = co_await evaluate(*node.left, path, stat, depth, root);
            if (left) co_return true;
            const bool right = co_await evaluate(*node.right, path, stat, depth, root);
            co_return right;
        }
        if (node.name == "not") {
            const bool value = co_await evaluate(*node.left, path, stat, depth, root);
            co_return !value;
        }
        if (node.name == "-exec" || node.name == "-execdir" || node.name == "-ok") {
            if (node.sign == '+') {
                batches_[&node].push_back(path);
                co_return true;
            }
            Strings words = node.args;
            for (std::string& word : words) word = base::replaceAll(word, "{}", path);
            co_await out_.flush();
            const int code = co_await run(std::move(words));
            co_return code == 0;
        }
        if (node.name == "-delete") {
            const std::string absolute = process_.resolve(path);
            const auto removed = stat.type == ports::FileType::Directory
                                     ? process_.files().removeDirectory(absolute)
                                     : process_.files().removeFile(absolute);
            if (!removed.ok()) {
                co_await complain(process_,
                                  "cannot delete '" + path + "': " + removed.error().message);
                status = 1;
            }
            co_return removed.ok();
        }
        co_return test(node, path, stat, depth, root);
    }

    bool test(const FindNode& node, const std::string& path, const ports::FileStat& stat, int depth,
              const std::string& root) {
        const std::string& name = node.name;
        PatternOptions ignore;
        ignore.ignoreCase = name.size() > 1 && name[1] == 'i';
        if (name == "-true") return true;
        if (name == "-false") return false;
        if (name == "-print")
            out_ << path << "\n";
        else if (name == "-print0")
            out_ << path << std::string_view("\0", 1);
        else if (name == "-printf")
            out_ << printed(node.args[0], path, stat, depth, root);
        else if (name == "-ls")
            out_ << std::to_string(stat.inode) << "      " << std::to_string(blocksOf(stat)) << " "
                 << modeText(stat) << "   " << std::to_string(stat.links) << " "
                 << userName(process_, stat.uid) << "     " << groupName(process_, stat.gid)
                 << "     " << std::to_string(stat.size) << " "
                 << strftimeUtc("%b %e %H:%M", stat.modified) << " " << path << "\n";
        else if (name == "-prune")
            prune_ = true;
        else if (name == "-quit")
            quit_ = true;
        else if (name == "-name" || name == "-iname")
            return matchPattern(node.args[0], lastComponent(path), ignore);
        else if (name == "-path" || name == "-ipath" || name == "-wholename")
            return matchPattern(node.args[0], path, ignore);
        else if (name == "-lname")
            return stat.type == ports::FileType::Symlink &&
                   matchPattern(node.args[0], stat.target, {});
        else if (name == "-type" || name == "-xtype")
            return node.args[0].find(modeText(stat)[0] == '-' ? 'f' : modeText(stat)[0]) !=
                   std::string::npos;
        else if (name == "-empty") {
            if (stat.type == ports::FileType::Directory) {
                const auto entries = process_.files().list(process_.resolve(path));
                return entries.ok() &&
                       std::all_of(entries->begin(), entries->end(),
                                   [](const auto& e) { return e.name == "." || e.name == ".."; });
            }
            return stat.type == ports::FileType::Regular && stat.size == 0;
        } else if (name == "-size")
            return compare(node, sizeIn(node.args[0], stat.size));
        else if (name == "-links")
            return compare(node, static_cast<std::int64_t>(stat.links));
        else if (name == "-inum")
            return compare(node, static_cast<std::int64_t>(stat.inode));
        else if (name == "-uid")
            return compare(node, stat.uid);
        else if (name == "-gid")
            return compare(node, stat.gid);
        else if (name == "-user")
            return userId(process_, node.args[0]) == stat.uid;
        else if (name == "-group")
            return groupId(process_, node.args[0]) == stat.gid;
        else if (name == "-newer")
            return stat.modified > node.number;
        else if (name == "-readable")
            return process_.files().access(process_.resolve(path), 4);
        else if (name == "-writable")
            return process_.files().access(process_.resolve(path), 2);
        else if (name == "-executable")
            return process_.files().access(process_.resolve(path), 1);
        else if (name == "-samefile") {
            const auto other = process_.files().stat(process_.resolve(node.args[0]));
            return other.ok() && other->inode == stat.inode;
        } else if (name == "-perm")
            return permission(node.args[0], stat.mode);
        else if (name.size() > 4 && (name.substr(2) == "time" || name.substr(2) == "min")) {
            const std::int64_t when = name[1] == 'm'   ? stat.modified
                                      : name[1] == 'a' ? stat.accessed
                                                       : stat.changed;
            const std::int64_t unit = name.substr(2) == "min" ? sim::kMinute : 24 * sim::kHour;
            return compare(node, (process_.kernel().unixNow() - when) / unit);
        }
        return true;
    }
    static std::int64_t sizeIn(const std::string& text, std::uint64_t size) {
        const char unit = text.empty() || std::isdigit(static_cast<unsigned char>(text.back()))
                              ? 'b'
                              : text.back();
        const std::uint64_t per = unit == 'c'   ? 1
                                  : unit == 'w' ? 2
                                  : unit == 'k' ? 1024
                                  : unit == 'M' ? 1 << 20
                                  : unit == 'G' ? 1 << 30
                                                : 512;
        return static_cast<std::int64_t>((size + per - 1) / per);
    }
    static bool permission(std::string text, std::uint32_t mode) {
        char how = 0;
        if (text[0] == '-' || text[0] == '/') {
            how = text[0];
            text.erase(0, 1);
        }
        std::uint32_t wanted = 0;
        applyMode(text, wanted, false, 0);
        if (how == '-') return (mode & wanted) == wanted;
        if (how == '/') return wanted == 0 || (mode & wanted) != 0;
        return (mode & 07777) == wanted;
    }
    std::string printed(const std::string& format, const std::string& path,
                        const ports::FileStat& stat, int depth, const std::string& root) {
        std::string out;
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (format[i] == '\\' && i + 1 < format.size()) {
                out += decodeAnsiC(format.substr(i, 2));
                ++i;
            } else if (format[i] == '%' && i + 1 < format.size()) {
                const char c = format[++i];
                if (c == 'p')
                    out += path;
                else if (c == 'f')
                    out += lastComponent(path);
                else if (c == 'h')
                    out += path.rfind('/') == std::string::npos ? "."
                                                                : path.substr(0, path.rfind('/'));
                else if (c == 'P')
                    out += path.size() > root.size()
                               ? path.substr(root.size() + (root.back() == '/' ? 0 : 1))
                               : "";
                else if (c == 'H')
                    out += root;
                else if (c == 'd')
                    out += std::to_string(depth);
                else if (c == 'l')
                    out += stat.type == ports::FileType::Symlink ? stat.target : "";
                else if (c == 'M')
                    out += modeText(stat);
                else if (c == 'm')
                    out += octal(stat.mode, 1);
                else if (c == 'y')
                    out += modeText(stat)[0] == '-' ? 'f' : modeText(stat)[0];
                else if (c == 'k')
                    out += std::to_string(blocksOf(stat));
                else if (c == 'T' || c == 'A' || c == 'C') {
                    const char form = i + 1 < format.size() ? format[++i] : '@';
                    const std::int64_t when = c == 'T'   ? stat.modified
                                              : c == 'A' ? stat.accessed
                                                         : stat.changed;
                    out += form == '@'   ? std::to_string(when / sim::kSecond) + ".0000000000"
                           : form == '+' ? strftimeUtc("%Y-%m-%d+%H:%M:%S.0000000000", when)
                                         : strftimeUtc(std::string("%") + form, when);
                } else if (c == 't')
                    out += strftimeUtc("%a %b %e %H:%M:%S.0000000000 %Y", stat.modified);
                else if (c == 'n')
                    out += std::to_string(stat.links);
                else if (std::string_view("suUgGi%").find(c) != std::string_view::npos)
                    out += formatStat(process_, path, stat,
                                      c == 'u'   ? "%U"
                                      : c == 'U' ? "%u"
                                      : c == 'g' ? "%G"
                                      : c == 'G' ? "%g"
                                                 : std::string("%") + c,
                                      false);
                else
                    out += std::string("%") + c;
            } else {
                out += format[i];
            }
        }
        return out;
    }
    sim::Task<int> run(Strings words) {
        ports::SpawnOptions spawn;
        const std::string name = words.empty() ? "" : words[0];
        spawn.argv = std::move(words);
        spawn.env = process_.env();
        spawn.cwd = process_.cwd();
        const auto pid = process_.startChild(std::move(spawn));
        if (!pid.ok()) {
            co_await complain(process_, "'" + name + "': " + pid.error().message);
            status = 1;
            co_return 1;
        }
        const int code = co_await process_.wait(*pid);
        co_return code;
    }

    ports::Process& process_;
    const FindNode* tree_;
    bool printAll_;
    std::int64_t minDepth_, maxDepth_;
    bool depthFirst_, follow_, prune_ = false, quit_ = false;
    Out out_;
    std::map<const FindNode*, Strings> batches_;
};

sim::Task<int> findMain(ports::Process& process, Strings argv) {
    Strings roots;
    std::size_t at = 1;
    bool follow = false;
    while (at < argv.size() && (argv[at] == "-L" || argv[at] == "-P" || argv[at] == "-H"))
        follow = argv[at++] == "-L";
    while (at < argv.size() && argv[at][0] != '-' && argv[at] != "(" && argv[at] != "!")
        roots.push_back(argv[at++]);
    if (roots.empty()) roots.push_back(".");
    FindParser parser(Strings(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end()),
                      process.kernel().unixNow(), process);
    const FindPtr tree = parser.parse();
    if (!parser.error.empty()) {
        co_await complain(process, parser.error);
        co_return 1;
    }
    Find find(process, tree.get(), !parser.acts, parser.minDepth, parser.maxDepth,
              parser.depthFirst, follow);
    for (const std::string& root : roots) co_await find.walk(root, 0, root);
    co_await find.finish();
    co_return find.status;
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
    OPTIONS_OR_RETURN(options)
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
    OPTIONS_OR_RETURN(options)
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

const CoreutilEntry kListTools[] = {{"ls", lsMain}, {"stat", statMain}, {"find", findMain},
                                    {"du", duMain}, {"file", fileMain}, {nullptr, nullptr}};

} // namespace shell

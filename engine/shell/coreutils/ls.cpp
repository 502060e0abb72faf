// ls.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>

namespace shell {
namespace {

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
    OPTIONS_OR_RETURN(options, 2)
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

} // namespace

const CoreutilEntry kListTools[] = {{"ls", lsMain}, {nullptr, nullptr}};

} // namespace shell

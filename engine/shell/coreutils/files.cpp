// mkdir, rmdir, ln, touch, chmod, chown, chgrp, mktemp, truncate.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

namespace shell {
namespace {

constexpr int kDeepest = 200;

sim::Task<int> mkdirMain(ports::Process& process, Strings argv) {
    Options options(argv, "pm:v", {{"parents", 'p'}, {"mode", 'm'}, {"verbose", 'v'}});
    OPTIONS_OR_RETURN(options, 1)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing operand"));
        co_return 1;
    }
    std::uint32_t mode = 0777;
    if (options.has('m') && !applyMode(options.value('m'), mode, true)) {
        co_await complain(process, "invalid mode " + quoted(options.value('m')));
        co_return 1;
    }
    Strings problems;
    std::string shown;
    for (const std::string& path : options.operands) {
        const std::string absolute = process.resolve(path);
        if (options.has('p') && process.files().isDirectory(absolute)) continue;
        const auto made = options.has('p') ? process.files().makeDirectories(absolute, 0777)
                                           : process.files().makeDirectory(absolute, mode);
        if (!made.ok()) {
            problems.push_back("cannot create directory " + quoted(path) + ": " +
                               made.error().message);
            continue;
        }
        if (options.has('m')) (void)process.files().chmod(absolute, mode);
        if (options.has('v')) shown += "mkdir: created directory " + quoted(path) + "\n";
    }
    const int status = co_await reportProblems(process, std::move(problems), std::move(shown));
    co_return status;
}

sim::Task<int> rmdirMain(ports::Process& process, Strings argv) {
    Options options(argv, "pv", {{"parents", 'p'}, {"verbose", 'v'}});
    OPTIONS_OR_RETURN(options, 1)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing operand"));
        co_return 1;
    }
    Strings problems;
    for (const std::string& operand : options.operands)
        for (std::string path = operand; !path.empty();) {
            const auto removed = process.files().removeDirectory(process.resolve(path));
            if (!removed.ok()) {
                problems.push_back("failed to remove " + quoted(path) + ": " +
                                   removed.error().message);
                break;
            }
            const std::size_t slash = path.rfind('/');
            if (!options.has('p') || slash == std::string::npos || slash == 0) break;
            path.resize(slash);
        }
    const int status = co_await reportProblems(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> lnMain(ports::Process& process, Strings argv) {
    Options options(argv, "sfnvTrt:",
                    {{"symbolic", 's'},
                     {"force", 'f'},
                     {"no-dereference", 'n'},
                     {"verbose", 'v'},
                     {"relative", 'r'}});
    OPTIONS_OR_RETURN(options, 1)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing file operand"));
        co_return 1;
    }
    if (options.operands.size() == 1) options.operands.push_back(".");
    const std::string target = options.operands.back();
    const auto targetStat = options.has('n') || options.has('T')
                                ? process.files().lstat(process.resolve(target))
                                : process.files().stat(process.resolve(target));
    const bool into =
        !options.has('T') && targetStat.ok() && targetStat->type == ports::FileType::Directory;
    Strings problems;
    for (std::size_t i = 0; i + 1 < options.operands.size(); ++i) {
        const std::string& from = options.operands[i];
        const std::string to = into ? joinPath(target, lastComponent(from)) : target;
        if (options.has('f')) (void)process.files().removeFile(process.resolve(to));
        if (!options.has('s') && !process.files().exists(process.resolve(from))) {
            problems.push_back("failed to access " + quoted(from) + ": No such file or directory");
            continue;
        }
        const auto made = options.has('s')
                              ? process.files().symlink(from, process.resolve(to))
                              : process.files().link(process.resolve(from), process.resolve(to));
        if (!made.ok())
            problems.push_back(std::string("failed to create ") +
                               (options.has('s') ? "symbolic" : "hard") + " link " + quoted(to) +
                               ": " + made.error().message);
    }
    const int status = co_await reportProblems(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> touchMain(ports::Process& process, Strings argv) {
    Options options(argv, "acmhd:r:t:", {{"no-create", 'c'}, {"date", 'd'}, {"reference", 'r'}});
    OPTIONS_OR_RETURN(options, 1)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing file operand"));
        co_return 1;
    }
    std::int64_t when = process.kernel().unixNow();
    if (options.has('d')) {
        const auto parsed = parseDate(options.value('d'), when);
        if (!parsed) {
            co_await complain(process, "invalid date format " + quoted(options.value('d')));
            co_return 1;
        }
        when = *parsed;
    }
    if (options.has('r')) {
        const auto stat = process.files().stat(process.resolve(options.value('r')));
        if (!stat.ok()) {
            co_await complain(process, "failed to get attributes of " + quoted(options.value('r')) +
                                           ": " + stat.error().message);
            co_return 1;
        }
        when = stat->modified;
    }
    Strings problems;
    for (const std::string& path : options.operands) {
        const std::string absolute = process.resolve(path);
        if (!process.files().exists(absolute)) {
            if (options.has('c')) continue;
            const auto made = process.files().write(absolute, "");
            if (!made.ok()) {
                problems.push_back("cannot touch " + quoted(path) + ": " + made.error().message);
                continue;
            }
        }
        const auto set = process.files().setTimes(absolute, when, when);
        if (!set.ok())
            problems.push_back("setting times of " + quoted(path) + ": " + set.error().message);
    }
    const int status = co_await reportProblems(process, std::move(problems), {});
    co_return status;
}

void eachBelow(ports::Process& process, const std::string& path, bool recursive, Strings& out,
               int depth = 0) {
    out.push_back(path);
    if (!recursive || depth > kDeepest) return;
    const auto stat = process.files().lstat(process.resolve(path));
    if (!stat.ok() || stat->type != ports::FileType::Directory) return;
    if (const auto entries = process.files().list(process.resolve(path)); entries.ok())
        for (const auto& entry : *entries)
            if (entry.name != "." && entry.name != "..")
                eachBelow(process, joinPath(path, entry.name), true, out, depth + 1);
}

sim::Task<int> chmodMain(ports::Process& process, Strings argv) {
    // "-x" and the like are modes, not options.
    Strings kept, modes;
    for (std::size_t i = 0; i < argv.size(); ++i) {
        if (i > 0 && argv[i].size() > 1 && argv[i][0] == '-' &&
            argv[i].find_first_not_of("-rwxXst,+=ugoa") == std::string::npos && argv[i] != "--")
            modes.push_back(argv[i]);
        else
            kept.push_back(argv[i]);
    }
    Options options(
        kept, "Rvcf",
        {{"recursive", 'R'}, {"verbose", 'v'}, {"changes", 'c'}, {"silent", 'f'}, {"quiet", 'f'}});
    OPTIONS_OR_RETURN(options, 1)
    if (!modes.empty()) options.operands.insert(options.operands.begin(), base::join(modes, ","));
    if (options.operands.size() < 2) {
        {
            std::string hoisted =
                tryHelp(process, options.operands.empty()
                                     ? "missing operand"
                                     : "missing operand after " + quoted(options.operands[0]));
            co_await process.writeError(std::move(hoisted));
        }
        co_return 1;
    }
    std::uint32_t probe = 0;
    if (!applyMode(options.operands[0], probe, false)) {
        co_await process.writeError(
            tryHelp(process, "invalid mode: " + quoted(options.operands[0])));
        co_return 1;
    }
    Strings problems;
    for (std::size_t i = 1; i < options.operands.size(); ++i) {
        Strings paths;
        eachBelow(process, options.operands[i], options.has('R'), paths);
        for (const std::string& path : paths) {
            const auto stat = process.files().stat(process.resolve(path));
            if (!stat.ok()) {
                problems.push_back("cannot access " + quoted(path) + ": " + stat.error().message);
                continue;
            }
            std::uint32_t mode = stat->mode;
            applyMode(options.operands[0], mode, stat->type == ports::FileType::Directory);
            const auto changed = process.files().chmod(process.resolve(path), mode);
            if (!changed.ok())
                problems.push_back("changing permissions of " + quoted(path) + ": " +
                                   changed.error().message);
        }
    }
    const int status = co_await reportProblems(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> chownMain(ports::Process& process, Strings argv) {
    const bool groupOnly = lastComponent(argv[0]) == "chgrp";
    Options options(argv, "Rvcfh", {{"recursive", 'R'}, {"verbose", 'v'}, {"no-dereference", 'h'}});
    OPTIONS_OR_RETURN(options, 1)
    if (options.operands.size() < 2) {
        {
            std::string hoisted =
                tryHelp(process, options.operands.empty()
                                     ? "missing operand"
                                     : "missing operand after " + quoted(options.operands[0]));
            co_await process.writeError(std::move(hoisted));
        }
        co_return 1;
    }
    const std::string owner = options.operands[0];
    std::size_t colon = owner.find(':');
    if (colon == std::string::npos) colon = owner.find('.');
    const std::string user = groupOnly ? "" : owner.substr(0, colon);
    const std::string group = groupOnly                    ? owner
                              : colon == std::string::npos ? ""
                                                           : owner.substr(colon + 1);
    const auto uid = user.empty() ? std::optional<std::uint32_t>() : userId(process, user);
    const auto gid = group.empty() ? std::optional<std::uint32_t>() : groupId(process, group);
    if (!user.empty() && !uid) {
        co_await complain(process, "invalid user: " + quoted(owner));
        co_return 1;
    }
    if (!group.empty() && !gid) {
        co_await complain(process, "invalid group: " + quoted(owner));
        co_return 1;
    }
    Strings problems;
    for (std::size_t i = 1; i < options.operands.size(); ++i) {
        Strings paths;
        eachBelow(process, options.operands[i], options.has('R'), paths);
        for (const std::string& path : paths) {
            const auto stat = process.files().stat(process.resolve(path));
            if (!stat.ok()) {
                problems.push_back("cannot access " + quoted(path) + ": " + stat.error().message);
                continue;
            }
            const auto changed = process.files().chown(
                process.resolve(path), uid.value_or(stat->uid), gid.value_or(stat->gid));
            if (!changed.ok())
                problems.push_back(std::string("changing ") + (groupOnly ? "group" : "ownership") +
                                   " of " + quoted(path) + ": " + changed.error().message);
        }
    }
    const int status = co_await reportProblems(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> mktempMain(ports::Process& process, Strings argv) {
    Options options(
        argv, "dp:tuqS:",
        {{"directory", 'd'}, {"tmpdir", 'p'}, {"dry-run", 'u'}, {"quiet", 'q'}, {"suffix", 'S'}});
    OPTIONS_OR_RETURN(options, 1)
    std::string form = options.operands.empty() ? "tmp.XXXXXXXXXX" : options.operands[0];
    const bool below = options.operands.empty() || options.has('p') || options.has('t');
    const std::size_t last = form.rfind('X');
    std::size_t first = last;
    while (first != std::string::npos && first > 0 && form[first - 1] == 'X') --first;
    if (last == std::string::npos || last - first + 1 < 3) {
        co_await complain(process, "too few X's in template " + quoted(form));
        co_return 1;
    }
    static constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (std::size_t i = first; i <= last; ++i)
        form[i] = kLetters[process.kernel().random("shell/mktemp").below(kLetters.size())];
    form += options.value('S');
    const auto tmp = process.env().find("TMPDIR");
    if (below)
        form = joinPath(options.value('p').empty()
                            ? (tmp == process.env().end() ? "/tmp" : tmp->second)
                            : options.value('p'),
                        form);
    const auto made = options.has('u') ? base::okStatus()
                      : options.has('d')
                          ? process.files().makeDirectory(process.resolve(form), 0700)
                          : process.files().write(process.resolve(form), "", 0600);
    if (!made.ok()) {
        {
            std::string hoisted = std::string("failed to create ") +
                                  (options.has('d') ? "directory" : "file") + " via template " +
                                  quoted(form) + ": " + made.error().message;
            co_await complain(process, std::move(hoisted));
        }
        co_return 1;
    }
    co_await process.writeOut(form + "\n");
    co_return 0;
}

sim::Task<int> truncateMain(ports::Process& process, Strings argv) {
    Options options(argv, "s:cr:", {{"size", 's'}, {"no-create", 'c'}});
    OPTIONS_OR_RETURN(options, 1)
    std::string text = options.value('s');
    char relative = 0;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
        relative = text[0];
        text.erase(0, 1);
    }
    const auto size = parseSize(text);
    if (!size || *size > (256u << 20)) {
        {
            std::string hoisted = size ? "file too large for this machine"
                                       : "Invalid number: " + quoted(options.value('s'));
            co_await complain(process, std::move(hoisted));
        }
        co_return 1;
    }
    for (const std::string& path : options.operands) {
        const std::string absolute = process.resolve(path);
        auto content = process.files().read(absolute);
        std::string bytes = content.ok() ? *content : "";
        std::size_t wanted = *size;
        if (relative == '+') wanted = bytes.size() + *size;
        if (relative == '-') wanted = bytes.size() > *size ? bytes.size() - *size : 0;
        bytes.resize(wanted, '\0');
        const auto written = process.files().write(absolute, std::move(bytes));
        if (!written.ok()) {
            co_await complain(process, "cannot open " + quoted(path) +
                                           " for writing: " + written.error().message);
            co_return 1;
        }
    }
    co_return 0;
}

} // namespace

const CoreutilEntry kFileTools[] = {
    {"mkdir", mkdirMain},       {"rmdir", rmdirMain}, {"ln", lnMain},       {"touch", touchMain},
    {"chmod", chmodMain},       {"chown", chownMain}, {"chgrp", chownMain}, {"mktemp", mktempMain},
    {"truncate", truncateMain}, {nullptr, nullptr}};

} // namespace shell

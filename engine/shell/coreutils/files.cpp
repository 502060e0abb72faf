// cp, mv, rm, mkdir, rmdir, ln, touch, chmod, chown, mktemp, truncate, install and names of paths.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

#define OPTIONS_OR_RETURN(options)                                                                 \
    if (!options.ok()) {                                                                           \
        co_await process.writeError(options.error());                                              \
        co_return 1;                                                                               \
    }

constexpr int kDeepest = 200;

std::string tryHelp(ports::Process& process, std::string message) {
    const std::string name = lastComponent(programName(process));
    return name + ": " + std::move(message) + "\nTry '" + name + " --help' for more information.\n";
}

struct CopyOptions {
    bool recursive = false, preserve = false, force = false, noClobber = false, verbose = false,
         followLinks = true;
};

// Copies one thing; complaints are collected.
void copyTree(ports::Process& process, const std::string& from, const std::string& to,
              const CopyOptions& options, Strings& problems, std::string& shown, int depth) {
    ports::FileSystem& files = process.files();
    const std::string source = process.resolve(from), target = process.resolve(to);
    const auto stat = options.followLinks && depth == 0 ? files.stat(source) : files.lstat(source);
    if (!stat.ok()) {
        problems.push_back("cannot stat " + quoted(from) + ": " + stat.error().message);
        return;
    }
    if (depth > kDeepest) return;
    if (options.verbose) shown += quoted(from) + " -> " + quoted(to) + "\n";
    if (stat->type == ports::FileType::Directory) {
        if (!options.recursive) {
            problems.push_back("-r not specified; omitting directory " + quoted(from));
            return;
        }
        const auto realSource = files.realPath(source);
        if (realSource.ok() && (target == *realSource || target.rfind(*realSource + "/", 0) == 0)) {
            problems.push_back("cannot copy a directory, " + quoted(from) + ", into itself, " +
                               quoted(to));
            return;
        }
        const auto existing = files.stat(target);
        if (existing.ok() && existing->type != ports::FileType::Directory) {
            problems.push_back("cannot overwrite non-directory " + quoted(to) + " with directory " +
                               quoted(from));
            return;
        }
        if (!existing.ok()) {
            const auto made = files.makeDirectory(target, stat->mode & 07777);
            if (!made.ok()) {
                problems.push_back("cannot create directory " + quoted(to) + ": " +
                                   made.error().message);
                return;
            }
        }
        const auto entries = files.list(source);
        if (!entries.ok()) {
            problems.push_back("cannot access " + quoted(from) + ": " + entries.error().message);
            return;
        }
        for (const auto& entry : *entries)
            if (entry.name != "." && entry.name != "..")
                copyTree(process, joinPath(from, entry.name), joinPath(to, entry.name), options,
                         problems, shown, depth + 1);
    } else if (stat->type == ports::FileType::Symlink) {
        (void)files.removeFile(target);
        const auto made = files.symlink(stat->target, target);
        if (!made.ok())
            problems.push_back("cannot create symbolic link " + quoted(to) + ": " +
                               made.error().message);
        return;
    } else {
        const auto existing = files.stat(target);
        if (existing.ok() && existing->inode == stat->inode && stat->inode != 0) {
            problems.push_back(quoted(from) + " and " + quoted(to) + " are the same file");
            return;
        }
        if (existing.ok() && options.noClobber) return;
        auto content = files.read(source);
        if (!content.ok()) {
            problems.push_back("cannot open " + quoted(from) +
                               " for reading: " + content.error().message);
            return;
        }
        const auto written = files.write(target, std::move(*content), stat->mode & 0777);
        if (!written.ok()) {
            problems.push_back(
                "cannot create regular file " + quoted(to) + ": " +
                (to.size() > 1 && to.back() == '/' ? "Not a directory" : written.error().message));
            return;
        }
    }
    if (options.preserve) {
        (void)files.chmod(target, stat->mode);
        (void)files.chown(target, stat->uid, stat->gid);
        (void)files.setTimes(target, stat->accessed, stat->modified);
    }
}

sim::Task<int> report(ports::Process& process, Strings problems, std::string shown) {
    const int status = problems.empty() ? 0 : 1;
    if (!shown.empty()) co_await process.writeOut(std::move(shown));
    for (std::string& problem : problems) co_await complain(process, std::move(problem));
    co_return status;
}

bool targetIsDirectory(ports::Process& process, const Options& options) {
    return !options.has('T') &&
           process.files().isDirectory(process.resolve(options.operands.back()));
}

sim::Task<int> needOperands(ports::Process& process, const Options& options, std::size_t count) {
    if (options.operands.empty()) {
        {
            std::string hoisted =
                tryHelp(process, count > 1 && options.has('t') == false ? "missing file operand"
                                                                        : "missing operand");
            co_await process.writeError(std::move(hoisted));
        }
        co_return 1;
    }
    if (options.operands.size() < count) {
        co_await process.writeError(tryHelp(process, "missing destination file operand after " +
                                                         quoted(options.operands[0])));
        co_return 1;
    }
    co_return 0;
}

sim::Task<int> cpMain(ports::Process& process, Strings argv) {
    Options options(argv, "aRrpfinvdLPTt:u",
                    {{"archive", 'a'},
                     {"recursive", 'r'},
                     {"force", 'f'},
                     {"no-clobber", 'n'},
                     {"verbose", 'v'},
                     {"preserve", 'p'},
                     {"no-dereference", 'P'},
                     {"dereference", 'L'},
                     {"target-directory", 't'},
                     {"no-target-directory", 'T'},
                     {"update", 'u'},
                     {"interactive", 'i'}});
    OPTIONS_OR_RETURN(options)
    if (options.has('t')) options.operands.push_back(options.value('t'));
    const int bad = co_await needOperands(process, options, 2);
    if (bad != 0) co_return bad;
    CopyOptions copy;
    copy.recursive = options.has('r') || options.has('R') || options.has('a');
    copy.preserve = options.has('p') || options.has('a');
    copy.noClobber = options.has('n');
    copy.verbose = options.has('v');
    copy.followLinks = !options.has('a') && !options.has('d') && !options.has('P') &&
                       !(copy.recursive && !options.has('L'));
    const std::string target = options.operands.back();
    const bool into = targetIsDirectory(process, options);
    if (options.operands.size() > 2 && !into) {
        {
            std::string hoisted =
                "target " + quoted(target) + ": " +
                (process.files().exists(process.resolve(target)) ? "Not a directory"
                                                                 : "No such file or directory");
            co_await complain(process, std::move(hoisted));
        }
        co_return 1;
    }
    Strings problems;
    std::string shown;
    for (std::size_t i = 0; i + 1 < options.operands.size(); ++i) {
        const std::string& from = options.operands[i];
        std::string to = into ? joinPath(target, lastComponent(from)) : target;
        if (into && (lastComponent(from) == "." || lastComponent(from) == "..")) to = target;
        copyTree(process, from, to, copy, problems, shown, 0);
    }
    const int status = co_await report(process, std::move(problems), std::move(shown));
    co_return status;
}

sim::Task<int> mvMain(ports::Process& process, Strings argv) {
    Options options(argv, "finvTt:u",
                    {{"force", 'f'},
                     {"interactive", 'i'},
                     {"no-clobber", 'n'},
                     {"verbose", 'v'},
                     {"target-directory", 't'},
                     {"no-target-directory", 'T'}});
    OPTIONS_OR_RETURN(options)
    if (options.has('t')) options.operands.push_back(options.value('t'));
    const int bad = co_await needOperands(process, options, 2);
    if (bad != 0) co_return bad;
    const std::string target = options.operands.back();
    const bool into = targetIsDirectory(process, options);
    if (options.operands.size() > 2 && !into) {
        {
            std::string hoisted =
                "target " + quoted(target) + ": " +
                (process.files().exists(process.resolve(target)) ? "Not a directory"
                                                                 : "No such file or directory");
            co_await complain(process, std::move(hoisted));
        }
        co_return 1;
    }
    Strings problems;
    std::string shown;
    ports::FileSystem& files = process.files();
    for (std::size_t i = 0; i + 1 < options.operands.size(); ++i) {
        const std::string& from = options.operands[i];
        const std::string to = into ? joinPath(target, lastComponent(from)) : target;
        const std::string source = process.resolve(from), place = process.resolve(to);
        const auto stat = files.lstat(source);
        if (!stat.ok()) {
            problems.push_back("cannot stat " + quoted(from) + ": " + stat.error().message);
            continue;
        }
        const auto existing = files.lstat(place);
        if (existing.ok() && existing->inode == stat->inode && stat->inode != 0 &&
            source == place) {
            problems.push_back(quoted(from) + " and " + quoted(to) + " are the same file");
            continue;
        }
        if (existing.ok() && options.has('n')) continue;
        if (stat->type == ports::FileType::Directory && place.rfind(source + "/", 0) == 0) {
            problems.push_back("cannot move " + quoted(from) + " to a subdirectory of itself, " +
                               quoted(to));
            continue;
        }
        auto moved = files.rename(source, place);
        if (!moved.ok() && moved.error().code == EXDEV) {
            CopyOptions copy;
            copy.recursive = copy.preserve = true;
            copy.followLinks = false;
            const std::size_t before = problems.size();
            std::string ignored;
            copyTree(process, from, to, copy, problems, ignored, 0);
            if (problems.size() == before)
                moved = files.removeAll(source);
            else
                continue;
        }
        if (!moved.ok())
            problems.push_back("cannot move " + quoted(from) + " to " + quoted(to) + ": " +
                               moved.error().message);
        else if (options.has('v'))
            shown += "renamed " + quoted(from) + " -> " + quoted(to) + "\n";
    }
    const int status = co_await report(process, std::move(problems), std::move(shown));
    co_return status;
}

void removeTree(ports::Process& process, const std::string& path, bool force, bool verbose,
                Strings& problems, std::string& shown, int depth) {
    ports::FileSystem& files = process.files();
    const std::string absolute = process.resolve(path);
    const auto stat = files.lstat(absolute);
    if (!stat.ok()) {
        if (!force || (stat.error().code != ENOENT && stat.error().code != ENOTDIR))
            problems.push_back("cannot remove " + quoted(path) + ": " + stat.error().message);
        return;
    }
    if (depth > kDeepest) return;
    if (stat->type != ports::FileType::Directory) {
        const auto removed = files.removeFile(absolute);
        if (!removed.ok())
            problems.push_back("cannot remove " + quoted(path) + ": " + removed.error().message);
        else if (verbose)
            shown += "removed " + quoted(path) + "\n";
        return;
    }
    if (const auto entries = files.list(absolute); entries.ok())
        for (const auto& entry : *entries)
            if (entry.name != "." && entry.name != "..")
                removeTree(process, joinPath(path, entry.name), force, verbose, problems, shown,
                           depth + 1);
    const auto removed = files.removeDirectory(absolute);
    if (!removed.ok())
        problems.push_back("cannot remove " + quoted(path) + ": " + removed.error().message);
    else if (verbose)
        shown += "removed directory " + quoted(path) + "\n";
}

sim::Task<int> rmMain(ports::Process& process, Strings argv) {
    Options options(argv, "rRfivdI",
                    {{"recursive", 'r'},
                     {"force", 'f'},
                     {"verbose", 'v'},
                     {"dir", 'd'},
                     {"no-preserve-root", 'Z'}});
    OPTIONS_OR_RETURN(options)
    const bool force = options.has('f'), recursive = options.has('r') || options.has('R');
    if (options.operands.empty()) {
        if (force) co_return 0;
        co_await process.writeError(tryHelp(process, "missing operand"));
        co_return 1;
    }
    Strings problems;
    std::string shown;
    for (const std::string& path : options.operands) {
        const std::string last = lastComponent(path);
        if (recursive && (last == "." || last == "..")) {
            problems.push_back("refusing to remove '.' or '..' directory: skipping " +
                               quoted(path));
            continue;
        }
        if (recursive && process.resolve(path) == "/" && !options.has('Z')) {
            co_await process.writeError("rm: it is dangerous to operate recursively on '/'\nrm: "
                                        "use --no-preserve-root to override this failsafe\n");
            co_return 1;
        }
        const auto stat = process.files().lstat(process.resolve(path));
        if (stat.ok() && stat->type == ports::FileType::Directory && !recursive) {
            if (options.has('d')) {
                const auto removed = process.files().removeDirectory(process.resolve(path));
                if (!removed.ok())
                    problems.push_back("cannot remove " + quoted(path) + ": " +
                                       removed.error().message);
            } else {
                problems.push_back("cannot remove " + quoted(path) + ": Is a directory");
            }
            continue;
        }
        removeTree(process, path, force, options.has('v'), problems, shown, 0);
    }
    const int status = co_await report(process, std::move(problems), std::move(shown));
    co_return status;
}

sim::Task<int> mkdirMain(ports::Process& process, Strings argv) {
    Options options(argv, "pm:v", {{"parents", 'p'}, {"mode", 'm'}, {"verbose", 'v'}});
    OPTIONS_OR_RETURN(options)
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
    const int status = co_await report(process, std::move(problems), std::move(shown));
    co_return status;
}

sim::Task<int> rmdirMain(ports::Process& process, Strings argv) {
    Options options(argv, "pv", {{"parents", 'p'}, {"verbose", 'v'}});
    OPTIONS_OR_RETURN(options)
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
    const int status = co_await report(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> lnMain(ports::Process& process, Strings argv) {
    Options options(argv, "sfnvTrt:",
                    {{"symbolic", 's'},
                     {"force", 'f'},
                     {"no-dereference", 'n'},
                     {"verbose", 'v'},
                     {"relative", 'r'}});
    OPTIONS_OR_RETURN(options)
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
    const int status = co_await report(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> touchMain(ports::Process& process, Strings argv) {
    Options options(argv, "acmhd:r:t:", {{"no-create", 'c'}, {"date", 'd'}, {"reference", 'r'}});
    OPTIONS_OR_RETURN(options)
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
    const int status = co_await report(process, std::move(problems), {});
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
    OPTIONS_OR_RETURN(options)
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
    const int status = co_await report(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> chownMain(ports::Process& process, Strings argv) {
    const bool groupOnly = lastComponent(argv[0]) == "chgrp";
    Options options(argv, "Rvcfh", {{"recursive", 'R'}, {"verbose", 'v'}, {"no-dereference", 'h'}});
    OPTIONS_OR_RETURN(options)
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
    const int status = co_await report(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> mktempMain(ports::Process& process, Strings argv) {
    Options options(
        argv, "dp:tuqS:",
        {{"directory", 'd'}, {"tmpdir", 'p'}, {"dry-run", 'u'}, {"quiet", 'q'}, {"suffix", 'S'}});
    OPTIONS_OR_RETURN(options)
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
    OPTIONS_OR_RETURN(options)
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

sim::Task<int> installMain(ports::Process& process, Strings argv) {
    Options options(argv, "dm:o:g:Dvpt:CbT",
                    {{"directory", 'd'},
                     {"mode", 'm'},
                     {"owner", 'o'},
                     {"group", 'g'},
                     {"target-directory", 't'}});
    OPTIONS_OR_RETURN(options)
    std::uint32_t mode = 0755;
    if (options.has('m')) applyMode(options.value('m'), mode, false);
    Strings problems;
    if (options.has('t')) options.operands.push_back(options.value('t'));
    if (options.has('d')) {
        for (const std::string& path : options.operands) {
            const auto made = process.files().makeDirectories(process.resolve(path));
            if (!made.ok())
                problems.push_back("cannot create directory " + quoted(path) + ": " +
                                   made.error().message);
            (void)process.files().chmod(process.resolve(path), mode);
        }
    } else if (options.operands.size() >= 2) {
        const std::string target = options.operands.back();
        const bool into = targetIsDirectory(process, options);
        for (std::size_t i = 0; i + 1 < options.operands.size(); ++i) {
            const std::string to =
                into ? joinPath(target, lastComponent(options.operands[i])) : target;
            if (options.has('D')) {
                const std::string absolute = process.resolve(to);
                (void)process.files().makeDirectories(absolute.substr(0, absolute.rfind('/')));
            }
            std::string shown;
            copyTree(process, options.operands[i], to, {}, problems, shown, 0);
            (void)process.files().chmod(process.resolve(to), mode);
            const auto uid = userId(process, options.value('o', "0")),
                       gid = groupId(process, options.value('g', "0"));
            if (options.has('o') || options.has('g'))
                (void)process.files().chown(process.resolve(to), uid.value_or(0), gid.value_or(0));
        }
    } else {
        co_await process.writeError(tryHelp(process, "missing file operand"));
        co_return 1;
    }
    const int status = co_await report(process, std::move(problems), {});
    co_return status;
}

sim::Task<int> pwdMain(ports::Process& process, Strings) {
    co_await process.writeOut(process.cwd() + "\n");
    co_return 0;
}

sim::Task<int> readlinkMain(ports::Process& process, Strings argv) {
    const bool real = lastComponent(argv[0]) == "realpath";
    Options options(argv, "femnqszLP",
                    {{"canonicalize", 'f'},
                     {"canonicalize-existing", 'e'},
                     {"canonicalize-missing", 'm'},
                     {"no-newline", 'n'},
                     {"quiet", 'q'}});
    OPTIONS_OR_RETURN(options)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing operand"));
        co_return 1;
    }
    int status = 0;
    for (const std::string& path : options.operands) {
        const std::string absolute = process.resolve(path);
        std::string result;
        if (real || options.has('f') || options.has('e') || options.has('m')) {
            auto found = process.files().realPath(absolute);
            if (!found.ok() && !options.has('e')) { // the last component may be missing
                const std::size_t slash = absolute.rfind('/');
                auto parent =
                    process.files().realPath(slash == 0 ? "/" : absolute.substr(0, slash));
                if (parent.ok())
                    found =
                        base::Result<std::string>(joinPath(*parent, absolute.substr(slash + 1)));
                else if (options.has('m'))
                    found = base::Result<std::string>(absolute);
            }
            if (!found.ok()) {
                if (real && !options.has('q'))
                    co_await complain(process, path + ": " + found.error().message);
                status = 1;
                continue;
            }
            result = *found;
        } else {
            const auto link = process.files().lstat(absolute);
            if (!link.ok() || link->type != ports::FileType::Symlink) {
                status = 1;
                continue;
            }
            result = link->target;
        }
        if (!options.has('n')) result += "\n";
        co_await process.writeOut(std::move(result));
    }
    co_return status;
}

sim::Task<int> dirnameMain(ports::Process& process, Strings argv) {
    Options options(argv, "z");
    OPTIONS_OR_RETURN(options)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing operand"));
        co_return 1;
    }
    for (std::string path : options.operands) {
        while (path.size() > 1 && path.back() == '/') path.pop_back();
        const std::size_t slash = path.rfind('/');
        if (slash == std::string::npos)
            path = ".";
        else {
            path.resize(slash);
            while (path.size() > 1 && path.back() == '/') path.pop_back();
            if (path.empty()) path = "/";
        }
        co_await process.writeOut(path + "\n");
    }
    co_return 0;
}

sim::Task<int> basenameMain(ports::Process& process, Strings argv) {
    Options options(argv, "+as:z", {{"multiple", 'a'}, {"suffix", 's'}});
    OPTIONS_OR_RETURN(options)
    if (options.operands.empty()) {
        co_await process.writeError(tryHelp(process, "missing operand"));
        co_return 1;
    }
    const bool multiple = options.has('a') || options.has('s');
    std::string suffix = options.value('s');
    if (!multiple && options.operands.size() > 2) {
        co_await process.writeError(
            tryHelp(process, "extra operand " + quoted(options.operands[2])));
        co_return 1;
    }
    if (!multiple && options.operands.size() == 2) suffix = options.operands[1];
    for (std::size_t i = 0; i < (multiple ? options.operands.size() : 1); ++i) {
        std::string name = lastComponent(options.operands[i]);
        if (!suffix.empty() && name.size() > suffix.size() &&
            name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0)
            name.resize(name.size() - suffix.size());
        co_await process.writeOut(name + "\n");
    }
    co_return 0;
}

sim::Task<int> syncMain(ports::Process&, Strings) { co_return 0; }

} // namespace

const CoreutilEntry kFileTools[] = {
    {"cp", cpMain},       {"mv", mvMain},       {"rm", rmMain},       {"mkdir", mkdirMain},
    {"rmdir", rmdirMain}, {"ln", lnMain},       {"touch", touchMain}, {"chmod", chmodMain},
    {"chown", chownMain}, {"chgrp", chownMain}, {nullptr, nullptr}};
const CoreutilEntry kFileTools2[] = {{"mktemp", mktempMain},     {"truncate", truncateMain},
                                     {"install", installMain},   {"pwd", pwdMain},
                                     {"readlink", readlinkMain}, {"realpath", readlinkMain},
                                     {"dirname", dirnameMain},   {"basename", basenameMain},
                                     {"sync", syncMain},         {nullptr, nullptr}};

} // namespace shell

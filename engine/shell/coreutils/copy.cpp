// cp, mv, rm, install.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

#include <cerrno>

namespace shell {
namespace {

constexpr int kDeepest = 200;

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

// Several files go into a directory only.
sim::Task<int> refuseTarget(ports::Process& process, std::string target) {
    std::string text = "target " + quoted(target) + ": ";
    text += process.files().exists(process.resolve(target)) ? "Not a directory"
                                                            : "No such file or directory";
    co_await complain(process, std::move(text));
    co_return 1;
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
    OPTIONS_OR_RETURN(options, 1)
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
        const int refused = co_await refuseTarget(process, target);
        co_return refused;
    }
    Strings problems;
    std::string shown;
    for (std::size_t i = 0; i + 1 < options.operands.size(); ++i) {
        const std::string& from = options.operands[i];
        std::string to = into ? joinPath(target, lastComponent(from)) : target;
        if (into && (lastComponent(from) == "." || lastComponent(from) == "..")) to = target;
        copyTree(process, from, to, copy, problems, shown, 0);
    }
    const int status = co_await reportProblems(process, std::move(problems), std::move(shown));
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
    OPTIONS_OR_RETURN(options, 1)
    if (options.has('t')) options.operands.push_back(options.value('t'));
    const int bad = co_await needOperands(process, options, 2);
    if (bad != 0) co_return bad;
    const std::string target = options.operands.back();
    const bool into = targetIsDirectory(process, options);
    if (options.operands.size() > 2 && !into) {
        const int refused = co_await refuseTarget(process, target);
        co_return refused;
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
    const int status = co_await reportProblems(process, std::move(problems), std::move(shown));
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
    OPTIONS_OR_RETURN(options, 1)
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
    const int status = co_await reportProblems(process, std::move(problems), std::move(shown));
    co_return status;
}

sim::Task<int> installMain(ports::Process& process, Strings argv) {
    Options options(argv, "dm:o:g:Dvpt:CbT",
                    {{"directory", 'd'},
                     {"mode", 'm'},
                     {"owner", 'o'},
                     {"group", 'g'},
                     {"target-directory", 't'}});
    OPTIONS_OR_RETURN(options, 1)
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
    const int status = co_await reportProblems(process, std::move(problems), {});
    co_return status;
}

} // namespace

const CoreutilEntry kCopyTools[] = {
    {"cp", cpMain}, {"mv", mvMain}, {"rm", rmMain}, {"install", installMain}, {nullptr, nullptr}};

} // namespace shell

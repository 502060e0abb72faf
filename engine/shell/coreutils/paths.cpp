// pwd, readlink, realpath, dirname, basename, sync.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"

namespace shell {
namespace {

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
    OPTIONS_OR_RETURN(options, 1)
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
    OPTIONS_OR_RETURN(options, 1)
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
    OPTIONS_OR_RETURN(options, 1)
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

const CoreutilEntry kPathTools[] = {{"pwd", pwdMain},           {"readlink", readlinkMain},
                                    {"realpath", readlinkMain}, {"dirname", dirnameMain},
                                    {"basename", basenameMain}, {"sync", syncMain},
                                    {nullptr, nullptr}};

} // namespace shell

// Redirections and what becomes of file names in them.

#include "base/strings.h"
#include "shell/pattern.h"
#include "shell/shell.h"

#include <algorithm>

namespace shell {

sim::Task<bool> Shell::redirect(const std::vector<Redirect>& redirects) {
    for (const Redirect& each : redirects) {
        const bool done = co_await redirectOne(each);
        if (!done) co_return false;
    }
    co_return true;
}

sim::Task<bool> Shell::redirectOne(const Redirect& redirect) {
    int fd = redirect.fd;
    const bool input = redirect.kind == Redirect::In || redirect.kind == Redirect::InOut ||
                       redirect.kind == Redirect::DupIn || redirect.kind == Redirect::HereDoc ||
                       redirect.kind == Redirect::HereString;
    if (!redirect.fdVariable.empty()) {
        fd = 10;
        while (fds.count(fd) > 0) ++fd;
        if (redirect.kind == Redirect::DupIn || redirect.kind == Redirect::DupOut) {
            const auto held = base::parseInt(variables.text(redirect.fdVariable));
            const std::string target = co_await expandText(redirect.target);
            if (target == "-") {
                if (held) fds.erase(static_cast<int>(*held));
                co_return true;
            }
        }
        assign(redirect.fdVariable, std::to_string(fd));
    } else if (fd < 0) {
        fd = input ? 0 : 1;
    }
    if (redirect.kind == Redirect::HereDoc || redirect.kind == Redirect::HereString) {
        std::string body = co_await expandText(redirect.target);
        const bool fine = co_await expansionsFine();
        if (!fine) co_return false;
        if (redirect.kind == Redirect::HereString) body += "\n";
        fds[fd] = OpenFile::bytes(std::move(body));
        co_return true;
    }
    std::string target;
    const bool dup = redirect.kind == Redirect::DupIn || redirect.kind == Redirect::DupOut;
    if (dup) {
        target = co_await expandText(redirect.target);
    } else {
        std::vector<Word> one{redirect.target};
        Strings names = co_await expandWords(one);
        const bool fine = co_await expansionsFine();
        if (!fine) co_return false;
        if (names.size() != 1) {
            const std::string* plain = redirect.target.literal();
            std::string shown = plain != nullptr ? *plain : std::string();
            for (const WordPart& part : redirect.target.parts)
                if (plain == nullptr && part.kind == WordPart::Parameter) shown += "$" + part.text;
            co_await complain(shown + ": ambiguous redirect");
            co_return false;
        }
        target = std::move(names[0]);
    }
    const bool fine = co_await expansionsFine();
    if (!fine) co_return false;
    bool done;
    if (dup) {
        done = co_await redirectDup(redirect, target, fd);
    } else {
        done = co_await redirectFile(redirect, target, fd);
    }
    co_return done;
}

sim::Task<bool> Shell::redirectDup(const Redirect& redirect, std::string target, int fd) {
    if (target == "-") {
        fds.erase(fd);
        co_return true;
    }
    const bool moved = target.size() > 1 && target.back() == '-';
    if (moved) target.pop_back();
    const auto number = base::parseInt(target);
    if (!number) {
        if (redirect.kind == Redirect::DupOut && redirect.fd < 0) { // >&file is &>file
            Redirect both = redirect;
            both.kind = Redirect::OutBoth;
            const bool done = co_await redirectFile(both, target, 1);
            co_return done;
        }
        co_await complain(target + ": ambiguous redirect");
        co_return false;
    }
    const auto found = fds.find(static_cast<int>(*number));
    if (found == fds.end()) {
        co_await complain(target + ": Bad file descriptor");
        co_return false;
    }
    fds[fd] = found->second;
    if (moved) fds.erase(static_cast<int>(*number));
    co_return true;
}

sim::Task<bool> Shell::redirectFile(const Redirect& redirect, std::string target, int fd) {
    std::string path = absolute(target);
    std::shared_ptr<OpenFile> file;
    const bool both = redirect.kind == Redirect::OutBoth || redirect.kind == Redirect::AppendBoth;
    auto place = [&] {
        fds[fd] = file;
        if (both) fds[2] = file;
    };
    if (path == "/dev/null" || path == "/dev/zero") {
        file = redirect.kind == Redirect::In ? OpenFile::bytes("") : OpenFile::null();
        place();
        co_return true;
    }
    int same = path == "/dev/stdin"    ? 0
               : path == "/dev/stdout" ? 1
               : path == "/dev/stderr" ? 2
                                       : -1;
    if (path == "/dev/tty") same = redirect.kind == Redirect::In ? 0 : 2;
    if (path.rfind("/dev/fd/", 0) == 0 && !files().exists(path))
        same = static_cast<int>(base::parseInt(std::string_view(path).substr(8)).value_or(-1));
    if (same >= 0) {
        if (fds.count(same) == 0) {
            co_await complain(target + ": Bad file descriptor");
            co_return false;
        }
        file = fds[same];
        place();
        co_return true;
    }
    if (target.empty()) {
        co_await complain(": No such file or directory");
        co_return false;
    }
    const auto stat = files().stat(path);
    if (redirect.kind == Redirect::In) {
        if (stat.ok() && stat->type == ports::FileType::Directory) {
            // Opening a directory works; reading it is what fails.
            fds[fd] = OpenFile::bytes("");
            co_return true;
        }
        auto content = files().read(path);
        if (!content.ok()) {
            std::string problem = cannotOpen(target, false, content.error());
            co_await complain(std::move(problem));
            co_return false;
        }
        fds[fd] = OpenFile::bytes(std::move(*content));
        co_return true;
    }
    if (stat.ok() && stat->type == ports::FileType::Directory) {
        std::string problem = cannotOpen(target, true, base::makeError("Is a directory"));
        co_await complain(std::move(problem));
        co_return false;
    }
    if (redirect.kind == Redirect::Out && options.noClobber && stat.ok() &&
        stat->type == ports::FileType::Regular) {
        co_await complain(target + ": cannot overwrite existing file");
        co_return false;
    }
    const bool append = redirect.kind == Redirect::Append || redirect.kind == Redirect::AppendBoth;
    base::Status opened = base::okStatus();
    if (redirect.kind == Redirect::InOut || append) {
        opened = files().append(path, "", 0666 & ~umask);
    } else {
        opened = files().write(path, "", 0666 & ~umask);
    }
    if (!opened.ok()) {
        std::string problem = cannotOpen(target, true, opened.error());
        co_await complain(std::move(problem));
        co_return false;
    }
    file = OpenFile::appendTo(*process_, path);
    place();
    co_return true;
}

std::string Shell::absolute(std::string_view path) const {
    if (!path.empty() && path.front() == '/') return std::string(path);
    if (path.empty()) return cwd;
    return (cwd == "/" ? "/" : cwd + "/") + std::string(path);
}

std::string Shell::logicalPath(std::string_view path) const {
    std::vector<std::string> kept;
    for (std::string& part : base::split(absolute(path), '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!kept.empty()) kept.pop_back();
        } else {
            kept.push_back(std::move(part));
        }
    }
    return "/" + base::join(kept, "/");
}

} // namespace shell

#include "kubectl/kustomize/loader.h"

#include "base/strings.h"

namespace kubectl::kustomize {

namespace {

bool isBelow(const std::string& path, const std::string& folder) {
    return path == folder || folder == "/" || path.starts_with(folder + "/");
}

// "." and ".." taken out.
std::string cleaned(const std::string& path) {
    std::vector<std::string> out;
    for (const std::string& part : base::split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!out.empty()) out.pop_back();
        } else {
            out.push_back(part);
        }
    }
    return "/" + base::join(out, "/");
}

bool remote(const std::string& path) {
    return path.starts_with("http://") || path.starts_with("https://");
}

} // namespace

base::Result<std::pair<std::string, std::string>> Loader::resolve(const std::string& path) const {
    const std::string full = process_->resolve(path);
    auto real = process_->files().realPath(full);
    if (!real.ok())
        return base::makeError("evalsymlink failure on '" + path + "' : lstat " + full + ": " +
                               base::toLower(real.error().message));
    if (process_->files().isDirectory(real.value())) return std::make_pair(real.value(), std::string{});
    const auto slash = real.value().rfind('/');
    return std::make_pair(real.value().substr(0, slash == 0 ? 1 : slash), real.value().substr(slash + 1));
}

base::Result<std::string> Loader::confirmFolder(const std::string& path) const {
    if (path.empty()) return base::makeError("directory path cannot be empty");
    auto found = resolve(path);
    if (!found.ok()) return base::makeError("not a valid directory: " + found.error().message);
    if (!found.value().second.empty()) return base::makeError("'" + path + "': file is not directory");
    return found.value().first;
}

base::Result<Loader> Loader::open(ports::Process& process, const std::string& path, bool anywhere) {
    if (remote(path)) return base::makeError("this lab does not clone git repositories: " + path);
    Loader out(process, "", anywhere);
    auto root = out.confirmFolder(path);
    if (!root.ok()) return base::makeError("must build at directory: " + root.error().message);
    out.root_ = root.value();
    return out;
}

base::Result<Loader> Loader::below(const std::string& path) const {
    if (path.empty()) return base::makeError("new root cannot be empty");
    if (remote(path)) return base::makeError("this lab does not clone git repositories: " + path);
    if (path[0] == '/') return base::makeError("new root '" + path + "' cannot be absolute");
    auto root = confirmFolder(cleaned(root_ + "/" + path));
    if (!root.ok()) return base::makeError("must build at directory: " + root.error().message);
    Loader out(*process_, root.value(), anywhere_);
    out.visited_ = visited_;
    out.visited_.push_back(root_);
    for (auto seen = out.visited_.rbegin(); seen != out.visited_.rend(); ++seen)
        if (isBelow(*seen, root.value()))
            return base::makeError("cycle detected: candidate root '" + root.value() + "' contains visited root '" +
                                   *seen + "'");
    return out;
}

base::Result<std::string> Loader::load(const std::string& path) const {
    if (remote(path)) return base::makeError("this lab has no connection to other networks: " + path);
    const std::string full = path.starts_with("/") ? path : cleaned(root_ + "/" + path);
    BASE_TRY(const auto found, resolve(full));
    if (found.second.empty()) return base::makeError("'" + full + "' must resolve to a file");
    if (!anywhere_ && !isBelow(found.first, root_))
        return base::makeError("security; file '" + full + "' is not in or below '" + root_ + "'");
    auto text = process_->files().read(full);
    if (!text.ok()) return base::makeError("open " + full + ": " + base::toLower(text.error().message));
    return text;
}

} // namespace kubectl::kustomize

// Copies through `tar` in the container. Source: k8s.io/kubectl pkg/cmd/cp; ustar(5).
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/streams.h"

#include <cstdio>
#include <cstdlib>

namespace kubectl {

using document::Value;

namespace {

struct FileSpec {
    std::string ns, pod, path;
    bool remote() const { return !pod.empty(); }
};

base::Result<FileSpec> parseSpec(const std::string& text) {
    FileSpec spec;
    const auto colon = text.find(':');
    if (colon == 0) return base::makeError("filespec must match the canonical format: [[namespace/]pod:]file/path");
    if (colon == std::string::npos) {
        spec.path = text;
        return spec;
    }
    const auto parts = base::split(text.substr(0, colon), '/');
    spec.path = text.substr(colon + 1);
    if (parts.size() == 1) spec.pod = parts[0];
    else if (parts.size() == 2) {
        spec.ns = parts[0];
        spec.pod = parts[1];
    } else {
        return base::makeError("filespec must match the canonical format: [[namespace/]pod:]file/path");
    }
    return spec;
}

std::string baseName(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}
std::string folderOf(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

void field(std::string& header, std::size_t at, const std::string& text) { header.replace(at, text.size(), text); }

std::string octal(std::uint64_t number, int width) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%0*llo", width, static_cast<unsigned long long>(number));
    return buffer;
}

std::string tarEntry(const std::string& name, char type, std::uint32_t mode, const std::string& bytes) {
    std::string header(512, '\0');
    field(header, 0, name.substr(0, 100));
    field(header, 100, octal(mode & 07777, 7));
    field(header, 108, octal(0, 7));
    field(header, 116, octal(0, 7));
    field(header, 124, octal(bytes.size(), 11));
    field(header, 136, octal(0, 11));
    field(header, 148, "        ");
    header[156] = type;
    field(header, 257, std::string("ustar\0", 6));
    field(header, 263, "00");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    field(header, 148, octal(sum, 6) + std::string("\0 ", 2));
    std::string out = header + bytes;
    out.append((512 - bytes.size() % 512) % 512, '\0');
    return out;
}

base::Status pack(Session& session, const std::string& path, const std::string& name, std::string& out) {
    ports::FileSystem& files = session.process.files();
    auto stat = files.stat(path);
    if (!stat.ok()) return stat.error();
    if (stat->type == ports::FileType::Directory) {
        out += tarEntry(name + "/", '5', stat->mode, "");
        BASE_TRY(const auto entries, files.list(path));
        for (const ports::DirectoryEntry& entry : entries) BASE_CHECK(pack(session, path + "/" + entry.name, name + "/" + entry.name, out));
        return base::okStatus();
    }
    BASE_TRY(const std::string bytes, files.read(path));
    out += tarEntry(name, '0', stat->mode, bytes);
    return base::okStatus();
}

// Writes what an archive holds below `prefix` to the local path.
base::Status unpack(Session& session, const std::string& archive, const std::string& prefix, const std::string& target) {
    ports::FileSystem& files = session.process.files();
    for (std::size_t at = 0; at + 512 <= archive.size();) {
        const std::string_view header = std::string_view(archive).substr(at, 512);
        std::string name(header.substr(0, 100).data());
        name = name.substr(0, 100);
        if (name.empty()) break;
        const std::size_t size = std::strtoull(std::string(header.substr(124, 11)).c_str(), nullptr, 8);
        const char type = header[156];
        at += 512;
        if (at + size > archive.size()) return base::makeError("tar contents corrupted");
        if (name.compare(0, prefix.size(), prefix) != 0) return base::makeError("tar contents corrupted");
        std::string rest = name.substr(prefix.size());
        while (!rest.empty() && rest.back() == '/') rest.pop_back();
        const std::string path = target + rest;
        if (rest.find("..") == std::string::npos) {
            if (type == '5') {
                BASE_CHECK(files.makeDirectories(path, 0755));
            } else if (type == '0' || type == '\0') {
                BASE_CHECK(files.makeDirectories(folderOf(path), 0755));
                BASE_CHECK(files.write(path, archive.substr(at, size), 0644));
            }
        }
        at += (size + 511) / 512 * 512;
    }
    return base::okStatus();
}

sim::Task<base::Result<StreamRequest>> execRequest(Session& session, FileSpec spec, bool warnOut) {
    auto ns = session.ns();
    if (!ns.ok()) co_return ns.error();
    const std::string space = spec.ns.empty() ? ns.value() : spec.ns;
    StreamRequest wanted;
    wanted.path = "/api/v1/namespaces/" + space + "/pods/" + spec.pod;
    auto pod = co_await session.get(wanted.path);
    if (!pod.ok()) co_return pod.error();
    const std::string_view phase = pod.value().at("status", "phase").asString();
    if (phase == "Succeeded" || phase == "Failed")
        co_return base::makeError("cannot exec into a container in a completed pod; current phase is " + std::string(phase));
    std::string container = session.flags.text("container");
    if (container.empty()) {
        auto chosen = defaultContainer(session, pod.value(), "", warnOut, true);
        if (!chosen.ok()) co_return chosen.error();
        container = chosen.value();
    }
    wanted.path += "/exec";
    wanted.container = container;
    co_return wanted;
}

sim::Task<Outcome> copyTo(Session& session, FileSpec source, FileSpec target) {
    const std::string local = session.process.resolve(source.path);
    if (!session.process.files().exists(local)) co_return base::makeError(source.path + " doesn't exist in local filesystem");
    if (target.path.empty()) co_return base::makeError("filepath can not be empty");
    auto wanted = co_await execRequest(session, target, false);
    if (!wanted.ok()) co_return wanted.error();
    // An existing directory at the other end receives the file under its own name.
    StreamRequest probe = wanted.value();
    probe.command = {"test", "-d", target.path};
    auto isFolder = co_await capture(session, probe, "");
    std::string path = target.path;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (isFolder.ok() && isFolder.value().code == 0) path += "/" + baseName(source.path);
    std::string archive;
    BASE_CO_CHECK(pack(session, local, baseName(path), archive));
    archive.append(1024, '\0');
    StreamRequest send = wanted.value();
    send.command = {"tar", session.flags.on("no-preserve") ? "--no-same-permissions" : "-xmf"};
    if (session.flags.on("no-preserve")) send.command = {"tar", "--no-same-permissions", "--no-same-owner", "-xmf"};
    send.command.insert(send.command.end(), {"-", "-C", folderOf(path)});
    auto sent = co_await capture(session, send, archive);
    if (!sent.ok()) co_return sent.error();
    session.out(sent.value().output);
    session.err(sent.value().error);
    if (sent.value().code != 0)
        co_return exitError(sent.value().code, "command terminated with exit code " + std::to_string(sent.value().code));
    co_return 0;
}

sim::Task<Outcome> copyFrom(Session& session, FileSpec source, FileSpec target) {
    if (source.path.empty()) co_return base::makeError("filepath can not be empty");
    // What the client says on the way goes to standard output here.
    auto wanted = co_await execRequest(session, source, false);
    if (!wanted.ok()) co_return wanted.error();
    session.redirectErrors();
    StreamRequest fetch = wanted.value();
    fetch.command = {"tar", "cf", "-", source.path};
    auto got = co_await capture(session, fetch, "");
    if (!got.ok()) co_return got.error();
    // With an empty archive the client is done before it has read what the other end complains of.
    const std::string& archive = got.value().output;
    if (!archive.empty() && archive[0] != '\0') session.out(got.value().error);
    std::string prefix = source.path;
    while (!prefix.empty() && prefix.front() == '/') prefix.erase(0, 1);
    while (prefix.size() > 1 && prefix.back() == '/') prefix.pop_back();
    std::string local = session.process.resolve(target.path);
    if (session.process.files().isDirectory(local) && baseName(source.path) != ".") local += "/" + baseName(source.path);
    BASE_CO_CHECK(unpack(session, archive, prefix, local));
    co_return 0;
}

} // namespace

sim::Task<Outcome> runCp(Session& session) {
    if (session.args.size() != 2) co_return base::makeError("source and destination are required");
    auto source = parseSpec(session.args[0]), target = parseSpec(session.args[1]);
    if (!source.ok()) co_return source.error();
    if (!target.ok()) co_return target.error();
    if (source.value().remote() && target.value().remote())
        co_return base::makeError("one of src or dest must be a local file specification");
    if (source.value().path.empty() || target.value().path.empty()) co_return base::makeError("filepath can not be empty");
    if (source.value().remote()) co_return co_await copyFrom(session, source.value(), target.value());
    if (target.value().remote()) co_return co_await copyTo(session, source.value(), target.value());
    co_return base::makeError("one of src or dest must be a remote file specification");
}

} // namespace kubectl

#include "kubelet/static_pods.h"

#include "api/kinds.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"
#include "kubelet/pod_manager.h"
#include "kubelet/pod_workers.h"
#include "kubelet/probe_manager.h"
#include "pki/certificate.h"

#include <set>

namespace kubelet {
namespace {

constexpr sim::Duration kLook = sim::kSecond; // what inotify reports is acted on within this time

bool validName(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (const char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.')) return false;
    const auto edge = [](char c) { return c != '-' && c != '.'; };
    return edge(name.front()) && edge(name.back());
}

constexpr const char* kNameRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

// What makes a manifest unusable; the API's full validation belongs to the API server.
base::Status check(const Value& pod) {
    std::vector<std::string> problems;
    const std::string name = api::nameOf(pod);
    if (!validName(name))
        problems.push_back("metadata.name: Invalid value: " + base::quoteGo(name) + ": " + kNameRule);
    const Value& containers = pod.at("spec", "containers");
    if (containers.size() == 0) problems.push_back("spec.containers: Required value");
    for (std::size_t i = 0; i < containers.size(); ++i) {
        const std::string path = "spec.containers[" + std::to_string(i) + "]";
        if (containers[i]["name"].asString().empty()) problems.push_back(path + ".name: Required value");
        if (containers[i]["image"].asString().empty()) problems.push_back(path + ".image: Required value");
    }
    if (problems.empty()) return base::okStatus();
    return base::makeError("invalid pod: " + (problems.size() == 1 ? problems[0] : "[" + base::join(problems, ", ") + "]"));
}

} // namespace

void StaticPods::start() {
    if (core_.config.staticPodPath.empty()) return;
    core_.log.info("kubelet.go:383", "Adding static pod path", {{"path", core_.config.staticPodPath}});
    core_.scope.spawn(watch(*this), "static-pods");
}

base::Result<Value> StaticPods::parse(const std::string& path, const std::string& content) const {
    auto read = document::readYaml(content);
    const std::string failed = path + ": couldn't parse as pod(";
    if (!read.ok()) return base::makeError(failed + "yaml: " + read.error().message + "), please check config file");
    if ((*read)["kind"].asString() != "Pod")
        return base::makeError(failed + "Object 'Kind' is missing in '" + content.substr(0, 120) + "'), please check config file");
    const api::ResourceInfo* info = api::builtinKinds().find("", "v1", "pods");
    auto decoded = api::decodeObject(*info, *read);
    if (!decoded.ok()) return base::makeError(failed + decoded.error().message + "), please check config file");
    Value pod = decoded->object;
    const std::string uid = base::encodeHex(pki::sha256(core_.nodeName + "\n" + path + "\n" + document::writeJson(pod))).substr(0, 32);
    pod = pod.withPath({"metadata", "uid"}, uid);
    pod = pod.withPath({"metadata", "name"}, api::nameOf(pod) + "-" + core_.nodeName);
    if (api::namespaceOf(pod).empty()) pod = pod.withPath({"metadata", "namespace"}, "default");
    pod = pod.withPath({"metadata", "annotations", kConfigHash}, uid);
    pod = pod.withPath({"metadata", "annotations", kConfigSource}, "file");
    pod = pod.withPath({"metadata", "annotations", kConfigSeen}, sim::formatRfc3339Micro(core_.unixNow()));
    pod = pod.withPath({"spec", "nodeName"}, core_.nodeName);
    Value tolerations = pod.at("spec", "tolerations");
    bool tolerant = false;
    for (const Value& item : tolerations.items())
        if (item["operator"].asString() == "Exists" && item["effect"].asString() == "NoExecute" && item["key"].isEmpty())
            tolerant = true;
    const Value everything = Value::object({{"effect", "NoExecute"}, {"operator", "Exists"}});
    if (!tolerant) pod = pod.withPath({"spec", "tolerations"}, tolerations.appended(everything));
    const base::Status valid = check(pod);
    if (!valid.ok()) return valid.error();
    pod = api::applyDefaults(*info, pod.with("apiVersion", "v1").with("kind", "Pod"));
    return pod.with("status", Value::object({{"phase", "Pending"}}));
}

void StaticPods::replace(const std::string& path, Entry& entry, const Value& pod) {
    const Value old = entry.pod;
    const bool same = old.isObject() && pod.isObject() && api::uidOf(old) == api::uidOf(pod);
    if (same) return;
    (void)path;
    if (old.isObject()) core_.workers->remove(api::uidOf(old));
    entry.pod = pod;
    if (!pod.isObject()) return;
    core_.pods->put(pod);
    core_.workers->update(pod);
}

void StaticPods::scan(bool full) {
    const std::string& folder = core_.config.staticPodPath;
    ports::FileSystem& files = core_.files();
    std::vector<std::string> paths;
    const auto stat = files.stat(folder);
    if (!stat.ok()) {
        if (full)
            core_.log.error("file_linux.go:61", "Unable to read config path",
                            {{"err", "path does not exist, ignoring"}, {"path", folder}});
    } else if (stat->type == ports::FileType::Directory) {
        const auto listed = files.list(folder);
        if (listed.ok())
            for (const ports::DirectoryEntry& entry : *listed)
                if (!entry.name.empty() && entry.name[0] != '.' && files.stat(folder + "/" + entry.name).ok() &&
                    files.stat(folder + "/" + entry.name)->type == ports::FileType::Regular)
                    paths.push_back(folder + "/" + entry.name);
    } else {
        paths.push_back(folder);
    }
    std::set<std::string> seen(paths.begin(), paths.end());
    for (auto it = entries_.begin(); it != entries_.end();) {
        if (seen.count(it->first) != 0) {
            ++it;
            continue;
        }
        replace(it->first, it->second, Value());
        it = entries_.erase(it);
    }
    for (const std::string& path : paths) {
        const std::string content = files.read(path).valueOr("");
        Entry& entry = entries_[path];
        const bool changed = entry.content != content || (!entry.pod.isObject() && full);
        if (!changed && !(full && entry.pod.isObject())) continue;
        if (!changed) continue;
        auto pod = parse(path, content);
        if (pod.ok()) {
            entry.content = content;
            replace(path, entry, *pod);
            continue;
        }
        core_.log.error("file.go:193", "Could not process manifest file", {{"err", pod.error().message}, {"path", path}});
        // A file that has become unreadable keeps its pod until the folder is read as a whole.
        if (full) {
            entry.content = content;
            replace(path, entry, Value());
        }
    }
}

sim::Task<void> StaticPods::watch(StaticPods& self) {
    Core& core = self.core_;
    self.scan(true);
    std::uint64_t seen = core.files().changeCount(core.config.staticPodPath);
    sim::Time next = core.now() + core.config.fileCheckFrequency;
    while (true) {
        co_await sim::sleepFor(core.kernel(), kLook);
        const bool full = core.now() >= next;
        const std::uint64_t count = core.files().changeCount(core.config.staticPodPath);
        if (count == seen && !full) continue;
        seen = count;
        self.scan(full);
        if (full) next = core.now() + core.config.fileCheckFrequency;
    }
}

} // namespace kubelet

// How each kind of volume is set up.

#include "api/status.h"
#include "base/strings.h"
#include "client/resources.h"
#include "kubelet/environment.h"
#include "kubelet/object_cache.h"
#include "kubelet/status_manager.h"
#include "kubelet/volume_manager.h"

namespace kubelet {
namespace {

std::optional<std::uint32_t> fsGroupOf(const Value& pod) {
    const Value& group = pod.at("spec", "securityContext", "fsGroup");
    if (!group.isInt()) return std::nullopt;
    return static_cast<std::uint32_t>(group.asInt());
}

base::Error typeCheck(const std::string& path, const char* what) {
    return base::makeError("hostPath type check failed: " + path + " is not a " + what);
}

} // namespace

base::Result<std::string> VolumeManager::setUpHostPath(const Value& source) {
    const std::string path = source["path"].text();
    const std::string type = source["type"].text();
    ports::FileSystem& files = core_.files();
    const auto stat = files.stat(path);
    const auto is = [&](ports::FileType wanted) { return stat.ok() && stat->type == wanted; };
    if (type == "DirectoryOrCreate") {
        if (!stat.ok()) {
            BASE_CHECK(files.makeDirectories(path, 0755));
        } else if (!is(ports::FileType::Directory)) {
            return typeCheck(path, "directory");
        }
    } else if (type == "Directory" && !is(ports::FileType::Directory)) {
        return typeCheck(path, "directory");
    } else if (type == "FileOrCreate") {
        if (!stat.ok()) {
            BASE_CHECK(files.write(path, "", 0644));
        } else if (!is(ports::FileType::Regular)) {
            return typeCheck(path, "file");
        }
    } else if (type == "File" && !is(ports::FileType::Regular)) {
        return typeCheck(path, "file");
    } else if (type == "Socket" && !is(ports::FileType::Socket)) {
        return typeCheck(path, "socket file");
    } else if (type == "CharDevice" && !is(ports::FileType::CharDevice)) {
        return typeCheck(path, "character device");
    } else if (type == "BlockDevice" && !is(ports::FileType::BlockDevice)) {
        return typeCheck(path, "block device");
    }
    return path;
}

base::Result<std::string> VolumeManager::setUpEmptyDir(const Value& pod, const Value& volume) {
    const std::string folder = volumeFolder(pod, "empty-dir", volume["name"].asString());
    ports::FileSystem& files = core_.files();
    if (files.exists(folder)) return folder;
    BASE_CHECK(files.makeDirectories(folder, 0777));
    (void)files.chmod(folder, 0777);
    if (const auto group = fsGroupOf(pod)) {
        (void)files.chown(folder, 0, *group);
        (void)files.chmod(folder, 02777);
    }
    return folder;
}

sim::Task<base::Result<std::string>> VolumeManager::setUpClaim(Value pod, std::string claim, std::string& claimProblem) {
    const std::string ns = api::namespaceOf(pod);
    const std::string prefix = "error processing PVC " + ns + "/" + claim + ": ";
    auto pvc = co_await core_.client->get(client::persistentVolumeClaimsResource(), ns, claim);
    if (!pvc.ok()) {
        claimProblem = prefix + "failed to fetch PVC from API server: " + pvc.error().message;
        co_return base::makeError(claimProblem);
    }
    if (api::isDeleting(*pvc)) {
        claimProblem = prefix + "PVC is being deleted";
        co_return base::makeError(claimProblem);
    }
    const std::string volumeName = (*pvc).at("spec", "volumeName").text();
    if ((*pvc).at("status", "phase").asString() != "Bound" || volumeName.empty()) {
        claimProblem = prefix + "PVC " + ns + "/" + claim + " has non-bound phase (\"" + (*pvc).at("status", "phase").text() +
                       "\") or empty pvc.Spec.VolumeName (\"" + volumeName + "\")";
        co_return base::makeError(claimProblem);
    }
    auto pv = co_await core_.client->get(client::persistentVolumesResource(), "", volumeName);
    if (!pv.ok()) {
        claimProblem = prefix + "failed to fetch PV " + base::quoteGo(volumeName) + " from API server: " + pv.error().message;
        co_return base::makeError(claimProblem);
    }
    const Value& spec = (*pv)["spec"];
    if (spec["hostPath"].isObject()) {
        // A persistent hostPath without a type is a directory that is made when it is missing.
        Value source = spec["hostPath"];
        if (source["type"].asString().empty()) source = source.with("type", "DirectoryOrCreate");
        co_return setUpHostPath(source);
    }
    if (spec["local"].isObject()) {
        const std::string path = spec["local"]["path"].text();
        if (!core_.files().exists(path))
            co_return base::makeError("path " + base::quoteGo(path) + " does not exist");
        co_return path;
    }
    co_return base::makeError("no volume plugin of this simulated node can mount PersistentVolume " +
                              base::quoteGo(volumeName));
}

sim::Task<base::Status> VolumeManager::addObject(Value pod, Value source, bool secret, std::int64_t mode,
                                                 Projection& files) {
    const std::string name = source[secret && source.has("secretName") ? "secretName" : "name"].text();
    const client::Resource resource = secret ? client::secretsResource() : client::configMapsResource();
    auto object = co_await core_.objects->get(resource, api::namespaceOf(pod), name);
    if (!object.ok()) {
        if (api::isNotFound(object.error()) && source["optional"].asBool()) co_return base::okStatus();
        co_return std::move(object).error();
    }
    std::map<std::string, std::string> data;
    for (const document::Member& item : (*object)["data"].members())
        data[item.key.text()] = secret ? base::decodeBase64(item.value.asString()).value_or("") : item.value.text();
    for (const document::Member& item : (*object)["binaryData"].members())
        data[item.key.text()] = base::decodeBase64(item.value.asString()).value_or("");
    const std::int64_t fallback = source["defaultMode"].asInt(mode);
    if (source["items"].size() == 0) {
        for (const auto& [key, value] : data) files[key] = {value, static_cast<std::uint32_t>(fallback), std::nullopt};
        co_return base::okStatus();
    }
    for (const Value& item : source["items"].items()) {
        const auto found = data.find(item["key"].text());
        if (found == data.end()) {
            if (source["optional"].asBool()) continue;
            co_return base::makeError(std::string(secret ? "references non-existent secret key: "
                                                         : "configmap references non-existent config key: ") +
                                      item["key"].text());
        }
        files[item["path"].text()] = {found->second, static_cast<std::uint32_t>(item["mode"].asInt(fallback)), std::nullopt};
    }
    co_return base::okStatus();
}

base::Status VolumeManager::addDownward(const Value& pod, const Value& items, std::int64_t mode, Projection& files) {
    for (const Value& item : items.items()) {
        std::string text;
        if (item["fieldRef"].isObject()) {
            const std::string ip = core_.status->get(api::uidOf(pod))["podIP"].text();
            BASE_TRY(text, fieldValue(core_, pod, item["fieldRef"]["fieldPath"].asString(), ip));
        } else {
            const Value& reference = item["resourceFieldRef"];
            BASE_TRY(text, resourceFieldValue(core_, pod, reference,
                                              containerSpec(pod, reference["containerName"].asString())));
        }
        files[item["path"].text()] = {text, static_cast<std::uint32_t>(item["mode"].asInt(mode)), std::nullopt};
    }
    return base::okStatus();
}

// Asked for anew when four fifths of its life, or a day, have passed. Source: pkg/kubelet/token.
sim::Task<base::Result<std::string>> VolumeManager::token(Value pod, Value source) {
    const std::string account = pod.at("spec", "serviceAccountName").text();
    const std::int64_t seconds = source["expirationSeconds"].asInt(3600);
    const std::string audience = source["audience"].text();
    const std::string key = api::uidOf(pod) + "/" + account + "/" + audience + "/" + std::to_string(seconds);
    const auto known = tokens_.find(key);
    const std::int64_t now = core_.unixNow();
    if (known != tokens_.end()) {
        const std::int64_t life = known->second.expires - known->second.issued;
        const std::int64_t age = now - known->second.issued;
        if (age < life / 5 * 4 && age < 24 * sim::kHour) co_return known->second.token;
    }
    const Value reference = Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", api::nameOf(pod)},
                                           {"uid", api::uidOf(pod)}});
    document::ObjectBuilder spec;
    spec.set("expirationSeconds", seconds);
    spec.set("boundObjectRef", reference);
    spec.set("audiences", audience.empty() ? Value::array() : Value::array({Value(audience)}));
    const Value request = Value::object({{"apiVersion", "authentication.k8s.io/v1"},
                                         {"kind", "TokenRequest"},
                                         {"spec", std::move(spec).build()}});
    auto made = co_await core_.client->create(client::serviceAccountsResource(), api::namespaceOf(pod), request, "token",
                                              account);
    if (!made.ok()) co_return base::makeError("failed to fetch token: " + made.error().message);
    Token token{(*made).at("status", "token").text(), now, api::timeOf((*made).at("status", "expirationTimestamp"))};
    if (token.expires == 0) token.expires = now + seconds * sim::kSecond;
    tokens_[key] = token;
    co_return token.token;
}

sim::Task<base::Result<Projection>> VolumeManager::collect(Value pod, Value volume) {
    Projection files;
    if (volume["configMap"].isObject() || volume["secret"].isObject()) {
        const bool secret = volume["secret"].isObject();
        const Value origin = volume[secret ? "secret" : "configMap"];
        auto added = co_await addObject(pod, origin, secret, 0644, files);
        if (!added.ok()) co_return std::move(added).error();
        co_return files;
    }
    if (volume["downwardAPI"].isObject()) {
        BASE_CO_CHECK(addDownward(pod, volume["downwardAPI"]["items"],
                                  volume["downwardAPI"]["defaultMode"].asInt(0644), files));
        co_return files;
    }
    const Value projected = volume["projected"];
    const std::int64_t mode = projected["defaultMode"].asInt(0644);
    std::vector<std::string> problems;
    for (const Value& source : projected["sources"].items()) {
        if (source["serviceAccountToken"].isObject()) {
            auto text = co_await token(pod, source["serviceAccountToken"]);
            if (!text.ok()) {
                problems.push_back(text.error().message);
                continue;
            }
            // Only the owner reads a token, unless the pod runs as somebody else.
            ProjectedFile file{*text, static_cast<std::uint32_t>(mode), std::nullopt};
            if (fsGroupOf(pod)) file.mode = 0600;
            else if (pod.at("spec", "securityContext", "runAsUser").isInt()) {
                file.mode = 0600;
                file.owner = static_cast<std::uint32_t>(pod.at("spec", "securityContext", "runAsUser").asInt());
            }
            files[source["serviceAccountToken"]["path"].text()] = file;
        } else if (source["downwardAPI"].isObject()) {
            const base::Status added = addDownward(pod, source["downwardAPI"]["items"], mode, files);
            if (!added.ok()) problems.push_back(added.error().message);
        } else if (source["configMap"].isObject() || source["secret"].isObject()) {
            const bool secret = source["secret"].isObject();
            const Value origin = source[secret ? "secret" : "configMap"];
            auto added = co_await addObject(pod, origin, secret, mode, files);
            if (!added.ok()) problems.push_back(added.error().message);
        }
    }
    if (problems.size() == 1) co_return base::makeError(problems[0]);
    if (!problems.empty()) co_return base::makeError("[" + base::join(problems, ", ") + "]");
    co_return files;
}

sim::Task<base::Result<std::string>> VolumeManager::setUp(Value pod, Value volume, std::string& claimProblem) {
    if (volume["hostPath"].isObject()) co_return setUpHostPath(volume["hostPath"]);
    if (volume["emptyDir"].isObject()) co_return setUpEmptyDir(pod, volume);
    if (volume["persistentVolumeClaim"].isObject() || volume["ephemeral"].isObject()) {
        const std::string claim = volume["ephemeral"].isObject()
                                      ? api::nameOf(pod) + "-" + volume["name"].text()
                                      : volume["persistentVolumeClaim"]["claimName"].text();
        auto path = co_await setUpClaim(pod, claim, claimProblem);
        co_return path;
    }
    const char* plugin = volume["configMap"].isObject()     ? "configmap"
                         : volume["secret"].isObject()      ? "secret"
                         : volume["projected"].isObject()   ? "projected"
                         : volume["downwardAPI"].isObject() ? "downward-api"
                                                            : nullptr;
    if (plugin == nullptr)
        co_return base::makeError("no volume plugin matched: this kind of volume is not modelled");
    auto files = co_await collect(pod, volume);
    if (!files.ok()) co_return std::move(files).error();
    const std::string folder = volumeFolder(pod, plugin, volume["name"].asString());
    auto written = writeAtomically(core_.kernel(), core_.files(), folder, *files, fsGroupOf(pod));
    if (!written.ok()) co_return std::move(written).error();
    // ConfigMaps lie on disk, the others in memory, whose top folder is sticky.
    const auto stat = core_.files().stat(folder);
    if (volume["configMap"].isObject() && stat.ok() && (stat->mode & 01000) != 0)
        (void)core_.files().chmod(folder, stat->mode & ~01000u);
    co_return folder;
}

} // namespace kubelet

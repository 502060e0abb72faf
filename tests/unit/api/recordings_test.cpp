// Drives the manifests of recorded sessions through decoding, defaulting and validation and compares the
// causes with what the real API server answered.
#include "api/kinds.h"
#include "api/validation.h"
#include "base/strings.h"
#include "document/patch.h"
#include "document/text_error.h"
#include "document/yaml.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

using document::Value;

namespace {

std::string readFile(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::filesystem::path recordings() {
    if (const char* given = std::getenv("TIMONEL_RECORDINGS")) return given;
    return std::filesystem::path(TIMONEL_SOURCE_DIR) / "../shared/kubernetes";
}

struct Stored {
    Value object, manifest;
};

// What the registry's strategies fill in before validation, as far as these transcripts need it.
Value prepared(const api::ResourceInfo& info, Value object, const std::string& space) {
    Value meta = object["metadata"].isObject() ? object["metadata"] : Value::object();
    if (info.namespaced && meta["namespace"].isEmpty()) meta = meta.with("namespace", space);
    if (meta["uid"].isEmpty()) meta = meta.with("uid", "uid-1").with("creationTimestamp", "2026-01-01T00:00:00Z");
    object = object.with("metadata", meta.with("resourceVersion", "1"));
    if (info.kind == "Pod" && object["spec"].isObject()) {
        if (object["spec"]["serviceAccountName"].isEmpty())
            object = object.withPath({"spec", "serviceAccountName"}, "default");
    }
    if (info.kind == "Job" && !object["spec"]["manualSelector"].asBool()) {
        const Value name = meta["name"];
        for (const char* key : {"controller-uid", "batch.kubernetes.io/controller-uid"})
            object = object.withPath({"spec", "template", "metadata", "labels", key}, "uid-1");
        for (const char* key : {"job-name", "batch.kubernetes.io/job-name"})
            object = object.withPath({"spec", "template", "metadata", "labels", key}, name);
        if (object["spec"]["selector"].isNull())
            object = object.withPath({"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"}, "uid-1");
    }
    if (info.kind == "Service" && object["spec"]["type"].asString() != "ExternalName") {
        Value spec = object["spec"];
        if (spec["clusterIP"].isEmpty() && spec["clusterIPs"].size() == 0) {
            spec = spec.with("clusterIP", "10.96.0.9").with("clusterIPs", Value::array({Value("10.96.0.9")}));
        } else if (spec["clusterIPs"].size() == 0) {
            spec = spec.with("clusterIPs", Value::array({spec["clusterIP"]}));
        }
        if (spec["type"].asString() == "LoadBalancer" && spec["externalTrafficPolicy"].asString() == "Local" &&
            spec["healthCheckNodePort"].isNull())
            spec = spec.with("healthCheckNodePort", 30999);
        object = object.with("spec", spec);
    }
    return object;
}

class Session {
public:
    explicit Session(std::string space) : space_(std::move(space)) {}

    std::string apply(const Value& manifest, bool create) {
        const std::string version = manifest["apiVersion"].text(), kind = manifest["kind"].text();
        const std::size_t slash = version.find('/');
        const auto* info = api::builtinKinds().findByKind(
            slash == std::string::npos ? "" : version.substr(0, slash),
            slash == std::string::npos ? version : version.substr(slash + 1), kind);
        if (info == nullptr) return "no kind";
        const std::string key = kind + "/" + manifest["metadata"]["name"].text();
        const auto known = objects_.find(key);
        if (known == objects_.end() || create) return store(*info, key, manifest, manifest, Value());
        auto schema = api::mergeSchema(*info);
        auto patch = document::makeThreeWayStrategicPatch(known->second.manifest, manifest, known->second.object, *schema);
        if (!patch.ok()) return patch.error().message;
        auto patched = document::applyStrategicPatch(known->second.object, *patch, *schema);
        if (!patched.ok()) return patched.error().message;
        return store(*info, key, *patched, manifest, known->second.object);
    }

private:
    std::string store(const api::ResourceInfo& info, const std::string& key, const Value& object,
                      const Value& manifest, const Value& old) {
        auto decoded = api::decodeObject(info, object);
        if (!decoded.ok()) return decoded.error().message;
        if (!decoded->unknown.empty()) {
            std::vector<std::string> texts;
            for (const auto& problem : decoded->unknown) texts.push_back(problem.message);
            return "strict decoding error: " + base::join(texts, ", ");
        }
        Value final = api::applyDefaults(info, decoded->object);
        if (old.isNull()) final = prepared(info, final, space_);
        const auto causes = old.isNull() ? api::validateCreate(info, final) : api::validateUpdate(info, final, old);
        if (causes.empty()) {
            objects_[key] = {final, manifest};
            return {};
        }
        std::string text;
        std::vector<std::string> seen;
        for (const auto& cause : causes) {
            const std::string line = cause.field + ": " + cause.message;
            if (std::find(seen.begin(), seen.end(), line) == seen.end()) seen.push_back(line);
        }
        if (seen.size() == 1) return seen[0];
        return "\n* " + base::join(seen, "\n* ");
    }

    std::string space_;
    std::map<std::string, Stored> objects_;
};

} // namespace

TEST_CASE("recorded invalid manifests get the causes of the real API server") {
    const auto folder = recordings() / "recordings/api";
    if (!std::filesystem::exists(folder)) {
        WARN("no recordings at " << folder.string() << ": skipped");
        return;
    }
    const bool verbose = std::getenv("TIMONEL_VERBOSE") != nullptr;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().filename().string().rfind("api-val-", 0) == 0) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    int total = 0, alike = 0;
    for (const auto& path : paths) {
        const std::string name = path.stem().string();
        if (name == "api-val-yaml" || name == "api-val-strategic") continue;
        Session session(name);
        std::map<std::string, std::string> files;
        const auto lines = base::splitLines(readFile(path));
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (lines[i].rfind("@file ", 0) == 0) {
                std::string text;
                const std::string file = lines[i].substr(6);
                for (++i; i < lines.size() && lines[i] != "@end"; ++i) text += lines[i] + "\n";
                files[file] = text;
                continue;
            }
            const bool create = lines[i].rfind("$ kubectl create -f ", 0) == 0;
            if (!create && lines[i].rfind("$ kubectl apply -f ", 0) != 0) continue;
            const std::string file = base::splitFields(lines[i])[4];
            if (files.count(file) == 0) continue;
            std::string expected;
            for (std::size_t j = i + 2; j < lines.size() && lines[j].rfind("$ ", 0) != 0 && lines[j].rfind("@file", 0) != 0; ++j) {
                if (lines[j].rfind("2> ", 0) == 0 && lines[j].rfind("2> Warning", 0) != 0)
                    expected += (expected.empty() ? "" : "\n") + lines[j].substr(3);
                else if (lines[j] == "2>") expected += "\n";
            }
            document::ReadLimits limits;
            limits.refuseDuplicateKeys = false;
            auto manifest = document::readYaml(files[file], {}, limits);
            if (!manifest.ok()) {
                ++total;
                if (verbose) std::cout << name << " " << file << ": " << manifest.error().message << "\n";
                continue;
            }
            if (expected.find("resource name may not be empty") != std::string::npos) continue;
            const std::string got = session.apply(*manifest, create);
            ++total;
            bool same = got.empty() ? expected.empty() : expected.find(got) != std::string::npos;
            if (!same && expected.find(" is invalid: [") != std::string::npos) {
                std::string listed = base::replaceAll(got, "\n* ", ", ");
                same = listed.size() > 2 && expected.find("[" + listed.substr(2) + "]") != std::string::npos;
            }
            if (same) ++alike;
            else if (verbose)
                std::cout << "== " << name << " " << file << "\n-- expected: " << expected.substr(0, 1500)
                          << "\n-- got:      " << got.substr(0, 1500) << "\n";
        }
    }
    std::cout << "recorded manifests alike: " << alike << " of " << total << "\n";
    CHECK(alike * 100 >= total * 90);
}

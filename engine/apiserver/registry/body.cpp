// Request bodies: text to values, kind checks, strict field checks. Source: apiserver
// pkg/endpoints/handlers create.go, update.go, rest.go; apimachinery runtime/serializer.
#include "api/changed.h"
#include "api/protobuf.h"
#include "apiserver/core.h"
#include "apiserver/registry/template_memo.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/text_error.h"
#include "document/yaml.h"

#include <algorithm>
#include <map>
#include <set>

namespace apiserver {

using document::Value;

namespace {

bool isYaml(std::string_view type) {
    return type.starts_with("application/yaml") || type.starts_with("application/apply-patch+yaml");
}

bool looksLikeJson(std::string_view body) {
    const std::string_view text = base::trim(body);
    return text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
}

} // namespace

base::Result<Value> rawBody(const ports::Request& request) {
    if (!request.object.isNull()) return request.object;
    if (request.headers.get("Content-Type").starts_with("application/vnd.kubernetes.protobuf"))
        return api::decodeProtobuf(request.body);
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    const bool yaml = isYaml(request.headers.get("Content-Type"));
    if (yaml && looksLikeJson(request.body))
        if (auto read = document::readJson(request.body, {}, limits); read.ok()) return read;
    if (yaml) {
        auto read = document::readYaml(request.body, {}, limits);
        if (!read.ok())
            return base::makeError("error converting YAML to JSON: " + document::goErrorText(read.error()));
        return read;
    }
    auto read = document::readJson(request.body, {}, limits);
    if (!read.ok()) return base::makeError(document::goErrorText(read.error()));
    return read;
}

std::string goPackage(std::string_view group) {
    if (group.empty()) return "core";
    return std::string(group.substr(0, group.find('.')));
}

base::Error invalidOptions(std::string_view kind, std::vector<api::StatusCause> causes) {
    return api::invalid("meta.k8s.io", kind, "", std::move(causes));
}

base::Result<Value> checkFields(Context& context, const api::ResourceInfo& resource,
                                const Value& object, bool) {
    TemplateMemo* memo = TemplateMemo::of(resource);
    auto decoded = memo == nullptr ? api::decodeObject(resource, object)
                                   : api::decodeObject(resource, memo->decoded(object), memo->knownDecoded());
    if (!decoded.ok())
        return api::badRequest(resource.kind + " in version \"" + resource.version + "\" cannot be handled as a " +
                               resource.kind + ": " + decoded.error().message);
    // One with unknown fields is told of them every time.
    if (memo != nullptr && decoded.value().unknown.empty()) memo->keepDecoded(object, decoded.value().object);
    std::vector<std::string> unknown;
    for (const api::FieldProblem& problem : decoded.value().unknown) unknown.push_back(problem.message);
    BASE_CHECK(reportStrictProblems(context, resource, unknown));
    return std::move(decoded).value().object;
}

namespace {

// Walks the text of a JSON body, known to be well-formed: keys that an object has twice, and the order
// of its fields.
class BodyScan {
public:
    explicit BodyScan(std::string_view text) : text_(text) { value(""); }
    std::vector<std::string> repeated;
    std::map<std::string, std::size_t> order; // problem -> where it would be met

private:
    char peek() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    std::string quoted() {
        const std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        const std::size_t end = std::min(at_++, text_.size());
        return std::string(text_.substr(begin, end - begin));
    }
    void value(const std::string& path) {
        const char c = peek();
        if (c == '{') return object(path);
        if (c == '[') return array(path);
        if (c == '"') {
            quoted();
            return;
        }
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']') ++at_;
    }
    void object(const std::string& path) {
        std::set<std::string> keys;
        ++at_;
        while (peek() == '"') {
            const std::string key = quoted();
            const std::string inner = path.empty() ? key : path + "." + key;
            if (!keys.insert(key).second) {
                repeated.push_back("duplicate field " + base::quoteGo(inner));
                order["duplicate field " + base::quoteGo(inner)] = at_;
            }
            order.emplace("unknown field " + base::quoteGo(inner), at_);
            if (peek() == ':') ++at_;
            value(inner);
            if (peek() == ',') ++at_;
        }
        if (peek() == '}') ++at_;
    }
    void array(const std::string& path) {
        ++at_;
        for (std::size_t i = 0; at_ < text_.size() && peek() != ']'; ++i) {
            value(path + "[" + std::to_string(i) + "]");
            if (peek() == ',') ++at_;
        }
        if (at_ < text_.size()) ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

base::Status reportStrictProblems(Context& context, const api::ResourceInfo& resource,
                                  const std::vector<std::string>& unknown) {
    std::vector<std::string> problems = context.repeatedFields;
    problems.insert(problems.end(), unknown.begin(), unknown.end());
    const bool written = context.info.verb == "create" || context.info.verb == "update";
    if (problems.size() > 1 && written && looksLikeJson(context.request.body)) {
        // In the order of the text.
        const BodyScan scan(context.request.body);
        const auto place = [&scan](const std::string& problem) {
            const auto found = scan.order.find(problem);
            return found == scan.order.end() ? std::string::npos : found->second;
        };
        std::stable_sort(problems.begin(), problems.end(),
                         [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
    }
    if (problems.empty() || context.fieldValidation == "Ignore") return base::okStatus();
    if (context.fieldValidation == "Strict")
        return api::badRequest(resource.kind + " in version \"" + resource.version + "\" cannot be handled as a " +
                               resource.kind + ": strict decoding error: " + base::join(problems, ", "));
    constexpr std::string_view kYaml = "yaml: unmarshal errors:\n";
    for (const std::string& problem : problems) {
        const std::string_view text(problem);
        if (!text.starts_with(kYaml)) context.warn(problem);
        else
            for (const std::string& line : base::split(text.substr(kYaml.size()), '\n'))
                context.warn(std::string(base::trim(line)));
    }
    return base::okStatus();
}

namespace {

std::vector<std::string> repeatedFields(const ports::Request& request) {
    const std::string_view type = request.headers.get("Content-Type");
    if (request.body.empty() || type.starts_with("application/vnd.kubernetes.protobuf")) return {};
    if (!isYaml(type) || looksLikeJson(request.body)) return BodyScan(request.body).repeated;
    auto strict = document::readYaml(request.body);
    if (strict.ok()) return {};
    std::string text = document::goErrorText(strict.error());
    if (text.find("already set in map") == std::string::npos) return {};
    return {std::move(text)};
}

base::Status checkMediaType(const ports::Request& request, bool custom) {
    std::string_view type = request.headers.get("Content-Type");
    if (type.empty()) return base::okStatus();
    type = base::trim(type.substr(0, type.find(';')));
    if (type == "application/json" || type == "application/yaml") return base::okStatus();
    if (type == "application/vnd.kubernetes.protobuf" && !custom) return base::okStatus();
    return api::statusError(415, "UnsupportedMediaType",
                            "the body of the request was in an unknown format - accepted media types "
                            "include: application/json, application/yaml, "
                            "application/vnd.kubernetes.protobuf");
}

// Source: apiserver pkg/endpoints/handlers/rest.go summarizeData.
std::string summary(std::string_view body) {
    if (body.empty()) return "<empty>";
    constexpr std::size_t kShown = 30;
    const std::string_view start = body.substr(0, kShown);
    std::string text = body.front() == '{' ? std::string(start) : base::encodeHex(start);
    if (body.size() > kShown) text += " ...";
    return text;
}

base::Error unrecognized(const api::ResourceInfo& expected, const std::string& why,
                         const ports::Request& request) {
    const std::string_view type = request.headers.get("Content-Type");
    const bool decoded = type.starts_with("application/vnd.kubernetes.protobuf") ||
                         why.starts_with("error converting YAML to JSON: ");
    return api::badRequest("the object provided is unrecognized (must be of type " + expected.kind + "): " +
                           (decoded ? "" : "couldn't get version/kind; json parse error: ") + why + " (" +
                           summary(request.body) + ")");
}

// Kinds that the scheme still knows in versions that are not served. Source: k8s.io/api register.go.
bool isLegacyKind(std::string_view apiVersion, std::string_view kind) {
    struct Known {
        std::string_view version, kinds;
    };
    static constexpr Known kKnown[] = {
        {"admissionregistration.k8s.io/v1beta1",
         " ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy "
         "ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding "},
        {"admissionregistration.k8s.io/v1alpha1",
         " ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy "
         "MutatingAdmissionPolicyBinding "},
        {"apiextensions.k8s.io/v1beta1", " CustomResourceDefinition "},
        {"apiregistration.k8s.io/v1beta1", " APIService "},
        {"apps/v1beta1", " Deployment StatefulSet ControllerRevision "},
        {"apps/v1beta2", " Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision "},
        {"authentication.k8s.io/v1beta1", " SelfSubjectReview TokenReview "},
        {"authentication.k8s.io/v1alpha1", " SelfSubjectReview "},
        {"authorization.k8s.io/v1beta1",
         " SelfSubjectRulesReview SelfSubjectAccessReview SubjectAccessReview LocalSubjectAccessReview "},
        {"autoscaling/v2beta1", " HorizontalPodAutoscaler "},
        {"autoscaling/v2beta2", " HorizontalPodAutoscaler "},
        {"batch/v1beta1", " CronJob "},
        {"certificates.k8s.io/v1beta1", " CertificateSigningRequest ClusterTrustBundle PodCertificateRequest "},
        {"certificates.k8s.io/v1alpha1", " ClusterTrustBundle "},
        {"coordination.k8s.io/v1beta1", " Lease LeaseCandidate "},
        {"coordination.k8s.io/v1alpha2", " LeaseCandidate "},
        {"discovery.k8s.io/v1beta1", " EndpointSlice "},
        {"events.k8s.io/v1beta1", " Event "},
        {"extensions/v1beta1", " Deployment DaemonSet Ingress ReplicaSet NetworkPolicy "},
        {"flowcontrol.apiserver.k8s.io/v1beta1", " FlowSchema PriorityLevelConfiguration "},
        {"flowcontrol.apiserver.k8s.io/v1beta2", " FlowSchema PriorityLevelConfiguration "},
        {"flowcontrol.apiserver.k8s.io/v1beta3", " FlowSchema PriorityLevelConfiguration "},
        {"internal.apiserver.k8s.io/v1alpha1", " StorageVersion "},
        {"networking.k8s.io/v1beta1", " Ingress IngressClass IPAddress ServiceCIDR "},
        {"node.k8s.io/v1beta1", " RuntimeClass "},
        {"node.k8s.io/v1alpha1", " RuntimeClass "},
        {"policy/v1beta1", " PodDisruptionBudget Eviction "},
        {"rbac.authorization.k8s.io/v1beta1", " Role RoleBinding ClusterRole ClusterRoleBinding "},
        {"rbac.authorization.k8s.io/v1alpha1", " Role RoleBinding ClusterRole ClusterRoleBinding "},
        {"resource.k8s.io/v1beta1", " DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice "},
        {"resource.k8s.io/v1beta2", " DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice "},
        {"resource.k8s.io/v1alpha3", " DeviceTaintRule "},
        {"scheduling.k8s.io/v1beta1", " PriorityClass "},
        {"scheduling.k8s.io/v1alpha1", " PriorityClass Workload "},
        {"storage.k8s.io/v1beta1",
         " StorageClass VolumeAttachment CSIDriver CSINode CSIStorageCapacity VolumeAttributesClass "},
        {"storage.k8s.io/v1alpha1", " VolumeAttachment CSIStorageCapacity VolumeAttributesClass "}};
    for (const Known& known : kKnown)
        if (apiVersion == known.version)
            return known.kinds.find(" " + std::string(kind) + " ") != std::string_view::npos;
    return false;
}

base::Status checkKind(Core& core, Context& context, const api::ResourceInfo& expected, const Value& object) {
    const std::string_view kind = object["kind"].asString();
    const std::string_view apiVersion = object["apiVersion"].asString();
    if (kind == expected.kind && apiVersion == expected.apiVersion()) return base::okStatus();
    std::string_view group, version = apiVersion;
    if (const auto slash = apiVersion.find('/'); slash != std::string_view::npos) {
        group = apiVersion.substr(0, slash);
        version = apiVersion.substr(slash + 1);
    }
    if (expected.custom) {
        if (kind != expected.kind)
            return api::badRequest("the kind in the data (" + std::string(kind) +
                                   ") does not match the expected kind (" + expected.kind + ")");
        return api::badRequest("the API version in the data (" + std::string(apiVersion) +
                               ") does not match the expected API version (" + expected.apiVersion() +
                               ")");
    }
    const api::ResourceInfo* known = core.kinds.findByKind(group, version, kind);
    const std::string prefix = std::string(kind) + " in version \"" + std::string(version) +
                               "\" cannot be handled as a " + expected.kind + ": ";
    if (kind == expected.kind && isLegacyKind(apiVersion, kind))
        return api::badRequest("the API version in the data (" + std::string(apiVersion) +
                               ") does not match the expected API version (" + expected.apiVersion() +
                               ")");
    if (known == nullptr || known->custom)
        return api::badRequest(prefix + "no kind \"" + std::string(kind) +
                               "\" is registered for version \"" + std::string(apiVersion) +
                               "\" in scheme \"pkg/runtime/scheme.go:111\"");
    if (kind == expected.kind) {
        // The body is read as what it says it is before that is compared.
        if (auto read = checkFields(context, *known, object, true); !read.ok()) return read.error();
        return api::badRequest("the API version in the data (" + std::string(apiVersion) +
                               ") does not match the expected API version (" + expected.apiVersion() +
                               ")");
    }
    return api::badRequest(prefix + "converting (" + std::string(version) + "." + std::string(kind) +
                           ") to (" + goPackage(expected.group) + "." + expected.kind +
                           "): unknown conversion");
}

} // namespace

base::Result<Value> decodeBody(Core& core, Context& context, const api::ResourceInfo& expected) {
    BASE_CHECK(checkMediaType(context.request, expected.custom));
    auto raw = rawBody(context.request);
    if (!raw.ok()) return unrecognized(expected, raw.error().message, context.request);
    Value object = std::move(raw).value();
    if (!object.isObject()) {
        const char* what = object.isArray() ? "array" : object.isString() ? "string" : "number";
        return api::badRequest(
            "the object provided is unrecognized (must be of type " + expected.kind +
            "): couldn't get version/kind; json parse error: json: cannot unmarshal " + what +
            " into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; "
            "Kind string \"json:\\\"kind,omitempty\\\"\" } (" +
            summary(context.request.body) + ")");
    }
    if (!object["apiVersion"].isString() || object["apiVersion"].isEmpty())
        object = object.with("apiVersion", expected.apiVersion());
    if (!object["kind"].isString() || object["kind"].isEmpty())
        object = object.with("kind", expected.kind);
    BASE_CHECK(checkKind(core, context, expected, object));
    if (context.fieldValidation != "Ignore") context.repeatedFields = repeatedFields(context.request);
    auto decoded = expected.custom ? customDecode(core, context, expected, std::move(object))
                                   : checkFields(context, expected, object);
    if (context.auditing && decoded.ok()) {
        context.auditName = metaText(decoded.value(), "name");
        if (context.auditBodies)
            context.auditObject = expected.custom
                                      ? decoded.value()
                                      : api::fillRequired(expected, api::applyDefaults(expected, decoded.value()));
    }
    return decoded;
}

} // namespace apiserver

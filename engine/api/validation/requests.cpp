// CertificateSigningRequest, APIService, Event, CSIStorageCapacity. Sources:
// pkg/apis/{certificates,storage}/validation, pkg/apis/core/validation/events.go, kube-aggregator
// pkg/apis/apiregistration/validation.
#include "api/validation/rules.h"

#include "api/quantity.h"
#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");
const Path kStatus("status");

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

Problems anyName(std::string_view) { return {}; }

// The block of a PEM text: its type, and whether its body decodes.
std::string pemType(std::string_view pem) {
    constexpr std::string_view kBegin = "-----BEGIN ", kDashes = "-----";
    const std::size_t begin = pem.find(kBegin);
    if (begin == std::string_view::npos) return {};
    const std::size_t name = begin + kBegin.size(), end = pem.find(kDashes, name);
    if (end == std::string_view::npos) return {};
    const std::string type(pem.substr(name, end - name));
    const std::size_t tail = pem.find("-----END " + type + "-----", end);
    if (tail == std::string_view::npos) return {};
    std::string body;
    for (const char c : pem.substr(end + kDashes.size(), tail - end - kDashes.size()))
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') body += c;
    return base::decodeBase64(body) ? type : std::string();
}

const std::vector<std::string>& keyUsages() {
    static const std::vector<std::string> kUsages = {
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
        "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system",
        "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc",
        "ocsp signing", "s/mime", "server auth", "signing", "timestamping"};
    return kUsages;
}

bool hasDuplicates(const Value& list, const char* field) {
    std::set<std::string> seen;
    for (const Value& item : list.items())
        if (!seen.insert(field == nullptr ? item.text() : item[field].text()).second) return true;
    return false;
}

// Problems that the stored object already has are put up with.
struct Tolerated {
    bool unknownUsages = false, duplicateUsages = false, bothDecisions = false, duplicateTypes = false,
         emptyTypes = false;
    explicit Tolerated(const Value& old) {
        if (old.isNull()) return;
        const Value& usages = old["spec"]["usages"];
        duplicateUsages = hasDuplicates(usages, nullptr);
        for (const Value& usage : usages.items())
            unknownUsages = unknownUsages || std::find(keyUsages().begin(), keyUsages().end(), usage.text()) ==
                                                 keyUsages().end();
        bool approved = false, denied = false;
        for (const Value& condition : old["status"]["conditions"].items()) {
            approved = approved || condition["type"].asString() == "Approved";
            denied = denied || condition["type"].asString() == "Denied";
            emptyTypes = emptyTypes || condition["type"].isEmpty();
        }
        bothDecisions = approved && denied;
        duplicateTypes = hasDuplicates(old["status"]["conditions"], "type");
    }
};

void requestConditions(Errors& errors, const Value& list, const Tolerated& tolerated) {
    const Path path = kStatus.child("conditions");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string type = list[i]["type"].text();
        const Value& status = list[i]["status"];
        const Path at = path.index(i);
        if (type.empty() && !tolerated.emptyTypes) errors.required(at.child("type"));
        const bool decision = contains({"Approved", "Denied", "Failed"}, type);
        if (status.isEmpty()) errors.required(at.child("status"));
        else if (decision && status.asString() != "True") errors.notSupported(at.child("status"), status, {"True"});
        else if (!decision && !contains({"True", "False", "Unknown"}, status.asString()))
            errors.notSupported(at.child("status"), status, {"False", "True", "Unknown"});
        const bool opposite = (type == "Approved" && seen.contains("Denied")) ||
                              (type == "Denied" && seen.contains("Approved"));
        if (opposite && !tolerated.bothDecisions)
            errors.invalid(path, type, "Approved and Denied conditions are mutually exclusive");
        if (!seen.insert(type).second && !tolerated.duplicateTypes) errors.duplicate(at.child("type"), type);
    }
}

void certificateText(Errors& errors, const Value& certificate) {
    if (certificate.isEmpty()) return;
    const std::string type = pemType(base::decodeBase64(certificate.asString()).value_or(""));
    const Path path = kStatus.child("certificate");
    constexpr std::string_view kShown = "<certificate data>";
    if (type.empty()) errors.invalid(path, kShown, "must contain at least one CERTIFICATE PEM block");
    else if (type != "CERTIFICATE")
        errors.invalid(path, kShown, "only CERTIFICATE PEM blocks are allowed, found " + base::quoteGo(type));
}

void signingRequestRules(Errors& errors, const Value& object, const Value& old) {
    const Tolerated tolerated(old);
    validateObjectMeta(errors, object["metadata"], false, anyName, kMeta);
    const Value& spec = object["spec"];
    const std::string pem = base::decodeBase64(spec["request"].asString()).value_or("");
    if (pemType(pem) != "CERTIFICATE REQUEST")
        errors.invalid(kSpec.child("request"), spec["request"].isNull() ? Value() : spec["request"],
                       "PEM block type must be CERTIFICATE REQUEST");
    const Value& usages = spec["usages"];
    const Path path = kSpec.child("usages");
    if (usages.size() == 0) errors.required(path);
    for (std::size_t i = 0; i < usages.size() && !tolerated.unknownUsages; ++i)
        if (std::find(keyUsages().begin(), keyUsages().end(), usages[i].text()) == keyUsages().end())
            errors.notSupported(path.index(i), usages[i], keyUsages());
    std::set<std::string> seen;
    for (std::size_t i = 0; i < usages.size() && !tolerated.duplicateUsages; ++i)
        if (!seen.insert(usages[i].text()).second) errors.duplicate(path.index(i), usages[i]);
    constexpr std::string_view kLegacy = "kubernetes.io/legacy-unknown";
    const std::string_view signer = spec["signerName"].asString();
    if (signer == kLegacy && old["spec"]["signerName"].asString() != kLegacy)
        errors.invalid(kSpec.child("signerName"), signer, "the legacy signerName is not allowed via this API version");
    else validateSignerName(errors, signer, kSpec.child("signerName"));
    const Value& expiration = spec["expirationSeconds"];
    if (!expiration.isNull() && expiration.asInt() < 600)
        errors.invalid(kSpec.child("expirationSeconds"), expiration,
                       "may not specify a duration less than 600 seconds (10 minutes)");
    requestConditions(errors, object["status"]["conditions"], tolerated);
    const Value& certificate = object["status"]["certificate"];
    if (!(certificate == old["status"]["certificate"]) || old.isNull()) certificateText(errors, certificate);
}
void signingRequest(Errors& errors, const Value& object) { signingRequestRules(errors, object, Value()); }

std::vector<Value> conditionsOf(const Value& object, std::string_view type) {
    std::vector<Value> out;
    for (const Value& condition : object["status"]["conditions"].items())
        if (condition["type"].asString() == type) out.push_back(condition);
    return out;
}

enum class Road { Spec, Status, Approval };

void signingRequestChange(Errors& errors, const Value& object, const Value& old, Road through) {
    signingRequestRules(errors, object, old);
    const Path path = kStatus.child("conditions");
    for (const char* type : {"Approved", "Denied", "Failed"})
        if (conditionsOf(object, type).size() < conditionsOf(old, type).size())
            errors.forbidden(path, "updates may not remove a condition of type " + base::quoteGo(type));
    for (const char* type : {"Approved", "Denied"}) {
        if (through == Road::Approval) break;
        const std::vector<Value> before = conditionsOf(old, type), after = conditionsOf(object, type);
        if (after.size() > before.size()) {
            errors.forbidden(path, "updates may not add a condition of type " + base::quoteGo(type));
        } else if (after.size() == before.size() && !(after == before)) {
            const std::string diff = internalDiff("[]certificates.CertificateSigningRequestCondition",
                                                  Value::array(before), Value::array(after));
            errors.forbidden(path, "updates may not modify a condition of type " + base::quoteGo(type) + "\n" + diff);
        }
    }
    const Value& certificate = object["status"]["certificate"];
    const Value& had = old["status"]["certificate"];
    if (!(certificate == had) && !(certificate.isEmpty() && had.isEmpty())) {
        if (through != Road::Status)
            errors.forbidden(kStatus.child("certificate"), "updates may not set certificate content");
        else if (!had.isEmpty())
            errors.forbidden(kStatus.child("certificate"), "updates may not modify existing certificate content");
    }
    metaUpdate(errors, object, old);
}
void signingRequestUpdate(Errors& errors, const Value& object, const Value& old) {
    signingRequestChange(errors, object, old, Road::Spec);
}
void signingRequestStatus(Errors& errors, const Value& object, const Value& old) {
    signingRequestChange(errors, object, old, Road::Status);
}

void apiService(Errors& errors, const Value& object) {
    const Value& spec = object["spec"];
    const std::string group = spec["group"].text(), version = spec["version"].text();
    const std::string expected = version + "." + group, name = object["metadata"]["name"].text();
    Errors meta;
    validateObjectMeta(meta, object["metadata"], false, nameIsPathSegment, kMeta);
    // The name is judged first.
    if (!name.empty() && checkPathSegment(name).empty() && name != expected)
        errors.invalid(kMeta.child("name"), name, "must be `spec.version+\".\"+spec.group`: " + base::quoteGo(expected));
    errors.append(meta);
    if (group.empty() && version != "v1")
        errors.required(kSpec.child("group"), "only v1 may have an empty group and it better be legacy kube");
    if (!group.empty()) validateDnsSubdomainName(errors, group, kSpec.child("group"));
    errors.invalidEach(kSpec.child("version"), version, checkDns1035Label(version));
    const std::int64_t minimum = spec["groupPriorityMinimum"].asInt(), priority = spec["versionPriority"].asInt();
    if (minimum <= 0 || minimum > 20000)
        errors.invalid(kSpec.child("groupPriorityMinimum"), minimum, "must be positive and less than 20000");
    if (priority <= 0 || priority > 1000)
        errors.invalid(kSpec.child("versionPriority"), priority, "must be positive and less than 1000");
    const Value& service = spec["service"];
    const std::size_t bundle = base::decodeBase64(spec["caBundle"].asString()).value_or("").size();
    const bool insecure = spec["insecureSkipTLSVerify"].asBool();
    const Path insecurePath = kSpec.child("insecureSkipTLSVerify");
    if (service.isNull()) {
        if (bundle > 0)
            errors.invalid(kSpec.child("caBundle"), std::to_string(bundle) + " bytes",
                           "local APIServices may not have a caBundle");
        if (insecure) errors.invalid(insecurePath, true, "local APIServices may not have insecureSkipTLSVerify");
        return;
    }
    for (const char* field : {"namespace", "name"})
        if (service[field].isEmpty()) errors.required(kSpec.child("service", field));
    const std::int64_t port = service["port"].asInt(443);
    if (const Problems problems = checkPortNumber(port); !problems.empty())
        errors.invalid(kSpec.child("service", "port"), port, "port is not valid: " + base::join(problems, ", "));
    if (insecure && bundle > 0) errors.invalid(insecurePath, true, "may not be true if caBundle is present");
}
void apiServiceUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    apiService(errors, object);
}
void apiServiceStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    const Value& list = object["status"]["conditions"];
    for (std::size_t i = 0; i < list.size(); ++i)
        if (!contains({"True", "False", "Unknown"}, list[i]["status"].asString()))
            errors.notSupported(kStatus.child("conditions").index(i).child("status"), list[i]["status"].asString(),
                                {"False", "True", "Unknown"});
}

// Both groups' events share their old rules; names of the fields are those of the internal form.
struct EventFields {
    const char *object, *note, *controller, *controllerPath;
};
constexpr EventFields kCoreEvent{"involvedObject", "message", "reportingComponent", "reportingComponent"};
constexpr EventFields kNewEvent{"regarding", "note", "reportingController", "reportingController"};

void eventBasics(Errors& errors, const Value& event, const EventFields& names) {
    const std::string space = event["metadata"]["namespace"].text();
    const std::string object = event[names.object]["namespace"].text();
    const auto mismatch = [&] {
        errors.invalid(Path("involvedObject").child("namespace"), object, "does not match event.namespace");
    };
    if (event["eventTime"].isNull()) {
        if (object.empty() ? !space.empty() && space != "default" : space != object) mismatch();
    } else {
        if (object.empty() && space != "default" && space != "kube-system") mismatch();
        const Value& controller = event[names.controller];
        const Path path(names.controllerPath);
        if (controller.isEmpty()) errors.required(path);
        validateQualifiedName(errors, controller.asString(), path);
        struct Limit {
            const char *field, *path;
            std::size_t limit;
            bool required;
        };
        for (const Limit& one : {Limit{"reportingInstance", "reportingInstance", 128, true},
                                 Limit{"action", "action", 128, true}, Limit{"reason", "reason", 128, true},
                                 Limit{names.note, "message", 1024, false}}) {
            if (one.required && event[one.field].isEmpty()) errors.required(Path(one.path));
            if (event[one.field].asString().size() > one.limit)
                errors.invalid(Path(one.path), "", "can have at most " + std::to_string(one.limit) + " characters");
        }
    }
    validateDnsSubdomainName(errors, space, Path("namespace"));
}
void coreEvent(Errors& errors, const Value& event) { eventBasics(errors, event, kCoreEvent); }
void coreEventUpdate(Errors& errors, const Value& event, const Value&) { eventBasics(errors, event, kCoreEvent); }

void eventSeries(Errors& errors, const Value& event) {
    if (event["series"].isNull()) return;
    if (event["series"]["count"].asInt() < 2) errors.invalid(Path("series.count"), "", "should be at least 2");
    if (event["series"]["lastObservedTime"].isNull()) errors.required(Path("series.lastObservedTime"));
}

void newEvent(Errors& errors, const Value& event) {
    eventBasics(errors, event, kNewEvent);
    validateObjectMeta(errors, event["metadata"], true, nameIsSubdomain, kMeta);
    eventSeries(errors, event);
    if (event["eventTime"].isNull()) errors.required(Path("eventTime"));
    if (!contains({"Normal", "Warning"}, event["type"].asString()))
        errors.invalid(Path("type"), "", "has invalid value: " + event["type"].text());
    constexpr std::string_view kUnset = "needs to be unset";
    if (!event["deprecatedFirstTimestamp"].isNull()) errors.invalid(Path("firstTimestamp"), "", kUnset);
    if (!event["deprecatedLastTimestamp"].isNull()) errors.invalid(Path("lastTimestamp"), "", kUnset);
    if (event["deprecatedCount"].asInt() != 0) errors.invalid(Path("count"), "", kUnset);
    const Value& source = event["deprecatedSource"];
    if (!source["component"].isEmpty() || !source["host"].isEmpty()) errors.invalid(Path("source"), "", kUnset);
}

void newEventUpdate(Errors& errors, const Value& event, const Value& old) {
    eventBasics(errors, event, kNewEvent);
    metaUpdate(errors, event, old);
    if (!(event["series"] == old["series"])) eventSeries(errors, event);
    const auto keep = [&](const char* field, const char* shown, const char* type = nullptr) {
        const Value& now = event[field];
        if (now == old[field] || (now.isEmpty() && old[field].isEmpty())) return;
        const Path path(shown);
        if (type != nullptr) errors.invalidText(path, internalJson(type, now), "field is immutable");
        else errors.invalid(path, now, "field is immutable");
    };
    keep("regarding", "involvedObject", "core.ObjectReference");
    keep("reason", "reason");
    keep("note", "message");
    keep("deprecatedSource", "source", "core.EventSource");
    keep("deprecatedFirstTimestamp", "firstTimestamp");
    keep("deprecatedLastTimestamp", "lastTimestamp");
    keep("deprecatedCount", "count");
    keep("reason", "reason");
    keep("type", "type");
    keep("eventTime", "eventTime");
    keep("action", "action");
    keep("related", "related", "core.ObjectReference");
    keep("reportingController", "reportingController");
    keep("reportingInstance", "reportingInstance");
}

void storageCapacity(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    validateLabelSelector(errors, object["nodeTopology"], Path("nodeTopology"));
    const std::string_view className = object["storageClassName"].asString();
    errors.invalidEach(Path("storageClassName"), className, checkDns1123Subdomain(className));
    const Value& capacity = object["capacity"];
    if (!capacity.isNull() && Quantity::ofValue(capacity).sign() < 0)
        errors.invalid(Path("capacity"), Quantity::ofValue(capacity).text(), "must be greater than or equal to 0");
}
void storageCapacityUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateImmutable(errors, object["nodeTopology"], old["nodeTopology"], Path("nodeTopology"));
    if (!(object["storageClassName"] == old["storageClassName"]))
        errors.invalid(Path("storageClassName"), object["storageClassName"], "field is immutable");
}

} // namespace

void validateSigningRequestApproval(Errors& errors, const Value& object, const Value& old) {
    signingRequestChange(errors, object, old, Road::Approval);
}

// Source: pkg/apis/core/validation/names.go: a domain, a slash and dotted labels.
void validateSignerName(Errors& errors, std::string_view name, const Path& path) {
    if (name.empty()) return errors.required(path);
    const auto segments = base::split(name, '/');
    if (segments.size() != 2)
        return errors.invalid(path, name,
                              "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    if (segments[0].size() > 253) errors.tooLong(path, 253);
    const auto labels = [&](const std::string& text, NameCheck check) {
        for (const std::string& label : base::split(text, '.')) {
            const Problems problems = check(label);
            for (const std::string& problem : problems)
                errors.invalid(path, text, "validating label " + base::quoteGo(label) + ": " + problem);
            if (!problems.empty()) break;
        }
    };
    labels(segments[0], nameIsLabel);
    if (segments[0].find('.') == std::string::npos)
        errors.invalid(path, segments[0], "should be a domain with at least two segments separated by dots");
    labels(segments[1], nameIsSubdomain);
    constexpr std::int64_t kLongest = 253 + 1 + 253 + 63 + 1;
    if (static_cast<std::int64_t>(name.size()) > kLongest) errors.tooLong(path, kLongest);
}

std::span<const KindRules> requestRules() {
    static constexpr KindRules kRules[] = {
        {"certificates.k8s.io", "CertificateSigningRequest", signingRequest, signingRequestUpdate,
         signingRequestStatus},
        {"apiregistration.k8s.io", "APIService", apiService, apiServiceUpdate, apiServiceStatus},
        {"", "Event", coreEvent, coreEventUpdate, nullptr, true},
        {"events.k8s.io", "Event", newEvent, newEventUpdate, nullptr},
        {"storage.k8s.io", "CSIStorageCapacity", storageCapacity, storageCapacityUpdate, nullptr},
    };
    return kRules;
}

} // namespace api::validation

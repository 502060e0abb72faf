#include "controllers/support/template_hash.h"

#include "api/kinds.h"
#include "base/assert.h"
#include "base/strings.h"
#include "controllers/support/pods.h"
#include "document/json.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace controllers {

using api::Field;
using api::Type;
using api::TypeKind;
using api::TypeRef;
using document::Value;

namespace {

// Go's names of fields that are not their JSON name with a capital.
constexpr std::array<std::pair<std::string_view, std::string_view>, 38> kGoNames = {{
    {"apiGroup", "APIGroup"}, {"apiVersion", "APIVersion"},
    {"awsElasticBlockStore", "AWSElasticBlockStore"}, {"cephfs", "CephFS"},
    {"chapAuthDiscovery", "DiscoveryCHAPAuth"}, {"chapAuthSession", "SessionCHAPAuth"},
    {"csi", "CSI"}, {"diskURI", "DataDiskURI"}, {"dnsConfig", "DNSConfig"},
    {"dnsPolicy", "DNSPolicy"}, {"endpoints", "EndpointsName"}, {"fc", "FC"},
    {"fsGroup", "FSGroup"}, {"fsGroupChangePolicy", "FSGroupChangePolicy"}, {"fsType", "FSType"},
    {"gcePersistentDisk", "GCEPersistentDisk"}, {"gmsaCredentialSpec", "GMSACredentialSpec"},
    {"gmsaCredentialSpecName", "GMSACredentialSpecName"}, {"grpc", "GRPC"}, {"httpGet", "HTTPGet"},
    {"httpHeaders", "HTTPHeaders"}, {"ip", "IP"}, {"iqn", "IQN"}, {"iscsi", "ISCSI"},
    {"iscsiInterface", "ISCSIInterface"}, {"metadata", "ObjectMeta"}, {"nfs", "NFS"}, {"os", "OS"},
    {"pdName", "PDName"}, {"rbd", "RBD"}, {"seLinuxChangePolicy", "SELinuxChangePolicy"},
    {"seLinuxOptions", "SELinuxOptions"}, {"serviceAccount", "DeprecatedServiceAccount"},
    {"sslEnabled", "SSLEnabled"}, {"storageos", "StorageOS"}, {"tcpSocket", "TCPSocket"},
    {"tty", "TTY"}, {"uid", "UID"},
}};

std::string goName(const Type& type, const Field& field) {
    const std::string& name = field.name;
    if (type.goStructName() == "RBDVolumeSource") {
        for (const auto& [json, go] : {std::pair{"monitors", "CephMonitors"}, {"image", "RBDImage"},
                                       {"pool", "RBDPool"}, {"user", "RadosUser"}})
            if (name == json) return go;
    }
    if (name == "wwids") return "WWIDs";
    for (const auto& [json, go] : kGoNames)
        if (name == json) return std::string(go);
    return base::toUpper(name.substr(0, 1)) + name.substr(1);
}

// A canonical quantity: digits, perhaps a fraction, a suffix. Source: resource.ParseQuantity.
std::string spewQuantity(const std::string& text) {
    const std::size_t digits = std::min(text.find_first_not_of("+-0123456789."), text.size());
    std::string number = text.substr(0, digits);
    const std::string suffix = text.substr(digits);
    static const std::map<std::string, int> decimal = {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0},  {"k", 3},
                                                       {"M", 6},  {"G", 9},  {"T", 12}, {"P", 15}, {"E", 18}};
    static const std::map<std::string, int> binary = {{"Ki", 10}, {"Mi", 20}, {"Gi", 30},
                                                      {"Ti", 40}, {"Pi", 50}, {"Ei", 60}};
    std::int64_t value = 0, scale = 0;
    std::string format = "DecimalSI", kept;
    if (const auto power = binary.find(suffix); power != binary.end()) {
        format = "BinarySI";
        const std::int64_t mantissa = base::parseInt(number).value_or(0);
        value = static_cast<std::int64_t>(static_cast<std::uint64_t>(mantissa) << power->second);
        if ((mantissa & 7) != 0) kept = text;
    } else {
        const auto exponent = decimal.find(suffix);
        if (exponent == decimal.end()) format = "DecimalExponent";
        scale = exponent != decimal.end() ? exponent->second : base::parseInt(suffix.substr(1)).value_or(0);
        if (const std::size_t point = number.find('.'); point != std::string::npos) {
            scale -= static_cast<std::int64_t>(number.size() - point - 1);
            number.erase(point, 1);
        }
        value = base::parseInt(number).value_or(0);
        const bool canonical = scale % 3 == 0 && !number.ends_with("000") && number.front() != '0';
        if (canonical || text == "0") kept = text;
    }
    return "{i:(resource.int64Amount){value:(int64)" + std::to_string(value) + " scale:(resource.Scale)" +
           std::to_string(scale) + "} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)" + kept +
           " Format:(resource.Format)" + format + "}";
}

// Prints a value as %#v of spew does, the type before every field.
class Spew {
public:
    std::string text;

    void structure(const Type& type, const Value& object) {
        text += "{";
        fields(type, 0, type.fields.size(), 0, object);
        text += "}";
    }

private:
    void fields(const Type& type, std::size_t begin, std::size_t end, std::size_t depth, const Value& object) {
        for (std::size_t i = begin; i < end;) {
            if (i != begin) text += " ";
            const Field& field = type.fields[i];
            if (field.embeddedNames.size() <= depth) {
                text += goName(type, field) + ":";
                member(field, object[field.name]);
                ++i;
                continue;
            }
            const std::string& name = field.embeddedNames[depth];
            std::size_t last = i;
            while (last < end && type.fields[last].embeddedNames.size() > depth &&
                   type.fields[last].embeddedNames[depth] == name)
                ++last;
            text += name + ":(v1." + name + "){";
            fields(type, i, last, depth + 1, object);
            text += "}";
            i = last;
        }
    }

    void member(const Field& field, const Value& value) {
        text += (field.pointer ? "(*" : "(") + field.type.goText() + ")";
        if (field.pointer && value.isNull()) text += "<nil>";
        else plain(field.type, value);
    }

    void plain(const TypeRef& type, const Value& value) {
        switch (type.kind) {
        case TypeKind::Struct: structure(*type.type, value); return;
        case TypeKind::List: list(type, value); return;
        case TypeKind::Map: map(type, value); return;
        case TypeKind::Bool: text += value.asBool() ? "true" : "false"; return;
        case TypeKind::Int32:
        case TypeKind::Int64: text += std::to_string(value.asInt()); return;
        case TypeKind::Quantity: text += spewQuantity(value.isString() ? value.text() : "0"); return;
        case TypeKind::Time:
            text += "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}";
            return;
        case TypeKind::IntOrString:
            text += std::string("{Type:(intstr.Type)") + (value.isString() ? "1" : "0") + " IntVal:(int32)" +
                    std::to_string(value.asInt()) + " StrVal:(string)" +
                    (value.isString() ? value.text() : std::string()) + "}";
            return;
        default: text += value.isString() ? value.text() : std::string(); return;
        }
    }

    // An empty list does not survive the way to the controller.
    void list(const TypeRef& type, const Value& value) {
        if (value.size() == 0) {
            text += "<nil>";
            return;
        }
        text += "[";
        bool first = true;
        for (const Value& item : value.items()) {
            if (!first) text += " ";
            first = false;
            plain(*type.element, item);
        }
        text += "]";
    }

    void map(const TypeRef& type, const Value& value) {
        if (value.size() == 0) {
            text += "<nil>";
            return;
        }
        std::map<std::string, Value> sorted;
        for (const document::Member& item : value.members()) sorted.emplace(item.key.text(), item.value);
        text += "map[";
        bool first = true;
        for (const auto& [key, item] : sorted) {
            if (!first) text += " ";
            first = false;
            text += key + ":";
            plain(*type.element, item);
        }
        text += "]";
    }
};

constexpr std::uint32_t kOffset = 2166136261U, kPrime = 16777619U;

} // namespace

std::string spewTemplate(const Value& podTemplate) {
    const Type* type = api::builtinKinds().type("core.v1.PodTemplateSpec");
    BASE_ASSERT(type != nullptr);
    Spew spew;
    spew.text = "(v1.PodTemplateSpec)";
    spew.structure(*type, podTemplate);
    return std::move(spew.text);
}

std::string templateHash(const Value& podTemplate, const Value& collisionCount) {
    std::uint32_t hash = kOffset;
    const auto mix = [&hash](unsigned char byte) { hash = (hash ^ byte) * kPrime; };
    for (const char c : spewTemplate(podTemplate)) mix(static_cast<unsigned char>(c));
    if (collisionCount.isInt()) {
        const auto count = static_cast<std::uint32_t>(collisionCount.asInt());
        for (int shift = 0; shift < 64; shift += 8)
            mix(shift < 32 ? static_cast<unsigned char>(count >> shift) : 0);
    }
    return safeEncode(std::to_string(hash));
}

std::string revisionHash(const Value& data, std::int64_t collisions) {
    // Here upstream multiplies first.
    std::uint32_t hash = kOffset;
    for (const char c : document::writeJson(data, true) + std::to_string(collisions))
        hash = (hash * kPrime) ^ static_cast<unsigned char>(c);
    return safeEncode(std::to_string(hash));
}

} // namespace controllers

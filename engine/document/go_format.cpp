#include "document/go_format.h"

#include "document/yaml_resolve.h"

namespace document {

std::string formatGo(const Value& value) {
    switch (value.kind()) {
    case ValueKind::Null: return "<nil>";
    case ValueKind::Bool: return value.asBool() ? "true" : "false";
    case ValueKind::Int: return std::to_string(value.asInt());
    case ValueKind::Double: return formatFloatGeneral(value.asDouble());
    case ValueKind::String: return value.text();
    case ValueKind::Array: {
        std::string text = "[";
        for (const Value& item : value.items()) {
            if (text.size() > 1) text += ' ';
            text += formatGo(item);
        }
        return text + "]";
    }
    case ValueKind::Object: {
        std::string text = "map[";
        for (const Member& member : value.members()) {
            if (text.size() > 4) text += ' ';
            text += member.key.text() + ":" + formatGo(member.value);
        }
        return text + "]";
    }
    }
    return {};
}

} // namespace document

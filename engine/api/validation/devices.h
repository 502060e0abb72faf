#pragma once
// Rules that the kinds of resource.k8s.io share. Internal to api/.

#include "api/validation/rules.h"

namespace api::validation {

void validateDriverName(Errors& errors, std::string_view name, const Path& path);
void validatePoolName(Errors& errors, const std::string& name, const Path& path);
// An attribute's or capacity's name: an identifier, perhaps with a domain.
void validateDeviceQualifiedName(Errors& errors, std::string_view name, const Path& path);
void validateDeviceSelectors(Errors& errors, const Value& selectors, const Path& path);
void validateDeviceConfiguration(Errors& errors, const Value& config, const Path& path);
void validateDeviceBinding(Errors& errors, const Value& device, const Path& path);
void validateResourceSlice(Errors& errors, const Value& object);
void validateResourceSliceUpdate(Errors& errors, const Value& object, const Value& old);

// A list that is too long says only that. `key` names the field that must differ (empty: the items
// themselves; null: nothing must).
template <typename Check>
void limitedList(Errors& errors, const Value& list, std::size_t most, const Path& path, const char* key, Check check) {
    if (list.size() > most)
        return errors.tooMany(path, static_cast<std::int64_t>(list.size()), static_cast<std::int64_t>(most));
    for (std::size_t i = 0; i < list.size(); ++i) check(list[i], path.index(i));
    if (key == nullptr) return;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string text = *key == '\0' ? list[i].text() : list[i][key].text();
        if (!seen.insert(text).second) errors.duplicate(path.index(i), text);
    }
}

} // namespace api::validation

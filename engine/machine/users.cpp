#include "machine/users.h"

#include "base/strings.h"

#include <algorithm>

namespace machine {
namespace {

std::vector<std::vector<std::string>> records(const ports::FileSystem& files, const char* path,
                                              std::size_t fields) {
    std::vector<std::vector<std::string>> out;
    const auto text = files.read(path);
    if (!text.ok()) return out;
    for (const auto& line : base::splitLines(*text)) {
        auto parts = base::split(line, ':');
        if (parts.size() >= fields) out.push_back(std::move(parts));
    }
    return out;
}

std::uint32_t number(std::string_view text) {
    return static_cast<std::uint32_t>(base::parseInt(text).value_or(65534));
}

template <typename Matches>
std::optional<User> search(const ports::FileSystem& files, Matches matches) {
    for (const auto& line : records(files, "/etc/passwd", 7)) {
        User user{line[0], line[5], line[6], number(line[2]), number(line[3]), {}};
        if (!matches(user)) continue;
        for (const auto& group : records(files, "/etc/group", 4)) {
            const auto members = base::split(group[3], ',');
            if (std::find(members.begin(), members.end(), user.name) != members.end())
                user.groups.push_back(number(group[2]));
        }
        return user;
    }
    return std::nullopt;
}

} // namespace

std::optional<User> findUser(const ports::FileSystem& files, std::string_view name) {
    return search(files, [&](const User& user) { return user.name == name; });
}
std::optional<User> findUser(const ports::FileSystem& files, std::uint32_t uid) {
    return search(files, [&](const User& user) { return user.uid == uid; });
}
std::optional<std::uint32_t> findGroup(const ports::FileSystem& files, std::string_view name) {
    for (const auto& group : records(files, "/etc/group", 3))
        if (group[0] == name) return number(group[2]);
    return std::nullopt;
}

} // namespace machine

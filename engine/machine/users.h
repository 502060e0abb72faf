#pragma once
// /etc/passwd and /etc/group.

#include "machine/files/view.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

struct User {
    std::string name, home, shell;
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups; // supplementary
};
std::optional<User> findUser(const ports::FileSystem& files, std::string_view name);
std::optional<User> findUser(const ports::FileSystem& files, std::uint32_t uid);
std::optional<std::uint32_t> findGroup(const ports::FileSystem& files, std::string_view name);

} // namespace machine

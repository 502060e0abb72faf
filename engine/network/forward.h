#pragma once

#include <memory>

namespace network {

class Fabric;
class Namespace;
struct Device;
struct Packet;
using NamespacePtr = std::shared_ptr<Namespace>;

namespace netfilter {
class RuleSet;
class ConnectionTable;
} // namespace netfilter

} // namespace network

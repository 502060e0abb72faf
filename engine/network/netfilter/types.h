#pragma once

#include <cstdint>

namespace network::netfilter {

// In the order of iptables-save.
enum class Table : std::uint8_t { Mangle, Security, Raw, Filter, Nat };
constexpr int kTableCount = 5;
enum class Hook : std::uint8_t { Prerouting, Input, Forward, Output, Postrouting };
constexpr int kHookCount = 5;

enum class Verdict : std::uint8_t {
    Continue, Accept, Drop, Return,
    // REJECT; the packet's answer is in Situation's reject fields of the caller.
    RejectNet, RejectHost, RejectProtocol, RejectPort, RejectNetProhibited, RejectHostProhibited,
    RejectAdmin, RejectReset
};
constexpr bool isReject(Verdict verdict) { return verdict >= Verdict::RejectNet; }

const char* tableName(Table table);
const char* hookName(Hook hook); // "PREROUTING"

struct Counter {
    std::uint64_t packets = 0, bytes = 0;
    void add(std::uint32_t length) {
        ++packets;
        bytes += length;
    }
};

} // namespace network::netfilter

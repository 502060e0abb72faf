#pragma once
// The sockets of one namespace: listeners, datagram servers, established connections.

#include "network/fabric/packet.h"
#include "ports/network.h"
#include "sim/task.h"

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace network {

class Flow;

// Lives as long as its connections; `open` until the listener is destroyed.
struct ListenerState {
    explicit ListenerState(sim::Kernel& kernel) : scope(kernel) {}
    base::Endpoint at;
    std::uint8_t protocol = kTcp;
    ports::ListenOptions options;
    std::shared_ptr<ports::DatagramHandler> datagrams;
    std::string process;
    int pid = 0;
    bool open = true;
    std::list<std::weak_ptr<Flow>> flows;
    sim::Scope scope; // requests and datagrams being served
};

struct SocketRow { // for ss and netstat
    std::string protocol, state, process;
    base::Endpoint local, remote;
    int pid = 0;
};

class SocketTable {
public:
    // The listener that takes a segment for this address and port, or null.
    std::shared_ptr<ListenerState> listening(std::uint32_t address, std::uint16_t port,
                                             std::uint8_t protocol) const;
    bool portTaken(std::uint8_t protocol, std::uint16_t port) const;
    bool clashes(const base::Endpoint& at, std::uint8_t protocol) const;
    void add(std::shared_ptr<ListenerState> state);
    void remove(const ListenerState& state);
    void addFlow(const std::shared_ptr<Flow>& flow);
    // The namespace is gone: nobody is told, connections hang until they notice.
    void abandonAll();
    std::vector<SocketRow> rows() const;

private:
    std::multimap<std::pair<std::uint8_t, std::uint16_t>, std::shared_ptr<ListenerState>> listeners_;
    std::list<std::weak_ptr<Flow>> flows_;
};

} // namespace network

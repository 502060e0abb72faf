#pragma once
// A machine with this module's programs, for tests.

#include "machine/machine.h"
#include "shell/programs.h"
#include "shell/session.h"

#include <memory>
#include <string>
#include <vector>

namespace shelltest {

class NoNetwork final : public ports::NetStack {
public:
    sim::Task<base::Result<ports::ConnectionPtr>> connect(base::Endpoint,
                                                          ports::ConnectOptions) override {
        co_return base::makeError("no network");
    }
    base::Result<ports::ListenerPtr> listen(base::Endpoint, ports::ListenOptions) override {
        return base::makeError("no network");
    }
    base::Result<ports::ListenerPtr>
    listenUdp(base::Endpoint, std::shared_ptr<ports::DatagramHandler>, std::string) override {
        return base::makeError("no network");
    }
    sim::Task<base::Result<ports::Datagram>> exchangeUdp(base::Endpoint, std::string,
                                                         sim::Duration) override {
        co_return base::makeError("no network");
    }
    sim::Task<base::Result<sim::Duration>> ping(base::IpAddress, int, sim::Duration) override {
        co_return base::makeError("no network");
    }
    std::vector<base::IpPrefix> addresses() const override { return {}; }
};

struct Registry final : ports::ProgramRegistry {
    std::map<std::string, std::shared_ptr<ports::Program>, std::less<>> all;
    Registry() {
        for (auto& program : shell::shellPrograms()) all[program.name] = program.program;
    }
    std::shared_ptr<ports::Program> find(std::string_view name) const override {
        const auto found = all.find(name);
        return found == all.end() ? nullptr : found->second;
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> list;
        for (const auto& [name, program] : all) list.push_back(name);
        return list;
    }
};

struct Answer {
    std::string output, error;
    int code = -1;
};

struct World {
    sim::Kernel kernel{7};
    NoNetwork network;
    Registry registry;
    machine::InodePtr base;
    std::unique_ptr<machine::Machine> host;

    World() {
        registry.all["session"] = session;
        std::vector<machine::BaseFile> files{
            {"/bin", ports::FileType::Symlink, 0777, 0, 0, "usr/bin"},
            {"/etc/passwd", ports::FileType::Regular, 0644, 0, 0,
             "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n"},
            {"/etc/group", ports::FileType::Regular, 0644, 0, 0, "root:x:0:\nann:x:1000:\n"},
            {"/root", ports::FileType::Directory, 0700, 0, 0, ""},
            {"/tmp", ports::FileType::Directory, 01777, 0, 0, ""},
            {"/work", ports::FileType::Directory, 0755, 0, 0, ""}};
        for (const std::string& name : registry.names())
            files.push_back({"/usr/bin/" + name, ports::FileType::Regular, 0755, 0, 0,
                             ports::programFile(name)});
        base = machine::makeBase(files, sim::Kernel::kDefaultEpoch);
        host = std::make_unique<machine::Machine>(
            kernel, registry, machine::MachineSpec{"one", 2, 1 << 30, base}, network, nullptr);
    }

    std::shared_ptr<shell::SessionProgram> session = std::make_shared<shell::SessionProgram>();

    machine::ProcessSpec spec(std::vector<std::string> argv, std::string cwd) {
        machine::ProcessSpec made;
        made.argv = std::move(argv);
        made.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/root"}, {"TERM", "xterm"}};
        made.cwd = std::move(cwd);
        made.files = std::make_shared<machine::View>(host->files()->mounts());
        made.network = &network;
        made.input = std::make_shared<sim::Pipe>();
        made.output = std::make_shared<sim::Pipe>(1 << 22);
        made.error = std::make_shared<sim::Pipe>(1 << 22);
        return made;
    }

    Answer run(std::vector<std::string> argv, std::string cwd = "/work", std::string input = "",
               sim::Duration limit = 600 * sim::kSecond) {
        auto made = spec(std::move(argv), std::move(cwd));
        const auto out = made.output, err = made.error;
        (void)made.input->tryWrite(input);
        made.input->closeWrite();
        Answer answer;
        auto started = host->processes().start(
            std::move(made), [&answer](machine::ProcessEnd end) { answer.code = end.code; });
        if (!started.ok()) {
            answer.error = started.error().message;
            return answer;
        }
        kernel.runWhile(base::Function<bool()>([&answer] { return answer.code < 0; }),
                        kernel.now() + limit);
        answer.output = out->tryRead();
        answer.error = err->tryRead();
        if (answer.code < 0) host->processes().signal(*started, ports::kSigKill);
        return answer;
    }
    Answer bash(std::string text, std::string input = "") {
        return run({"bash", "-c", std::move(text)}, "/work", std::move(input));
    }
};

} // namespace shelltest

// Becoming somebody or somewhere else: sudo, su, hostname, hostnamectl, init. ssh is in ssh.cpp.
#include "base/strings.h"
#include "tools/system/ssh.h"
#include "tools/system/tool.h"

#include <fmt/format.h>

#include <algorithm>

namespace tools::system {
namespace {

// Runs a command as a user in the same tree.
sim::Task<int> runAs(ports::Process& process, machine::User user, std::vector<std::string> argv, bool login) {
    auto* own = machine::linuxProcess(process);
    if (own == nullptr) co_return 1;
    ports::SpawnOptions options;
    options.env = process.env();
    const auto fresh = own->machine().loginEnvironment(user);
    for (const auto& [key, value] : fresh)
        if (login || key == "USER" || key == "LOGNAME" || key == "HOME" || key == "PATH") options.env[key] = value;
    if (login && process.files().isDirectory(user.home)) options.cwd = user.home;
    options.argv = std::move(argv);
    auto view = std::make_shared<machine::View>(own->view().mounts(), machine::Credentials{user.uid, user.gid, user.groups});
    const std::string name = options.argv.front();
    const auto started = own->startAs(std::move(options), std::move(view));
    if (!started.ok()) {
        co_await process.writeError("sudo: " + name + ": command not found\n");
        co_return 1;
    }
    co_return co_await process.wait(*started);
}

std::string shellOf(const machine::User& user) { return user.shell.empty() ? "/bin/sh" : user.shell; }

sim::Task<int> sudo(ports::Process& process, std::vector<std::string> arguments) {
    std::string target = "root";
    bool login = false, shell = false, list = false;
    std::size_t at = 0;
    for (; at < arguments.size() && arguments[at].starts_with('-'); ++at) {
        const std::string& word = arguments[at];
        if (word == "-u" && at + 1 < arguments.size()) target = arguments[++at];
        else if (word.starts_with("--user=")) target = word.substr(7);
        else if (word == "-i" || word == "--login") login = true;
        else if (word == "-s") shell = true;
        else if (word == "-l") list = true;
        else if (word == "--") { ++at; break; }
        else if (word == "-E" || word == "-n" || word == "-H" || word == "-S") continue;
        else {
            co_await process.writeError("sudo: invalid option -- '" + word.substr(1) + "'\nusage: sudo -h | -K | -k | -V\n");
            co_return 1;
        }
    }
    std::vector<std::string> command(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
    const auto caller = machine::findUser(process.files(), process.uid());
    const auto group = machine::findGroup(process.files(), "sudo");
    const bool allowed = process.uid() == 0 || (caller && group && std::find(caller->groups.begin(), caller->groups.end(), *group) != caller->groups.end());
    if (!allowed) {
        const std::string text1 = (caller ? caller->name : std::to_string(process.uid())) + " is not in the sudoers file.\n";
        co_await process.writeError(text1);
        co_return 1;
    }
    const auto user = machine::findUser(process.files(), target);
    if (!user) {
        co_await process.writeError("sudo: unknown user " + target + "\nsudo: error initializing audit plugin sudoers_audit\n");
        co_return 1;
    }
    if (list) {
        const std::string text2 = "User " + (caller ? caller->name : "root") + " may run the following commands on " + process.hostname() + ":\n    (ALL : ALL) NOPASSWD: ALL\n";
        co_await process.writeOut(text2);
        co_return 0;
    }
    if (login || shell) {
        const std::string own = shellOf(*user);
        if (command.empty()) command = {login ? "-" + own.substr(own.rfind('/') + 1) : own};
        else command = {own, "-c", base::join(command, " ")};
    }
    if (command.empty()) {
        co_await process.writeError("usage: sudo -h | -K | -k | -V\nusage: sudo [-ABbEHnPS] [-u user] [command [arg ...]]\n");
        co_return 1;
    }
    // NAME=value words before the command go into its environment.
    while (!command.empty() && command.front().find('=') != std::string::npos && command.front().find('/') > command.front().find('=')) {
        const std::size_t equals = command.front().find('=');
        process.env()[command.front().substr(0, equals)] = command.front().substr(equals + 1);
        command.erase(command.begin());
    }
    co_return co_await runAs(process, *user, std::move(command), login);
}

sim::Task<int> su(ports::Process& process, std::vector<std::string> arguments) {
    bool login = false;
    std::string target = "root", command;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string& word = arguments[at];
        if (word == "-" || word == "-l" || word == "--login") login = true;
        else if ((word == "-c" || word == "--command") && at + 1 < arguments.size()) command = arguments[++at];
        else target = word;
    }
    const auto user = machine::findUser(process.files(), target);
    if (!user) {
        co_await process.writeError("su: user " + target + " does not exist or the user entry does not contain all the required fields\n");
        co_return 1;
    }
    if (process.uid() != 0) {
        co_await process.writeError("Password: \nsu: Authentication failure\n");
        co_return 1;
    }
    const std::string own = shellOf(*user);
    std::vector<std::string> argv{login && command.empty() ? "-" + own.substr(own.rfind('/') + 1) : own};
    if (!command.empty()) argv.insert(argv.end(), {"-c", command});
    co_return co_await runAs(process, *user, std::move(argv), login);
}

// The canonical name of a host: the first one of its line in /etc/hosts.
std::string fullName(ports::Process& process, const std::string& name) {
    const std::string hosts = process.files().read("/etc/hosts").valueOr("");
    for (const std::string& line : base::splitLines(hosts)) {
        const std::vector<std::string> fields = base::splitFields(line.substr(0, line.find('#')));
        if (fields.size() > 1 && std::find(fields.begin() + 1, fields.end(), name) != fields.end()) return fields[1];
    }
    return name;
}

sim::Task<int> hostname(ports::Process& process, std::vector<std::string> arguments) {
    if (!arguments.empty() && !arguments[0].starts_with('-')) {
        if (process.uid() != 0 || process.inContainer()) {
            co_await process.writeError("hostname: you must be root to change the host name\n");
            co_return 1;
        }
        machine::machineOf(process).setHostname(arguments[0]);
        co_return 0;
    }
    if (!arguments.empty() && (arguments[0] == "-I" || arguments[0] == "-i")) {
        std::string out;
        for (const auto& address : process.network().addresses())
            if (!address.address.isLoopback()) out += address.address.text() + " ";
        const std::string text3 = (arguments[0] == "-i" ? std::string(base::trimRight(out)) : out) + "\n";
        co_await process.writeOut(text3);
        co_return 0;
    }
    std::string name = process.hostname();
    if (!arguments.empty() && arguments[0] == "-s") name = name.substr(0, name.find('.'));
    if (!arguments.empty() && (arguments[0] == "-f" || arguments[0] == "--fqdn" || arguments[0] == "--long"))
        name = fullName(process, name);
    co_await process.writeOut(name + "\n");
    co_return 0;
}

sim::Task<int> hostnamectl(ports::Process& process, std::vector<std::string> arguments) {
    if (co_await refusedInContainer(process)) co_return 1;
    auto& m = machine::machineOf(process);
    if (arguments.size() > 1 && (arguments[0] == "set-hostname" || arguments[0] == "hostname")) {
        m.setHostname(arguments[1]);
        (void)m.files()->write("/etc/hostname", arguments[1] + "\n", 0644);
        co_return 0;
    }
    co_await process.writeOut(fmt::format(" Static hostname: {}\n       Icon name: computer-vm\n         Chassis: vm\n      Machine ID: {}\n         "
                                          "Boot ID: {}\n  Virtualization: kvm\nOperating System: {}\n          Kernel: Linux {}\n    Architecture: x86-64\n",
                                          m.hostname(), m.machineId(), base::replaceAll(m.bootId(), "-", ""), m.spec().osImage, m.spec().kernelVersion));
    co_return 0;
}

sim::Task<int> init(ports::Process& process, std::vector<std::string>) {
    for (const int number : {ports::kSigTerm, ports::kSigInt, ports::kSigHup}) process.handleSignal(number);
    while (true) {
        const auto number = co_await process.signals().pop();
        if (!number) co_return 0;
    }
}

} // namespace

std::vector<NamedProgram> loginTools() {
    return {tool("sudo", sudo), tool("su", su), tool("hostname", hostname), tool("hostnamectl", hostnamectl), tool("init", init), tool("ssh", ssh), tool("sshd", sshd)};
}

} // namespace tools::system

#include "kubectl/core/recording.h"

#include "base/strings.h"

namespace kubectl {

using document::Value;

namespace {

constexpr std::string_view kCause = "kubernetes.io/change-cause";

// The words of the command line, then its flags by their long names, in the order given.
class CauseWriter {
public:
    explicit CauseWriter(const Session& session) : command_(session.command()), argv_(session.process.argv()) {}

    std::string text() {
        std::string name = argv_.empty() ? "kubectl" : argv_[0];
        if (const auto slash = name.rfind('/'); slash != std::string::npos) name = name.substr(slash + 1);
        while (++at_ < argv_.size()) {
            const std::string& arg = argv_[at_];
            if (arg == "--") {
                for (++at_; at_ < argv_.size(); ++at_) words_ += " " + argv_[at_];
                break;
            }
            if (arg.size() < 2 || arg[0] != '-') words_ += " " + arg;
            else if (arg[1] == '-') longFlag(arg.substr(2));
            else shortFlags(arg.substr(1));
        }
        return name + words_ + flags_;
    }

private:
    void add(const FlagSpec* flag, const std::string& value) {
        if (flag != nullptr) flags_ += " --" + flag->name + "=" + value;
    }
    std::string next() { return at_ + 1 < argv_.size() ? argv_[++at_] : std::string{}; }
    void longFlag(const std::string& body) {
        const auto equals = body.find('=');
        const FlagSpec* flag = command_.findFlag(body.substr(0, equals));
        if (equals != std::string::npos) add(flag, body.substr(equals + 1));
        else if (flag != nullptr) add(flag, flag->noValue.empty() ? next() : flag->noValue);
    }
    void shortFlags(std::string rest) {
        while (!rest.empty()) {
            const FlagSpec* flag = command_.findShort(rest[0]);
            if (flag == nullptr) return;
            if (rest.size() > 2 && rest[1] == '=') return add(flag, rest.substr(2));
            if (flag->noValue.empty()) return add(flag, rest.size() > 1 ? rest.substr(1) : next());
            add(flag, flag->noValue);
            rest.erase(0, 1);
        }
    }

    const CommandSpec& command_;
    const std::vector<std::string>& argv_;
    std::size_t at_ = 0;
    std::string words_, flags_;
};

} // namespace

bool recording(const Session& session) { return session.flags.known("record") && session.flags.on("record"); }

Value recorded(Session& session, const Value& object) {
    if (!recording(session)) return object;
    return object.withPath({"metadata", "annotations", kCause}, CauseWriter(session).text());
}

} // namespace kubectl

// `kubectl alpha kuberc`. Source: k8s.io/kubectl pkg/cmd/kuberc.
#include "kubectl/cli/kuberc.h"

#include "base/strings.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/printer.h"

namespace kubectl {

using document::Value;

namespace {

Value emptyPreference() {
    return Value::object({{"apiVersion", "kubectl.config.k8s.io/v1beta1"}, {"kind", "Preference"}});
}

base::Result<std::string> fileOf(Session& session) {
    const bool given = session.flags.changed("kuberc");
    BASE_TRY(const KubercPlace place, kubercPlace(session.process, given ? session.flags.text("kuberc") : ""));
    return place.path;
}

// Lists that are unset print as null.
base::Status save(Session& session, const Value& preference, const std::string& path) {
    document::ObjectBuilder out(preference);
    for (const char* list : {"aliases", "defaults"})
        if (!preference.has(list)) out.set(list, Value());
    ports::FileSystem& files = session.process.files();
    const std::string full = session.process.resolve(path), folder = full.substr(0, full.rfind('/'));
    if (base::Status made = files.makeDirectories(folder, 0755); !made.ok())
        return base::makeError("failed to create directory " + folder + ": " + base::toLower(made.error().message));
    if (base::Status written = files.write(full, document::writeYaml(std::move(out).build()), 0644); !written.ok())
        return base::makeError("failed to write kuberc file: open " + path + ": " + base::toLower(written.error().message));
    session.out("Updated " + path + "\n");
    return base::okStatus();
}

Value recommended() {
    const auto item = [](const char* command, const char* flag) {
        const Value option = Value::object({{"default", "true"}, {"name", flag}});
        return Value::object({{"command", command}, {"options", Value::array({option})}});
    };
    return emptyPreference().with("defaults", Value::array({item("apply", "server-side"), item("delete", "interactive")}));
}

base::Status checkSet(const Flags& flags, const std::string& path) {
    const std::string section = flags.text("section"), name = flags.text("name");
    if (path.empty()) return base::makeError("KUBERC is disabled via KUBERC=off environment variable");
    if (section != "defaults" && section != "aliases")
        return base::makeError("--section must be \"defaults\" or \"aliases\", got: " + section);
    if (section == "aliases" && name.empty()) return base::makeError("--name is required when --section=aliases");
    if (section == "defaults" && !name.empty()) return base::makeError("--name should not be specified when --section=defaults");
    if (section == "defaults" && (!flags.list("prependarg").empty() || !flags.list("appendarg").empty()))
        return base::makeError("--prependarg and --appendarg are only valid for --section=aliases");
    return base::okStatus();
}

base::Result<Value> optionsOf(const Flags& flags) {
    document::ArrayBuilder out;
    for (const std::string& option : flags.list("option")) {
        const auto parts = base::splitLimited(option, '=', 2);
        if (parts.size() != 2) return base::makeError("invalid option format " + base::quoteGo(option) + ", expected flag=value");
        const auto start = parts[0].find_first_not_of('-');
        out.push(Value::object({{"default", parts[1]}, {"name", start == std::string::npos ? std::string() : parts[0].substr(start)}}));
    }
    return out.size() == 0 ? Value() : std::move(out).build();
}

base::Result<Value> replaced(const Value& list, const char* key, const Value& item, bool overwrite, const std::string& refusal) {
    document::ArrayBuilder out;
    bool found = false;
    for (const Value& old : list.items()) {
        const bool same = old[key] == item[key];
        if (same && !overwrite) return base::makeError(refusal);
        found = found || same;
        out.push(same ? item : old);
    }
    if (!found) out.push(item);
    return std::move(out).build();
}

} // namespace

sim::Task<Outcome> runKubercView(Session& session) {
    auto path = fileOf(session);
    if (!path.ok()) co_return path.error();
    if (path.value().empty()) co_return base::makeError("KUBERC is disabled via KUBERC=off environment variable");
    auto text = session.process.files().read(session.process.resolve(path.value()));
    if (!text.ok()) {
        const auto chosen = session.process.env().find("KUBERC");
        if (session.flags.changed("kuberc") || (chosen != session.process.env().end() && !chosen->second.empty()))
            co_return base::makeError("kuberc file not found at " + path.value());
        session.out("kuberc file not found at " + path.value() + "\n");
        session.out("Would you like to generate a default kuberc file with recommended options? (y/N): ");
        co_await session.flush();
        auto pipe = session.process.input();
        std::string answer;
        if (pipe) answer = co_await pipe->read();
        if (base::toLower(base::trim(answer)) == "y") BASE_CO_CHECK(save(session, recommended(), path.value()));
        co_return 0;
    }
    auto parsed = document::readYaml(text.value());
    if (!parsed.ok()) co_return base::makeError("error parsing kuberc file: " + document::goErrorText(parsed.error()));
    document::ObjectBuilder shown(parsed.value());
    for (const char* list : {"aliases", "defaults"})
        if (parsed.value()[list].isNull()) shown.set(list, Value::array());
    auto printer = makePrinter(session, {});
    if (!printer.ok()) co_return printer.error();
    auto printed = printer.value()->print(std::move(shown).build());
    if (!printed.ok()) co_return printed.error();
    session.out(printed.value());
    co_return 0;
}

sim::Task<Outcome> runKubercSet(Session& session) {
    const Flags& flags = session.flags;
    auto path = fileOf(session);
    if (!path.ok()) co_return path.error();
    BASE_CO_CHECK(checkSet(flags, path.value()));
    Value preference = emptyPreference();
    auto text = session.process.files().read(session.process.resolve(path.value()));
    if (text.ok() && !text.value().empty()) {
        auto parsed = document::readYaml(text.value());
        if (!parsed.ok()) co_return base::makeError("error parsing kuberc file: " + document::goErrorText(parsed.error()));
        preference = parsed.value();
    }
    auto options = optionsOf(flags);
    if (!options.ok()) co_return options.error();
    const std::string command = flags.text("command"), name = flags.text("name"), section = flags.text("section");
    document::ObjectBuilder item;
    item.set("command", command);
    if (!options.value().isNull()) item.set("options", options.value());
    const bool aliases = section == "aliases";
    if (aliases) {
        item.set("name", name);
        if (!flags.list("prependarg").empty()) item.set("prependArgs", Value::strings(flags.list("prependarg")));
        if (!flags.list("appendarg").empty()) item.set("appendArgs", Value::strings(flags.list("appendarg")));
    }
    const std::string refusal = aliases ? "alias " + base::quoteGo(name) + " already exists, use --overwrite to replace"
                                        : "defaults for command " + base::quoteGo(command) + " already exist, use --overwrite to replace";
    const Value made = std::move(item).build();
    auto list = replaced(preference[section], aliases ? "name" : "command", made, flags.on("overwrite"), refusal);
    if (!list.ok()) co_return list.error();
    BASE_CO_CHECK(save(session, preference.with(section, list.value()), path.value()));
    co_return 0;
}

} // namespace kubectl

// kubectl config. Source: k8s.io/kubectl pkg/cmd/config.
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/printer.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

namespace kubectl {

using document::Value;

namespace {

Value hide(const Value& entry, bool raw) {
    if (raw) return entry;
    Value out = entry;
    for (const char* key : {"certificate-authority-data", "client-certificate-data", "client-key-data"})
        if (out.has(key)) out = out.with(key, "DATA+OMITTED");
    for (const char* key : {"token", "password"})
        if (out.has(key)) out = out.with(key, "REDACTED");
    return out;
}

// The values of a path such as "users.anna.token" live in one of the lists.
struct PropertyPath {
    std::string section, name;
    std::vector<std::string> fields;
};

class Config {
public:
    explicit Config(Session& session)
        : s_(session), flags_(session.flags), args_(session.args), paths_(session.process, session.flags) {}

    Outcome run() {
        const std::string verb = s_.command().name;
        BASE_TRY(config_, load());
        if (verb == "view") return view();
        if (verb == "current-context") return current();
        if (verb == "get-contexts") return getContexts();
        if (verb == "get-clusters") return listNames(config_.clusters);
        if (verb == "get-users") return listNames(config_.users);
        if (verb == "use-context") return useContext();
        if (verb == "set-context") return setContext();
        if (verb == "set-cluster") return setCluster();
        if (verb == "set-credentials") return setCredentials();
        if (verb == "set") return setProperty();
        if (verb == "unset") return unsetProperty();
        if (verb == "rename-context") return renameContext();
        return remove(verb);
    }

private:
    base::Result<Kubeconfig> load() const {
        auto loaded = paths_.load();
        // A file that is not there is an empty one.
        if (!loaded.ok() && paths_.explicitFile() && loaded.error().message.starts_with("stat ")) return Kubeconfig{};
        return loaded;
    }
    std::string shownFile() const { return paths_.defaultFile(); }

    Outcome unexpectedArgs() {
        s_.out(helpText(s_.command()));
        return base::makeError("Unexpected args: [" + base::join(args_, " ") + "]");
    }

    // Writes one file's entries again, changed by `change`.
    template <typename Change>
    base::Status rewrite(const std::string& origin, Change change) {
        const std::string path = origin.empty() ? paths_.defaultFile() : origin;
        Kubeconfig file;
        if (auto loaded = paths_.loadFile(path); loaded.ok()) file = loaded.value();
        else if (s_.process.files().exists(s_.process.resolve(path))) return loaded.error();
        change(file);
        return paths_.write(path, file);
    }

    Outcome view() {
        if (!args_.empty()) return s_.usage("unexpected arguments: [" + base::join(args_, " ") + "]");
        if (flags_.changed("merge") && parseBoolFlag(flags_.text("merge")).valueOr(true) == false && !paths_.explicitFile())
            return base::makeError("if merge==false a precise file must be specified");
        const bool raw = flags_.on("raw") || flags_.on("flatten");
        Kubeconfig shown = config_;
        if (flags_.changed("context")) shown.currentContext = flags_.text("context");
        if (flags_.on("minify")) {
            if (shown.currentContext.empty()) return base::makeError("current-context must exist in order to minify");
            const auto found = shown.contexts.find(shown.currentContext);
            if (found == shown.contexts.end())
                return base::makeError("cannot locate context " + shown.currentContext);
            const Kubeconfig::Entry context = found->second;
            shown.contexts = {{shown.currentContext, context}};
            keepOnly(shown.clusters, context.value["cluster"].text());
            keepOnly(shown.users, context.value["user"].text());
        }
        for (auto* entries : {&shown.clusters, &shown.users})
            for (auto& [name, entry] : *entries) entry.value = hide(entry.value, raw);
        const Value whole = shown.toValue();
        if (flags_.text("output") == "json") {
            s_.out(indentJsonText(ordered(whole)) + "\n");
            return 0;
        }
        BASE_TRY(PrinterPtr printer, makePrinter(s_, {}));
        BASE_TRY(const std::string text, printer->print(whole));
        s_.out(text);
        return 0;
    }
    static void keepOnly(Kubeconfig::Entries& entries, const std::string& name) {
        std::erase_if(entries, [&](const auto& item) { return item.first != name; });
    }
    // Struct order of clientcmd/api/v1 Config and its lists.
    static std::string ordered(const Value& config) {
        std::string out = "{\"kind\":\"Config\",\"apiVersion\":\"v1\"";
        const auto list = [&](const char* key, const char* member) {
            out += std::string(",\"") + key + "\":";
            if (config[key].isNull()) {
                out += "null";
                return;
            }
            out += "[";
            for (std::size_t i = 0; i < config[key].size(); ++i) {
                const Value& item = config[key][i];
                out += std::string(i > 0 ? "," : "") + "{\"name\":" + document::writeJson(item["name"]) + ",\"" + member + "\":" + document::writeJson(item[member], true) + "}";
            }
            out += "]";
        };
        list("clusters", "cluster");
        list("users", "user");
        list("contexts", "context");
        return out + ",\"current-context\":" + document::writeJson(config["current-context"]) + "}";
    }

    Outcome current() {
        if (config_.currentContext.empty()) return base::makeError("current-context is not set");
        s_.out(config_.currentContext + "\n");
        return 0;
    }

    Outcome getContexts() {
        const std::string output = flags_.text("output");
        if (!output.empty() && output != "name")
            return base::makeError("--output " + output + " is not available in kubectl config get-contexts; resetting to default output format");
        std::vector<std::string> names = args_;
        if (names.empty())
            for (const auto& item : config_.contexts) names.push_back(item.first);
        std::string text;
        if (output.empty() && !flags_.on("no-headers")) text = "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n";
        std::vector<base::Error> errors;
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            const auto found = config_.contexts.find(name);
            if (found == config_.contexts.end()) {
                errors.push_back(base::makeError("context " + name + " not found"));
                continue;
            }
            const Value& context = found->second.value;
            if (output == "name") text += name + "\n";
            else
                text += std::string(name == config_.currentContext ? "*" : "") + "\t" + name + "\t" + context["cluster"].text() +
                        "\t" + context["user"].text() + "\t" + context["namespace"].text() + "\n";
        }
        s_.out(output == "name" ? text : alignTable(text));
        if (!errors.empty()) return aggregate(std::move(errors));
        return 0;
    }

    Outcome listNames(const Kubeconfig::Entries& entries) {
        s_.out("NAME\n");
        for (const auto& item : entries) s_.out(item.first + "\n");
        return 0;
    }

    Outcome useContext() {
        if (args_.size() != 1) return unexpectedArgs();
        if (!config_.contexts.contains(args_[0]))
            return base::makeError(args_[0].empty() ? "empty context names are not allowed" : "no context exists with the name: " + base::quoteGo(args_[0]));
        BASE_CHECK(setCurrent(args_[0]));
        s_.out("Switched to context " + base::quoteGo(args_[0]) + ".\n");
        return 0;
    }
    base::Status setCurrent(const std::string& name) {
        // Where it is set now, else the default file.
        return rewrite(config_.currentContext.empty() ? "" : config_.currentOrigin,
                       [&](Kubeconfig& file) { file.currentContext = name; });
    }

    static Value setOrDrop(Value entry, const Flags& flags, const char* flag, const char* key) {
        if (!flags.changed(flag)) return entry;
        return flags.text(flag).empty() ? entry.without(key) : entry.with(key, flags.text(flag));
    }

    Outcome setContext() {
        const bool useCurrent = flags_.on("current");
        if (args_.size() > 1) return unexpectedArgs();
        const bool named = !args_.empty() && !args_[0].empty();
        if (!named && !useCurrent) return base::makeError("you must specify a non-empty context name or --current");
        if (named && useCurrent) return base::makeError("you cannot specify both a context name and --current");
        const std::string name = useCurrent ? config_.currentContext : args_[0];
        if (name.empty()) return base::makeError("no current context is set");
        const bool existed = config_.contexts.contains(name);
        Value context = existed ? config_.contexts[name].value : Value::object({{"cluster", ""}, {"user", ""}});
        if (flags_.changed("cluster")) context = context.with("cluster", flags_.text("cluster"));
        if (flags_.changed("user")) context = context.with("user", flags_.text("user"));
        context = setOrDrop(context, flags_, "namespace", "namespace");
        BASE_CHECK(rewrite(existed ? config_.contexts[name].origin : "", [&](Kubeconfig& file) { file.contexts[name] = {context, ""}; }));
        s_.out("Context " + base::quoteGo(name) + (existed ? " modified.\n" : " created.\n"));
        return 0;
    }

    base::Status embeddable(const std::string& flag) {
        const std::string path = flags_.text(flag);
        if (!flags_.on("embed-certs") || path.empty() || s_.process.files().exists(s_.process.resolve(path))) return base::okStatus();
        return base::makeError("could not stat " + flag + " file " + path + ": stat " + path + ": no such file or directory");
    }

    base::Result<Value> fileOrData(Value entry, const char* flag, const char* key) {
        if (!flags_.changed(flag)) return entry;
        const std::string dataKey = std::string(key) + "-data";
        const std::string path = flags_.text(flag);
        if (flags_.on("embed-certs") && !path.empty()) {
            auto bytes = s_.readFile(path);
            if (!bytes.ok()) return base::makeError("could not read " + std::string(key) + " data from " + path + ": " + bytes.error().message);
            return entry.without(key).with(dataKey, base::encodeBase64(bytes.value()));
        }
        entry = entry.without(dataKey);
        return path.empty() ? entry.without(key) : entry.with(key, s_.process.resolve(path));
    }

    Outcome setCluster() {
        if (args_.size() != 1) return unexpectedArgs();
        const std::string& name = args_[0];
        const std::string authority = flags_.text("certificate-authority");
        if (flags_.on("insecure-skip-tls-verify") && !authority.empty())
            return base::makeError("you cannot specify a certificate authority and insecure mode at the same time");
        if (flags_.on("embed-certs") && authority.empty()) return base::makeError("you must specify a --certificate-authority to embed");
        BASE_CHECK(embeddable("certificate-authority"));
        const bool existed = config_.clusters.contains(name);
        Value cluster = existed ? config_.clusters[name].value : Value::object({{"server", ""}});
        // Another server has another name.
        if (flags_.changed("server")) cluster = cluster.with("server", flags_.text("server")).without("tls-server-name");
        cluster = setOrDrop(cluster, flags_, "tls-server-name", "tls-server-name");
        cluster = setOrDrop(cluster, flags_, "proxy-url", "proxy-url");
        if (flags_.changed("insecure-skip-tls-verify")) {
            if (flags_.on("insecure-skip-tls-verify"))
                cluster = cluster.with("insecure-skip-tls-verify", true).without("certificate-authority").without("certificate-authority-data");
            else cluster = cluster.without("insecure-skip-tls-verify");
        }
        if (flags_.changed("certificate-authority")) {
            BASE_TRY(cluster, fileOrData(cluster, "certificate-authority", "certificate-authority"));
            cluster = cluster.without("insecure-skip-tls-verify");
        }
        BASE_CHECK(rewrite(existed ? config_.clusters[name].origin : "", [&](Kubeconfig& file) { file.clusters[name] = {cluster, ""}; }));
        s_.out("Cluster " + base::quoteGo(name) + " set.\n");
        return 0;
    }

    // "key=value" sets, "key-" removes.
    base::Result<Value> withPairs(Value map, const char* flag) {
        for (const std::string& pair : flags_.list(flag)) {
            const auto equals = pair.find('=');
            if (equals != std::string::npos && equals > 0) map = map.with(pair.substr(0, equals), pair.substr(equals + 1));
            else if (equals == std::string::npos && pair.size() > 1 && pair.back() == '-') map = map.without(pair.substr(0, pair.size() - 1));
            else return base::makeError("invalid " + std::string(flag) + " format: " + pair);
        }
        return map;
    }

    base::Status checkCredentials() {
        BASE_CHECK(withPairs(Value::object(), "auth-provider-arg"));
        BASE_CHECK(withPairs(Value::object(), "exec-env"));
        if (args_[0].empty()) return base::makeError("you must specify a non-empty user name");
        if (!flags_.text("token").empty() && (!flags_.text("username").empty() || !flags_.text("password").empty()))
            return base::makeError("you cannot specify more than one authentication method at the same time: --token, --username/--password");
        const std::string mode = flags_.text("exec-interactive-mode");
        if (flags_.changed("exec-interactive-mode") && mode != "IfAvailable" && mode != "Never" && mode != "Always")
            return base::makeError("invalid interactive mode type, can be only IfAvailable, Never, Always");
        return base::okStatus();
    }

    base::Result<Value> withExec(Value user) {
        Value exec = user["exec"];
        if (flags_.changed("exec-command")) {
            if (exec.isNull())
                exec = Value::object({{"apiVersion", ""}, {"args", Value()}, {"command", ""}, {"env", Value()}, {"provideClusterInfo", false}});
            else exec = exec.with("args", Value());
            exec = exec.with("command", flags_.text("exec-command"));
        }
        if (exec.isNull()) return user;
        if (flags_.changed("exec-api-version")) exec = exec.with("apiVersion", flags_.text("exec-api-version"));
        if (!flags_.list("exec-arg").empty()) exec = exec.with("args", Value::strings(flags_.list("exec-arg")));
        if (flags_.changed("exec-interactive-mode")) exec = exec.with("interactiveMode", flags_.text("exec-interactive-mode"));
        if (exec["interactiveMode"].isNull()) exec = exec.with("interactiveMode", "IfAvailable"); // filled in when it is read again
        if (flags_.changed("exec-provide-cluster-info")) exec = exec.with("provideClusterInfo", flags_.on("exec-provide-cluster-info"));
        if (flags_.list("exec-env").empty()) return user.with("exec", exec);
        Value env = Value::object();
        for (const Value& item : exec["env"].items()) env = env.with(item["name"].asString(), item["value"]);
        BASE_TRY(env, withPairs(env, "exec-env"));
        std::vector<Value> items;
        for (const document::Member& member : env.members())
            items.push_back(Value::object({{"name", member.key.view()}, {"value", member.value}}));
        return user.with("exec", exec.with("env", Value::array(std::move(items))));
    }

    base::Result<Value> withProvider(Value user) {
        Value provider = user["auth-provider"];
        if (const std::string name = flags_.text("auth-provider"); flags_.changed("auth-provider") && provider["name"].text() != name)
            provider = Value::object({{"config", Value()}, {"name", name}});
        if (provider.isNull()) return user;
        BASE_TRY(const Value config, withPairs(provider["config"].isNull() ? Value::object() : provider["config"], "auth-provider-arg"));
        return user.with("auth-provider", provider.with("config", config.size() == 0 ? Value() : config));
    }

    Outcome setCredentials() {
        if (args_.size() != 1) {
            s_.out(helpText(s_.command()));
            return base::makeError("unexpected args: [" + base::join(args_, " ") + "]");
        }
        const std::string& name = args_[0];
        if (base::Status checked = checkCredentials(); !checked.ok()) {
            if (checked.error().message.ends_with("Always") || checked.error().message.starts_with("you ")) return checked.error();
            s_.out(helpText(s_.command()));
            return checked.error();
        }
        if (flags_.on("embed-certs") && flags_.text("client-certificate").empty() && flags_.text("client-key").empty())
            return base::makeError("you must specify a --client-certificate or --client-key to embed");
        BASE_CHECK(embeddable("client-certificate"));
        BASE_CHECK(embeddable("client-key"));
        const bool existed = config_.users.contains(name);
        Value user = existed ? config_.users[name].value : Value::object();
        BASE_TRY(user, fileOrData(user, "client-certificate", "client-certificate"));
        BASE_TRY(user, fileOrData(user, "client-key", "client-key"));
        user = setOrDrop(user, flags_, "token", "token");
        user = setOrDrop(user, flags_, "username", "username");
        user = setOrDrop(user, flags_, "password", "password");
        const bool token = !flags_.text("token").empty(), basic = !flags_.text("username").empty() || !flags_.text("password").empty();
        if (token && !basic) user = user.without("username").without("password");
        if (basic && !token) user = user.without("token");
        BASE_TRY(user, withProvider(user));
        BASE_TRY(user, withExec(user));
        BASE_CHECK(rewrite(existed ? config_.users[name].origin : "", [&](Kubeconfig& file) { file.users[name] = {user, ""}; }));
        s_.out("User " + base::quoteGo(name) + " set.\n");
        return 0;
    }

    base::Result<PropertyPath> parseProperty(const std::string& text) const {
        PropertyPath out;
        auto parts = base::split(text, '.');
        out.section = parts[0];
        for (const char* plain : {"current-context", "kind", "apiVersion"})
            if (out.section == plain && parts.size() == 1) return out;
        if (out.section == "preferences" && parts.size() == 2 && parts[1] == "colors") {
            out.name = parts[1];
            return out;
        }
        static const std::map<std::string, std::set<std::string>> kFields = {
            {"clusters", {"server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority",
                          "certificate-authority-data", "proxy-url", "disable-compression", "extensions"}},
            {"contexts", {"cluster", "user", "namespace", "extensions"}},
            {"users", {"client-certificate", "client-certificate-data", "client-key", "client-key-data", "token", "tokenFile",
                       "act-as", "act-as-uid", "act-as-groups", "act-as-user-extra", "username", "password", "auth-provider",
                       "exec", "extensions"}}};
        const auto fields = kFields.find(out.section);
        if (fields == kFields.end()) return base::makeError("unable to parse " + text + " after [] at api.Config");
        // Names may have dots: they end before the first word that is a field.
        std::size_t end = std::min<std::size_t>(2, parts.size());
        while (end < parts.size() && !fields->second.contains(parts[end])) ++end;
        out.name = base::join({parts.begin() + 1, parts.begin() + static_cast<std::ptrdiff_t>(end)}, ".");
        out.fields.assign(parts.begin() + static_cast<std::ptrdiff_t>(end), parts.end());
        const bool opaque = !out.fields.empty() && (out.fields[0] == "exec" || out.fields[0] == "auth-provider");
        if (out.fields.size() > 1 && opaque) return base::makeError("unable to parse one or more field values of " + text);
        return out;
    }
    static Kubeconfig::Entries& entriesOf(Kubeconfig& file, const std::string& section) {
        return section == "clusters" ? file.clusters : section == "contexts" ? file.contexts : file.users;
    }
    std::string originOf(const PropertyPath& path) {
        const auto& entries = entriesOf(config_, path.section);
        const auto found = entries.find(path.name);
        return found == entries.end() ? "" : found->second.origin;
    }

    // A map of pointers as Go prints it; the addresses mean nothing.
    std::string entriesText(const std::string& section) {
        std::string out;
        std::uint64_t address = 0xc000280000;
        for (const auto& [name, entry] : entriesOf(config_, section)) {
            char text[32];
            std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
            out += (out.empty() ? "" : " ") + name + ":" + text;
            address += 0x90;
        }
        return "map[" + out + "]";
    }

    // Where Go's decoder stops: at the first letter that is none, else at the group that is not full.
    static base::Status checkBase64(const std::string& text) {
        if (base::decodeBase64(text) && text.size() % 4 == 0) return base::okStatus();
        std::size_t at = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
        if (at == std::string::npos) at = text.size() - text.size() % 4;
        return base::makeError("error decoding input value: illegal base64 data at input byte " + std::to_string(at));
    }

    Outcome setProperty() {
        if (args_.size() != 2) return unexpectedArgs();
        if (args_[1].empty()) return base::makeError("you cannot use set to unset a property");
        if (args_[0].empty()) return base::makeError("you must specify a property");
        BASE_TRY(const PropertyPath path, parseProperty(args_[0]));
        if (path.section == "current-context") {
            BASE_CHECK(setCurrent(args_[1]));
        } else if (path.section == "preferences") {
            BASE_TRY(const bool colors, parseBoolFlag(args_[1]));
            BASE_CHECK(rewrite("", [&](Kubeconfig& file) { file.preferences = colors ? Value::object({{"colors", true}}) : Value(); }));
        } else if (path.section != "kind" && path.section != "apiVersion") { // those two are written as they are, always
            if (path.fields.empty()) return base::makeError("can't set a map to a value: " + entriesText(path.section));
            Value value(args_[1]);
            const std::string& last = path.fields.back();
            if (last == "insecure-skip-tls-verify" || last == "disable-compression") {
                BASE_TRY(const bool flag, parseBoolFlag(args_[1]));
                value = Value(flag);
            } else if (last.ends_with("-data") && !flags_.on("set-raw-bytes")) {
                BASE_CHECK(checkBase64(args_[1]));
            } else if (last.ends_with("-data")) value = Value(base::encodeBase64(args_[1]));
            BASE_CHECK(rewrite(originOf(path), [&](Kubeconfig& file) {
                auto& entry = entriesOf(file, path.section)[path.name];
                std::vector<std::string_view> keys(path.fields.begin(), path.fields.end());
                entry.value = (entry.value.isNull() ? Value::object() : entry.value).withPath(std::span<const std::string_view>(keys), value);
            }));
        }
        s_.out("Property " + base::quoteGo(args_[0]) + " set.\n");
        return 0;
    }

    Outcome unsetProperty() {
        if (args_.size() != 1) return unexpectedArgs();
        if (args_[0].empty()) return base::makeError("you must specify a property");
        BASE_TRY(const PropertyPath path, parseProperty(args_[0]));
        if (path.section == "current-context") {
            BASE_CHECK(setCurrent(""));
        } else if (path.section == "preferences") {
            BASE_CHECK(rewrite("", [&](Kubeconfig& file) { file.preferences = Value(); }));
        } else if (path.section != "kind" && path.section != "apiVersion") {
            if (!path.fields.empty() && !entriesOf(config_, path.section).contains(path.name))
                return base::makeError("current map key `" + path.name + "` is invalid");
            BASE_CHECK(rewrite(originOf(path), [&](Kubeconfig& file) {
                auto& entries = entriesOf(file, path.section);
                if (path.name.empty()) entries.clear();
                else if (path.fields.empty()) entries.erase(path.name);
                else if (entries.contains(path.name)) entries[path.name].value = entries[path.name].value.without(path.fields[0]);
            }));
        }
        s_.out("Property " + base::quoteGo(args_[0]) + " unset.\n");
        return 0;
    }

    Outcome renameContext() {
        if (args_.size() != 2) return unexpectedArgs();
        if (args_[1].empty()) return base::makeError("You must specify a new non-empty context name");
        const auto found = config_.contexts.find(args_[0]);
        if (found == config_.contexts.end())
            return base::makeError("cannot rename the context " + base::quoteGo(args_[0]) + ", it's not in " + shownFile());
        if (config_.contexts.contains(args_[1]))
            return base::makeError("cannot rename the context " + base::quoteGo(args_[0]) + ", the context " + base::quoteGo(args_[1]) + " already exists in " + shownFile());
        const Value context = found->second.value;
        BASE_CHECK(rewrite(found->second.origin, [&](Kubeconfig& file) {
            file.contexts.erase(args_[0]);
            file.contexts[args_[1]] = {context, ""};
            if (file.currentContext == args_[0]) file.currentContext = args_[1];
        }));
        s_.out("Context " + base::quoteGo(args_[0]) + " renamed to " + base::quoteGo(args_[1]) + ".\n");
        return 0;
    }

    Outcome remove(const std::string& verb) {
        if (args_.size() != 1 && verb == "delete-user") return s_.usage("user to delete is required");
        if (args_.size() != 1) {
            s_.out(helpText(s_.command()));
            return 0;
        }
        const std::string what = verb.substr(7);
        const std::string section = what + "s";
        auto& entries = entriesOf(config_, section);
        const auto found = entries.find(args_[0]);
        if (found == entries.end())
            return base::makeError("cannot delete " + what + " " + args_[0] + ", not in " + shownFile());
        if (what == "context" && config_.currentContext == args_[0])
            s_.err("warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n");
        BASE_CHECK(rewrite(found->second.origin, [&](Kubeconfig& file) { entriesOf(file, section).erase(args_[0]); }));
        s_.out("deleted " + what + " " + args_[0] + " from " + shownFile() + "\n");
        return 0;
    }

    Session& s_;
    const Flags& flags_;
    const std::vector<std::string>& args_;
    KubeconfigPaths paths_;
    Kubeconfig config_;
};

} // namespace

sim::Task<Outcome> runConfig(Session& session) {
    Config config(session);
    co_return config.run();
}

} // namespace kubectl

// Source: k8s.io/kubectl pkg/cmd/get/get.go.
#include "api/status.h"
#include "api/wire_json.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/commands.h"
#include "kubectl/core/builder.h"
#include "kubectl/core/watch.h"
#include "kubectl/core/refusals.h"
#include "kubectl/describe/writer.h"
#include "kubectl/printers/printer.h"
#include "kubectl/printers/sorter.h"
#include "kubectl/printers/tab_writer.h"
#include "kubectl/printers/table.h"

#include <set>

namespace kubectl {

using document::Value;

namespace {

constexpr const char* kTableAccept =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
    "application/json";

class Get {
public:
    explicit Get(Session& session) : s_(session), flags_(session.flags) {}

    sim::Task<Outcome> run() {
        if (!flags_.text("raw").empty()) co_return co_await raw();
        format_ = flags_.text("output");
        if (format_.empty() && !flags_.text("template").empty()) format_ = "go-template";
        sortBy_ = flags_.text("sort-by");
        human_ = format_.empty() || format_ == "wide";
        watching_ = flags_.on("watch") || flags_.on("watch-only");
        BASE_CO_CHECK(validate());
        if (!human_) {
            auto made = machinePrinter();
            if (!made.ok()) co_return made.error();
            printer_ = std::move(made).value();
        }
        if (watching_) co_return co_await watch();
        BuildOptions options = makeOptions();
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        if (!human_) co_return printGeneric(built.value());
        co_return printTables(built.value());
    }

private:
    base::Status validate() {
        if (flags_.on("show-labels") && !human_)
            return base::makeError("--show-labels option cannot be used with " + format_ + " printer");
        if (flags_.on("output-watch-events") && !watching_)
            return base::makeError("--output-watch-events option can only be used with --watch or --watch-only");
        if (!watching_ && s_.args.empty() && flags_.list("filename").empty() && flags_.text("kustomize").empty()) {
            s_.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a "
                   "complete list of supported resources.\n\n");
            return s_.usage("Required resource not specified.\nUse \"kubectl explain <resource>\" for a "
                            "detailed description of that resource (e.g. kubectl explain pods).");
        }
        return base::okStatus();
    }

    sim::Task<Outcome> raw() {
        if (!s_.args.empty()) co_return base::makeError("arguments may not be passed when --raw is specified");
        if (flags_.on("watch") || flags_.on("watch-only") || !flags_.text("selector").empty())
            co_return base::makeError("--raw may not be specified with other flags that filter the server "
                                      "request or alter the output");
        if (!flags_.text("output").empty()) co_return base::makeError("--raw and --output are mutually exclusive");
        ports::Request request;
        const std::string given = flags_.text("raw");
        BASE_CO_CHECK(checkRawPath(given));
        const auto mark = given.find('?');
        request.path = given.substr(0, mark);
        if (mark != std::string::npos) request.query = ports::Query::parse(given.substr(mark + 1));
        auto answer = co_await s_.send(std::move(request));
        if (!answer.ok()) co_return answer.error();
        const ports::Response& response = answer.value();
        if (response.status < 200 || response.status > 299) co_return client::errorFromResponse(response);
        if (response.watch) co_return co_await rawWatch(response.watch);
        std::string text = response.object.isNull() ? response.body : api::writeAnswerJson(response.object);
        if (!response.object.isNull()) text += "\n";
        s_.out(text);
        co_return 0;
    }
    sim::Task<Outcome> rawWatch(std::shared_ptr<sim::Channel<ports::WatchEvent>> events) {
        while (true) {
            auto event = co_await events->pop();
            if (!event) co_return 0;
            s_.out(document::writeJson(Value::object({{"type", event->type}, {"object", event->object}})) + "\n");
            co_await s_.flush();
        }
    }

    base::Result<PrinterPtr> machinePrinter() {
        if (format_.starts_with("custom-columns")) {
            const auto equals = format_.find('=');
            std::string spec = equals == std::string::npos ? flags_.text("template") : format_.substr(equals + 1);
            return makeColumnsPrinter(s_, spec, format_.starts_with("custom-columns-file"));
        }
        PrinterOptions options;
        options.custom = true;
        options.output = format_;
        return makePrinter(s_, options);
    }

    BuildOptions makeOptions() {
        BuildOptions options = buildOptions(s_);
        options.allowEmptySelectors = true;
        options.latest = true;
        options.subresource = flags_.text("subresource");
        if (human_ && serverPrint()) {
            options.accept = kTableAccept;
            options.includeObject = !sortBy_.empty();
        }
        return options;
    }

    Outcome printGeneric(const Built& built) {
        std::vector<base::Error> errors = keepErrors(built);
        const std::vector<Info> infos = built.infos();
        if (!errors.empty() && built.singleItemImplied) return failure(std::move(errors));
        if (infos.empty() && flags_.on("ignore-not-found")) {
            if (!errors.empty()) return failure(std::move(errors));
            return 0;
        }
        base::Result<std::string> text = std::string{};
        if (built.singleItemImplied && infos.size() == 1) {
            text = printer_->print(infos[0].object);
        } else {
            std::vector<Value> items;
            for (const Info& info : infos) items.push_back(info.object);
            if (!sortBy_.empty() && !items.empty()) {
                auto sorted = sortObjects(std::move(items), sortBy_);
                if (!sorted.ok()) return sortFailure(sorted.error());
                items = std::move(sorted).value();
            }
            text = printer_->print(Value::object({{"apiVersion", "v1"},
                                                  {"kind", "List"},
                                                  {"metadata", Value::object({{"resourceVersion", ""}})},
                                                  {"items", Value::array(std::move(items))}}));
        }
        if (!text.ok()) return text.error();
        s_.out(text.value());
        if (!errors.empty()) return failure(std::move(errors));
        return 0;
    }

    // What went wrong while files were read is wrapped once more: it is printed as it stands.
    static base::Error failure(std::vector<base::Error> errors) {
        if (errors.size() == 1 && errors[0].code == 0 && errors[0].reason == "Input") return exitError(1, errorText(errors[0]));
        return aggregate(std::move(errors));
    }
    std::vector<base::Error> keepErrors(const Built& built) const {
        std::vector<base::Error> errors = built.errors();
        if (flags_.on("ignore-not-found"))
            std::erase_if(errors, [](const base::Error& error) { return error.code == 404; });
        return errors;
    }

    TableStyle styleFor(const Mapping& mapping, bool withKind) const {
        TableStyle style;
        style.noHeaders = flags_.on("no-headers");
        style.wide = format_ == "wide";
        style.withNamespace = flags_.on("all-namespaces") && mapping.namespaced;
        style.withKind = withKind || flags_.on("show-kind");
        style.showLabels = flags_.on("show-labels");
        style.labelColumns = flags_.list("label-columns");
        style.kindPrefix = shortForm(mapping, "");
        return style;
    }

    Outcome printTables(const Built& built) {
        std::vector<base::Error> errors = keepErrors(built);
        const std::vector<Info> infos = built.infos();
        std::set<std::string> kinds;
        for (const Info& info : infos) kinds.insert(info.mapping.gvkText());
        bool allNamespaced = !flags_.on("all-namespaces");
        std::string text, group;
        std::unique_ptr<TableWriter> writer;
        const Mapping* last = nullptr;
        const auto endGroup = [&] {
            if (group.empty()) return;
            if (!text.empty() && !flags_.on("no-headers")) text += "\n";
            text += alignTable(group);
            group.clear();
        };
        for (const Info& info : infos) {
            allNamespaced = allNamespaced && info.mapping.namespaced;
            if (last == nullptr || !(*last == info.mapping)) {
                endGroup();
                writer = std::make_unique<TableWriter>(styleFor(info.mapping, kinds.size() > 1));
                last = &info.mapping;
            }
            Value table = serverPrint() ? info.object : clientTable(info.object);
            if (!sortBy_.empty()) {
                auto sorted = sortTable(table, sortBy_);
                if (!sorted.ok() && sorted.error().reason == "Unsortable") return sortFailure(sorted.error());
                if (!sorted.ok()) {
                    table = table.with("rows", Value::array());
                } else table = sorted.value();
            }
            group += writer->print(table);
        }
        endGroup();
        s_.out(text);
        if (text.empty() && errors.empty() && !flags_.on("ignore-not-found")) noResources(allNamespaced);
        if (!errors.empty()) return failure(std::move(errors));
        return 0;
    }

    bool serverPrint() const { return flags_.on("server-print"); }
    // What the client knows of any object: its name and age.
    Value clientTable(const Value& object) {
        const DescribeWriter w(s_.kernel().unixNow());
        const auto column = [](const char* name, const char* format) {
            return Value::object({{"name", name}, {"type", "string"}, {"format", format}, {"priority", 0}});
        };
        const Value& metadata = object["metadata"];
        const Value cells = Value::array({metadata["name"], ageOf(w, metadata["creationTimestamp"])});
        const Value partial = Value::object({{"metadata", metadata}});
        const Value row = Value::object({{"cells", cells}, {"object", partial}});
        return Value::object({{"kind", "Table"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", Value::object()},
                              {"columnDefinitions", Value::array({column("Name", "name"), column("Age", "")})}, {"rows", Value::array({row})}});
    }
    // The sorter ends the program where others return an error.
    base::Error sortFailure(const base::Error& error) {
        if (error.reason != "Unsortable") return error;
        return exitError(1, klogLine(s_, 'F', "sorter.go:353", error.message));
    }

    void noResources(bool namespaced) {
        auto ns = s_.ns();
        if (namespaced && ns.ok()) s_.err("No resources found in " + ns.value() + " namespace.\n");
        else s_.err("No resources found\n");
    }

    sim::Task<Outcome> watch() {
        if (!sortBy_.empty()) s_.err("warning: --watch requested, --sort-by will be ignored for watch events received\n");
        BuildOptions options = makeOptions();
        options.flatten = false;
        options.singleResourceType = true;
        options.requireObject = true;
        auto built = co_await build(s_, std::move(options));
        if (!built.ok()) co_return built.error();
        const std::vector<base::Error> errors = built.value().errors();
        if (!errors.empty()) co_return aggregate(errors);
        const std::vector<Info> infos = built.value().infos();
        if (infos.size() != 1)
            co_return base::makeError("watch is only supported on individual resources and resource collections - " +
                                      std::to_string(infos.size()) + " resources were found");
        const Info info = infos[0];
        writer_ = std::make_unique<TableWriter>(styleFor(info.mapping, false));
        const bool single = !info.isList;
        if (!flags_.on("watch-only")) {
            if (human_) {
                const std::string added = "ADDED";
                Value table = info.object;
                if (!sortBy_.empty()) {
                    auto sorted = sortTable(table, sortBy_);
                    if (!sorted.ok()) co_return prefixed("unable to output the provided object: ", sorted.error());
                    table = sorted.value();
                }
                s_.out(alignTable(writer_->print(table, flags_.on("output-watch-events") ? &added : nullptr)));
            } else {
                std::vector<Value> items{info.object};
                if (!single) items.assign(info.object["items"].items().begin(), info.object["items"].items().end());
                for (const Value& item : items) BASE_CO_CHECK(printEvent("ADDED", withKindOf(item, info)));
            }
            co_await s_.flush();
        }
        WatchOptions watch;
        watch.path = info.mapping.path(info.ns);
        watch.accept = human_ ? kTableAccept : "application/json";
        watch.resourceVersion = info.object.at("metadata", "resourceVersion").text();
        watch.labelSelector = flags_.text("selector");
        watch.fieldSelector = flags_.text("field-selector");
        if (single) watch.fieldSelector = "metadata.name=" + info.name;
        const sim::Time deadline = s_.requestDeadline();
        auto events = co_await openWatch(s_, std::move(watch));
        if (!events.ok()) co_return events.error();
        while (true) {
            auto event = co_await events.value()->popUntil(deadline);
            if (!event) co_return 0;
            if (event->type == "BOOKMARK") continue;
            if (event->type == "ERROR") co_return api::errorFromStatus(event->object);
            BASE_CO_CHECK(printEvent(event->type, event->object));
            co_await s_.flush();
        }
    }
    static Value withKindOf(const Value& item, const Info& info) {
        return item.with("apiVersion", info.mapping.apiVersion()).with("kind", info.mapping.kind);
    }
    base::Status printEvent(const std::string& type, const Value& object) {
        const bool events = flags_.on("output-watch-events");
        if (human_) {
            s_.out(alignTable(writer_->print(object, events ? &type : nullptr)));
            return base::okStatus();
        }
        Value shown = object;
        if (events) shown = Value::object({{"type", type}, {"object", object}});
        BASE_TRY(const std::string text, printer_->print(shown));
        s_.out(text);
        return base::okStatus();
    }

    Session& s_;
    const Flags& flags_;
    std::string format_, sortBy_;
    bool human_ = true, watching_ = false;
    PrinterPtr printer_;
    std::unique_ptr<TableWriter> writer_;
};

} // namespace

sim::Task<Outcome> runGet(Session& session) {
    Get get(session);
    co_return co_await get.run();
}

} // namespace kubectl

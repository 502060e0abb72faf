// kubectl create -f. Source: k8s.io/kubectl pkg/cmd/create/create.go.
#include "api/wire_json.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/commands/editing.h"
#include "kubectl/core/builder.h"
#include "kubectl/core/refusals.h"
#include "kubectl/core/recording.h"

namespace kubectl {

using document::Value;

namespace {

base::Status validateCreate(Session& session) {
    const Flags& flags = session.flags;
    const auto files = flags.list("filename");
    if (!session.args.empty()) return session.usage("Unexpected args: [" + base::join(session.args, " ") + "]");
    if (files.empty() && flags.text("kustomize").empty()) return base::makeError("must specify one of -f and -k");
    if (flags.text("raw").empty()) return base::okStatus();
    if (flags.on("edit")) return base::makeError("--raw and --edit are mutually exclusive");
    if (files.size() != 1) return base::makeError("--raw can only use a single local file or stdin");
    if (files[0].starts_with("http://") || files[0].starts_with("https://")) return base::makeError("--raw cannot read from a url");
    if (flags.on("recursive")) return base::makeError("--raw and --recursive are mutually exclusive");
    if (!flags.text("selector").empty()) return base::makeError("--raw and --selector (-l) are mutually exclusive");
    if (!flags.text("output").empty()) return base::makeError("--raw and --output are mutually exclusive");
    return checkRawPath(flags.text("raw"));
}

sim::Task<Outcome> createRaw(Session& session) {
    const std::string file = session.flags.list("filename")[0];
    base::Result<std::string> body = std::string{};
    if (file == "-") body = co_await session.readInput();
    else body = session.readFile(file);
    if (!body.ok()) co_return body.error();
    CallOptions call;
    call.text = body.value();
    auto answer = co_await session.call("POST", session.flags.text("raw"), std::move(call));
    if (!answer.ok()) co_return answer.error();
    session.out(api::writeAnswerJson(answer.value()) + "\n");
    co_return 0;
}

struct Creation {
    Session& session;
    ObjectPrinter& printer;
    DryRun mode;
    std::string validation;
};

sim::Task<base::Status> createOne(const Creation& creation, Info info) {
    Session& session = creation.session;
    Value object = recorded(session, refreshedLastApplied(info.object, session.flags.on("save-config")));
    // What is made has no version yet. Source: cli-runtime pkg/resource/helper.go.
    if (object["metadata"].has("resourceVersion"))
        object = object.with("metadata", object["metadata"].without("resourceVersion"));
    if (creation.mode != DryRun::Client) {
        CallOptions call;
        if (creation.mode == DryRun::Server) call.query.set("dryRun", "All");
        call.query.set("fieldManager", session.flags.text("field-manager"));
        call.query.set("fieldValidation", creation.validation);
        call.body = object;
        auto made = co_await session.call("POST", info.mapping.path(info.ns), std::move(call));
        if (!made.ok()) co_return addSource("creating", info.source, made.error());
        object = made.value();
    }
    auto text = creation.printer.print(object);
    if (!text.ok()) co_return text.error();
    session.out(text.value());
    co_return base::okStatus();
}

} // namespace

sim::Task<Outcome> runCreate(Session& session) {
    BASE_CO_CHECK(validateCreate(session));
    if (!session.flags.text("raw").empty()) co_return co_await createRaw(session);
    auto mode = dryRunOf(session);
    if (!mode.ok()) co_return mode.error();
    auto validation = validationOf(session);
    if (!validation.ok()) co_return validation.error();
    PrinterOptions printerOptions;
    printerOptions.operation = "created" + dryRunSuffix(mode.value());
    auto printer = makePrinter(session, printerOptions);
    if (!printer.ok()) co_return printer.error();
    if (session.flags.on("edit")) co_return co_await editBeforeCreate(session);

    BuildOptions options = buildOptions(session);
    options.validate = validation.value() != "Ignore";
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    const bool none = built.value().items.empty();
    Creation creation{session, *printer.value(), mode.value(), validation.value()};
    Visit visit([&creation](Info info) { return createOne(creation, std::move(info)); });
    BASE_CO_CHECK(co_await visitEach(std::move(built).value(), std::move(visit)));
    if (none) co_return base::makeError("no objects passed to create");
    co_return 0;
}

} // namespace kubectl

// Errors of kubectl itself: syntax, command line, files, the connection.
#include "base/strings.h"
#include "lab/explain_rules.h"

#include <algorithm>

namespace lab {
namespace {

using document::Value;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
std::string wordAfter(std::string_view text, std::string_view mark) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) return {};
    const auto words = quotedWords(text.substr(at));
    return words.empty() ? std::string() : words.front();
}

Text yamlAdvice(std::string_view problem, const std::string& line) {
    if (line.find('\t') != std::string::npos)
        return {"YAML forbids tabs for indentation: use spaces.", "YAML prohíbe los tabuladores en la sangría: usa espacios."};
    if (has(problem, "mapping values are not allowed"))
        return {"A `:` stands where none can be: the line above may lack one, or this line is indented too far, or a text with `: ` needs quotation marks.",
                "Hay un `:` donde no puede haberlo: quizá le falta a la línea anterior, esta línea tiene demasiada sangría, o un texto con `: ` necesita comillas."};
    if (has(problem, "did not find expected key") || has(problem, "did not find expected '-' indicator"))
        return {"The indentation does not fit the lines around it: entries of one level begin in the same column.",
                "La sangría no encaja con las líneas vecinas: las entradas de un mismo nivel empiezan en la misma columna."};
    if (has(problem, "could not find expected ':'"))
        return {"A key without `:` and value. In YAML there is a space after the colon.", "Una clave sin `:` ni valor. En YAML hay un espacio tras los dos puntos."};
    if (has(problem, "already defined") || has(problem, "duplicate") || has(problem, "already set"))
        return {"The same key stands twice in one map: the second would silently replace the first.",
                "La misma clave aparece dos veces en un mapa: la segunda sustituiría a la primera sin avisar."};
    return {"YAML: " + std::string(problem), "YAML: " + std::string(problem)};
}

bool explainYaml(ExplainContext& context) {
    for (const ManifestView& view : context.manifests) {
        if (view.readable()) continue;
        Explanation out;
        out.source = view.source();
        out.line = view.problemLine();
        out.lineText = view.line(out.line);
        out.title = {"This is not valid YAML", "Esto no es YAML válido"};
        out.text = yamlAdvice(view.problem(), out.lineText);
        context.found.push_back(std::move(out));
        return true;
    }
    return false;
}

std::vector<std::string> resourceNames() {
    std::vector<std::string> names;
    for (const auto* info : api::builtinKinds().all()) {
        names.push_back(info->plural);
        names.push_back(info->singular);
        names.insert(names.end(), info->shortNames.begin(), info->shortNames.end());
    }
    return names;
}

void explainKind(ExplainContext& context, std::string_view text) {
    const std::string kind = wordAfter(text, "no matches for kind "), version = wordAfter(text, " in version ");
    Explanation out;
    std::vector<std::string> kinds;
    for (const auto* info : api::builtinKinds().all()) kinds.push_back(info->kind);
    const api::ResourceInfo* known = resourceOfKind({}, kind);
    placeField(context, out, kind, {}, known != nullptr ? "apiVersion" : "kind");
    if (known != nullptr) {
        out.title = {kind + " is not part of " + version, kind + " no forma parte de " + version};
        out.suggestion = "apiVersion: " + known->apiVersion();
        out.text = {"This server has it in `" + known->apiVersion() + "`. Older versions of an API are removed after a while.",
                    "Este servidor lo tiene en `" + known->apiVersion() + "`. Las versiones antiguas de una API se retiran con el tiempo."};
    } else {
        out.suggestion = nearest(kind, kinds);
        out.title = {"The server does not know the kind “" + kind + "”", "El servidor no conoce el tipo «" + kind + "»"};
        out.text = {"A misspelt name, or a kind whose CustomResourceDefinition is not installed. Kinds are written with capitals, as in ConfigMap.",
                    "Un nombre mal escrito, o un tipo cuya CustomResourceDefinition no está instalada. Los tipos llevan mayúsculas, como ConfigMap."};
    }
    context.found.push_back(std::move(out));
}

void explainMissingFile(ExplainContext& context, std::string_view text) {
    Explanation out;
    const std::string path = wordAfter(text, "the path ");
    out.title = {"There is no file “" + path + "” here", "Aquí no existe el archivo «" + path + "»"};
    const std::string folder = context.failure["cwd"].text();
    out.text = {"The shell stands in `" + folder + "`. `ls` shows what is there.", "El intérprete está en `" + folder + "`. `ls` muestra lo que hay."};
    context.found.push_back(std::move(out));
}

void explainConnection(ExplainContext& context, std::string_view text) {
    Explanation out;
    out.title = {"The API server does not answer", "El servidor de la API no responde"};
    if (has(text, "was refused"))
        out.text = {"Nothing listens at that address. On the control plane: does `crictl ps -a` show kube-apiserver, does `systemctl status kubelet` run, what do the logs under /var/log/pods say? Is the address in the kubeconfig right?",
                    "Nadie escucha en esa dirección. En el plano de control: ¿muestra `crictl ps -a` kube-apiserver, funciona `systemctl status kubelet`, qué dicen los registros de /var/log/pods? ¿Es correcta la dirección del kubeconfig?"};
    else if (has(text, "x509") || has(text, "certificate"))
        out.text = {"The certificate of the server or the client is not trusted, has expired or is made for another name. `openssl x509 -noout -text -in FILE` shows it; the CA in the kubeconfig must be that of the cluster.",
                    "El certificado del servidor o del cliente no es de confianza, ha caducado o se hizo para otro nombre. `openssl x509 -noout -text -in ARCHIVO` lo muestra; la CA del kubeconfig debe ser la del clúster."};
    else if (has(text, "no such host"))
        out.text = {"The server's name in the kubeconfig does not resolve.", "El nombre del servidor en el kubeconfig no se resuelve."};
    else
        out.text = {"The way to the server is blocked or it hangs: look at the network of the host and at the server's logs.",
                    "El camino hasta el servidor está cortado o el servidor no reacciona: mira la red del host y los registros del servidor."};
    context.found.push_back(std::move(out));
}

// `deployments.apps "web" not found` inside of a longer sentence, whose Status kubectl has dropped.
bool explainMissing(ExplainContext& context, std::string_view text) {
    const auto end = text.find("\" not found");
    const auto quote = end == std::string_view::npos || end == 0 ? end : text.rfind('"', end - 1);
    if (quote == std::string_view::npos || quote < 2) return false;
    const auto words = base::splitFields(text.substr(0, quote));
    if (words.empty()) return false;
    const auto parts = base::splitLimited(words.back(), '.', 2);
    if (resourceOfKind(parts.size() > 1 ? parts[1] : "", parts[0]) == nullptr) return false;
    const std::string name(text.substr(quote + 1, end - quote - 1));
    explainNotFound(context, Value::object({{"group", parts.size() > 1 ? parts[1] : ""}, {"kind", parts[0]}, {"name", name}}));
    return true;
}

void explainUsage(ExplainContext& context, std::string_view text) {
    Explanation out;
    const auto see = text.find("See '");
    const auto end = see == std::string_view::npos ? see : text.find('\'', see + 5);
    if (end != std::string_view::npos) out.suggestion = std::string(text.substr(see + 5, end - see - 5));
    if (has(text, "unknown flag") || has(text, "unknown shorthand flag")) {
        out.title = {"This command does not know that option", "Esta orden no conoce esa opción"};
        out.text = {"Options differ from command to command; `-h` lists them with examples.", "Las opciones cambian de una orden a otra; `-h` las enumera con ejemplos."};
    } else if (has(text, "unknown command")) {
        out.title = {"kubectl has no such command", "kubectl no tiene esa orden"};
        out.text = {"`kubectl help` lists the commands. The verb comes first, then the resource: `kubectl get pods`.",
                    "`kubectl help` enumera las órdenes. Primero va el verbo y luego el recurso: `kubectl get pods`."};
    } else if (has(text, "required flag(s)")) {
        const std::string flag = wordAfter(text, "required flag(s)");
        out.title = {"The option --" + flag + " is missing", "Falta la opción --" + flag};
        out.text = {"The command cannot do its work without it.", "Sin ella la orden no puede hacer su trabajo."};
    } else if (has(text, "doesn't have a resource type")) {
        const std::string given = wordAfter(text, "resource type ");
        out.suggestion = nearest(given, resourceNames());
        out.title = {"There is no resource “" + given + "”", "No existe el recurso «" + given + "»"};
        out.text = {"`kubectl api-resources` lists all names and their short forms.", "`kubectl api-resources` enumera todos los nombres y sus abreviaturas."};
    } else {
        return;
    }
    context.found.push_back(std::move(out));
}

} // namespace

void explainText(ExplainContext& context, std::string_view text) {
    if (has(text, "no matches for kind")) return explainKind(context, text);
    if (has(text, "error converting YAML to JSON") || has(text, "error parsing ")) {
        if (explainYaml(context)) return;
    }
    if (has(text, "does not exist") && has(text, "the path ")) return explainMissingFile(context, text);
    if (has(text, "The connection to the server") || has(text, "Unable to connect to the server")) return explainConnection(context, text);
    if (has(text, "error validating data: ")) {
        for (const char* field : {"apiVersion", "kind"}) {
            if (!has(text, std::string(field) + " not set")) continue;
            Explanation out;
            out.title = {std::string("“") + field + "” is missing", std::string("Falta «") + field + "»"};
            out.text = {"Every manifest begins with `apiVersion` and `kind`: they say what the rest is.",
                        "Todo manifiesto empieza con `apiVersion` y `kind`: dicen qué es el resto."};
            placeField(context, out, {}, {}, field);
            context.found.push_back(std::move(out));
        }
        return;
    }
    if (explainMissing(context, text)) return;
    explainUsage(context, text);
}

} // namespace lab

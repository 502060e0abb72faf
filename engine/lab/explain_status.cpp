// Errors that the API server answered with a Status.
#include "base/strings.h"
#include "lab/explain_rules.h"

namespace lab {
namespace {

using document::Value;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Text advice(const Value& cause, std::string& suggestion) {
    const std::string_view reason = cause["reason"].asString(), message = cause["message"].asString();
    if (reason == "FieldValueRequired")
        return {"Write the field: the object cannot be stored without it.", "Escribe el campo: sin él no se puede guardar el objeto."};
    if (reason == "FieldValueNotSupported") {
        auto words = quotedWords(message);
        const std::string given = words.empty() ? std::string() : words.front();
        const auto list = message.find("supported values: ");
        words = list == std::string_view::npos ? std::vector<std::string>() : quotedWords(message.substr(list));
        suggestion = nearest(given, words);
        const std::string allowed = words.empty() ? std::string() : " `" + base::join(words, "`, `") + "`";
        return {"Only these values are allowed:" + allowed + ".", "Solo se admiten estos valores:" + allowed + "."};
    }
    if (reason == "FieldValueDuplicate")
        return {"Each entry of this list needs a value of its own; this one is there twice.", "Cada entrada de esta lista necesita un valor propio; este aparece dos veces."};
    if (reason == "FieldValueNotFound")
        return {"It refers to something that is not defined in this object. Define it, or correct the name.",
                "Se refiere a algo que no está definido en este objeto. Defínelo o corrige el nombre."};
    if (reason == "FieldValueTooLong" || reason == "FieldValueTooMany")
        return {"It is longer than the API allows: " + std::string(message) + ".", "Es más largo de lo que permite la API: " + std::string(message) + "."};
    if (reason == "FieldValueTypeInvalid")
        return {"The value is of another type than the field wants. Quotation marks make a text of a number; without them a number is a number.",
                "El valor es de otro tipo que el del campo. Las comillas convierten un número en texto; sin ellas, un número es un número."};
    if (has(message, "immutable") || has(message, "may not be updated") || has(message, "updates to ") || has(message, "may not change"))
        return {"This field is fixed when the object is made. Delete the object and create it again, or use `kubectl replace --force`.",
                "Este campo queda fijado al crear el objeto. Borra el objeto y créalo de nuevo, o usa `kubectl replace --force`."};
    if (has(message, "does not match template"))
        return {"The selector must choose the pods that the template makes: write the same labels in `spec.template.metadata.labels`.",
                "El selector debe elegir los pods que crea la plantilla: escribe las mismas etiquetas en `spec.template.metadata.labels`."};
    if (has(message, "RFC 1123") || has(message, "RFC 1035") || has(message, "DNS-1035") || has(message, "DNS-1123"))
        return {"A name here consists of lower-case letters, digits and hyphens, and begins and ends with a letter or digit.",
                "Aquí un nombre se compone de minúsculas, cifras y guiones, y empieza y termina con una letra o una cifra."};
    if (reason == "FieldValueForbidden")
        return {"The field may not be set in this combination: " + std::string(message) + ".", "El campo no se puede usar en esta combinación: " + std::string(message) + "."};
    return {"The API server says: " + std::string(message) + ".", "El servidor de la API dice: " + std::string(message) + "."};
}

void explainCause(ExplainContext& context, const Value& status, const Value& cause) {
    Explanation out;
    const std::string field = cause["field"].text();
    const std::string_view reason = cause["reason"].asString();
    const auto steps = splitFieldPath(field);
    std::string name = steps.empty() ? field : steps.back();
    if (steps.size() > 1 && base::parseInt(name)) name = steps[steps.size() - 2] + "[" + name + "]";
    if (reason == "FieldValueRequired") out.title = {"“" + name + "” is missing", "Falta «" + name + "»"};
    else if (reason == "FieldValueDuplicate") out.title = {"“" + name + "” is there twice", "«" + name + "» está repetido"};
    else if (reason == "FieldValueForbidden") out.title = {"“" + name + "” is not allowed here", "«" + name + "» no se admite aquí"};
    else out.title = {"The value of “" + name + "” is refused", "Se rechaza el valor de «" + name + "»"};
    out.text = advice(cause, out.suggestion);
    placeField(context, out, status.at("details", "kind").asString(), status.at("details", "name").asString(), field);
    context.found.push_back(std::move(out));
}

void explainForbidden(ExplainContext& context, std::string_view message) {
    Explanation out;
    if (has(message, "exceeded quota")) {
        out.title = {"The namespace's quota is used up", "La cuota del espacio de nombres está agotada"};
        out.text = {"`kubectl describe resourcequota` shows what is used and what is allowed. Ask for less, delete something or raise the quota.",
                    "`kubectl describe resourcequota` muestra lo usado y lo permitido. Pide menos, borra algo o aumenta la cuota."};
    } else if (has(message, "failed quota")) {
        out.title = {"The quota wants requests and limits", "La cuota exige peticiones y límites"};
        out.text = {"Every container in this namespace must say how much it asks for: `resources.requests` and `resources.limits`, or a LimitRange with defaults.",
                    "Todo contenedor de este espacio de nombres debe decir cuánto pide: `resources.requests` y `resources.limits`, o un LimitRange con valores por defecto."};
    } else if (has(message, "violates PodSecurity")) {
        out.title = {"The pod breaks the namespace's security level", "El pod incumple el nivel de seguridad del espacio de nombres"};
        out.text = {"The label `pod-security.kubernetes.io/enforce` of the namespace decides. Each item in brackets is a field to set in `securityContext`.",
                    "Lo decide la etiqueta `pod-security.kubernetes.io/enforce` del espacio de nombres. Cada punto entre corchetes es un campo de `securityContext`."};
    } else if (has(message, "because it is being terminated")) {
        out.title = {"The namespace is being deleted", "El espacio de nombres se está borrando"};
        out.text = {"Nothing new can be made in it. Wait until it has gone.", "No se puede crear nada en él. Espera a que desaparezca."};
    } else if (has(message, " usage per ")) {
        out.title = {"A LimitRange of the namespace says no", "Un LimitRange del espacio de nombres lo impide"};
        out.text = {"`kubectl describe limitrange` shows the smallest and largest amounts.", "`kubectl describe limitrange` muestra las cantidades mínimas y máximas."};
    } else if (has(message, " cannot ")) {
        const auto words = quotedWords(message.substr(std::min(message.find("User "), message.size())));
        const std::string user = words.empty() ? "" : words[0];
        out.title = {"This user may not do that", "Este usuario no puede hacer eso"};
        out.text = {"No role that is bound to `" + user + "` grants it. `kubectl auth can-i --list --as=" + user + "` shows what it may do; a Role and a RoleBinding give more.",
                    "Ningún rol asociado a `" + user + "` lo concede. `kubectl auth can-i --list --as=" + user + "` muestra lo que puede hacer; un Role y un RoleBinding dan más."};
        out.suggestion = user.empty() ? "" : "kubectl auth can-i --list --as=" + user;
    } else {
        out.title = {"An admission rule refused it", "Una regla de admisión lo ha rechazado"};
        out.text = {"The request was understood and allowed for this user, but a rule of the cluster speaks against the object itself.",
                    "La petición se entendió y el usuario tiene permiso, pero una regla del clúster se opone al objeto en sí."};
    }
    context.found.push_back(std::move(out));
}

void explainBadRequest(ExplainContext& context, const Value& status, std::string_view message) {
    const std::string kind = status.at("details", "kind").text();
    bool any = false;
    constexpr std::string_view kUnknown = "unknown field ";
    for (std::size_t at = message.find(kUnknown); at != std::string_view::npos; at = message.find(kUnknown, at + 1)) {
        const auto words = quotedWords(message.substr(at));
        if (words.empty()) break;
        // "Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ..."
        const auto before = base::splitFields(message.substr(0, message.find(" in version ")));
        context.found.push_back(unknownField(context, !kind.empty() ? kind : has(message, " in version ") && !before.empty() ? before.back() : "", words[0]));
        any = true;
    }
    if (any) return;
    Explanation out;
    if (const auto at = message.find("json: cannot unmarshal "); at != std::string_view::npos) {
        const auto words = base::splitFields(message.substr(at));
        const auto given = words.size() > 3 ? words[3] : "", wanted = words.empty() ? "" : words.back();
        std::string path = words.size() > 7 ? words[7] : "";
        if (const auto dot = path.find('.'); dot != std::string::npos) path = path.substr(dot + 1);
        out.title = {"A value has the wrong type: " + given + " where " + wanted + " is wanted", "Un valor tiene el tipo equivocado: " + given + " donde se espera " + wanted};
        out.text = {"Quotation marks make a text of a number; a `-` makes a list; `key: value` makes a map.",
                    "Las comillas convierten un número en texto; un `-` hace una lista; `clave: valor` hace un mapa."};
        const auto before = base::splitFields(message.substr(0, message.find(" in version ")));
        placeField(context, out, has(message, " in version ") && !before.empty() ? before.back() : "", {}, path);
    } else {
        out.title = {"The server did not understand the request", "El servidor no entendió la petición"};
        out.text = {std::string(message), std::string(message)};
    }
    context.found.push_back(std::move(out));
}

struct Known {
    std::string_view reason;
    const char *titleEn, *titleEs, *textEn, *textEs;
};
constexpr Known kKnown[] = {
    {"AlreadyExists", "It is there already", "Ya existe",
     "An object of that name exists. `kubectl apply` changes it, `kubectl replace` puts another in its place, or choose another name.",
     "Ya existe un objeto con ese nombre. `kubectl apply` lo modifica, `kubectl replace` lo sustituye, o elige otro nombre."},
    {"Conflict", "Somebody changed it in the meantime", "Alguien lo ha cambiado entretanto",
     "The object is newer than what you sent, or another manager owns the field. Read it again and repeat; `--server-side --force-conflicts` takes the field over.",
     "El objeto es más nuevo que lo que enviaste, o el campo pertenece a otro. Léelo otra vez y repite; `--server-side --force-conflicts` se queda con el campo."},
    {"Unauthorized", "The server does not know who you are", "El servidor no sabe quién eres",
     "The certificate or token of the kubeconfig is missing, expired or signed by another authority. `kubectl config view` shows what is used.",
     "El certificado o el token del kubeconfig falta, ha caducado o lo firmó otra autoridad. `kubectl config view` muestra qué se usa."},
    {"TooManyRequests", "A disruption budget holds it back", "Un presupuesto de interrupciones lo impide",
     "Evicting the pod now would leave fewer than a PodDisruptionBudget demands. `kubectl get pdb -A` shows how many may go.",
     "Expulsar el pod ahora dejaría menos de los que exige un PodDisruptionBudget. `kubectl get pdb -A` muestra cuántos pueden irse."},
    {"MethodNotAllowed", "This resource does not know that operation", "Este recurso no admite esa operación",
     "`kubectl api-resources -o wide` lists the verbs of each resource.", "`kubectl api-resources -o wide` enumera los verbos de cada recurso."},
    {"Expired", "The list is too old to go on with", "La lista es demasiado antigua para continuar",
     "The revision has been compacted away. Start the list again.", "La revisión ya se ha compactado. Empieza la lista de nuevo."},
    {"ServiceUnavailable", "The server cannot answer this now", "El servidor no puede responder ahora",
     "An API behind it or etcd does not answer. `kubectl get apiservices` and the logs of kube-apiserver tell more.",
     "No responde etcd o una API que hay detrás. `kubectl get apiservices` y los registros de kube-apiserver dicen más."},
    {"Timeout", "The server took too long", "El servidor tardó demasiado",
     "etcd or a webhook is slow or away.", "etcd o un webhook va lento o no está."},
    {"InternalError", "Something behind the API server failed", "Ha fallado algo detrás del servidor de la API",
     "Often a webhook or etcd that cannot be reached: its address stands in the message.", "A menudo un webhook o etcd inalcanzable: su dirección está en el mensaje."},
};

} // namespace

void explainNotFound(ExplainContext& context, const Value& details) {
    const std::string plural = details["kind"].text(), name = details["name"].text(), group = details["group"].text();
    const api::ResourceInfo* info = resourceOfKind(group, plural);
    Explanation out;
    out.title = {"There is no “" + name + "” among the " + plural, "No hay ningún «" + name + "» entre los " + plural};
    if (info == nullptr) {
        out.text = {"The server does not know this resource: it may belong to an API that is not installed.",
                    "El servidor no conoce este recurso: puede pertenecer a una API que no está instalada."};
        context.found.push_back(std::move(out));
        return;
    }
    std::vector<std::string> names;
    std::string otherNamespace;
    for (const Value& object : context.cluster.objects(info->group, info->plural)) {
        const std::string other = object.at("metadata", "name").text();
        if (other == name) otherNamespace = object.at("metadata", "namespace").text();
        names.push_back(other);
    }
    if (plural == "namespaces") {
        out.suggestion = nearest(name, names);
        if (out.suggestion.empty()) out.suggestion = "kubectl create namespace " + name;
        out.text = {"Namespaces are not made by using them: create it first, or correct the name.",
                    "Un espacio de nombres no se crea al usarlo: créalo antes o corrige el nombre."};
    } else if (!otherNamespace.empty()) {
        out.suggestion = "-n " + otherNamespace;
        out.text = {"One of that name lives in the namespace `" + otherNamespace + "`: say so with `-n`.",
                    "Hay uno con ese nombre en el espacio de nombres `" + otherNamespace + "`: indícalo con `-n`."};
    } else if (out.suggestion = nearest(name, names); !out.suggestion.empty()) {
        out.text = {"There is one called `" + out.suggestion + "`.", "Hay uno llamado `" + out.suggestion + "`."};
    } else {
        out.text = {"It has not been created, has been deleted, or lives in another namespace: `kubectl get " + plural + " -A` shows all of them.",
                    "No se ha creado, se ha borrado o está en otro espacio de nombres: `kubectl get " + plural + " -A` los muestra todos."};
    }
    context.found.push_back(std::move(out));
}

void explainStatus(ExplainContext& context, const Value& status) {
    const std::string_view reason = status["reason"].asString(), message = status["message"].asString();
    if (reason == "Invalid") {
        for (const Value& cause : status.at("details", "causes").items()) explainCause(context, status, cause);
        return;
    }
    if (reason == "NotFound" && status.at("details", "name").isString()) return explainNotFound(context, status["details"]);
    if (reason == "Forbidden") return explainForbidden(context, message);
    if (reason == "BadRequest") return explainBadRequest(context, status, message);
    for (const Known& each : kKnown) {
        if (each.reason != reason) continue;
        Explanation out;
        out.title = {each.titleEn, each.titleEs};
        out.text = {each.textEn, each.textEs};
        context.found.push_back(std::move(out));
    }
}

} // namespace lab

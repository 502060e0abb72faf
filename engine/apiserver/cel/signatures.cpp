// The functions of expressions and what they take. Source: cel-spec langdef.md, "List of Standard
// Definitions"; apiserver pkg/cel/environment base.go for which libraries there are.
#include "apiserver/cel/signatures.h"
#include "base/strings.h"

namespace apiserver::cel {

namespace {

using Kind = Type::Kind;

// One line per overload: name, parameters, "->", result. A leading dot marks a method, whose receiver
// is the first parameter. Capital letters stand for any type.
constexpr std::string_view kSignatures = R"(
!_ bool -> bool
-_ int -> int
-_ double -> double
_+_ int int -> int
_+_ uint uint -> uint
_+_ double double -> double
_+_ string string -> string
_+_ bytes bytes -> bytes
_+_ list(A) list(A) -> list(A)
_+_ timestamp duration -> timestamp
_+_ duration timestamp -> timestamp
_+_ duration duration -> duration
_-_ int int -> int
_-_ uint uint -> uint
_-_ double double -> double
_-_ timestamp timestamp -> duration
_-_ timestamp duration -> timestamp
_-_ duration duration -> duration
_*_ int int -> int
_*_ uint uint -> uint
_*_ double double -> double
_/_ int int -> int
_/_ uint uint -> uint
_/_ double double -> double
_%_ int int -> int
_%_ uint uint -> uint
_?_:_ bool A A -> A
_==_ A A -> bool
_!=_ A A -> bool
@in A list(A) -> bool
@in A map(A,B) -> bool
_[_] list(A) int -> A
_[_] map(A,B) A -> B
_[_] optional(list(A)) int -> optional(A)
_[_] optional(map(A,B)) A -> optional(B)
_[?_] list(A) int -> optional(A)
_[?_] map(A,B) A -> optional(B)
_[?_] optional(list(A)) int -> optional(A)
_[?_] optional(map(A,B)) A -> optional(B)
size string -> int
size bytes -> int
size list(A) -> int
size map(A,B) -> int
.size string -> int
.size bytes -> int
.size list(A) -> int
.size map(A,B) -> int
type A -> type(A)
dyn A -> dyn
bool bool -> bool
bool string -> bool
bytes bytes -> bytes
bytes string -> bytes
double double -> double
double int -> double
double uint -> double
double string -> double
int int -> int
int uint -> int
int double -> int
int string -> int
int timestamp -> int
int duration -> int
uint uint -> uint
uint int -> uint
uint double -> uint
uint string -> uint
string string -> string
string bool -> string
string int -> string
string uint -> string
string double -> string
string bytes -> string
string timestamp -> string
string duration -> string
string net.IP -> string
string net.CIDR -> string
duration duration -> duration
duration string -> duration
duration int -> duration
timestamp timestamp -> timestamp
timestamp string -> timestamp
timestamp int -> timestamp
.contains string string -> bool
.endsWith string string -> bool
.startsWith string string -> bool
.matches string string -> bool
matches string string -> bool
.charAt string int -> string
.format string list(dyn) -> string
.indexOf string string -> int
.indexOf string string int -> int
.lastIndexOf string string -> int
.lastIndexOf string string int -> int
.join list(string) -> string
.join list(string) string -> string
.lowerAscii string -> string
.upperAscii string -> string
.replace string string string -> string
.replace string string string int -> string
.split string string -> list(string)
.split string string int -> list(string)
.substring string int -> string
.substring string int int -> string
.trim string -> string
strings.quote string -> string
.find string string -> string
.findAll string string -> list(string)
.findAll string string int -> list(string)
.getDate timestamp -> int
.getDate timestamp string -> int
.getDayOfMonth timestamp -> int
.getDayOfMonth timestamp string -> int
.getDayOfWeek timestamp -> int
.getDayOfWeek timestamp string -> int
.getDayOfYear timestamp -> int
.getDayOfYear timestamp string -> int
.getFullYear timestamp -> int
.getFullYear timestamp string -> int
.getMonth timestamp -> int
.getMonth timestamp string -> int
.getHours timestamp -> int
.getHours timestamp string -> int
.getHours duration -> int
.getMinutes timestamp -> int
.getMinutes timestamp string -> int
.getMinutes duration -> int
.getSeconds timestamp -> int
.getSeconds timestamp string -> int
.getSeconds duration -> int
.getMilliseconds timestamp -> int
.getMilliseconds timestamp string -> int
.getMilliseconds duration -> int
.indexOf list(A) A -> int
.lastIndexOf list(A) A -> int
.slice list(A) int int -> list(A)
.flatten list(list(A)) -> list(A)
.flatten list(dyn) int -> list(dyn)
.reverse list(A) -> list(A)
.first list(A) -> optional(A)
.last list(A) -> optional(A)
optional.unwrap list(optional(A)) -> list(A)
.unwrapOpt list(optional(A)) -> list(A)
.distinct list(A) -> list(A)
lists.range int -> list(int)
sets.contains list(A) list(A) -> bool
sets.equivalent list(A) list(A) -> bool
sets.intersects list(A) list(A) -> bool
quantity string -> kubernetes.Quantity
isQuantity string -> bool
sign kubernetes.Quantity -> int
.isInteger kubernetes.Quantity -> bool
.asInteger kubernetes.Quantity -> int
.asApproximateFloat kubernetes.Quantity -> double
.add kubernetes.Quantity kubernetes.Quantity -> kubernetes.Quantity
.add kubernetes.Quantity int -> kubernetes.Quantity
.sub kubernetes.Quantity kubernetes.Quantity -> kubernetes.Quantity
.sub kubernetes.Quantity int -> kubernetes.Quantity
.isGreaterThan kubernetes.Quantity kubernetes.Quantity -> bool
.isLessThan kubernetes.Quantity kubernetes.Quantity -> bool
.compareTo kubernetes.Quantity kubernetes.Quantity -> int
url string -> kubernetes.URL
isURL string -> bool
.getScheme kubernetes.URL -> string
.getHost kubernetes.URL -> string
.getHostname kubernetes.URL -> string
.getPort kubernetes.URL -> string
.getEscapedPath kubernetes.URL -> string
.getQuery kubernetes.URL -> map(string,list(string))
ip string -> net.IP
isIP string -> bool
ip.isCanonical string -> bool
.family net.IP -> int
.isUnspecified net.IP -> bool
.isLoopback net.IP -> bool
.isLinkLocalMulticast net.IP -> bool
.isLinkLocalUnicast net.IP -> bool
.isGlobalUnicast net.IP -> bool
cidr string -> net.CIDR
isCIDR string -> bool
.containsIP net.CIDR string -> bool
.containsIP net.CIDR net.IP -> bool
.containsCIDR net.CIDR string -> bool
.containsCIDR net.CIDR net.CIDR -> bool
.ip net.CIDR -> net.IP
.masked net.CIDR -> net.CIDR
.prefixLength net.CIDR -> int
semver string -> kubernetes.Semver
semver string bool -> kubernetes.Semver
isSemver string -> bool
isSemver string bool -> bool
.isGreaterThan kubernetes.Semver kubernetes.Semver -> bool
.isLessThan kubernetes.Semver kubernetes.Semver -> bool
.compareTo kubernetes.Semver kubernetes.Semver -> int
.major kubernetes.Semver -> int
.minor kubernetes.Semver -> int
.patch kubernetes.Semver -> int
format.named string -> optional(kubernetes.NamedFormat)
format.dns1123Label -> kubernetes.NamedFormat
format.dns1123Subdomain -> kubernetes.NamedFormat
format.dns1035Label -> kubernetes.NamedFormat
format.qualifiedName -> kubernetes.NamedFormat
format.dns1123LabelPrefix -> kubernetes.NamedFormat
format.dns1123SubdomainPrefix -> kubernetes.NamedFormat
format.dns1035LabelPrefix -> kubernetes.NamedFormat
format.labelValue -> kubernetes.NamedFormat
format.uri -> kubernetes.NamedFormat
format.uuid -> kubernetes.NamedFormat
format.byte -> kubernetes.NamedFormat
format.date -> kubernetes.NamedFormat
format.datetime -> kubernetes.NamedFormat
.validate kubernetes.NamedFormat string -> optional(list(string))
optional.of A -> optional(A)
optional.ofNonZeroValue A -> optional(A)
optional.none -> optional(A)
.hasValue optional(A) -> bool
.value optional(A) -> A
.or optional(A) optional(A) -> optional(A)
.orValue optional(A) A -> A
.path kubernetes.authorization.Authorizer string -> kubernetes.authorization.PathCheck
.group kubernetes.authorization.Authorizer string -> kubernetes.authorization.GroupCheck
.serviceAccount kubernetes.authorization.Authorizer string string -> kubernetes.authorization.Authorizer
.resource kubernetes.authorization.GroupCheck string -> kubernetes.authorization.ResourceCheck
.subresource kubernetes.authorization.ResourceCheck string -> kubernetes.authorization.ResourceCheck
.namespace kubernetes.authorization.ResourceCheck string -> kubernetes.authorization.ResourceCheck
.name kubernetes.authorization.ResourceCheck string -> kubernetes.authorization.ResourceCheck
.fieldSelector kubernetes.authorization.ResourceCheck string -> kubernetes.authorization.ResourceCheck
.labelSelector kubernetes.authorization.ResourceCheck string -> kubernetes.authorization.ResourceCheck
.check kubernetes.authorization.PathCheck string -> kubernetes.authorization.Decision
.check kubernetes.authorization.ResourceCheck string -> kubernetes.authorization.Decision
.allowed kubernetes.authorization.Decision -> bool
.reason kubernetes.authorization.Decision -> string
.errored kubernetes.authorization.Decision -> bool
.error kubernetes.authorization.Decision -> string
)";

// The same for every type that has an order, or a sum: T stands for it.
constexpr std::string_view kOrdered = R"(
.isSorted list(T) -> bool
.min list(T) -> T
.max list(T) -> T
.sort list(T) -> list(T)
@sortByAssociatedKeys list(A) list(T) -> list(A)
)";
constexpr std::string_view kComparable[] = {"int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"};
constexpr std::string_view kSummable[] = {"int", "uint", "double", "duration"};

TypePtr readType(std::string_view text, std::size_t& at) {
    const std::size_t begin = at;
    while (at < text.size() && text[at] != '(' && text[at] != ')' && text[at] != ',') ++at;
    const std::string name(text.substr(begin, at - begin));
    std::vector<TypePtr> inner;
    if (at < text.size() && text[at] == '(') {
        do inner.push_back(readType(text, ++at));
        while (at < text.size() && text[at] == ',');
        ++at;
    }
    static const std::map<std::string, Kind, std::less<>> kSimple = {
        {"dyn", Kind::Dyn}, {"bool", Kind::Bool}, {"int", Kind::Int}, {"uint", Kind::Uint}, {"double", Kind::Double},
        {"string", Kind::String}, {"bytes", Kind::Bytes}, {"timestamp", Kind::Timestamp}, {"duration", Kind::Duration}};
    if (name == "list") return listType(inner[0]);
    if (name == "map") return mapType(inner[0], inner[1]);
    if (name == "optional") return optionalType(inner[0]);
    if (name == "type") return typeType(inner[0]);
    if (const auto simple = kSimple.find(name); simple != kSimple.end()) return simpleType(simple->second);
    return name.size() > 1 ? opaqueType(name) : parameterType(name);
}

void read(std::string_view signatures, Overloads& out) {
    for (const std::string& line : base::splitLines(signatures)) {
        const auto words = base::splitFields(line);
        if (words.empty()) continue;
        Overload overload;
        for (std::size_t i = 1; i < words.size(); ++i) {
            std::size_t at = 0;
            if (words[i] == "->") continue;
            TypePtr type = readType(words[i], at);
            if (i + 1 == words.size()) overload.result = std::move(type);
            else overload.parameters.push_back(std::move(type));
        }
        out[words[0]].push_back(std::move(overload));
    }
}

Overloads readOverloads() {
    Overloads out;
    read(kSignatures, out);
    for (const std::string_view type : kComparable) read(base::replaceAll(kOrdered, "T", type), out);
    for (const std::string_view type : kSummable) read(base::replaceAll(".sum list(T) -> T", "T", type), out);
    // Numbers of all kinds may be compared with each other.
    for (const char* op : {"_<_", "_<=_", "_>_", "_>=_"}) {
        const auto add = [&](Kind a, Kind b) {
            out[op].push_back({{simpleType(a), simpleType(b)}, simpleType(Kind::Bool)});
        };
        for (const Kind kind : {Kind::Bool, Kind::String, Kind::Bytes, Kind::Timestamp, Kind::Duration}) add(kind, kind);
        for (const Kind a : {Kind::Int, Kind::Uint, Kind::Double})
            for (const Kind b : {Kind::Int, Kind::Uint, Kind::Double}) add(a, b);
    }
    return out;
}

} // namespace

const Overloads& overloads() {
    static const Overloads known = readOverloads();
    return known;
}

} // namespace apiserver::cel

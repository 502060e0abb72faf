#pragma once
// The functions of expressions by family. Each gives nothing when a name or its arguments are not its
// own; errors are those of cel-go and apiserver pkg/cel/library.

#include "apiserver/cel/cel.h"

#include <optional>
#include <string>

namespace apiserver::cel {

using Answer = std::optional<base::Result<Datum>>;

Answer textFunction(const std::string& name, const Data& arguments, bool method);
Answer listFunction(const std::string& name, const Data& arguments, bool method);
Answer timeFunction(const std::string& name, const Data& arguments, bool method);
Answer conversion(const std::string& name, const Data& arguments, bool method);
Answer kubernetesFunction(const std::string& name, const Data& arguments, bool method);
Answer networkFunction(const std::string& name, const Data& arguments, bool method);
Answer authorizerFunction(const std::string& name, const Data& arguments, Authority* authority);

base::Error noOverload();
std::string typeName(const Datum& datum);
bool equalData(const Datum& a, const Datum& b);
// Nothing: they cannot be compared.
std::optional<int> orderOf(const Datum& a, const Datum& b);
// Members of a list of any kind.
std::optional<Data> membersOf(const Datum& list);
std::optional<std::size_t> sizeOfList(const Datum& list);
// Characters and members in all depths, counted up to `most`.
std::size_t weightOf(const Datum& datum, std::size_t most);
constexpr std::size_t kMostWeight = 10 * static_cast<std::size_t>(kMostCost) + 10;
// An integer, or CEL's error for a double that is none.
base::Result<Datum> integerOf(double number);
Datum listOf(Data items);
inline Datum noneDatum() { return optionalOf(std::nullopt); }
// Go's strconv.FormatFloat(number, 'g', -1, 64).
std::string shownDouble(double number);
Datum timed(Datum::Kind kind, std::int64_t number);

} // namespace apiserver::cel

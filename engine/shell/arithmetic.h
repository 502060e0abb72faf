#pragma once
// Integer expressions of $(( )), (( )), let and array subscripts, with bash's error texts.
// Source: Bash Reference Manual, Shell Arithmetic.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shell {

// How the expression reads and writes variables. `subscript` is null for plain names.
class ArithmeticVariables {
public:
    virtual ~ArithmeticVariables() = default;
    virtual std::optional<std::string> read(const std::string& name,
                                            const std::string* subscript) = 0;
    virtual bool write(const std::string& name, const std::string* subscript,
                       std::int64_t value) = 0;
    virtual bool unsetIsError() const { return false; }
};

struct ArithmeticResult {
    std::int64_t value = 0;
    bool ok = true;
    std::string error; // "1+: syntax error: operand expected (error token is "+")"
};

ArithmeticResult evaluateArithmetic(std::string_view expression, ArithmeticVariables& variables,
                                    int depth = 0);

} // namespace shell

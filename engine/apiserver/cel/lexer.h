#pragma once
// Words of an expression. Source: cel-spec langdef.md, "Syntax".

#include "apiserver/cel/types.h"

#include <string>
#include <string_view>
#include <vector>

namespace apiserver::cel {

struct Token {
    enum class Kind : std::uint8_t { End, Name, Int, Double, String, Symbol } kind = Kind::End;
    std::string text;
    Datum value;       // of texts, and of numbers without their sign
    std::string wrong; // why a literal has no value
    std::size_t offset = 0;
    bool is(std::string_view symbol) const { return (kind == Kind::Symbol || kind == Kind::Name) && text == symbol; }
};

// Always ends with a token of kind End; characters that start nothing become problems.
std::vector<Token> readTokens(std::string_view text, std::vector<Problem>& problems);
// The number of a token of kind Int or Double.
void readNumber(Token& token, bool negative);

} // namespace apiserver::cel

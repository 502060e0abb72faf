#include "document/text_error.h"

namespace document {

base::Error textError(std::string_view source, int line, int column, std::string text,
                      std::string goText, std::size_t offset) {
    auto detail = std::make_shared<TextErrorDetail>();
    detail->goText = std::move(goText);
    detail->line = line;
    detail->column = column;
    detail->offset = offset;
    std::string place;
    if (source.empty())
        place = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
    else
        place = std::string(source) + ":" + std::to_string(line) + ":" + std::to_string(column) +
                ": ";
    base::Error error = base::makeError(place + text);
    error.detail = std::move(detail);
    return error;
}

const TextErrorDetail* textErrorDetail(const base::Error& error) {
    return dynamic_cast<const TextErrorDetail*>(error.detail.get());
}

std::string goErrorText(const base::Error& error) {
    if (const auto* detail = textErrorDetail(error)) return detail->goText;
    return error.message;
}

} // namespace document

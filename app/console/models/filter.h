// The filter bar's little language: words and comparisons that must all hold.
//   chat            name, id, region, runtime or a tag contains "chat"
//   platform:aws    a field contains; -owner:terraform negates any term
//   p95>800ms  cold>=5%  cost>100  memory<=1024   comparisons; units ms s min % $ MB GB are understood
#pragma once

#include <QString>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace pilotlight::console {

// How a filter sees a row: by field name. Text fields answer text, number fields a number (unknown = nullopt).
struct FilterFields {
    std::function<std::optional<QString>(const QString& field)> text;
    std::function<std::optional<std::optional<double>>(const QString& field)> number;  // outer nullopt: no such field
};

class Filter {
public:
    // invalid_argument says which term is off. Empty text matches everything.
    [[nodiscard]] static Result<Filter> parse(const QString& text, const QStringList& text_fields, const QStringList& number_fields);
    [[nodiscard]] bool matches(const QString& words, const FilterFields& fields) const;
    [[nodiscard]] bool empty() const { return terms_.empty(); }

private:
    enum class Compare { contains, less, less_equal, greater, greater_equal, equal };
    struct Term {
        QString field;  // empty = any words
        Compare compare = Compare::contains;
        QString text;
        double number = 0;
        bool negated = false;
    };
    std::vector<Term> terms_;
};

// "800ms" -> 800, "1.2s" -> 1200, "5%" -> 0.05, "$12" -> 12, "2GB" -> 2048, "1,024" -> 1024.
[[nodiscard]] std::optional<double> parseQuantity(QString text);

}  // namespace pilotlight::console

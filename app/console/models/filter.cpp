#include "app/console/models/filter.h"

#include <QRegularExpression>
#include <QStringList>
#include <cmath>

namespace pilotlight::console {

std::optional<double> parseQuantity(QString text) {
    static const QRegularExpression form(QStringLiteral(R"(^\$?\s*([0-9][0-9,]*\.?[0-9]*|\.[0-9]+)\s*(ms|s|min|h|%|mb|gb|vcpu)?$)"),
                                         QRegularExpression::CaseInsensitiveOption);
    const auto match = form.match(text.trimmed());
    if (!match.hasMatch()) return std::nullopt;
    bool fine = false;
    const double value = match.captured(1).remove(QLatin1Char(',')).toDouble(&fine);
    if (!fine) return std::nullopt;
    const QString unit = match.captured(2).toLower();
    if (unit == QLatin1String("s")) return value * 1000;
    if (unit == QLatin1String("min")) return value * 60'000;
    if (unit == QLatin1String("h")) return value * 3'600'000;
    if (unit == QLatin1String("%")) return value / 100;
    if (unit == QLatin1String("gb")) return value * 1024;
    return value;
}

Result<Filter> Filter::parse(const QString& text, const QStringList& text_fields, const QStringList& number_fields) {
    static const QRegularExpression comparison(QStringLiteral("^(-?)([A-Za-z_0-9]+)(<=|>=|<|>|=)(.+)$"));
    static const QRegularExpression field(QStringLiteral("^(-?)([A-Za-z_]+):(.*)$"));
    static const QRegularExpression spaces(QStringLiteral("\\s+"));
    Filter filter;
    const auto known = [&] { return (text_fields + number_fields).join(QStringLiteral(", ")).toStdString(); };
    for (const QString& word : text.split(spaces, Qt::SkipEmptyParts)) {
        Term term;
        if (const auto match = comparison.match(word); match.hasMatch()) {
            term.negated = !match.captured(1).isEmpty();
            term.field = match.captured(2).toLower();
            const QString sign = match.captured(3);
            if (!number_fields.contains(term.field)) {
                return fail(ErrorCode::invalid_argument, "\"" + match.captured(2).toStdString() + "\" cannot be compared", {},
                            "Known: " + number_fields.join(QStringLiteral(", ")).toStdString());
            }
            const auto value = parseQuantity(match.captured(4));
            if (!value) {
                return fail(ErrorCode::invalid_argument, "\"" + match.captured(4).toStdString() + "\" is not a number", {},
                            "Write for example p95>800ms, cold>5%, cost>100");
            }
            term.number = *value;
            term.compare = sign == QLatin1String("<")    ? Compare::less
                           : sign == QLatin1String("<=") ? Compare::less_equal
                           : sign == QLatin1String(">")  ? Compare::greater
                           : sign == QLatin1String(">=") ? Compare::greater_equal
                                                         : Compare::equal;
        } else if (const auto named = field.match(word); named.hasMatch()) {
            term.negated = !named.captured(1).isEmpty();
            term.field = named.captured(2).toLower();
            term.text = named.captured(3);
            if (!text_fields.contains(term.field)) {
                return fail(ErrorCode::invalid_argument, "There is no field \"" + named.captured(2).toStdString() + "\"", {},
                            "Known: " + known());
            }
            if (term.text.isEmpty()) {
                return fail(ErrorCode::invalid_argument, "\"" + word.toStdString() + "\" has nothing to look for", {}, {});
            }
        } else {
            term.negated = word.size() > 1 && word.startsWith(QLatin1Char('-'));
            term.text = term.negated ? word.mid(1) : word;
        }
        filter.terms_.push_back(std::move(term));
    }
    return filter;
}

bool Filter::matches(const QString& words, const FilterFields& fields) const {
    for (const auto& term : terms_) {
        bool holds = false;
        if (term.field.isEmpty()) {
            holds = words.contains(term.text, Qt::CaseInsensitive);
        } else if (term.compare == Compare::contains) {
            const auto value = fields.text(term.field);
            holds = value && value->contains(term.text, Qt::CaseInsensitive);
        } else if (const auto value = fields.number(term.field); value && *value) {
            const double number = **value;
            switch (term.compare) {
                case Compare::less:
                    holds = number < term.number;
                    break;
                case Compare::less_equal:
                    holds = number <= term.number;
                    break;
                case Compare::greater:
                    holds = number > term.number;
                    break;
                case Compare::greater_equal:
                    holds = number >= term.number;
                    break;
                default:
                    holds = std::abs(number - term.number) <= 1e-9 * std::max(1.0, std::abs(term.number));
                    break;
            }
        } else {
            if (!term.negated) return false;
            continue;  // unknown is not known to be over: "-p95>1s" keeps it
        }
        if (holds == term.negated) return false;
    }
    return true;
}

}  // namespace pilotlight::console

#include "core/model/observation_csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace pilotlight::model {
namespace {

constexpr std::int64_t kCallsOfInferredMean = 5;
constexpr std::size_t kMaxRows = 1'000'000;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Splits one line; a field may be quoted, with "" for a quote inside.
std::vector<std::string> fieldsOf(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted) {
            if (c != '"') {
                fields.back() += c;
            } else if (i + 1 < line.size() && line[i + 1] == '"') {
                fields.back() += '"';
                ++i;
            } else {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    for (auto& field : fields) field = std::string(trimmed(field));
    return fields;
}

tl::unexpected<Error> badLine(std::size_t line, const std::string& what) {
    return fail(ErrorCode::invalid_argument, "line " + std::to_string(line) + ": " + what, "No observation was read.",
                "Mend that line; the header is memory_mb,duration_ms[,count][,p95_ms][,p99_ms][,max_memory_used_mb][,cold][,source]"
                "[,vcpu][,concurrency].");
}

enum Column { memory, duration, count, p50, p90, p95, p99, used, cold, source, vcpu, concurrency, out_of_memory, column_count };
constexpr std::array<std::string_view, column_count> kNames{
    "memory_mb",          "duration_ms", "count",  "p50_ms", "p90_ms",      "p95_ms",       "p99_ms",
    "max_memory_used_mb", "cold",        "source", "vcpu",   "concurrency", "out_of_memory"};

class Row {
public:
    Row(const std::vector<std::string>& fields, const std::array<int, column_count>& index, std::size_t line)
        : fields_(fields), index_(index), line_(line) {}

    [[nodiscard]] std::string_view text(Column column) const {
        const int i = index_[column];
        return i < 0 || static_cast<std::size_t>(i) >= fields_.size() ? std::string_view() : fields_[static_cast<std::size_t>(i)];
    }

    // nullopt where the field is empty or a word for "none".
    [[nodiscard]] Result<std::optional<double>> number(Column column, double least, double most) const {
        const std::string_view field = text(column);
        if (field.empty() || field == "-" || lower(field) == "nan" || lower(field) == "null" || lower(field) == "none") return std::nullopt;
        double value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value))
            return badLine(line_, std::string(kNames[column]) + " is not a number: \"" + std::string(field.substr(0, 40)) + "\"");
        if (value < least || value > most)
            return badLine(line_, std::string(kNames[column]) + " is out of range: " + std::string(field.substr(0, 40)));
        return std::optional<double>(value);
    }

    [[nodiscard]] Result<bool> flag(Column column) const {
        const std::string word = lower(text(column));
        if (word.empty() || word == "0" || word == "false" || word == "no" || word == "warm") return false;
        if (word == "1" || word == "true" || word == "yes" || word == "cold") return true;
        return badLine(line_, std::string(kNames[column]) + " is neither 0 nor 1: \"" + word.substr(0, 40) + "\"");
    }

private:
    const std::vector<std::string>& fields_;
    const std::array<int, column_count>& index_;
    std::size_t line_;
};

// Mean of the log-normal through the lowest percentiles given; where there is one only, spread as that of calm functions.
std::optional<double> meanOfPercentiles(const Observation& row) {
    constexpr double kUsualSpread = 0.2;
    std::vector<std::pair<double, double>> known;  // standard normal score, ln(ms)
    const std::pair<double, const std::optional<double>*> all[] = {
        {0.0, &row.p50_ms}, {1.2816, &row.p90_ms}, {1.6449, &row.p95_ms}, {2.3263, &row.p99_ms}};
    for (const auto& [score, value] : all)
        if (*value && **value > 0) known.emplace_back(score, std::log(**value));
    if (known.empty()) return std::nullopt;
    double spread = kUsualSpread;
    if (known.size() >= 2) spread = std::clamp((known[1].second - known[0].second) / (known[1].first - known[0].first), 0.0, 2.0);
    return std::exp(known[0].second - known[0].first * spread + spread * spread / 2);
}

// nullopt: the row was passed over, with a note.
Result<std::optional<Observation>> observationOf(const Row& row, std::size_t line, std::vector<std::string>& notes) {
    Observation out;
    constexpr double kMostMs = 1e9;
    PILOTLIGHT_ASSIGN(const auto size, row.number(memory, 1, 1'000'000));
    PILOTLIGHT_ASSIGN(const auto mean, row.number(duration, 0, kMostMs));
    PILOTLIGHT_ASSIGN(const auto calls, row.number(count, 0, 1e12));
    PILOTLIGHT_ASSIGN(out.p50_ms, row.number(p50, 0, kMostMs));
    PILOTLIGHT_ASSIGN(out.p90_ms, row.number(p90, 0, kMostMs));
    PILOTLIGHT_ASSIGN(out.p95_ms, row.number(p95, 0, kMostMs));
    PILOTLIGHT_ASSIGN(out.p99_ms, row.number(p99, 0, kMostMs));
    PILOTLIGHT_ASSIGN(out.max_memory_used_mb, row.number(used, 0, 1e7));
    PILOTLIGHT_ASSIGN(out.vcpu, row.number(vcpu, 0.001, 1024));
    PILOTLIGHT_ASSIGN(const auto at_once, row.number(concurrency, 1, 100'000));
    PILOTLIGHT_ASSIGN(out.cold, row.flag(cold));
    PILOTLIGHT_ASSIGN(out.out_of_memory, row.flag(out_of_memory));
    if (!size) return badLine(line, "memory_mb is missing");
    out.memory = Megabytes{static_cast<std::int32_t>(std::lround(*size))};
    out.count = calls ? static_cast<std::int64_t>(std::llround(*calls)) : 1;
    if (at_once) out.concurrency = static_cast<std::int32_t>(std::lround(*at_once));
    const std::string from = lower(row.text(source));
    if (from == "bench" || from == "local") {
        out.source = Observation::Source::bench;
    } else if (!from.empty() && from != "cloud") {
        return badLine(line, "source is neither cloud nor bench: \"" + from.substr(0, 40) + "\"");
    }
    const auto inferred = mean && *mean > 0 ? std::nullopt : meanOfPercentiles(out);
    if (!out.out_of_memory) {
        if ((!mean || *mean <= 0) && !inferred) {
            notes.push_back("line " + std::to_string(line) + ": no duration, passed over");
            return std::nullopt;
        }
        if (out.count == 0) {
            notes.push_back("line " + std::to_string(line) + ": a count of 0, passed over");
            return std::nullopt;
        }
    }
    out.mean_ms = inferred ? *inferred : mean.value_or(0);
    if (inferred) {  // no better than a few calls
        notes.push_back("line " + std::to_string(line) + ": no mean; taken from the percentiles, as of a log-normal");
        out.count = std::min<std::int64_t>(out.count, kCallsOfInferredMean);
    }
    for (auto* percentile : {&out.p50_ms, &out.p90_ms, &out.p95_ms, &out.p99_ms})
        if (*percentile && **percentile <= 0) percentile->reset();
    return std::optional<Observation>(std::move(out));
}

}  // namespace

Result<ObservationTable> parseObservationCsv(std::string_view text) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    ObservationTable table;
    std::array<int, column_count> index{};
    index.fill(-1);
    bool have_header = false;
    std::size_t line_number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        ++line_number;
        if (line.empty() || line.front() == '#') continue;
        const auto fields = fieldsOf(line);
        if (!have_header) {
            for (std::size_t i = 0; i < fields.size(); ++i) {
                const auto known = std::find(kNames.begin(), kNames.end(), lower(fields[i]));
                if (known == kNames.end()) {
                    table.notes.push_back("column \"" + fields[i].substr(0, 40) + "\" is unknown and was passed over");
                    continue;
                }
                int& at = index[static_cast<std::size_t>(known - kNames.begin())];
                if (at >= 0) return badLine(line_number, "column " + std::string(*known) + " appears twice");
                at = static_cast<int>(i);
            }
            const bool timed = index[duration] >= 0 || index[p50] >= 0 || index[p90] >= 0 || index[p95] >= 0 || index[p99] >= 0;
            if (index[memory] < 0 || !timed) return badLine(line_number, "the header lacks memory_mb or duration_ms");
            have_header = true;
            continue;
        }
        if (table.observations.size() >= kMaxRows) return badLine(line_number, "more than 1,000,000 rows");
        PILOTLIGHT_ASSIGN(auto observation, observationOf(Row(fields, index, line_number), line_number, table.notes));
        if (observation) table.observations.push_back(std::move(*observation));
    }
    if (!have_header) return badLine(std::max<std::size_t>(1, line_number), "the file is empty");
    return table;
}

}  // namespace pilotlight::model

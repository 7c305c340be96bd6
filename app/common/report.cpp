#include "app/common/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/domain/price_words.h"

namespace pilotlight::common {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--canvas:#F4F6F8;--surface:#FFFFFF;--border:#D5DBE1;--text:#18212B;--muted:#55626F;--cold:#1668B0;--good:#15784A;--bad:#C02B2B}
@media(prefers-color-scheme:dark){:root{--canvas:#10151B;--surface:#171E26;--border:#2B3743;--text:#E7ECF1;--muted:#9FADBB;--cold:#6CB8FF;--good:#5CCF98;--bad:#FF7B7B}}
body{margin:0;padding:24px;background:var(--canvas);color:var(--text);font:13px/1.5 Roboto,system-ui,sans-serif}
main{max-width:1180px;margin:0 auto}h1{font-size:24px;margin:0 0 4px}h2{font-size:15px;margin:0 0 8px}p{margin:0 0 8px;color:var(--muted)}
section{background:var(--surface);border:1px solid var(--border);border-radius:8px;padding:12px 14px;margin:12px 0;overflow-x:auto}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px}.tiles section{margin:0}.tile b{display:block;font-size:24px;font-weight:600}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:5px 8px;border-bottom:1px solid var(--border);text-align:left;vertical-align:top}
th{color:var(--muted);font-weight:400}td.n,th.n{text-align:right;white-space:nowrap}td.nowrap{white-space:nowrap}.good{color:var(--good)}.bad{color:var(--bad)}.muted,small{color:var(--muted)}
svg text{fill:var(--muted);font-size:11px}@media(max-width:800px){.tiles{grid-template-columns:repeat(2,1fr)}})";

constexpr const char* kUnknown = "<span class=\"muted\">unknown</span>";

std::string grouped(std::int64_t value) {
    auto digits = std::to_string(std::abs(value));
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
    return (value < 0 ? "\u2212" : "") + digits;
}
std::string money(double usd) {
    const auto magnitude = std::abs(usd) >= 1000 ? grouped(std::llround(std::abs(usd))) : fmt::format("{:.2f}", std::abs(usd));
    return (usd < 0 ? "\u2212$" : "$") + magnitude;
}
std::string money(const std::optional<Money>& value) { return value ? money(value->toDouble()) : kUnknown; }
std::string money(const std::optional<MoneyEstimate>& value) {
    return value ? fmt::format("{} <small>({} to {})</small>", money(value->value.toDouble()), money(value->lo.toDouble()), money(value->hi.toDouble())) : kUnknown;
}
std::string duration(double ms) {
    if (ms < 10) return fmt::format("{:.1f}\u202Fms", ms);
    if (ms < 1000) return fmt::format("{:.0f}\u202Fms", ms);
    return fmt::format("{:.2f}\u202Fs", ms / 1000);
}
std::string percent(double share) { return fmt::format("{:.{}f}\u202F%", share * 100, std::abs(share) < 0.01 ? 2 : 1); }

std::string sparkline(const std::vector<float>& bins) {
    if (bins.empty()) return kUnknown;
    const float top = std::max(1e-9f, *std::max_element(bins.begin(), bins.end()));
    std::string points;
    for (std::size_t i = 0; i < bins.size(); ++i)
        points += fmt::format("{:.1f},{:.1f} ", 120.0 * static_cast<double>(i) / static_cast<double>(bins.size() - 1), 22.0 - 20.0 * bins[i] / top);
    return "<svg width=\"120\" height=\"24\" role=\"img\" aria-label=\"invocations in the last 24 hours\"><polyline fill=\"none\" stroke=\"var(--cold)\" points=\"" + points + "\"/></svg>";
}

// Stacked columns, one a day; the functions that cost most apart, the rest together.
std::string costChart(const std::vector<CostLine>& lines, const std::map<std::string, std::string>& names) {
    std::map<std::string, double> by_function;
    std::map<Timestamp, std::map<std::string, double>> by_day;
    for (const auto& line : lines) by_function[line.function_id] += line.amount.toDouble();
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [id, amount] : by_function) order.emplace_back(amount, id);
    std::sort(order.rbegin(), order.rend());
    if (order.empty()) return "<p>No cost could be computed: prices or metrics are missing.</p>";
    constexpr std::size_t kShown = 7;
    constexpr const char* kColours[] = {"#1F6FB8", "#B86A00", "#1E7F52", "#C23B57", "#7A4FC0", "#7D7000", "#0F7F8C", "#5C6873"};
    std::map<std::string, std::size_t> colour;
    for (std::size_t i = 0; i < order.size(); ++i) colour[order[i].second] = std::min(i, kShown);
    double top = 0;
    for (const auto& line : lines) by_day[floorTo(line.period.begin, hours(24))][line.function_id] += line.amount.toDouble();
    for (const auto& [day, parts] : by_day) {
        double sum = 0;
        for (const auto& [id, amount] : parts) sum += amount;
        top = std::max(top, sum);
    }
    const double width = 1100, height = 200, left = 56, column = (width - left) / static_cast<double>(by_day.size());
    std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" width=\"100%\" role=\"img\" aria-label=\"cost by day\">", width, height + 24);
    for (int i = 0; i <= 2; ++i) {
        const double y = height - height * i / 2 * 0.95;
        svg += fmt::format("<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"var(--border)\"/><text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>", left, width, y,
                           left - 6, y + 4, money(top * i / 2));
    }
    std::size_t index = 0;
    const auto every = std::max<std::size_t>(1, by_day.size() / 10);
    for (const auto& [day, parts] : by_day) {
        double base = 0;
        const double x = left + column * static_cast<double>(index);
        for (const auto& [amount, id] : order) {
            const auto found = parts.find(id);
            if (found == parts.end() || top <= 0) continue;
            const double h = found->second / top * height * 0.95;
            svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.2f}\" fill=\"{}\"><title>{} {} {}</title></rect>", x + 1, height - base - h, column - 2, std::max(0.0, h - 0.5),
                               kColours[colour[id]], escaped(names.count(id) > 0 ? names.at(id) : id), toIso8601(day).substr(0, 10), money(found->second));
            base += h;
        }
        if (index % every == 0) svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x + column / 2, height + 16, toIso8601(day).substr(5, 5));
        ++index;
    }
    svg += "</svg><p>";
    for (std::size_t i = 0; i < std::min(order.size(), kShown); ++i)
        svg += fmt::format("<span style=\"color:{}\">\u25A0</span> {} &nbsp; ", kColours[i], escaped(names.count(order[i].second) > 0 ? names.at(order[i].second) : order[i].second));
    if (order.size() > kShown) svg += fmt::format("<span style=\"color:{}\">\u25A0</span> {} more", kColours[kShown], order.size() - kShown);
    return svg + "</p>";
}

std::string effectRow(const char* label, const std::optional<EffectValue>& predicted, const std::optional<EffectValue>& realised, std::string (*print)(double)) {
    if (!predicted && !realised) return {};
    return fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>", label,
                       predicted ? print(predicted->before) : realised ? print(realised->before) : kUnknown,
                       predicted ? fmt::format("{} <small>({} to {})</small>", print(predicted->after), print(predicted->lo), print(predicted->hi)) : kUnknown,
                       realised ? fmt::format("{} <small>(baseline {})</small>", print(realised->after), print(realised->before)) : "<span class=\"muted\">not measured yet</span>");
}

std::string settings(const std::vector<SettingChange>& changes) {
    std::string out;
    for (const auto& change : changes) out += (out.empty() ? "" : "<br>") + escaped(change.setting) + " " + escaped(change.before) + " \u2192 <b>" + escaped(change.after) + "</b>";
    return out;
}

} // namespace

Result<std::string> htmlReport(Workspace& workspace, TimeRange range, const JobContext& job) {
    PILOTLIGHT_ASSIGN(const auto rows, workspace.functions(range));
    PILOTLIGHT_TRY(job.check());
    PILOTLIGHT_ASSIGN(const auto lines, workspace.costs(range, CostKind::computed));
    PILOTLIGHT_ASSIGN(const auto recommendations, workspace.storedRecommendations());
    PILOTLIGHT_ASSIGN(const auto changes, workspace.changes());
    PILOTLIGHT_ASSIGN(const auto imports, workspace.imports(50));
    PILOTLIGHT_TRY(job.check());

    std::map<std::string, std::string> names;
    Money total;
    std::int64_t invocations = 0, unpriced = 0;
    double cold = 0, cold_base = 0;
    for (const auto& row : rows) {
        names[row.function.id] = row.function.name;
        if (row.cost) total += *row.cost; else ++unpriced;
        invocations += row.invocations.value_or(0);
        if (row.cold_start_share && row.invocations) {
            cold += *row.cold_start_share * static_cast<double>(*row.invocations);
            cold_base += static_cast<double>(*row.invocations);
        }
    }
    Money available;
    int recommended = 0, inconclusive = 0;
    for (const auto& r : recommendations) {
        if (r.status == RecommendationStatus::recommended && r.saving_month && r.saving_month->value > Money()) available += r.saving_month->value;
        recommended += r.status == RecommendationStatus::recommended;
        inconclusive += r.status == RecommendationStatus::inconclusive;
    }
    Money realised;
    int kept = 0;
    for (const auto& change : changes) {
        if (change.status != ChangeStatus::kept) continue;
        ++kept;
        if (change.realised_saving_month) realised += change.realised_saving_month->value;
    }

    std::string html = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Pilotlight report</title><style>";
    html += kStyle;
    PILOTLIGHT_ASSIGN(const auto connections, workspace.profiles());
    std::vector<Profile> priced;
    for (const auto& each : connections) priced.push_back(each.profile);
    html += fmt::format("</style><main><h1>Pilotlight report</h1><p>{} to {}, UTC. Costs: computed from usage before free grants, at {}.</p>", toIso8601(range.begin),
                        toIso8601(range.end), escaped(priceWords(priced)));
    html += "<div class=\"tiles\">";
    html += fmt::format("<section class=\"tile\"><small>Cost in this range</small><b>{}</b><small>{}</small></section>", money(std::optional(total)),
                        unpriced > 0 ? fmt::format("{} functions without a known cost", unpriced) : fmt::format("{} functions", rows.size()));
    html += fmt::format("<section class=\"tile\"><small>Saving available</small><b>{}</b><small>a month; {} recommendations, {} inconclusive</small></section>", money(std::optional(available)), recommended, inconclusive);
    html += fmt::format("<section class=\"tile\"><small>Saving realised</small><b>{}</b><small>a month, from {} kept changes</small></section>", money(std::optional(realised)), kept);
    html += fmt::format("<section class=\"tile\"><small>Cold starts</small><b>{}</b><small>of {} invocations</small></section></div>", cold_base > 0 ? percent(cold / cold_base) : "unknown", grouped(invocations));

    html += "<section><h2>Cost by day</h2>" + costChart(lines, names) + "</section>";

    html += "<section><h2>Functions</h2><table><tr><th>Function<th>Connection<th class=\"n\">Memory<th class=\"n\">Invocations<th class=\"n\">p50<th class=\"n\">p95<th class=\"n\">Cold<th class=\"n\">Throttled<th class=\"n\">Cost<th>Last 24 h</tr>";
    for (const auto& row : rows) {
        const auto cell = [](const auto& value, auto print) { return value ? print(*value) : std::string(kUnknown); };
        html += fmt::format(
            "<tr><td>{}<td>{}<td class=\"n\">{} MB<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\" title=\"{}\">{}<td>{}</tr>", escaped(row.function.name),
            escaped(row.function.profile), row.function.memory.value, cell(row.invocations, &grouped), cell(row.p50_ms, &duration), cell(row.p95_ms, &duration), cell(row.cold_start_share, &percent),
            cell(row.throttles, &grouped), escaped(row.cost_note), money(row.cost), sparkline(row.sparkline));
    }
    html += "</table><p>Durations exclude INIT, as the platform reports them. Unknown is not zero.</p></section>";

    html += "<section><h2>Changes, predicted against measured</h2>";
    if (changes.empty()) html += "<p>No change has been made through this workspace.</p>";
    for (const auto& change : changes) {
        const auto tone = change.status == ChangeStatus::kept ? "good" : change.status == ChangeStatus::reverted || change.status == ChangeStatus::failed ? "bad" : "muted";
        html += fmt::format("<h2>{} <span class=\"{}\">{}</span> <small>{} change {}</small></h2><p>{}<br>{}</p><table><tr><th>Measure<th class=\"n\">Before<th class=\"n\">Predicted<th class=\"n\">Measured</tr>",
                            escaped(names.count(change.function_id) > 0 ? names[change.function_id] : change.function_id), tone, name(change.status), toIso8601(change.started), change.id, settings(change.changes),
                            escaped(change.detail));
        const auto measured = change.realised.value_or(Effect{});
        html += effectRow("Cost a month", change.predicted.cost_usd_month, measured.cost_usd_month, &money);
        html += effectRow("p95", change.predicted.p95_ms, measured.p95_ms, &duration);
        html += effectRow("Cold starts", change.predicted.cold_start_share, measured.cold_start_share, &percent);
        html += fmt::format("<tr><td>Saving a month<td class=\"n\"><td class=\"n\">{}<td class=\"n\">{}</tr></table><br>", money(change.predicted_saving_month),
                            change.realised_saving_month ? money(change.realised_saving_month) : "<span class=\"muted\">not measured yet</span>");
    }
    html += "</section><section><h2>Recommendations</h2><table><tr><th>Function<th>Status<th>Change<th class=\"n\">Saving a month<th>Why</tr>";
    for (const auto& r : recommendations) {
        std::string why;
        for (const auto& reason : r.reasons) why += (why.empty() ? "" : "<br>") + escaped(reason);
        if (!r.needs.empty()) why += (why.empty() ? "" : "<br>") + std::string("Needs ") + escaped(r.needs);
        html += fmt::format("<tr><td>{}<td>{}<td class=\"nowrap\">{}<td class=\"n\">{}<td>{}</tr>", escaped(names.count(r.function_id) > 0 ? names[r.function_id] : r.function_id), name(r.status), settings(r.changes),
                            r.status == RecommendationStatus::recommended ? money(r.saving_month) : "", why);
    }
    html += "</table></section><section><h2>What could not be read</h2>";
    bool any = false;
    std::set<std::string> profiles;
    for (const auto& record : imports) {
        if (!profiles.insert(record.profile).second) continue;
        for (const auto& problem : record.problems) {
            html += "<p>" + escaped(record.profile) + ": " + escaped(problem) + "</p>";
            any = true;
        }
    }
    if (!any) html += "<p>Everything that was asked for has been read.</p>";
    std::set<std::string> sources;
    for (const auto& row : rows) sources.insert(row.cost_note);
    html += "</section><section><h2>Sources</h2>";
    for (const auto& source : sources) html += "<p>" + escaped(source) + "</p>";
    html += fmt::format("<p>Intervals are 90 %. Written by Pilotlight {} at {} (the connection's clock).</p></section></main></html>\n", PILOTLIGHT_VERSION, toIso8601(workspace.now()));
    return html;
}

} // namespace pilotlight::common

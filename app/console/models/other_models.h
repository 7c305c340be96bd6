// Tables of recommendations, changes, needs, costs and jobs.
#pragma once

#include "app/console/fleet.h"
#include "app/console/jobs/job_runner.h"
#include "app/console/models/row_model.h"

namespace pilotlight::console {

struct NamedRecommendation {
    Recommendation recommendation;
    std::string function_name, profile;
};
[[nodiscard]] std::vector<NamedRecommendation> namedRecommendations(const Fleet& fleet);

class RecommendationModel : public RowModel<NamedRecommendation> {
public:
    explicit RecommendationModel(QObject* parent = nullptr);
};

struct ChangeItem {
    Change change;
    std::string function_name;
    Timestamp now{};
};
[[nodiscard]] std::vector<ChangeItem> changeItems(const Fleet& fleet, const std::string& function_id = {});

class ChangeModel : public RowModel<ChangeItem> {
public:
    explicit ChangeModel(bool with_function, QObject* parent = nullptr);
};

// What a cost table groups by.
enum class CostGroup { function, meter, profile, day };
struct CostRow {
    std::string key;
    QString label;
    Money amount;
    double month = 0;  // per 30 days
    double share = 0;  // of all, 0..1
    bool known = true;
    QString note;
};
// Sums of the fleet's computed cost lines, largest first; functions without a price are listed as unknown.
[[nodiscard]] std::vector<CostRow> costRows(const Fleet& fleet, CostGroup group);

// What free grants take off, account by account and meter by meter; empty where nothing.
[[nodiscard]] QString grantsText(const Fleet& fleet);

// Amounts by day for the `top` largest groups, then "other": the layers of a stacked chart.
struct CostStack {
    std::vector<Timestamp> days;  // UTC midnights of the range
    struct Layer {
        QString label;
        std::vector<double> amounts;  // one a day
    };
    std::vector<Layer> layers;
    std::vector<bool> incomplete;  // days not over yet, or estimated
};
[[nodiscard]] CostStack costStack(const Fleet& fleet, CostGroup group, int top);

// Sums by day of the range before, each at the same distance into it; and since when its usage was read, where that is later than its begin.
struct CostsBefore {
    std::vector<Timestamp> days;  // of the range shown
    std::vector<double> amounts;
    Money total;
    std::optional<Timestamp> read_from;
};
// nullopt where nothing of it was read, or no comparison was asked for.
[[nodiscard]] std::optional<CostsBefore> costsBefore(const Fleet& fleet);

class CostModel : public RowModel<CostRow> {
public:
    explicit CostModel(QObject* parent = nullptr);
};

}  // namespace pilotlight::console

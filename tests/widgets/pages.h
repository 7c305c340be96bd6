// Whole compositions of widgets, shared by the gallery and the golden images.
#pragma once

class QWidget;

namespace pilotlight::test {

[[nodiscard]] QWidget* makeWhatIfPage();    // 1440 x 900, after whatif-dark
[[nodiscard]] QWidget* makeMetricsPage();   // 1440 x 900, after metrics-dark
[[nodiscard]] QWidget* makeOverviewPage();  // 1440 x 900, after overview-light
[[nodiscard]] QWidget* makePlanDialog();    // 740 x 620, after apply-dark
[[nodiscard]] QWidget* makePartsPage();     // 1200 x 900: states, banners, buttons, popups, bars

}  // namespace pilotlight::test

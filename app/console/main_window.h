// The frame: colour band, navigation, top bar, pages, status bar; shortcuts and where they lead.
#pragma once

#include <QHash>
#include <QMainWindow>

#include "app/console/pages/page.h"

class QStackedWidget;

namespace pilotlight::widgets {
class Banner;
class ColourBand;
class NavigationBar;
class StatusStrip;
class TimeRangeButton;
class TopBar;
}  // namespace pilotlight::widgets

namespace pilotlight::console {

class FunctionPage;
class RefreshPicker;
class StatusLine;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(Session& session);

    [[nodiscard]] Page* page(const QString& name) const { return pages_.value(name); }
    [[nodiscard]] Page* currentPage() const;
    [[nodiscard]] FunctionPage* functionPage() const { return function_; }
    // Names as in the navigation, and "function".
    [[nodiscard]] QStringList pageNames() const;

public slots:
    void openPage(const QString& name);
    void openFunction(const QString& id, const QString& tab);
    void openPalette();
    void openFunctionFinder();
    void showShortcuts();
    void exportTable();
    void exportReport();  // PDF of the pages, or the HTML of pilotlightctl report

private:
    void add(Page* page);
    void addShortcuts();
    void showFleet();
    void showHeading();
    void showReport(const QString& text, const QString& detail);
    void runCommand(const QString& id);
    [[nodiscard]] bool typing() const;  // a text field has the focus: plain keys are its own

    Session& session_;
    widgets::ColourBand* band_;
    widgets::NavigationBar* navigation_;
    widgets::TopBar* top_;
    widgets::TimeRangeButton* range_;
    RefreshPicker* refresh_;
    widgets::Banner* banner_;
    QStackedWidget* stack_;
    widgets::StatusStrip* strip_;
    StatusLine* status_;
    FunctionPage* function_ = nullptr;
    QHash<QString, Page*> pages_;
};

}  // namespace pilotlight::console

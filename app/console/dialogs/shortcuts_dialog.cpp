#include "app/console/dialogs/shortcuts_dialog.h"

#include <QGridLayout>

#include "widgets/theme.h"

namespace pilotlight::console {

using namespace widgets;

ShortcutsDialog::ShortcutsDialog(QWidget* parent) : QDialog(parent) {
    setWindowTitle(QStringLiteral("Keyboard shortcuts"));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(24, 20, 24, 20);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(6);
    int row = 0;
    const auto section = [&](const char* title) {
        grid->addWidget(makeLabel(QString::fromUtf8(title), Type::body, Role::text, 600), row++, 0, 1, 2);
    };
    const auto key = [&](const char* keys, const char* what) {
        auto* label = makeLabel(QString::fromUtf8(keys), Type::label, Role::text);
        label->setFont(Theme::instance().mono());
        grid->addWidget(label, row, 0);
        grid->addWidget(makeLabel(QString::fromUtf8(what), Type::body, Role::muted), row++, 1);
    };
    section("Anywhere");
    key("Ctrl+K", "Command palette");
    key("Ctrl+P", "Go to function");
    key("Ctrl+1 … Ctrl+8", "Pages in the order of the navigation");
    key("Ctrl+L", "Time range");
    key("Ctrl+Shift+R", "Read all connections now");
    key("Ctrl+E", "Export the table as CSV");
    key("Ctrl+Shift+E", "Write a report, PDF or HTML");
    key("Ctrl+B", "Collapse or widen the navigation");
    key("/", "Filter");
    key("Esc", "Cancel what is running");
    key("F11", "Full screen");
    section("What-if");
    key("← →", "Next valid value; Shift steps ten");
    key("Home End", "Ends of the range");
    key("Backspace", "Back to today; so does a double-click");
    key("Ctrl+Z  Ctrl+Shift+Z", "Undo and redo slider changes");
    section("Charts");
    key("W S", "Zoom in and out");
    key("A D", "Pan");
    key("Double-click", "Whole range");
}

}  // namespace pilotlight::console

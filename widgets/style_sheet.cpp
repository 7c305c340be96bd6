#include "widgets/style_sheet.h"

#include <QHash>

namespace pilotlight::widgets {
namespace {

constexpr const char* kRoleNames[kRoleCount] = {"canvas", "surface", "raised", "border", "text",    "muted", "faint",
                                                "accent", "cold",    "warm",   "good",   "caution", "bad",   "on_accent"};

// Words in braces are replaced by token colours.
constexpr const char* kSheet = R"(
QToolTip { background: {raised}; color: {text}; border: 1px solid {border}; padding: 5px 8px; }
QPushButton { background: {surface}; color: {text}; border: 1px solid {border}; border-radius: 6px; padding: 0 12px; min-height: 26px; }
QPushButton:hover { background: {raised}; }
QPushButton:pressed { background: {border}; }
QPushButton:focus { border: 1px solid {accent}; }
QPushButton:disabled { color: {faint}; background: {surface}; border-color: {border}; }
QPushButton:checked { background: {raised}; color: {text}; }
QPushButton[kind="primary"] { background: {accent}; color: {on_accent}; border: 1px solid {accent}; font-weight: 600; min-height: 30px; padding: 0 14px; }
QPushButton[kind="primary"]:hover { background: {accent_hover}; border-color: {accent_hover}; }
QPushButton[kind="primary"]:focus { border: 1px solid {text}; }
QPushButton[kind="danger"] { background: {bad}; color: {on_accent}; border: 1px solid {bad}; font-weight: 600; min-height: 30px; padding: 0 14px; }
QPushButton[kind="danger"]:hover { background: {bad_hover}; border-color: {bad_hover}; }
QPushButton[kind="danger"]:focus { border: 1px solid {text}; }
QPushButton[kind="primary"]:disabled, QPushButton[kind="danger"]:disabled { background: {raised}; color: {faint}; border-color: {border}; }
QPushButton[kind="flat"] { background: transparent; border: 1px solid transparent; color: {muted}; padding: 0 8px; }
QPushButton[kind="flat"]:hover { background: {raised}; color: {text}; }
QPushButton[kind="flat"]:focus { border: 1px solid {accent}; }
QPushButton[kind="link"] { background: transparent; border: none; color: {accent}; padding: 0; min-height: 20px; text-align: left; }
QPushButton[kind="link"]:hover, QPushButton[kind="link"]:focus { text-decoration: underline; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 3px; color: {text}; }
QToolButton:hover { background: {raised}; }
QToolButton:focus { border: 1px solid {accent}; }
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: {raised}; color: {text}; border: 1px solid {border}; border-radius: 6px; padding: 0 8px; selection-background-color: {accent}; selection-color: {on_accent}; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox { min-height: 26px; }
QPlainTextEdit, QTextEdit { padding: 6px 8px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border: 1px solid {accent}; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: {faint}; background: {surface}; }
QLineEdit[validity="bad"] { border: 1px solid {bad}; }
QLineEdit[validity="good"] { border: 1px solid {good}; }
QLineEdit[validity="caution"] { border: 1px solid {caution}; }
QLineEdit[compact="true"] { min-height: 20px; padding: 0 7px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url(:/icons/chevron-down-{mode}.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: {raised}; color: {text}; border: 1px solid {border}; selection-background-color: {accent}; selection-color: {on_accent}; outline: 0; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid {faint}; border-radius: 3px; background: {raised}; }
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: {accent}; }
QCheckBox::indicator:checked { background: {accent}; border-color: {accent}; image: url(:/icons/check-on-{mode}.svg); }
QCheckBox::indicator:disabled { border-color: {border}; }
QMenu { background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: {border}; }
QMenu::item:disabled { color: {faint}; }
QMenu::separator { height: 1px; background: {border}; margin: 4px 8px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: {scroll}; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: {faint}; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: transparent; width: 0; height: 0; border: none; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget#page { background: transparent; }
QAbstractItemView { outline: 0; }
QTableView, QTreeView, QListView { background: {surface}; alternate-background-color: {surface}; color: {text}; border: none; gridline-color: {border};
  selection-background-color: {selected}; selection-color: {text}; }
QTableView::item, QTreeView::item { border: none; }
QHeaderView { background: {surface}; border: none; }
QHeaderView::section { background: {surface}; color: {muted}; border: none; border-bottom: 1px solid {border}; padding: 0 8px; height: 28px; font-size: 12px; font-weight: 500; }
QHeaderView::section:first { padding-left: 2px; }
QHeaderView::section:only-one { padding-left: 2px; }
QHeaderView::section:hover { color: {text}; }
QTableCornerButton::section { background: {surface}; border: none; }
QCheckBox, QRadioButton { color: {text}; spacing: 8px; }
QCheckBox:disabled, QRadioButton:disabled { color: {faint}; }
QProgressBar { background: {border}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; text-align: center; color: transparent; }
QProgressBar::chunk { background: {accent}; border-radius: 2px; }
QSplitter::handle { background: transparent; }
QDialog, QMainWindow { background: {canvas}; }
QFrame#popup { background: {raised}; border: 1px solid {border}; border-radius: 8px; }
QFrame#rule { background: {border}; border: none; }
QFrame#popup QPushButton[kind="flat"]:hover { background: {border}; }
QFrame#popup QPushButton:checked { background: {border}; border-color: {accent}; }
QFrame#popup QListView { background: {raised}; }
QFrame#popup QLineEdit { background: {surface}; }
QPlainTextEdit[mono="true"], QLabel[mono="true"], QLineEdit[mono="true"] { font-family: "{mono_family}"; }
)";

}  // namespace

QString inkName(Role role) { return QString::fromLatin1(kRoleNames[static_cast<std::size_t>(role)]); }

QString styleSheet(const Tokens& tokens, const QString& mono_family) {
    QString sheet = QString::fromLatin1(kSheet);
    for (std::size_t i = 0; i < kRoleCount; ++i) {
        const QString name = QString::fromLatin1(kRoleNames[i]);
        const QString code = tokens.roles[i].name();
        sheet.replace(QLatin1Char('{') + name + QLatin1Char('}'), code);
        sheet += QStringLiteral("QLabel[ink=\"%1\"] { color: %2; background: transparent; }\n").arg(name, code);
    }
    const bool dark = tokens[Role::canvas].lightnessF() < 0.5;
    const QColor towards = dark ? QColor(Qt::white) : QColor(Qt::black);
    sheet.replace(QLatin1String("{accent_hover}"), mixed(tokens[Role::accent], towards, 0.12).name());
    sheet.replace(QLatin1String("{bad_hover}"), mixed(tokens[Role::bad], towards, 0.12).name());
    sheet.replace(QLatin1String("{scroll}"), mixed(tokens[Role::surface], tokens[Role::faint], 0.38).name());
    sheet.replace(QLatin1String("{selected}"), mixed(tokens[Role::surface], tokens[Role::accent], dark ? 0.22 : 0.14).name());
    sheet.replace(QLatin1String("{mono_family}"), mono_family);
    sheet.replace(QLatin1String("{mode}"), dark ? QLatin1String("dark") : QLatin1String("light"));
    return sheet;
}

}  // namespace pilotlight::widgets

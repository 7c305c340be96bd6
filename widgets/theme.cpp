#include "widgets/theme.h"

#include <QApplication>
#include <QEvent>
#include <QFontDatabase>
#include <QLabel>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>
#include <cmath>

#include "widgets/style_sheet.h"

// A resource in a static library must be named by someone, outside any namespace.
static void initialiseIcons() { Q_INIT_RESOURCE(icons); }

namespace pilotlight::widgets {
namespace {

Tokens make(std::initializer_list<const char*> roles, std::initializer_list<const char*> series) {
    Tokens tokens;
    std::size_t i = 0;
    for (const char* code : roles) tokens.roles[i++] = QColor(QLatin1String(code));
    i = 0;
    for (const char* code : series) tokens.series[i++] = QColor(QLatin1String(code));
    return tokens;
}

double linear(double channel) { return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4); }

double luminance(const QColor& c) { return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF()); }

QString firstPresent(const QStringList& wanted, const QString& otherwise) {
    const QStringList have = QFontDatabase::families();
    for (const QString& family : wanted) {
        if (have.contains(family)) return family;
    }
    return otherwise;
}

int pixels(Type type) {
    switch (type) {
        case Type::caption:
            return 11;
        case Type::label:
            return 12;
        case Type::body:
            return 13;
        case Type::title:
            return 15;
        case Type::figure:
            return 24;
    }
    return 13;
}

QPalette paletteOf(const Tokens& t) {
    QPalette p;
    p.setColor(QPalette::Window, t[Role::canvas]);
    p.setColor(QPalette::WindowText, t[Role::text]);
    p.setColor(QPalette::Base, t[Role::surface]);
    p.setColor(QPalette::AlternateBase, t[Role::raised]);
    p.setColor(QPalette::Text, t[Role::text]);
    p.setColor(QPalette::Button, t[Role::raised]);
    p.setColor(QPalette::ButtonText, t[Role::text]);
    p.setColor(QPalette::BrightText, t[Role::bad]);
    p.setColor(QPalette::ToolTipBase, t[Role::raised]);
    p.setColor(QPalette::ToolTipText, t[Role::text]);
    p.setColor(QPalette::PlaceholderText, t[Role::faint]);
    p.setColor(QPalette::Highlight, t[Role::accent]);
    p.setColor(QPalette::HighlightedText, t[Role::on_accent]);
    p.setColor(QPalette::Link, t[Role::accent]);
    p.setColor(QPalette::LinkVisited, t[Role::accent]);
    p.setColor(QPalette::Light, t[Role::raised]);
    p.setColor(QPalette::Midlight, t[Role::raised]);
    p.setColor(QPalette::Mid, t[Role::border]);
    p.setColor(QPalette::Dark, t[Role::border]);
    p.setColor(QPalette::Shadow, t[Role::border]);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, t[Role::faint]);
    return p;
}

}  // namespace

const Tokens& darkTokens() {
    static const Tokens tokens = make({"#10151B", "#171E26", "#202A35", "#2B3743", "#E7ECF1", "#9FADBB", "#8694A2", "#5AA9FF", "#6CB8FF",
                                       "#FFB45C", "#5CCF98", "#F2C14E", "#FF7B7B", "#06121F"},
                                      {"#6CB8FF", "#FFB45C", "#5CCF98", "#FF8C9E", "#C8A2FF", "#E0D15A", "#7FDDE6", "#B9C4CF"});
    return tokens;
}

const Tokens& lightTokens() {
    static const Tokens tokens = make({"#F4F6F8", "#FFFFFF", "#F0F3F6", "#D5DBE1", "#18212B", "#55626F", "#626E7B", "#0A62C2", "#1668B0",
                                       "#A85A00", "#15784A", "#8A6100", "#C02B2B", "#FFFFFF"},
                                      {"#1F6FB8", "#B86A00", "#1E7F52", "#C23B57", "#7A4FC0", "#7D7000", "#0F7F8C", "#5C6873"});
    return tokens;
}

double contrastRatio(const QColor& a, const QColor& b) {
    const double one = luminance(a), other = luminance(b);
    return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

QColor mixed(const QColor& under, const QColor& top, double opacity) {
    const auto blend = [opacity](double below, double above) { return below + (above - below) * opacity; };
    return QColor::fromRgbF(static_cast<float>(blend(under.redF(), top.redF())), static_cast<float>(blend(under.greenF(), top.greenF())),
                            static_cast<float>(blend(under.blueF(), top.blueF())));
}

Theme::Theme() { reduced_motion_ = qEnvironmentVariableIntValue("PILOTLIGHT_REDUCED_MOTION") != 0; }

Theme& Theme::instance() {
    static Theme theme;
    return theme;
}

void Theme::install(QApplication& application) {
    initialiseIcons();
    if (!application_) {
        // Before our palette covers it, the platform's own tells whether the desktop is dark.
        system_dark_ = application.palette().color(QPalette::Window).lightnessF() < 0.5;
    }
    application_ = &application;
    application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    const QString system = QFontDatabase::systemFont(QFontDatabase::GeneralFont).family();
    has_roboto_ = QFontDatabase::families().contains(QStringLiteral("Roboto"));
    family_ = firstPresent({QStringLiteral("Roboto")}, system);
    mono_family_ = firstPresent({QStringLiteral("JetBrains Mono")}, QFontDatabase::systemFont(QFontDatabase::FixedFont).family());
    apply();
}

void Theme::setMode(Mode mode) {
    const bool dark = mode == Mode::system ? system_dark_ : mode == Mode::dark;
    const bool same = mode == mode_ && dark == dark_;
    mode_ = mode;
    dark_ = dark;
    if (!same) apply();
}

void Theme::apply() {
    if (application_) {
        application_->setFont(textFont(Type::body));
        application_->setPalette(paletteOf(tokens()));
        application_->setStyleSheet(styleSheet(tokens(), mono_family_));
    }
    emit changed();
}

const QColor& Theme::series(int index) const {
    return tokens().series[static_cast<std::size_t>(((index % kSeriesCount) + kSeriesCount) % kSeriesCount)];
}

QFont Theme::font(Type type, int weight) const {
    QFont font(family_);
    font.setPixelSize(pixels(type));
    font.setWeight(static_cast<QFont::Weight>(weight));
    return font;
}

QFont Theme::mono(Type type) const {
    QFont font(mono_family_);
    font.setPixelSize(pixels(type));
    font.setStyleHint(QFont::Monospace);
    return font;
}

namespace {
void repolish(QWidget* widget) {
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
    widget->update();
}
}  // namespace

QLabel* makeLabel(const QString& text, Type type, Role ink, int weight, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setFont(textFont(type, weight));
    label->setProperty("ink", inkName(ink));
    label->setTextFormat(Qt::PlainText);
    return label;
}

void setInk(QLabel* label, Role ink) {
    const QString name = inkName(ink);
    if (label->property("ink").toString() == name) return;
    label->setProperty("ink", name);
    repolish(label);
}

void setButtonKind(QWidget* button, const char* kind) {
    button->setProperty("kind", QString::fromLatin1(kind));
    const bool big = qstrcmp(kind, "primary") == 0 || qstrcmp(kind, "danger") == 0;
    button->setMinimumHeight(big ? kPrimaryHeight : kControlHeight);
    repolish(button);
}

}  // namespace pilotlight::widgets

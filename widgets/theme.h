// The one place for colours, fonts and measures. Widgets ask for a role, never for a colour of their own.
// Values: ui.md, "Tokens"; contrast is tested (tests/widgets/test_theme.cpp).
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QPixmap>
#include <array>

class QApplication;
class QLabel;

namespace pilotlight::widgets {

enum class Role { canvas, surface, raised, border, text, muted, faint, accent, cold, warm, good, caution, bad, on_accent };
inline constexpr int kRoleCount = 14;
inline constexpr int kSeriesCount = 8;

struct Tokens {
    std::array<QColor, kRoleCount> roles;
    std::array<QColor, kSeriesCount> series;
    [[nodiscard]] const QColor& operator[](Role role) const { return roles[static_cast<std::size_t>(role)]; }
};
[[nodiscard]] const Tokens& darkTokens();
[[nodiscard]] const Tokens& lightTokens();

// WCAG 2 contrast ratio, 1..21. Alpha is ignored.
[[nodiscard]] double contrastRatio(const QColor& a, const QColor& b);
// `top` at `opacity` laid over `under`, opaque.
[[nodiscard]] QColor mixed(const QColor& under, const QColor& top, double opacity);

// Measures in logical pixels.
namespace space {
inline constexpr int xs = 4, s = 8, m = 12, l = 16, xl = 24;
inline constexpr int card_x = 14, card_y = 12, gap = 12, page = 16;
}  // namespace space
inline constexpr int kControlRadius = 6;
inline constexpr int kCardRadius = 8;
inline constexpr int kControlHeight = 28;
inline constexpr int kPrimaryHeight = 32;
inline constexpr int kRowHeight = 28;
inline constexpr int kCompactRowHeight = 24;

enum class Type { caption, label, body, title, figure };  // 11, 12, 13, 15, 24 px

class Theme : public QObject {
    Q_OBJECT
public:
    enum class Mode { dark, light, system };
    static Theme& instance();

    // Fusion, our palette, style sheet and fonts on the application; call once after QApplication is made.
    void install(QApplication& application);
    void setMode(Mode mode);
    [[nodiscard]] Mode mode() const { return mode_; }
    [[nodiscard]] bool isDark() const { return dark_; }
    [[nodiscard]] const Tokens& tokens() const { return dark_ ? darkTokens() : lightTokens(); }
    [[nodiscard]] const QColor& colour(Role role) const { return tokens()[role]; }
    // Series colours repeat after eight; beyond that use dash and marker too.
    [[nodiscard]] const QColor& series(int index) const;

    [[nodiscard]] QFont font(Type type, int weight = 400) const;
    [[nodiscard]] QFont mono(Type type = Type::label) const;
    [[nodiscard]] bool hasRoboto() const { return has_roboto_; }

    // No animation at all (also PILOTLIGHT_REDUCED_MOTION=1).
    void setReducedMotion(bool on) { reduced_motion_ = on; }
    [[nodiscard]] bool reducedMotion() const { return reduced_motion_; }

signals:
    void changed();  // after palette and style sheet are in place

private:
    Theme();
    void apply();
    Mode mode_ = Mode::dark;
    bool dark_ = true;
    bool system_dark_ = true;
    bool reduced_motion_ = false;
    bool has_roboto_ = false;
    QString family_, mono_family_;
    QApplication* application_ = nullptr;
};

[[nodiscard]] inline const QColor& colour(Role role) { return Theme::instance().colour(role); }
[[nodiscard]] inline QFont textFont(Type type, int weight = 400) { return Theme::instance().font(type, weight); }

// An icon of resources/icons in the colour of `role`; follows the theme by itself. "flame" has colours of its own.
[[nodiscard]] QIcon icon(const QString& name, Role role = Role::muted);
[[nodiscard]] QPixmap iconPixmap(const QString& name, Role role, int size, double device_pixel_ratio);

// A label whose ink and size follow the theme. Weight 400 or 600 (500 where the family has it).
[[nodiscard]] QLabel* makeLabel(const QString& text, Type type = Type::body, Role ink = Role::text, int weight = 400,
                                QWidget* parent = nullptr);
void setInk(QLabel* label, Role ink);
// "primary", "danger", "flat" or "" (normal) for QPushButton.
void setButtonKind(QWidget* button, const char* kind);

}  // namespace pilotlight::widgets

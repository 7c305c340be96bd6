// A one-line text that ends in an ellipsis where it does not fit; the tooltip then has the whole.
#pragma once

#include <QWidget>

#include "widgets/theme.h"

namespace pilotlight::widgets {

class ElidedLabel : public QWidget {
    Q_OBJECT
public:
    explicit ElidedLabel(const QString& text = {}, Type type = Type::body, Role ink = Role::text, int weight = 400,
                         QWidget* parent = nullptr);
    void setText(const QString& text);
    [[nodiscard]] const QString& text() const { return text_; }
    void setInk(Role ink);
    void setAlignment(Qt::Alignment alignment);
    void setElideMode(Qt::TextElideMode mode);
    void setFontOverride(const QFont& font);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    QString text_;
    Role ink_;
    Qt::Alignment alignment_ = Qt::AlignLeft | Qt::AlignVCenter;
    Qt::TextElideMode mode_ = Qt::ElideRight;
};

}  // namespace pilotlight::widgets

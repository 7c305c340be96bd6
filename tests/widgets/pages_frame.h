// The frame around the gallery's pages.
#pragma once

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>
#include <QWidget>

#include "widgets/navigation_bar.h"
#include "widgets/status_strip.h"
#include "widgets/theme.h"
#include "widgets/top_bar.h"

namespace pilotlight::test {

class Canvas : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), widgets::colour(widgets::Role::canvas)); }
};

struct Frame {
    QWidget* window;
    widgets::TopBar* top;
    widgets::StatusStrip* status;
    QWidget* page;
};

inline Frame makeFrame(const QString& current, widgets::ColourBand::Environment environment, bool read_only) {
    using namespace widgets;
    auto* window = new Canvas;
    auto* outer = new QVBoxLayout(window);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    auto* band = new ColourBand(window);
    band->setEnvironment(environment, read_only);
    outer->addWidget(band);
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    auto* navigation = new NavigationBar(QStringLiteral("Pilotlight"), window);
    for (const auto& [id, name] : std::initializer_list<std::pair<const char*, const char*>>{{"overview", "Overview"},
                                                                                             {"functions", "Functions"},
                                                                                             {"costs", "Costs"},
                                                                                             {"reconciliation", "Reconciliation"},
                                                                                             {"benchmarks", "Benchmarks"},
                                                                                             {"changes", "Changes"},
                                                                                             {"connections", "Connections"}}) {
        navigation->addEntry(QLatin1String(id), QLatin1String(name), QLatin1String(id));
    }
    navigation->addFootEntry(QStringLiteral("settings"), QStringLiteral("Settings"), QStringLiteral("settings"));
    navigation->setCount(QStringLiteral("functions"), 12);
    navigation->setCount(QStringLiteral("changes"), 3);
    navigation->setCurrent(current);
    row->addWidget(navigation);
    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    Frame frame{window, new TopBar(window), new StatusStrip(window), new QWidget(window)};
    right->addWidget(frame.top);
    right->addWidget(frame.page, 1);
    right->addWidget(frame.status);
    row->addLayout(right, 1);
    outer->addLayout(row, 1);
    window->resize(1440, 900);
    return frame;
}

}  // namespace pilotlight::test

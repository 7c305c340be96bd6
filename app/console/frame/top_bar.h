// Breadcrumb, what this is, the page's view switch, time range with zone, refresh.
#pragma once

#include <QPointer>
#include <QWidget>

#include "app/console/pages/page.h"

class QHBoxLayout;
class QPushButton;
class QLineEdit;
class QLabel;

namespace pilotlight::console {

// Shows the range as its words; opens a list of usual ranges and two fields for the grammar.
class RangePicker : public QWidget {
    Q_OBJECT
public:
    RangePicker(Session& session, QWidget* parent);
    void openPopup();

private:
    void show();
    Session& session_;
    QPushButton* button_;
};

// off / 10 s / 1 min / 5 min, and "now".
class RefreshPicker : public QWidget {
    Q_OBJECT
public:
    RefreshPicker(Session& session, QWidget* parent);

private:
    void show();
    Session& session_;
    QPushButton* button_;
};

class TopBar : public QWidget {
    Q_OBJECT
public:
    TopBar(Session& session, QWidget* parent = nullptr);
    void setPage(Page* page);
    void showHeading();
    [[nodiscard]] RangePicker* range() const { return range_; }

signals:
    void crumbClicked(int index);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QPointer<Page> page_;
    QHBoxLayout* crumbs_;
    QHBoxLayout* tools_;
    RangePicker* range_;
    RefreshPicker* refresh_;
};

} // namespace pilotlight::console

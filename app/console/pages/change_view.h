// One change: what, why it stands as it does, predicted against measured, and its journal.
#pragma once

#include <QWidget>

#include "app/console/session.h"

class QPushButton;
class QVBoxLayout;

namespace pilotlight::widgets {
class Card;
}

namespace pilotlight::console {

class ChangeView : public QWidget {
    Q_OBJECT
public:
    explicit ChangeView(Session& session, QWidget* parent = nullptr);
    void setChange(const std::optional<Change>& change);

private:
    void show();
    void revert();
    Session& session_;
    Latest journal_job_;
    std::optional<Change> change_;
    std::vector<JournalEntry> journal_;
    widgets::Card* card_;
    QVBoxLayout* content_;
    QPushButton* revert_;
};

}  // namespace pilotlight::console

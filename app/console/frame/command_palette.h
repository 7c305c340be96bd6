// Ctrl+K: everything by name. Ctrl+P: functions only.
#pragma once

#include <QFrame>
#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace pilotlight::console {

struct Command {
    QString text;                          // "Go to Costs"
    QString hint;                          // "Ctrl+3", "AWS · us-east-1"
    std::function<void()> run;
};

// How well `query` fits `text`: characters in order; the start of words and runs count more. Below 0 = not at all.
[[nodiscard]] int fuzzyScore(const QString& query, const QString& text);

class CommandPalette : public QFrame {
    Q_OBJECT
public:
    CommandPalette(std::vector<Command> commands, const QString& placeholder, QWidget* parent);
    void openOver(QWidget* window);

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    void filter();
    void run();
    std::vector<Command> commands_;
    QLineEdit* query_;
    QListWidget* list_;
};

} // namespace pilotlight::console

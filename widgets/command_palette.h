// Ctrl+K: type a few letters, Enter runs the command.
#pragma once

#include <QFrame>
#include <vector>

class QLineEdit;
class QListWidget;

namespace pilotlight::widgets {

struct Command {
    QString id, title;
    QString group;     // "Go to", "Function", "View": muted at the right
    QString shortcut;  // shown only
    QString keywords;  // also searched
};

// > 0 where all letters of `query` occur in order in `text` (case ignored); higher = better: word starts and runs count more.
[[nodiscard]] int matchScore(const QString& query, const QString& text);

class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QWidget* parent = nullptr);
    void setCommands(std::vector<Command> commands);
    // Centred at the top of `over`.
    void openOver(QWidget* over);
    [[nodiscard]] QLineEdit* edit() const { return edit_; }
    [[nodiscard]] QStringList shownIds() const;  // best first

signals:
    void triggered(const QString& id);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void search();
    void run();
    std::vector<Command> commands_;
    QStringList shown_;
    QLineEdit* edit_;
    QListWidget* list_;
};

}  // namespace pilotlight::widgets

// A card per profile: health, what could not be read and the policy that would allow it, call meter, mode.
#pragma once

#include "app/console/pages/page.h"

class QVBoxLayout;

namespace pilotlight::widgets {
class Card;
}

namespace pilotlight::console {

// {scope, operation, code, what, meaning, action, permission, policy} as imports keep it; fields that are missing stay empty.
struct ImportProblem {
    QString scope, operation, code, what, meaning, action, permission, policy;
};
[[nodiscard]] ImportProblem parseImportProblem(const std::string& json);

class ConnectionsPage : public Page {
    Q_OBJECT
public:
    explicit ConnectionsPage(Session& session);
    [[nodiscard]] Heading heading() const override;
    [[nodiscard]] QList<QWidget*> tools() override { return tools_; }
    [[nodiscard]] bool usesRange() const override { return false; }

private:
    void show();
    [[nodiscard]] QWidget* profileCard(const ProfileHealth& health);
    void add();
    void test(const QString& name);
    void setWrite(const Profile& profile, bool write);
    void remove(const QString& name);
    QList<QWidget*> tools_;
    QVBoxLayout* cards_;
    widgets::Card* empty_;
    QHash<QString, QString> test_says_;  // by profile, of this run
    QHash<QString, bool> test_bad_;
};

}  // namespace pilotlight::console

#include "app/console/pages/settings_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>

#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/card.h"

namespace pilotlight::console {

using namespace widgets;

namespace {
QFormLayout* formIn(Card* card) {
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(space::xl);
    form->setVerticalSpacing(10);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->setFieldGrowthPolicy(QFormLayout::FieldsStayAtSizeHint);
    card->body()->addLayout(form);
    return form;
}
}  // namespace

SettingsPage::SettingsPage(Session& session) : Page(session, QStringLiteral("settings")) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::page, space::page, space::page, space::page);
    column->setSpacing(space::gap);

    auto* look = new Card(QStringLiteral("Look"));
    auto* form = formIn(look);
    theme_ = new QComboBox;
    theme_->addItem(QStringLiteral("Dark"), int(Theme::Mode::dark));
    theme_->addItem(QStringLiteral("Light"), int(Theme::Mode::light));
    theme_->addItem(QStringLiteral("As the system"), int(Theme::Mode::system));
    theme_->setMinimumWidth(180);
    const auto showTheme = [this] { theme_->setCurrentIndex(theme_->findData(int(Theme::instance().mode()))); };
    showTheme();
    connect(&Theme::instance(), &Theme::changed, this, showTheme);
    connect(theme_, &QComboBox::activated, this, [this] {
        Theme::instance().setMode(static_cast<Theme::Mode>(theme_->currentData().toInt()));
        static const char* const names[] = {"dark", "light", "system"};
        remember("console.theme", QString::fromLatin1(names[theme_->currentData().toInt()]));
    });
    auto* motion = new QCheckBox(QStringLiteral("No animation at all"));
    motion->setChecked(Theme::instance().reducedMotion());
    connect(motion, &QCheckBox::toggled, this, [this](bool on) {
        Theme::instance().setReducedMotion(on);
        remember("console.reduced_motion", on ? QStringLiteral("1") : QStringLiteral("0"));
    });
    form->addRow(makeLabel(QStringLiteral("Theme"), Type::body, Role::muted), theme_);
    form->addRow(makeLabel(QStringLiteral("Motion"), Type::body, Role::muted), motion);
    column->addWidget(look);

    auto* reading = new Card(QStringLiteral("Reading"));
    form = formIn(reading);
    refresh_ = new QComboBox;
    for (const auto& [title, every] :
         {std::pair{"Off", 0}, std::pair{"Every 10 s", 10}, std::pair{"Every minute", 60}, std::pair{"Every 5 minutes", 300}})
        refresh_->addItem(QString::fromLatin1(title), every);
    refresh_->setMinimumWidth(180);
    const auto showRefresh = [this] { refresh_->setCurrentIndex(refresh_->findData(session_.refreshSeconds())); };
    showRefresh();
    connect(&session_, &Session::refreshChanged, this, showRefresh);
    connect(refresh_, &QComboBox::activated, this, [this] {
        session_.setRefreshSeconds(refresh_->currentData().toInt());
        remember("console.refresh_seconds", QString::number(session_.refreshSeconds()));
    });
    form->addRow(makeLabel(QStringLiteral("Automatic refresh"), Type::body, Role::muted), refresh_);
    form->addRow(makeLabel(QStringLiteral("Intervals"), Type::body, Role::muted),
                 makeLabel(QStringLiteral("90 % everywhere, at the traffic of the last 14 days")));
    form->addRow(makeLabel(QStringLiteral("Times"), Type::body, Role::muted), makeLabel(QStringLiteral("UTC, as bills have them")));
    column->addWidget(reading);

    auto* data = new Card(QStringLiteral("Data"));
    form = formIn(data);
    auto* where = makeLabel(session.options().workspace.empty() ? qs(Workspace::defaultDirectory()) : qs(session.options().workspace));
    where->setFont(Theme::instance().mono());
    where->setTextInteractionFlags(Qt::TextSelectableByMouse);
    form->addRow(makeLabel(QStringLiteral("Workspace"), Type::body, Role::muted), where);
    form->addRow(makeLabel(QStringLiteral("Kept"), Type::body, Role::muted),
                 makeLabel(session.options().temporary ? QStringLiteral("until this window closes: it is sandbox data")
                                                       : QStringLiteral("on this computer only; credentials are never stored")));
    form->addRow(makeLabel(QStringLiteral("Version"), Type::body, Role::muted),
                 makeLabel(QStringLiteral("Pilotlight %1, GPL-3.0-or-later").arg(QStringLiteral(PILOTLIGHT_VERSION))));
    column->addWidget(data);
    column->addStretch(1);
}

Heading SettingsPage::heading() const { return {{QStringLiteral("Settings")}, {}}; }

void SettingsPage::remember(const char* key, const QString& value) {
    session_.jobs().run<void>(
        {QStringLiteral("Remember a setting"), Lane::write, false, true, true},
        [key = std::string(key), text = value.toStdString()](Workspace& workspace, const JobContext&) {
            return workspace.putNote(key, text);
        },
        this,
        [this](Status status) {
            if (!status)
                emit session_.reported(QStringLiteral("The setting holds until the window closes: ") + qs(status.error().what),
                                       qs(status.error().text()));
        });
}

}  // namespace pilotlight::console

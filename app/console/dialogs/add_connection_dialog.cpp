#include "app/console/dialogs/add_connection_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QLineEdit>
#include <QRegularExpression>
#include <QUrl>
#include <algorithm>

#include "app/console/models/words.h"
#include "core/workspace.h"
#include "widgets/format.h"
#include "widgets/state_view.h"

namespace pilotlight::console {

using namespace widgets;

AddConnectionDialog::AddConnectionDialog(Session& session, QWidget* parent) : QDialog(parent), session_(session), price_job_(session.jobs()) {
    setWindowTitle(QStringLiteral("Add a connection"));
    setMinimumWidth(560);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 20, 24, 20);
    column->setSpacing(space::m);
    column->addWidget(makeLabel(windowTitle(), Type::title, Role::text, 600));
    banner_ = new Banner;
    banner_->hide();
    column->addWidget(banner_);
    form_area_ = new QWidget;
    auto* form = new QFormLayout(form_area_);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(space::l);
    form->setVerticalSpacing(space::s);
    form->setLabelAlignment(Qt::AlignLeft);
    name_ = new QLineEdit;
    name_->setPlaceholderText(QStringLiteral("prod-eu"));
    platform_ = new QComboBox;
    platform_->addItem(QStringLiteral("AWS Lambda"), int(PlatformKind::aws));
    platform_->addItem(QStringLiteral("Google Cloud Run and Cloud Functions"), int(PlatformKind::gcp));
    platform_->addItem(QStringLiteral("Azure Functions"), int(PlatformKind::azure));
    regions_ = new QLineEdit(QStringLiteral("us-east-1"));
    regions_->setPlaceholderText(QStringLiteral("us-east-1, eu-west-1, or all"));
    aws_profile_ = new QLineEdit;
    aws_profile_->setPlaceholderText(QStringLiteral("environment and default"));
    projects_ = new QLineEdit;
    projects_->setPlaceholderText(QStringLiteral("my-project, another-project"));
    subscription_ = new QLineEdit;
    subscription_->setPlaceholderText(QStringLiteral("00000000-0000-0000-0000-000000000000"));
    endpoint_ = new QLineEdit;
    endpoint_->setPlaceholderText(QStringLiteral("the real service"));
    environment_ = new QComboBox;
    for (const auto environment : {Environment::production, Environment::staging, Environment::dev})
        environment_->addItem(environmentLabel(environment), int(environment));
    write_ = new QCheckBox(QStringLiteral("Allow changing settings (each change is still reviewed)"));
    form->addRow(QStringLiteral("Name"), name_);
    form->addRow(QStringLiteral("Platform"), platform_);
    form->addRow(QStringLiteral("Regions"), regions_);
    form->addRow(QStringLiteral("AWS profile"), aws_profile_);
    form->addRow(QStringLiteral("Projects"), projects_);
    form->addRow(QStringLiteral("Subscription"), subscription_);
    form->addRow(QStringLiteral("Endpoint URL"), endpoint_);
    form->addRow(QStringLiteral("Environment"), environment_);
    form->addRow(QString(), write_);
    column->addWidget(form_area_);
    auto* secret =
        makeLabel(QStringLiteral("Pilotlight stores no secret. Credentials stay where the platform's own tools keep them and are read each time."),
                  Type::label, Role::muted);
    secret->setWordWrap(true);
    column->addWidget(secret);
    says_ = makeLabel({}, Type::label, Role::bad);
    says_->setWordWrap(true);
    column->addWidget(says_);
    auto* foot = new QHBoxLayout;
    foot->addStretch(1);
    cancel_ = new QPushButton(QStringLiteral("Cancel"));
    add_ = new QPushButton(QStringLiteral("Add"));
    setButtonKind(add_, "primary");
    cancel_->setFixedHeight(kPrimaryHeight);
    cancel_->setAutoDefault(false);
    foot->addWidget(cancel_);
    foot->addWidget(add_);
    column->addLayout(foot);
    connect(cancel_, &QPushButton::clicked, this, &QDialog::reject);
    connect(add_, &QPushButton::clicked, this, [this] {
        if (added_.isEmpty()) return save();
        session_.syncNow(added_);
        accept();
    });
    connect(environment_, &QComboBox::activated, this, [this] { environment_touched_ = true; });
    for (auto* field : {name_, regions_, aws_profile_, projects_, subscription_, endpoint_})
        connect(field, &QLineEdit::textChanged, this, &AddConnectionDialog::update);
    connect(platform_, &QComboBox::currentIndexChanged, this, [this] {
        showFields();
        update();
    });
    form_ = form;
    showFields();
    update();
}

// Only what the platform has: an AWS profile, projects, or a subscription.
void AddConnectionDialog::showFields() {
    const auto platform = static_cast<PlatformKind>(platform_->currentData().toInt());
    const bool aws = platform == PlatformKind::aws;
    form_->setRowVisible(aws_profile_, aws);
    form_->setRowVisible(projects_, platform == PlatformKind::gcp);
    form_->setRowVisible(subscription_, platform == PlatformKind::azure);
    const QString other = aws ? QStringLiteral("all") : QStringLiteral("us-east-1");
    if (regions_->text() == other || regions_->text().isEmpty()) regions_->setText(aws ? QStringLiteral("us-east-1") : QStringLiteral("all"));
    regions_->setPlaceholderText(aws                             ? QStringLiteral("us-east-1, eu-west-1, or all")
                                 : platform == PlatformKind::gcp ? QStringLiteral("us-central1, europe-west1, or all")
                                                                 : QStringLiteral("westeurope, eastus, or all"));
}

Result<Profile> AddConnectionDialog::profile() const {
    Profile profile;
    profile.name = name_->text().trimmed().toStdString();
    static const QRegularExpression fine(QStringLiteral("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"));
    if (!fine.match(name_->text().trimmed()).hasMatch()) {
        return fail(ErrorCode::invalid_argument, "The name needs letters, digits, dots or dashes");
    }
    if (session_.fleet()->profile(profile.name) != nullptr)
        return fail(ErrorCode::invalid_argument, "There is already a connection " + profile.name);
    profile.platform = static_cast<PlatformKind>(platform_->currentData().toInt());
    for (const auto& region : regions_->text().split(QRegularExpression(QStringLiteral("[,\\s]+")), Qt::SkipEmptyParts))
        profile.regions.push_back(region.toStdString());
    if (profile.regions.empty()) return fail(ErrorCode::invalid_argument, "Name at least one region, or all");
    if (profile.platform == PlatformKind::aws) profile.aws_profile = aws_profile_->text().trimmed().toStdString();
    if (profile.platform == PlatformKind::gcp) {
        for (const auto& project : projects_->text().split(QRegularExpression(QStringLiteral("[,\\s]+")), Qt::SkipEmptyParts))
            profile.projects.push_back(project.toStdString());
        if (profile.projects.empty()) return fail(ErrorCode::invalid_argument, "Name at least one project");
    }
    if (profile.platform == PlatformKind::azure) {
        profile.subscription = subscription_->text().trimmed().toStdString();
        if (profile.subscription.empty()) return fail(ErrorCode::invalid_argument, "Name the subscription");
    }
    profile.endpoint_url = endpoint_->text().trimmed().toStdString();
    if (!profile.endpoint_url.empty()) {
        const QUrl url(endpoint_->text().trimmed(), QUrl::StrictMode);
        if (!url.isValid() || url.host().isEmpty() || !url.scheme().startsWith(QLatin1String("http"))) {
            return fail(ErrorCode::invalid_argument, "The endpoint is not a URL like http://127.0.0.1:4566");
        }
    }
    profile.environment = static_cast<Environment>(environment_->currentData().toInt());
    profile.write = write_->isChecked();
    return profile;
}

void AddConnectionDialog::update() {
    if (!added_.isEmpty()) return;
    if (!environment_touched_) environment_->setCurrentIndex(endpoint_->text().trimmed().isEmpty() ? 0 : 2);
    const auto made = profile();
    add_->setEnabled(made.has_value());
    says_->setText(made || name_->text().isEmpty() ? QString() : qs(made.error().what));
}

void AddConnectionDialog::save() {
    auto made = profile();
    if (!made) return;
    add_->setEnabled(false);
    session_.makeWay();
    session_.jobs().run<void>(
        {QStringLiteral("Add %1").arg(name_->text()), Lane::write, true, true, true},
        [profile = *made](Workspace& workspace, const JobContext&) { return workspace.addProfile(profile); }, this,
        [this, name = qs(made->name)](Status status) {
            if (!status) {
                add_->setEnabled(true);
                banner_->show(Role::bad, qs(status.error().text()));
                return;
            }
            session_.reload();
            price(name);
        });
}

void AddConnectionDialog::price(const QString& name) {
    added_ = name;
    form_area_->setEnabled(false);
    cancel_->setText(QStringLiteral("Not now"));
    add_->setText(QStringLiteral("Read"));
    add_->setEnabled(false);
    banner_->show(Role::muted, QStringLiteral("%1 is added. Listing its functions, to say what reading them would cost…").arg(name));
    price_job_.run<platform::ReadEstimate>(
        {QStringLiteral("Price the first read of %1").arg(name), Lane::compute, true},
        [name = name.toStdString()](Workspace& workspace, const JobContext& job) {
            return workspace.estimateSync(name, Session::whatIsRead(workspace.clockOf(name)->now()), job);
        },
        this,
        [this](Result<platform::ReadEstimate> estimate) {
            add_->setEnabled(true);
            add_->setDefault(true);
            if (!estimate) {
                banner_->show(Role::bad, qs(estimate.error().text()));
                add_->setText(QStringLiteral("Read anyway"));
                return;
            }
            banner_->show(Role::muted, QStringLiteral("Reading 14 days, with up to %1 log lines a function: %2.")
                                           .arg(format::integer(double(sync::SyncOptions().log_lines_per_function)), qs(estimate->text)));
        });
}

}  // namespace pilotlight::console

#include "app/console/dialogs/new_benchmark_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QLineEdit>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>

#include "app/common/campaigns.h"
#include "app/console/models/words.h"
#include "core/bench/size_table.h"
#include "widgets/format.h"

namespace pilotlight::console {

using namespace widgets;

namespace {

// "512, 1024" to numbers; empty = none.
Result<std::vector<int>> numbers(const QString& text, const char* what, int most) {
    std::vector<int> out;
    static const QRegularExpression separators(QStringLiteral("[,\\s]+"));
    for (const auto& part : text.split(separators, Qt::SkipEmptyParts)) {
        bool fine = false;
        const int value = part.toInt(&fine);
        if (!fine || value < 1 || value > most) return fail(ErrorCode::invalid_argument, "\"" + part.toStdString() + "\" is not a " + what);
        out.push_back(value);
    }
    return out;
}

}  // namespace

NewBenchmarkDialog::NewBenchmarkDialog(QWidget* parent) : QDialog(parent) {
    setWindowTitle(QStringLiteral("New benchmark"));
    setMinimumWidth(600);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 20, 24, 20);
    column->setSpacing(space::m);
    column->addWidget(makeLabel(windowTitle(), Type::title, Role::text, 600));
    form_ = new QFormLayout;
    form_->setHorizontalSpacing(space::l);
    form_->setVerticalSpacing(space::s);
    form_->setLabelAlignment(Qt::AlignLeft);
    kind_ = new QComboBox;
    kind_->addItem(QStringLiteral("ONNX model"), int(bench::Target::Kind::onnx));
    kind_->addItem(QStringLiteral("Lambda runtime (bootstrap, or a runtime client)"), int(bench::Target::Kind::lambda));
    kind_->addItem(QStringLiteral("HTTP handler (a server on $PORT)"), int(bench::Target::Kind::http));
    kind_->addItem(QStringLiteral("Command (a program for each request)"), int(bench::Target::Kind::command));
    model_ = new QLineEdit;
    model_->setPlaceholderText(QStringLiteral("model.onnx"));
    command_ = new QLineEdit;
    command_->setPlaceholderText(QStringLiteral("./bootstrap, or node server.js"));
    path_ = new QLineEdit(QStringLiteral("/"));
    input_ = new QLineEdit;
    platform_ = new QComboBox;
    for (const auto platform : {PlatformKind::aws, PlatformKind::gcp, PlatformKind::azure}) platform_->addItem(platformService(platform), int(platform));
    sizes_ = new QLineEdit;
    sizes_->setPlaceholderText(QStringLiteral("chosen as measurements come in"));
    threads_ = new QLineEdit(QStringLiteral("1"));
    batch_ = new QLineEdit(QStringLiteral("1"));
    batch_->setPlaceholderText(QStringLiteral("1, 8"));
    concurrency_ = new QLineEdit(QStringLiteral("1"));
    concurrency_->setPlaceholderText(QStringLiteral("1, 4"));
    agent_ = new QLineEdit;
    agent_->setPlaceholderText(QStringLiteral("this machine; or ssh host pilotlight-agent"));
    agent_->setToolTip(QStringLiteral("The command that starts the agent. Files and programs are then those of the machine it runs on."));
    spin_ = new QCheckBox(QStringLiteral("Threads spin while they wait (ONNX Runtime's default)"));
    length_ = new QComboBox;
    length_->addItem(QStringLiteral("Quick: 5 fresh starts, 64 requests a size, at most 3 min"), true);
    length_->addItem(QStringLiteral("Full: 10 fresh starts, 200 requests a size, at most 10 min"), false);
    const auto withBrowse = [this](QLineEdit* field, const QString& title, const QString& filter) {
        auto* box = new QWidget;
        auto* row = new QHBoxLayout(box);
        row->setContentsMargins(0, 0, 0, 0);
        auto* button = new QPushButton(QStringLiteral("Browse…"));
        button->setAutoDefault(false);
        row->addWidget(field, 1);
        row->addWidget(button);
        connect(button, &QPushButton::clicked, this, [this, field, title, filter] { browse(field, title, filter); });
        return box;
    };
    form_->addRow(QStringLiteral("What"), kind_);
    form_->addRow(QStringLiteral("Model"), withBrowse(model_, QStringLiteral("Choose a model"), QStringLiteral("ONNX models (*.onnx);;All files (*)")));
    form_->addRow(QStringLiteral("Command"), command_);
    form_->addRow(QStringLiteral("Path"), path_);
    form_->addRow(QStringLiteral("Input"), withBrowse(input_, QStringLiteral("Choose an input"), QStringLiteral("All files (*)")));
    form_->addRow(QStringLiteral("Sizes of"), platform_);
    form_->addRow(QStringLiteral("Sizes, MB"), sizes_);
    form_->addRow(QStringLiteral("Threads"), threads_);
    form_->addRow(QString(), spin_);
    form_->addRow(QStringLiteral("Batch"), batch_);
    form_->addRow(QStringLiteral("Requests at once"), concurrency_);
    form_->addRow(QStringLiteral("Run on"), agent_);
    form_->addRow(QStringLiteral("Length"), length_);
    column->addLayout(form_);
    says_ = makeLabel({}, Type::label, Role::muted);
    says_->setWordWrap(true);
    column->addWidget(says_);
    auto* foot = new QHBoxLayout;
    foot->addStretch(1);
    auto* cancel = new QPushButton(QStringLiteral("Cancel"));
    cancel->setFixedHeight(kPrimaryHeight);
    cancel->setAutoDefault(false);
    start_ = new QPushButton(QStringLiteral("Start"));
    setButtonKind(start_, "primary");
    foot->addWidget(cancel);
    foot->addWidget(start_);
    column->addLayout(foot);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(start_, &QPushButton::clicked, this, &QDialog::accept);
    for (auto* field : {model_, command_, path_, input_, sizes_, threads_, batch_, concurrency_, agent_}) connect(field, &QLineEdit::textChanged, this, &NewBenchmarkDialog::update);
    for (auto* box : {kind_, platform_, length_}) {
        connect(box, &QComboBox::currentIndexChanged, this, [this] {
            showFields();
            update();
        });
    }
    showFields();
    update();
}

void NewBenchmarkDialog::setModel(const QString& path) { model_->setText(path); }

bench::Target::Kind NewBenchmarkDialog::kind() const { return static_cast<bench::Target::Kind>(kind_->currentData().toInt()); }

void NewBenchmarkDialog::browse(QLineEdit* field, const QString& title, const QString& filter) {
    const QString path = QFileDialog::getOpenFileName(this, title, QFileInfo(field->text()).absolutePath(), filter);
    if (!path.isEmpty()) field->setText(path);
}

void NewBenchmarkDialog::showFields() {
    const bool onnx = kind() == bench::Target::Kind::onnx;
    form_->setRowVisible(1, onnx);
    form_->setRowVisible(command_, !onnx);
    form_->setRowVisible(path_, kind() == bench::Target::Kind::http);
    form_->setRowVisible(threads_, onnx);
    form_->setRowVisible(spin_, onnx);
    form_->setRowVisible(batch_, onnx);
    form_->setRowVisible(concurrency_, onnx || kind() == bench::Target::Kind::http);
    input_->setPlaceholderText(onnx                                        ? QStringLiteral("made from the model's shapes; or a .npy or .pb file")
                               : kind() == bench::Target::Kind::http ? QStringLiteral("GET; or a file, sent as the body of a POST")
                                                                           : QStringLiteral("{}; or a file"));
}

Result<bench::CampaignPlan> NewBenchmarkDialog::plan() const {
    bench::CampaignPlan plan;
    plan.platform = static_cast<PlatformKind>(platform_->currentData().toInt());
    auto& target = plan.trial.target;
    target.kind = kind();
    for (const auto& word : QProcess::splitCommand(agent_->text())) plan.agent.push_back(word.toStdString());
    const bool here = plan.agent.empty();
    if (target.kind == bench::Target::Kind::onnx) {
        const QString model = model_->text().trimmed();
        if (model.isEmpty() || (here && QFileInfo(model).isDir())) return fail(ErrorCode::invalid_argument, "Choose a model");
        PILOTLIGHT_ASSIGN(target.model, common::targetFile(model.toStdString(), plan.agent, "model"));
        PILOTLIGHT_ASSIGN(plan.threads, numbers(threads_->text(), "number of threads", 1024));
        PILOTLIGHT_ASSIGN(plan.batches, numbers(batch_->text(), "batch", 100'000));
        plan.trial.spin = spin_->isChecked();
    } else {
        QStringList words = QProcess::splitCommand(command_->text());
        if (words.isEmpty()) return fail(ErrorCode::invalid_argument, "Write the command that starts the handler");
        const QString program = !here                                ? words.front()
                                : words.front().contains(QLatin1Char('/')) ? (QFileInfo(words.front()).isExecutable() ? QFileInfo(words.front()).absoluteFilePath() : QString())
                                                                         : QStandardPaths::findExecutable(words.front());
        if (program.isEmpty()) return fail(ErrorCode::invalid_argument, words.front().toStdString() + " is not a program here");
        words.front() = program;
        for (const auto& word : words) target.command.push_back(word.toStdString());
        if (target.kind == bench::Target::Kind::http) target.path = target.ready_path = path_->text().trimmed().toStdString();
    }
    PILOTLIGHT_ASSIGN(target.input, common::targetFile(input_->text().trimmed().toStdString(), plan.agent, "input"));
    if (target.kind == bench::Target::Kind::onnx || target.kind == bench::Target::Kind::http) {
        PILOTLIGHT_ASSIGN(plan.concurrencies, numbers(concurrency_->text(), "number of requests", 256));
    }
    PILOTLIGHT_ASSIGN(const auto sizes, numbers(sizes_->text(), "memory size", 1'000'000));
    plan.sizes.assign(sizes.begin(), sizes.end());
    return common::completed(std::move(plan), length_->currentData().toBool());
}

void NewBenchmarkDialog::update() {
    const auto wanted = plan();
    start_->setEnabled(wanted.has_value());
    if (!wanted) {
        says_->setText(qs(wanted.error().text()));
        return;
    }
    QStringList sizes;
    for (const auto size : wanted->sizes) sizes << format::integer(size);
    QString text = QStringLiteral("Runs %5, in a fresh process each time, limited to the CPU and memory of %1 MB: %2 fresh starts and %3 requests a size, at most %4 min. Sizes that need more CPUs than the machine has are predicted.")
                       .arg(sizes.join(QStringLiteral(", ")))
                       .arg(wanted->colds)
                       .arg(wanted->warm)
                       .arg(wanted->budget_s / 60, 0, 'f', 0)
                       .arg(wanted->agent.empty() ? QStringLiteral("here") : QStringLiteral("where \"%1\" starts the agent").arg(agent_->text().trimmed()));
    const auto settings = wanted->threads.size() * std::max<std::size_t>(1, wanted->batches.size()) * std::max<std::size_t>(1, wanted->concurrencies.size());
    if (settings > 1) text += QStringLiteral(" Each size %1 times: threads, batch and requests at once in every combination.").arg(settings);
    if (const auto rule = bench::emulate(wanted->platform, wanted->sizes.front(), wanted->vcpu); rule && !rule->assumed.empty())
        text += QStringLiteral(" Assumed: ") + qs(rule->assumed.front()) + QLatin1Char('.');
    says_->setText(text);
}

}  // namespace pilotlight::console

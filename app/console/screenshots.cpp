// Pictures of every page, and the PDF report: both draw the pages themselves, so that they show what the program shows.
#include <QDir>
#include <QPageLayout>
#include <QPainter>
#include <QPdfWriter>
#include <QTimer>
#include <algorithm>
#include <cstdio>

#include "app/console/dialogs/plan_review_dialog.h"
#include "app/console/main_window.h"
#include "app/console/models/words.h"
#include "app/console/pages/function_page.h"
#include "app/console/pages/what_if_tab.h"
#include "app/console/startup.h"
#include "widgets/format.h"
#include "widgets/setting_slider.h"

namespace pilotlight::console {

using namespace widgets;

namespace {

// The function that has most to show: the largest recommended saving, else the most expensive.
QString showcase(const Fleet& fleet) {
    const FunctionRow* best = nullptr;
    double most = -1;
    for (const auto& row : fleet.functions) {
        const auto* recommendation = fleet.recommendation(row.function.id);
        double worth = row.cost ? 1e-9 * row.cost->toDouble() : 0;
        if (recommendation && recommendation->status == RecommendationStatus::recommended && recommendation->saving_month)
            worth += 1 + recommendation->saving_month->value.toDouble();
        if (worth > most) {
            most = worth;
            best = &row;
        }
    }
    return best ? qs(best->function.id) : QString();
}

class Photographer : public QObject {
public:
    Photographer(Session& session, MainWindow& window, const StartOptions& options, std::function<void(int)> done)
        : QObject(&window), session_(session), window_(window), options_(options), done_(std::move(done)) {
        if (!QDir().mkpath(options.screenshot_dir)) {
            std::fprintf(stderr, "pilotlight: %s cannot be made\n", qPrintable(options.screenshot_dir));
            QTimer::singleShot(0, this, [this] { done_(-1); });
            return;
        }
        id_ = options.function.isEmpty() ? showcase(*session.fleet()) : options.function;
        for (const auto& row : session.fleet()->functions) {
            if (qs(row.function.name) == id_) id_ = qs(row.function.id);
        }
        const auto go = [this](const char* page) { return [this, page] { window_.openPage(QString::fromLatin1(page)); }; };
        const auto tab = [this](const char* name) { return [this, name] { window_.openFunction(id_, QString::fromLatin1(name)); }; };
        for (const char* page : {"overview", "functions", "costs", "reconciliation", "benchmarks", "changes", "connections", "settings"})
            steps_.push_back({QString::fromLatin1(page), go(page)});
        if (!id_.isEmpty()) {
            steps_.push_back({QStringLiteral("function-metrics"), tab("metrics")});
            steps_.push_back({QStringLiteral("function-whatif"), [this, tab] {
                                  tab("whatif")();
                                  whenReady([this] { moveSliders(); });
                              }});
            steps_.push_back({QStringLiteral("function-elsewhere"), [this, tab] {
                                  tab("whatif")();
                                  whenReady([this] { whatIf()->showElsewhere(true); });
                              }});
            steps_.push_back({QStringLiteral("function-recommendations"), tab("recommendations")});
            steps_.push_back({QStringLiteral("function-history"), tab("history")});
            steps_.push_back({QStringLiteral("plan-review"), [this, tab] {
                                  tab("whatif")();
                                  whenReady([this] { openReview(); });
                              }});
        }
        QTimer::singleShot(0, this, [this] { next(); });
    }

private:
    struct Step {
        QString name;
        std::function<void()> go;
    };
    [[nodiscard]] WhatIfTab* whatIf() const { return static_cast<WhatIfTab*>(window_.functionPage()->tab(QStringLiteral("whatif"))); }

    void whenReady(const std::function<void()>& then, int tries = 600) {
        if (whatIf()->ready() && session_.jobs().idle()) {
            then();
        } else if (tries > 0) {
            QTimer::singleShot(50, this, [this, then, tries] { whenReady(then, tries - 1); });
        }
    }
    void moveSliders() {
        if (moved_) return;
        moved_ = true;
        whatIf()->takeRecommendation();
    }
    void openReview() {
        whatIf()->showElsewhere(false);
        moveSliders();
        connect(whatIf(), &WhatIfTab::planReady, this, [this](PlanReviewDialog* dialog) { dialog_ = dialog; }, Qt::SingleShotConnection);
        whatIf()->review();
    }

    void next() {
        if (step_ == steps_.size()) {
            done_(written_);
            return;
        }
        steps_[step_].go();
        wait(0);
    }
    // A page is drawn when its jobs have ended and nothing has begun for a while.
    void wait(int quiet, int tries = 400) {
        const int now = session_.jobs().activeVisible() == 0 && session_.jobs().idle() ? quiet + 1 : 0;
        if (now < 6 && tries > 0) {
            QTimer::singleShot(60, this, [this, now, tries] { wait(now, tries - 1); });
            return;
        }
        shoot();
    }
    void shoot() {
        const QString name = steps_[step_].name;
        const bool review = name == QLatin1String("plan-review");
        if (review && !dialog_) {  // nothing to plan here, or it was refused: the window would show another picture
            std::fprintf(stderr, "pilotlight: no plan to review for %s\n", qPrintable(id_));
        } else {
            for (const auto mode : {Theme::Mode::dark, Theme::Mode::light}) {
                Theme::instance().setMode(mode);
                QCoreApplication::processEvents();
                QCoreApplication::processEvents();
                save(name + (mode == Theme::Mode::dark ? QStringLiteral("-dark") : QStringLiteral("-light")), review);
            }
        }
        if (dialog_) dialog_->close();
        ++step_;
        next();
    }
    void save(const QString& name, bool with_dialog) {
        for (const int scale : {1, 2}) {
            if (scale == 2 && !options_.screenshots_2x) continue;
            QPixmap picture(window_.size() * scale);
            picture.setDevicePixelRatio(scale);
            picture.fill(colour(Role::canvas));
            window_.render(&picture);
            if (with_dialog && dialog_) {
                QPainter painter(&picture);
                painter.fillRect(window_.rect(), QColor(0, 0, 0, Theme::instance().isDark() ? 110 : 60));
                painter.end();
                const QPoint at((window_.width() - dialog_->width()) / 2 + 50, std::max(60, (window_.height() - dialog_->height()) / 2 - 40));
                dialog_->render(&picture, at);
                QPainter frame(&picture);  // what a window manager draws around it
                frame.setPen(colour(Role::border));
                frame.drawRect(QRectF(at, dialog_->size()).adjusted(-0.5, -0.5, 0.5, 0.5));
            }
            // Few colours are in use: a palette keeps the files small without a visible difference.
            const QString path =
                QDir(options_.screenshot_dir).filePath(name + (scale == 2 ? QStringLiteral("@2x.png") : QStringLiteral(".png")));
            if (picture.toImage().convertToFormat(QImage::Format_RGB32).save(path, "PNG", 0)) {
                ++written_;
            } else {
                std::fprintf(stderr, "pilotlight: %s cannot be written\n", qPrintable(path));
            }
        }
    }

    Session& session_;
    MainWindow& window_;
    StartOptions options_;
    std::function<void(int)> done_;
    std::vector<Step> steps_;
    QPointer<PlanReviewDialog> dialog_;
    QString id_;
    std::size_t step_ = 0;
    int written_ = 0;
    bool moved_ = false;
};

}  // namespace

void takeScreenshots(Session& session, MainWindow& window, const StartOptions& options, std::function<void(int)> done) {
    new Photographer(session, window, options, std::move(done));
}

Status writePdfReport(Session& session, MainWindow& window, const QString& path) {
    QPdfWriter writer(path);
    writer.setPageSize(QPageSize(QPageSize::A4));
    writer.setPageOrientation(QPageLayout::Landscape);
    writer.setPageMargins(QMarginsF(10, 10, 10, 12));
    writer.setTitle(QStringLiteral("Pilotlight report"));
    writer.setCreator(QStringLiteral("Pilotlight " PILOTLIGHT_VERSION));
    writer.setResolution(144);
    QPainter painter;
    if (!painter.begin(&writer)) {
        return fail(ErrorCode::storage, "The report cannot be written to " + path.toStdString(), {},
                    "Choose a folder that can be written to.");
    }
    const auto before = Theme::instance().mode();
    Theme::instance().setMode(Theme::Mode::light);  // print is light
    const auto& fleet = *session.fleet();
    QStringList profiles;
    for (const auto& health : fleet.profiles) profiles << qs(health.profile.name);
    bool first = true;
    for (const char* name : {"overview", "functions", "costs", "changes"}) {
        window.openPage(QString::fromLatin1(name));
        QCoreApplication::processEvents();
        QCoreApplication::processEvents();
        if (!first) writer.newPage();
        first = false;
        auto* page = window.page(QString::fromLatin1(name));
        const QRect area = painter.viewport();
        const double scale = std::min(double(area.width()) / page->width(), double(area.height() - 60) / page->height());
        painter.save();
        painter.scale(scale, scale);
        page->render(&painter, {}, {}, QWidget::DrawChildren);
        painter.restore();
        painter.setPen(colour(Role::muted));
        painter.setFont(widgets::textFont(Type::body));
        painter.drawText(QRect(0, area.height() - 40, area.width(), 40), Qt::AlignLeft | Qt::AlignVCenter,
                         QStringLiteral("%1 · %2 to %3 · %4 · computed at %7 · Pilotlight %5 · made %6")
                             .arg(QString::fromLatin1(name).left(1).toUpper() + QString::fromLatin1(name).mid(1),
                                  format::dateTime(fleet.range.begin, QTimeZone::utc()),
                                  format::dateTime(fleet.range.end, QTimeZone::utc()), profiles.join(QStringLiteral(", ")),
                                  QStringLiteral(PILOTLIGHT_VERSION), format::dateTime(fleet.now, QTimeZone::utc()), pricesText(fleet)));
    }
    Theme::instance().setMode(before);
    if (!painter.end()) return fail(ErrorCode::storage, "The report could not be finished", {}, "Is the disk full?");
    return {};
}

}  // namespace pilotlight::console

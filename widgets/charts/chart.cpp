#include "widgets/charts/chart.h"

#include <QBuffer>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMenu>
#include <QSaveFile>
#include <QSvgGenerator>

#include "widgets/charts/plot_support.h"
#include "widgets/format.h"

namespace pilotlight::widgets {

Chart::Chart(QWidget* parent) : QWidget(parent), plot_(new QCustomPlot(this)), value_text_([](double v) { return format::compact(v); }) {
    setFocusPolicy(Qt::StrongFocus);
    plot_->setFocusProxy(this);
    plot_->setMouseTracking(true);
    plot_->installEventFilter(this);
    plot_->setInteractions(QCP::Interactions());
    plot_->setPlottingHints(QCP::phCacheLabels | QCP::phFastPolylines);
    plot_->setNoAntialiasingOnDrag(false);
    QCPAxisRect* area = plot_->axisRect();
    area->setAutoMargins(QCP::msNone);
    area->setMargins(margins_);
    plot_->plotLayout()->setRowSpacing(0);
    plot_->plotLayout()->setMargins(QMargins());
    // Grid, axes and legend share one buffer below the series; three buffers above are replotted one by one.
    plot_->moveLayer(plot_->layer(QStringLiteral("axes")), plot_->layer(QStringLiteral("grid")), QCustomPlot::limAbove);
    plot_->moveLayer(plot_->layer(QStringLiteral("legend")), plot_->layer(QStringLiteral("axes")), QCustomPlot::limAbove);
    plot_->layer(QStringLiteral("main"))->setMode(QCPLayer::lmBuffered);
    plot_->addLayer(QStringLiteral("live"), plot_->layer(QStringLiteral("main")), QCustomPlot::limAbove);
    plot_->layer(QStringLiteral("live"))->setMode(QCPLayer::lmBuffered);
    plot_->layer(QStringLiteral("overlay"))->setMode(QCPLayer::lmBuffered);
    plot_->setCurrentLayer(QStringLiteral("main"));
    for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setSubTicks(false);
        axis->setTickLength(0, 0);
        axis->setTickPen(Qt::NoPen);
        axis->setTickLabelPadding(6);
        axis->grid()->setAntialiased(false);
        axis->setTicker(QSharedPointer<FixedTicks>::create());
    }
    plot_->xAxis->grid()->setVisible(false);
    plot_->yAxis->setBasePen(Qt::NoPen);
    Chart::restyle();
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        restyle();
        refresh();
    });
}

Chart::~Chart() = default;

const char* Chart::layerName(Layer layer) {
    switch (layer) {
        case Layer::grid:
            return "grid";
        case Layer::main:
            return "main";
        case Layer::live:
            return "live";
        case Layer::overlay:
            return "overlay";
    }
    return "main";
}

void Chart::restyle() {
    plot_->setBackground(QBrush(colour(Role::surface)));
    const QColor grid = mixed(colour(Role::surface), colour(Role::border), 0.75);
    for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setTickLabelColor(colour(Role::faint));
        axis->setTickLabelFont(textFont(Type::caption));
        axis->grid()->setPen(QPen(grid, 0));
        axis->grid()->setZeroLinePen(Qt::NoPen);
    }
    plot_->xAxis->setBasePen(QPen(colour(Role::border), 0));
}

void Chart::setValueFormat(ValueText text) {
    value_text_ = std::move(text);
    refresh();
}

QString Chart::valueText(double value) const { return value_text_(value); }

void Chart::setMargins(const QMargins& margins) {
    margins_ = margins;
    margins_.setTop(std::max(margins.top(), kLeastTop));
    plot_->axisRect()->setMargins(margins_);
    refresh();
}

QRectF Chart::plotRect() const { return QRectF(rect().marginsRemoved(margins_)); }

void Chart::refresh() {
    if (queued_) return;
    queued_ = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            if (queued_) refreshNow();
        },
        Qt::QueuedConnection);
}

void Chart::refreshNow() {
    queued_ = false;
    if (plotRect().width() < 8 || plotRect().height() < 8) return;
    rebuild();
    plot_->replot(QCustomPlot::rpQueuedRefresh);
}

void Chart::replotLayer(Layer layer) {
    if (queued_) {
        refreshNow();
        return;
    }
    plot_->layer(QString::fromLatin1(layerName(layer)))->replot();
}

void Chart::resizeEvent(QResizeEvent*) {
    queued_ = false;
    if (plotRect().width() >= 8 && plotRect().height() >= 8) rebuild();
    plot_->setGeometry(rect());  // its own resizeEvent replots what rebuild() has prepared
}

void Chart::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void Chart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::EnabledChange) refresh();
}

void Chart::setPlotCursor(Qt::CursorShape shape) {
    if (plot_->cursor().shape() != shape) plot_->setCursor(shape);
}

bool Chart::mousePress(QMouseEvent*) { return false; }
bool Chart::mouseMove(QMouseEvent*) { return false; }
bool Chart::mouseRelease(QMouseEvent*) { return false; }
bool Chart::mouseDoubleClick(QMouseEvent*) { return false; }
bool Chart::wheel(QWheelEvent*) { return false; }
void Chart::mouseLeave() {}
void Chart::addMenuActions(QMenu&) {}

bool Chart::eventFilter(QObject* watched, QEvent* event) {
    if (watched != plot_) return QWidget::eventFilter(watched, event);
    switch (event->type()) {
        case QEvent::MouseButtonPress: {
            auto* mouse = static_cast<QMouseEvent*>(event);
            if (mouse->button() != Qt::RightButton) setFocus(Qt::MouseFocusReason);
            if (mousePress(mouse)) {
                mouse->accept();
                return true;
            }
            return false;
        }
        case QEvent::MouseMove:
            return mouseMove(static_cast<QMouseEvent*>(event));
        case QEvent::MouseButtonRelease:
            return mouseRelease(static_cast<QMouseEvent*>(event));
        case QEvent::MouseButtonDblClick:
            return mouseDoubleClick(static_cast<QMouseEvent*>(event));
        case QEvent::Wheel:
            // QCustomPlot would accept it and stop the page from scrolling.
            if (!wheel(static_cast<QWheelEvent*>(event))) event->ignore();
            return true;
        case QEvent::Leave:
            mouseLeave();
            return false;
        default:
            return false;
    }
}

void Chart::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    focus_ring_ =
        event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason || event->reason() == Qt::ShortcutFocusReason;
    if (focus_ring_) replotLayer(Layer::overlay);
}

void Chart::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    if (!focus_ring_) return;
    focus_ring_ = false;
    replotLayer(Layer::overlay);
}

void Chart::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    addMenuActions(menu);
    if (!menu.isEmpty()) menu.addSeparator();
    menu.addAction(icon(QStringLiteral("copy")), tr("Copy image"), this,
                   [this] { QGuiApplication::clipboard()->setImage(toPixmap().toImage()); });
    const bool has_data = !toCsv().isEmpty();
    menu.addAction(icon(QStringLiteral("copy")), tr("Copy visible data"), this, [this] { QGuiApplication::clipboard()->setText(toCsv()); })
        ->setEnabled(has_data);
    menu.addSeparator();
    menu.addAction(icon(QStringLiteral("export")), tr("Export as PNG..."), this,
                   [this] { save(tr("PNG image (*.png)"), QStringLiteral("png")); });
    menu.addAction(icon(QStringLiteral("export")), tr("Export as SVG..."), this,
                   [this] { save(tr("SVG image (*.svg)"), QStringLiteral("svg")); });
    menu.addAction(icon(QStringLiteral("export")), tr("Export visible data as CSV..."), this,
                   [this] { save(tr("CSV (*.csv)"), QStringLiteral("csv")); })
        ->setEnabled(has_data);
    menu.exec(event->globalPos());
}

void Chart::save(const QString& filter, const QString& ending) {
    QString path = QFileDialog::getSaveFileName(this, tr("Export"), export_name_ + QLatin1Char('.') + ending, filter);
    if (path.isEmpty()) return;
    if (!path.endsWith(QLatin1Char('.') + ending)) path += QLatin1Char('.') + ending;
    QByteArray bytes;
    if (ending == QLatin1String("png")) {
        QBuffer buffer(&bytes);
        buffer.open(QIODevice::WriteOnly);
        toPixmap().save(&buffer, "PNG");
    } else {
        bytes = ending == QLatin1String("svg") ? toSvg() : toCsv().toUtf8();
    }
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
        file.write(bytes);
        file.commit();
    }
}

QPixmap Chart::toPixmap(double scale) const { return plot_->toPixmap(width(), height(), scale); }

QByteArray Chart::toSvg() const {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(size());
    generator.setViewBox(rect());
    generator.setTitle(export_name_);
    QCPPainter painter;
    painter.begin(&generator);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    plot_->toPainter(&painter, width(), height());
    painter.end();
    return bytes;
}

}  // namespace pilotlight::widgets

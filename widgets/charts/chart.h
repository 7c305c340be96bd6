// What all plots share: QCustomPlot set up within the drawing budget, theme, export and copy. QCustomPlot's header stays in .cpp files.
//
// Layers, each with a buffer of its own: grid and axes; "main" (static series); "live" (what a slider moves); "overlay" (crosshair,
// handles). A slider step replots "live" alone; the crosshair "overlay" alone. Nothing is computed in paint: rebuild() prepares pixels.
#pragma once

#include <QRectF>
#include <QTimeZone>
#include <QWidget>
#include <functional>

class QCustomPlot;
class QMenu;

namespace pilotlight::widgets {

using ValueText = std::function<QString(double)>;

class Chart : public QWidget {
    Q_OBJECT
public:
    explicit Chart(QWidget* parent = nullptr);
    ~Chart() override;

    // How values of the y axis read (ticks, crosshair).
    void setValueFormat(ValueText text);
    [[nodiscard]] QString valueText(double value) const;
    // The top is at least kLeastTop: half the label of the uppermost tick, which QCustomPlot leaves out where it would be cut.
    static constexpr int kLeastTop = 12;
    void setMargins(const QMargins& margins);  // around the plotting area, for tick labels
    [[nodiscard]] QMargins plotMargins() const { return margins_; }
    [[nodiscard]] QRectF plotRect() const;  // plotting area in widget coordinates
    [[nodiscard]] QCustomPlot* plot() const { return plot_; }

    // Name of exported files, without ending.
    void setExportName(const QString& name) { export_name_ = name; }
    [[nodiscard]] QPixmap toPixmap(double scale = 2.0) const;
    [[nodiscard]] QByteArray toSvg() const;
    // Visible data, RFC 4180 with header, times as UTC ISO 8601, raw units.
    [[nodiscard]] virtual QString toCsv() const { return {}; }

    // Prepares and draws at once; otherwise changes are drawn once at the next turn of the event loop.
    void refreshNow();
    [[nodiscard]] QSize sizeHint() const override { return {420, 200}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 90}; }

protected:
    enum class Layer { grid, main, live, overlay };
    // Ranges, decimated data and pixel geometry for the current size; called before each full replot.
    virtual void rebuild() = 0;
    // Pens and brushes after a change of theme, before rebuild().
    virtual void restyle();
    void refresh();                 // rebuild + replot, queued
    void replotLayer(Layer layer);  // now
    [[nodiscard]] static const char* layerName(Layer layer);

    // Mouse of the plotting widget; return true when consumed.
    virtual bool mousePress(QMouseEvent* event);
    virtual bool mouseMove(QMouseEvent* event);
    virtual bool mouseRelease(QMouseEvent* event);
    virtual bool mouseDoubleClick(QMouseEvent* event);
    virtual bool wheel(QWheelEvent* event);
    virtual void mouseLeave();
    virtual void addMenuActions(QMenu& menu);

    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    // The ring is for those who work by keys; a click needs none.
    [[nodiscard]] bool showsFocusRing() const { return focus_ring_; }
    void setPlotCursor(Qt::CursorShape shape);

    QCustomPlot* plot_;

private:
    void save(const QString& filter, const QString& ending);
    QMargins margins_{48, kLeastTop, 16, 24};
    ValueText value_text_;
    QString export_name_ = QStringLiteral("chart");
    bool queued_ = false;
    bool focus_ring_ = false;
};

}  // namespace pilotlight::widgets

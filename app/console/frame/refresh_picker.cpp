#include "app/console/frame/refresh_picker.h"

#include <QMenu>

#include "widgets/format.h"

namespace pilotlight::console {

namespace format = widgets::format;

RefreshPicker::RefreshPicker(Session& session, QWidget* parent) : QPushButton(parent), session_(session) {
    setAccessibleName(QStringLiteral("Automatic refresh"));
    auto* menu = new QMenu(this);
    connect(menu->addAction(QStringLiteral("Read now\tCtrl+Shift+R")), &QAction::triggered, &session_, [this] { session_.syncNow(); });
    menu->addSeparator();
    for (const auto& [title, every] :
         {std::pair{"Off", 0}, std::pair{"Every 10 s", 10}, std::pair{"Every minute", 60}, std::pair{"Every 5 minutes", 300}}) {
        connect(menu->addAction(QString::fromLatin1(title)), &QAction::triggered, &session_,
                [this, every = every] { session_.setRefreshSeconds(every); });
    }
    connect(this, &QPushButton::clicked, this, [this, menu] { menu->popup(mapToGlobal(QPoint(0, height() + 4))); });
    connect(&session_, &Session::refreshChanged, this, &RefreshPicker::showState);
    connect(&session_, &Session::syncChanged, this, &RefreshPicker::showState);
    showState();
}

void RefreshPicker::showState() {
    const int every = session_.refreshSeconds();
    setText(session_.syncing() ? QStringLiteral("reading")
            : every == 0       ? QStringLiteral("auto off")
                               : QStringLiteral("auto ") + format::spanText(every * 1000.0));
}

}  // namespace pilotlight::console
